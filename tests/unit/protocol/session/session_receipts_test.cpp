// How a client that waits for a receipt is kept from giving up.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/protocol/session/session_core_bed.hpp"

namespace troupe::session_receipts_test {

using namespace std::chrono_literals;
using test::session_core_bed;

namespace {

struct waiting_bed : session_core_bed {
  explicit waiting_bed(dialect in = dialect::y_sweet) : session_core_bed({}, "d", in) {}

  /// Whether a second that begins now sends a keep-alive, where the last frame went out at `sent`.
  bool is_kept_alive(session_protocol::time_point sent) {
    happens([&] { core.on_second(at(), {sent, now}, out); });
    if (out.replies.empty()) return false;
    REQUIRE(out.replies.size() == 1);
    CHECK(out.replies[0].in == dialect::y_sweet);
    CHECK(out.replies[0].what.kind == notice_kind::presence);
    CHECK(test::to_hex(out.replies[0].what.body.view()) == "00");
    return true;
  }
  void says(const char* digits) {
    happens([&] { core.on_frame(frame_kind::binary, test::hex(digits), at(), input, out); });
    happens([&] { core.on_frames_end(input, out); });
  }
};

}  // namespace

TEST_CASE("who waits for a receipt hears something within two seconds", "[session][receipts]") {
  waiting_bed bed;
  bed.join_address();
  const auto sent = bed.now;
  bed.now += 100ms;
  bed.says("66 01 00");
  bed.now = sent + 900ms;
  CHECK_FALSE(bed.is_kept_alive(sent));
  bed.now = sent + 1900ms;
  CHECK(bed.is_kept_alive(sent));
  // That was sent, and the client asks again only when it has waited.
  const auto again = bed.now;
  bed.now += 1s;
  CHECK_FALSE(bed.is_kept_alive(again));
}

TEST_CASE("a receipt that was given leaves nothing to wait for", "[session][receipts]") {
  waiting_bed bed;
  bed.join_address();
  bed.says("66 01 00");
  const auto sent = bed.now += 5ms;
  for (int second = 1; second < 19; ++second) {
    bed.now += 1s;
    CHECK_FALSE(bed.is_kept_alive(sent));
  }
}

TEST_CASE("who is not read yet is kept alive, too", "[session][receipts]") {
  waiting_bed bed;
  bed.open();
  const auto opened = bed.now;
  bed.now += 999ms;
  CHECK_FALSE(bed.is_kept_alive(opened));
  bed.now += 1ms;
  CHECK(bed.is_kept_alive(opened));
}

TEST_CASE("other dialects need no such keep-alive", "[session][receipts]") {
  waiting_bed bed{dialect::y_websocket};
  bed.open();
  const auto opened = bed.now;
  bed.now += 10s;
  CHECK_FALSE(bed.is_kept_alive(opened));
}

}  // namespace troupe::session_receipts_test
