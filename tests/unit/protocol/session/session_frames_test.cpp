// What a session makes of frames that are no messages.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/protocol/session/session_core_bed.hpp"

namespace troupe::session_frames_test {

using namespace troupe::test;

namespace {

session_core_bed& joined(session_core_bed& bed) {
  bed.join_address();
  bed.says(R"({"type":"sync"})");
  bed.says_binary("03");
  return bed;
}

}  // namespace

TEST_CASE("a bad frame of a dialect without errors closes the session", "[session_protocol]") {
  struct row {
    const char* digits;
    errc problem;
  };
  for (const row& each : {row{"00 02 05 00", errc::truncated}, row{"01", errc::truncated},
                          row{"ffffffffffffffffff01", errc::number_too_large}}) {
    CAPTURE(each.digits);
    session_core_bed bed;
    joined(bed).says_binary(each.digits);
    CHECK(bed.out.close == close_reason::malformed_message);
    REQUIRE(bed.out.problem);
    CHECK(bed.out.problem->code == each.problem);
    CHECK(bed.out.replies.empty());
    CHECK(bed.out.forwards.empty());
  }
}

TEST_CASE("a frame of several messages is read like as many frames", "[session_protocol]") {
  session_core_bed bed;
  joined(bed).says_binary("00 00 01 00 | 01 01 00 | 00 02 02 0000 | 03");
  CHECK_FALSE(bed.out.close);

  REQUIRE(bed.out.forwards.size() == 1);
  CHECK(bed.out.forwards[0].second.entries.size() == 4);
  CHECK(bed.out.forwards[0].second.entries[3].kind == request_kind::query_presence);

  // What comes before a broken message is taken.
  session_core_bed broken;
  joined(broken).says_binary("00 02 02 0000 | 00 02 05");
  CHECK(broken.out.close == close_reason::malformed_message);
  CHECK(broken.out.forwards.size() == 1);

  session_core_bed many;
  std::string digits;
  for (int i = 0; i < 65; ++i) digits += "03";
  joined(many).says_binary(digits);
  CHECK(many.out.close == close_reason::malformed_message);
}

TEST_CASE(
    "messages of unknown types and empty frames are ignored, the first with a line in the log",
    "[session_protocol]") {
  session_core_bed bed;
  joined(bed);
  bool is_first = true;
  for (const char* digits : {"", "02 00 00", "07", "64 01 02 03", "00 05 01 00"}) {
    CAPTURE(digits);
    bed.says_binary(digits);
    CHECK_FALSE(bed.out.close);
    CHECK(bed.out.ignored == 1);
    CHECK(bed.out.first_ignored.has_value() == std::exchange(is_first, false));
    CHECK(bed.out.forwards.empty());
  }
  bed.says_binary("00 02 02 0000 | 64 00 02 02 0000");
  CHECK(bed.out.ignored == 1);
  CHECK(bed.out.forwards.size() == 1);
}

TEST_CASE("an update is passed on unread", "[session_protocol]") {
  session_core_bed bed;
  joined(bed).says_binary("00 02 01 ff");
  CHECK_FALSE(bed.out.close);
  CHECK(bed.forwards() ==
        std::vector<forwarded>{{1, request_kind::update, dialect::y_websocket, "ff", ""}});
}

TEST_CASE("a bad frame of a dialect with errors is answered with what could be read of it",
          "[session_protocol]") {
  session_core_bed bed;
  joined(bed).says("hello");
  CHECK(bed.errors() == texts{"INVALID_MESSAGE - -"});
  CHECK(bed.out.replies[0].in == dialect::json);
  CHECK(bed.detail() == "the message is not JSON at byte 0");
  CHECK_FALSE(bed.out.close);
  CHECK_FALSE(bed.out.problem);
  bed.says(R"({"type":"update","docName":"x","messageId":"m"})");
  CHECK(bed.errors() == texts{"INVALID_MESSAGE x m"});
  bed.says(R"({"type":"ack","messageId":"m"})");
  CHECK(bed.errors() == texts{"INVALID_MESSAGE - m"});
  CHECK(bed.out.replies[0].what.part == request_part::message);
}

TEST_CASE("a bad state vector is an invalid update of the document that is meant",
          "[session_protocol]") {
  session_core_bed bed;
  joined(bed).says(R"({"type":"sync","messageId":"m","payload":{"stateVector":"AQ=="}})");
  CHECK(bed.errors() == texts{"INVALID_UPDATE d m"});
  CHECK(bed.out.replies[0].what.part == request_part::state_vector);
  CHECK(bed.detail().ends_with(" at byte 1"));
  bed.says(R"({"type":"sync","docName":"x","payload":{"stateVector":"AQ=="}})");
  CHECK(bed.errors() == texts{"INVALID_UPDATE x -"});
  CHECK(bed.out.authorise.empty());
}

TEST_CASE("a state vector of y-websocket is passed on unread", "[session_protocol]") {
  for (const char* digits : {"00 00 01 01", "00 00 02 00 00"}) {
    session_core_bed bed;
    joined(bed).says_binary(digits);
    CHECK_FALSE(bed.out.close);
    CHECK(bed.forwards().size() == 1);
  }
}

TEST_CASE("a bad state vector counts less than a missing document", "[session_protocol]") {
  session_core_bed bed{{}, ""};
  bed.open();
  bed.says(R"({"type":"sync","messageId":"m","payload":{"stateVector":"AQ=="}})");
  CHECK(bed.errors() == texts{"NOT_JOINED - m"});
}

TEST_CASE("the session lives on after a bad frame of a dialect with errors", "[session_protocol]") {
  session_core_bed bed;
  joined(bed).says_all({"[]", R"({"type":"sync","messageId":"m"})", "{}"});
  CHECK(bed.errors() == texts{"INVALID_MESSAGE - -", "INVALID_MESSAGE - -"});
  CHECK(bed.forwards() ==
        std::vector<forwarded>{{1, request_kind::sync, dialect::json, "00", "m"}});
}

TEST_CASE("a frame of a kind that no dialect of the route speaks closes the session",
          "[session_protocol]") {
  session_core_bed only_binary{{}, "d", dialect_set{dialect::y_websocket}};
  only_binary.join_address();
  only_binary.says(R"({"type":"sync"})");
  CHECK(only_binary.out.close == close_reason::no_document);
  CHECK(only_binary.out.replies.empty());
  CHECK(only_binary.core.spoken().empty());

  session_core_bed only_text{{}, "d", dialect_set{dialect::json}};
  only_text.join_address();
  only_text.says_binary("03");
  CHECK(only_text.out.close == close_reason::no_document);
  CHECK(only_text.out.forwards.empty());

  session_core_bed mute{{}, "d", {}};
  mute.join_address();
  mute.says("{}");
  CHECK(mute.out.close == close_reason::no_document);
}

TEST_CASE("a binary frame where the address names no document closes the session",
          "[session_protocol]") {
  session_core_bed bed{{}, ""};
  bed.open();
  bed.says_binary("03");
  CHECK(bed.out.close == close_reason::no_document);
}

TEST_CASE("a frame above the size limit is answered in a dialect with errors alone",
          "[session_protocol]") {
  session_core_bed bed;
  bed.join_address();
  CHECK(bed.says_too_much(frame_kind::text));
  CHECK(bed.errors() == texts{"MESSAGE_TOO_LARGE - -"});
  CHECK(bed.out.replies[0].in == dialect::json);
  CHECK(bed.core.spoken().contains(dialect::json));
  CHECK_FALSE(bed.says_too_much(frame_kind::binary));
  CHECK(bed.out.replies.empty());

  session_core_bed only_binary{{}, "d", dialect_set{dialect::y_websocket}};
  only_binary.join_address();
  CHECK_FALSE(only_binary.says_too_much(frame_kind::text));
  CHECK(only_binary.out.replies.empty());
}

TEST_CASE("an answer to a frame above the size limit names what its beginning has",
          "[session_protocol]") {
  session_core_bed bed;
  bed.join_address();
  struct row {
    const char* head;
    const char* error;
  };
  for (const row& each :
       {row{R"({"type":"update","messageId":"m","docName":"x","payload":"xxxx)",
            "MESSAGE_TOO_LARGE x m"},
        row{R"( { "messageId" : "m,\"}" , "payload":{"a":[1,{"docName":"y"},)",
            R"(MESSAGE_TOO_LARGE - m,"})"},
        row{R"({"messageId":"m)", "MESSAGE_TOO_LARGE - -"},
        row{R"({"payload":{"messageId":"m","a":[)", "MESSAGE_TOO_LARGE - -"},
        row{R"({"messageId":1,"docName":"x","payload":")", "MESSAGE_TOO_LARGE x -"},
        row{"hello, world", "MESSAGE_TOO_LARGE - -"}}) {
    CAPTURE(each.head);
    CHECK(bed.says_too_much(frame_kind::text, each.head));
    CHECK(bed.errors() == texts{each.error});
  }
}

TEST_CASE("a frame above the size limit counts for the rate", "[session_protocol]") {
  session_core_bed bed{with_rate(10, 2)};
  bed.join_address();
  CHECK(bed.says_too_much(frame_kind::text));
  bed.says(R"({"type":"sync"})");
  CHECK(bed.errors().empty());
  bed.says(R"({"type":"sync"})");
  CHECK(bed.errors() == texts{"RATE_LIMIT_EXCEEDED - -"});
}

}  // namespace troupe::session_frames_test
