#include "protocol/dialects/upstream_exchange.hpp"

#include <catch2/catch_test_macros.hpp>

#include "protocol/upstream_names.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::upstream_exchange_test {

using namespace std::chrono_literals;
using test::hex;
using test::to_hex;
using doubt = upstream_exchange::doubt;

namespace {

// SyncStep2 and update, with update bytes that are of no meaning here.
constexpr auto empty_answer = "00 01 02 0000";
constexpr auto answer_1 = "00 01 03 aa0100";
constexpr auto answer_2 = "00 01 03 bb0100";
constexpr auto update_1 = "00 02 03 cc0100";

/// An exchange with a server of y-websocket, on a clock of the test.
class exchange_bed {
 public:
  explicit exchange_bed(upstream_exchange::settings how = {}) : exchange_(how, "d", "token") {}

  upstream_exchange* operator->() { return &exchange_; }
  result<void> hear(std::string_view frame) { return exchange_.on_frame(hex(frame), now_); }
  void pass(std::chrono::milliseconds time) {
    now_ += time;
    exchange_.on_time(now_);
  }
  std::size_t questions() { return exchange_.take_frames().size(); }
  std::string updates() {
    std::string text;
    for (const byte_buffer& each : exchange_.take_updates()) text.append(to_hex(each)).append(" ");
    return text;
  }

 private:
  upstream_exchange exchange_;
  upstream_exchange::time_point now_{};
};

}  // namespace

TEST_CASE("a first answer is believed once the server had time to read the document",
          "[upstream]") {
  exchange_bed bed;
  CHECK(bed.questions() == 1);
  REQUIRE(bed.hear(empty_answer));
  CHECK_FALSE(bed->is_whole());
  // What was read meanwhile comes as an update, and is part of the second answer.
  REQUIRE(bed.hear(update_1));
  bed.pass(999ms);
  CHECK(bed.questions() == 0);
  CHECK(bed->wakes_at().has_value());
  bed.pass(1ms);
  CHECK(bed.questions() == 1);
  CHECK_FALSE(bed->wakes_at().has_value());
  CHECK_FALSE(bed->is_whole());
  REQUIRE(bed.hear(answer_2));
  CHECK(bed->is_whole());
  CHECK(bed.updates() == "bb0100 ");
}

TEST_CASE("a server that sends all unasked, and answers no question, is believed at once without "
          "a settle time",
          "[upstream]") {
  // As y-redis does: its SyncStep1 and all that it has.
  exchange_bed bed{{.settle_time = 0ms}};
  REQUIRE(bed.hear("00 00 01 00"));
  CHECK_FALSE(bed->is_whole());
  REQUIRE(bed.hear(answer_1));
  CHECK(bed->is_whole());
  CHECK(bed.updates() == "aa0100 ");
}

TEST_CASE("an answer with contents is believed at once if only empty ones are doubted",
          "[upstream]") {
  exchange_bed bed{{.about = doubt::empty_answer}};
  REQUIRE(bed.hear(answer_1));
  CHECK(bed->is_whole());
  CHECK(bed.updates() == "aa0100 ");
}

TEST_CASE("an answer may come in pieces, with an empty one behind them", "[upstream]") {
  for (const doubt about : {doubt::empty_answer, doubt::every_answer}) {
    exchange_bed bed{{.about = about}};
    REQUIRE(bed.hear(update_1));
    REQUIRE(bed.hear(empty_answer));
    CHECK(bed->is_whole() == (about == doubt::empty_answer));
    bed.pass(1s);
    REQUIRE(bed.hear(update_1));
    REQUIRE(bed.hear(empty_answer));
    CHECK(bed->is_whole());
    CHECK(bed.updates() == "cc0100 0000 ");
  }
}

TEST_CASE("what comes behind an empty answer ends the wait if only empty ones are doubted",
          "[upstream]") {
  exchange_bed bed{{.about = doubt::empty_answer}};
  CHECK(bed.questions() == 1);
  REQUIRE(bed.hear(empty_answer));
  REQUIRE(bed.hear("01 02 0000"));
  CHECK(bed.questions() == 0);
  REQUIRE(bed.hear(update_1));
  CHECK(bed.questions() == 1);
  REQUIRE(bed.hear(answer_2));
  CHECK(bed->is_whole());
  CHECK(bed.updates() == "bb0100 ");
}

TEST_CASE("a server without a storage of its own is believed at once", "[upstream]") {
  exchange_bed bed{{.settle_time = 0ms}};
  REQUIRE(bed.hear(empty_answer));
  CHECK(bed->is_whole());
}

TEST_CASE("Hocuspocus is believed at once", "[upstream]") {
  exchange_bed bed{{.protocol = upstream_protocol::hocuspocus}};
  CHECK(bed.questions() == 2);
  REQUIRE(bed.hear("01 64 00 01 02 0000"));
  CHECK(bed->is_whole());
}

TEST_CASE("what a server sends of one document is bounded", "[upstream]") {
  exchange_bed bed{{.bytes_max = 5}};
  REQUIRE(bed.hear(answer_1));
  const auto more = bed.hear(update_1);
  REQUIRE_FALSE(more.has_value());
  CHECK(more.error().code == errc::update_too_large);
  // The second answer takes the place of the first.
  exchange_bed again{{.bytes_max = 5}};
  REQUIRE(again.hear(answer_1));
  again.pass(1s);
  REQUIRE(again.hear(answer_2));
  CHECK(again.updates() == "bb0100 ");
}

TEST_CASE("a refusal ends the exchange", "[upstream]") {
  exchange_bed bed;
  const auto refused = bed.hear("02 00 02 6e6f");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::forbidden);
}

TEST_CASE("documents that may be fetched are named, or by the beginning of their names",
          "[upstream]") {
  const upstream_names some{{"notes/a", "wiki/*"}};
  CHECK(some.contains("notes/a"));
  CHECK(some.contains("wiki/page"));
  CHECK_FALSE(some.contains("notes/ab"));
  CHECK_FALSE(upstream_names{}.contains("notes/a"));
  CHECK(upstream_names{{"*"}}.contains("anything"));
}

}  // namespace troupe::upstream_exchange_test
