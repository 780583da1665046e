// A session whose client says in a message who it is: the first token, those that renew it, and
// what the client hears about its rights.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/protocol/session/session_core_bed.hpp"

namespace troupe::session_token_test {

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

const identity_ptr ada = std::make_shared<const identity>(identity{.user = "ada"});

rights reading_only() { return rights{right::read}; }

/// A session of "a" in the Hocuspocus dialect.
struct token_bed {
  explicit token_bed(bool needs_token = true) : core(7, way(needs_token), settings, now) {
    core.on_open({now}, out);
  }

  void says(std::string_view digits) {
    out.clear();
    const byte_buffer frame = hex(digits);
    core.on_frame(frame_kind::binary, frame, {now}, input, out);
    core.on_frames_end(input, out);
  }
  void present(std::optional<session_protocol::time_point> expires = {}) {
    out.clear();
    core.on_presented(ada, expires, {now}, out);
  }
  void open(rights may = rights::all()) {
    core.on_authorised("a", may, {now}, out);
    out.clear();
    core.on_opened("a", 1, {now}, input, out);
  }
  void second() {
    out.clear();
    core.on_second({now}, {.sent = now}, out);
  }
  /// What the client hears: the kinds of notices.
  std::vector<notice_kind> heard() const {
    std::vector<notice_kind> kinds;
    for (const auto& each : out.replies) kinds.push_back(each.what.kind);
    return kinds;
  }

  static route way(bool needs_token) {
    route to = session_core_bed::way_to("a", dialect::hocuspocus);
    to.awaits_token = needs_token;
    return to;
  }

  const session_settings settings;
  session_input input;
  session_effects out;
  session_protocol::time_point now{1h};
  session_protocol core;
};

using kinds = std::vector<notice_kind>;

}  // namespace

TEST_CASE("nothing but its token is read of a session that has yet to say who it is",
          "[session_protocol][hocuspocus]") {
  token_bed bed;
  CHECK(bed.out.authorise.empty());
  CHECK(bed.out.reading == reading_change::pause);
  bed.says("01 61 02 00 02 6f 6b");
  CHECK(bed.out.token == "ok");
  CHECK(bed.out.authorise.empty());
  bed.present();
  CHECK(bed.out.authorise == texts{"a"});
  CHECK(bed.core.way().who == ada);
  CHECK_FALSE(bed.core.awaits_token());
  bed.open();
  CHECK(bed.out.reading == reading_change::resume);
}

TEST_CASE("a session that need not say who it is asks for its document at once",
          "[session_protocol][hocuspocus]") {
  const token_bed bed{false};
  CHECK(bed.out.authorise == texts{"a"});
}

TEST_CASE("a client hears what it may do once its document is open, and when that changes",
          "[session_protocol][hocuspocus]") {
  token_bed bed;
  bed.present();
  bed.open(reading_only());
  REQUIRE(bed.heard() == kinds{notice_kind::admitted});
  CHECK(bed.out.replies[0].what.may == reading_only());
  CHECK(bed.out.replies[0].document == "a");
  bed.out.clear();
  bed.core.on_rights_changed("a", rights::all(), close_reason::access_revoked, {bed.now}, bed.out);
  REQUIRE(bed.heard() == kinds{notice_kind::admitted});
  CHECK(bed.out.replies[0].what.may == rights::all());
  bed.out.clear();
  bed.core.on_rights_changed("a", {}, close_reason::access_revoked, {bed.now}, bed.out);
  CHECK(bed.heard().empty());
  CHECK(bed.out.close == close_reason::access_revoked);
}

TEST_CASE("a client is asked for another token in time, and again", "[session_protocol]") {
  token_bed bed;
  bed.present(bed.now + 10min);
  bed.open();
  bed.second();
  CHECK(bed.heard().empty());
  bed.now += 9min + 1s;
  bed.second();
  CHECK(bed.heard() == kinds{notice_kind::token_wanted});
  bed.now += 10s;
  bed.second();
  CHECK(bed.heard().empty());
  bed.now += 10s;
  bed.second();
  CHECK(bed.heard() == kinds{notice_kind::token_wanted});

  bed.says("01 61 02 00 02 6f 6b");
  CHECK(bed.out.token == "ok");
  bed.out.clear();
  bed.core.on_renewed(ada, bed.now + 10min, rights::all(), {bed.now}, bed.out);
  CHECK(bed.heard() == kinds{notice_kind::admitted});
  bed.now += 5min;
  bed.second();
  CHECK(bed.heard().empty());
  CHECK_FALSE(bed.out.close);
}

TEST_CASE("a token that is not renewed ends the session when it ends", "[session_protocol]") {
  token_bed bed;
  bed.present(bed.now + 1min);
  bed.open();
  bed.now += 1min;
  bed.second();
  CHECK(bed.out.close == close_reason::token_expired);
}

TEST_CASE("a client that never answers when it is asked for a token comes back by a close",
          "[session_protocol]") {
  token_bed bed;
  bed.present(bed.now + 1min);
  bed.open();
  bed.second();
  CHECK(bed.heard() == kinds{notice_kind::token_wanted});
  bed.now += 1min;
  bed.second();
  CHECK(bed.out.close == close_reason::token_expired);
  CHECK(bed.out.closes_all);
}

TEST_CASE("a client that has answered once is told in a message when its token ends",
          "[session_protocol]") {
  token_bed bed;
  bed.present(bed.now + 1min);
  bed.open();
  bed.second();
  bed.core.on_renewed(ada, bed.now + 2min, rights::all(), {bed.now}, bed.out);
  bed.now += 2min;
  bed.second();
  CHECK(bed.out.close == close_reason::token_expired);
  CHECK_FALSE(bed.out.closes_all);
}

TEST_CASE("a token that nobody has asked for says nothing about answers", "[session_protocol]") {
  token_bed bed;
  bed.present(bed.now + 10min);
  bed.open();
  bed.core.on_renewed(ada, bed.now + 10min, rights::all(), {bed.now}, bed.out);
  bed.now += 10min;
  bed.second();
  CHECK(bed.out.close == close_reason::token_expired);
  CHECK(bed.out.closes_all);
}

TEST_CASE("a client is asked for another token before the application's answer ends",
          "[session_protocol]") {
  token_bed bed;
  bed.present();
  bed.core.on_identified("a", ada, bed.now + 1min);
  bed.open();
  bed.second();
  CHECK(bed.heard() == kinds{notice_kind::token_wanted});
  bed.core.on_prolonged("a", bed.now + 10min);
  bed.core.on_renewed(ada, {}, rights::all(), {bed.now}, bed.out);
  bed.second();
  CHECK(bed.heard().empty());
}

TEST_CASE("another token may bring other rights", "[session_protocol]") {
  token_bed bed;
  bed.present();
  bed.open();
  bed.out.clear();
  bed.core.on_renewed(ada, {}, reading_only(), {bed.now}, bed.out);
  REQUIRE(bed.out.new_rights.size() == 1);
  CHECK(bed.out.new_rights[0].second == reading_only());
  CHECK(bed.heard() == kinds{notice_kind::admitted});
  bed.out.clear();
  bed.core.on_renewed(ada, {}, {}, {bed.now}, bed.out);
  CHECK(bed.out.close == close_reason::access_revoked);
}

TEST_CASE("requests of a Hocuspocus session go to its document, answers as such",
          "[session_protocol][hocuspocus]") {
  token_bed bed;
  bed.present();
  bed.open();
  bed.out.clear();
  for (const char* const digits : {"01 61 00 00 01 00", "01 61 00 01 02 00 00"}) {
    const byte_buffer frame = hex(digits);
    bed.core.on_frame(frame_kind::binary, frame, {bed.now}, bed.input, bed.out);
  }
  bed.core.on_frames_end(bed.input, bed.out);
  REQUIRE(bed.out.forwards.size() == 1);
  const request_batch& batch = bed.out.forwards[0].second;
  REQUIRE(batch.entries.size() == 2);
  CHECK_FALSE(batch.at(0).is_answer);
  CHECK(batch.at(0).in == dialect::hocuspocus);
  CHECK(batch.at(1).is_answer);
  CHECK(batch.at(1).kind == request_kind::update);
}

}  // namespace troupe::session_token_test
