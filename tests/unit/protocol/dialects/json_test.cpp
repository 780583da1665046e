#include "protocol/dialects/json.hpp"

#include <catch2/catch_test_macros.hpp>

#include "protocol/dialects/json_reply.hpp"
#include "protocol/sync/awareness.hpp"
#include "tests/support/hex_bytes.hpp"
#include "tests/unit/protocol/dialects/codec_checks.hpp"

namespace troupe::json_test {

using namespace troupe::test;

namespace {

const json_codec codec{dialect::json};

using frames = std::vector<std::string>;

notice error_of(request_error error, request_part part, std::string_view detail,
                std::string_view message_id) {
  return {.kind = notice_kind::error,
          .error = error,
          .part = part,
          .body = as_bytes(detail),
          .extra = as_bytes(message_id)};
}

}  // namespace

TEST_CASE("JSON clients join by a sync and hear errors", "[json_codec]") {
  const dialect_traits& traits = codec.traits();
  CHECK(traits.name == "json");
  CHECK(traits.frames == frame_kind::text);
  CHECK(traits.joins == joining::by_sync);
  CHECK(traits.has_errors);
  CHECK_FALSE(traits.merges_updates);
  CHECK_FALSE(traits.acknowledges_by_echo);
  CHECK_FALSE(traits.needs_keep_alive);
}

TEST_CASE("a JSON frame is a request with its document and message id", "[json_codec]") {
  struct row {
    const char* text;
    request_kind kind;
    std::string body;
    std::optional<std::string> document;
    std::string message_id;
  };
  const row rows[] = {
      {R"({"type":"sync"})", request_kind::sync, std::string(1, '\0'), std::nullopt, ""},
      {R"({"type":"sync","docName":"a/b","messageId":"m","payload":{"stateVector":"AQEF"}})",
       request_kind::sync, "\1\1\5", "a/b", "m"},
      {R"({"type":"update","docName":"x","payload":{"update":"AAA="}})", request_kind::update,
       std::string(2, '\0'), "x", ""},
      {R"({"type":"update","payload":{"update":"/w=="},"messageId":"m"})", request_kind::update,
       "\xff", std::nullopt, "m"},
      {R"({"type":"update","payload":{"event": "hi"}})", request_kind::event, R"({"event": "hi"})",
       std::nullopt, ""},
      {R"({"type":"presence","payload": [1, 2]})", request_kind::own_presence, "[1, 2]",
       std::nullopt, ""},
      {R"({"type":"presence","payload":null,"messageId":"m"})", request_kind::own_presence, "null",
       std::nullopt, "m"},
      {R"({"type":"leave","docName":"x","messageId":"m"})", request_kind::leave, "", "x", "m"},
  };
  for (const row& each : rows) {
    CAPTURE(each.text);
    decoded_frame frame = used_frame();
    REQUIRE(codec.decode(as_bytes(each.text), frame).has_value());
    CHECK(frame.kind == each.kind);
    CHECK(as_text(frame.body) == each.body);
    CHECK(frame.document == each.document);
    CHECK(frame.message_id == each.message_id);
  }
}

TEST_CASE("one object reads frame after frame", "[json_codec]") {
  decoded_frame frame;
  REQUIRE(codec.decode(as_bytes(R"({"type":"sync","docName":"x","messageId":"m"})"), frame));
  REQUIRE_FALSE(codec.decode(as_bytes("nonsense"), frame));
  CHECK_FALSE(frame.document.has_value());
  CHECK(frame.message_id.empty());
  REQUIRE(codec.decode(as_bytes(R"({"type":"update","payload":{"update":"AAA="}})"), frame));
  CHECK(to_hex(frame.body) == "0000");
  CHECK_FALSE(frame.document.has_value());
  REQUIRE(codec.decode(as_bytes(R"({"type":"sync"})"), frame));
  CHECK(to_hex(frame.body) == "00");
}

TEST_CASE("a JSON frame that fails has what could be read of it", "[json_codec]") {
  struct row {
    const char* text;
    request_part part;
    std::optional<std::string> document;
    std::string message_id;
  };
  const auto message = request_part::message;
  const row rows[] = {
      {"nonsense", message, std::nullopt, ""},
      {R"({"type":"sync",)", message, std::nullopt, ""},
      {"\xff", message, std::nullopt, ""},
      {R"({"type":"ack","messageId":"m"})", message, std::nullopt, "m"},
      {R"({"type":"update","docName":"x","messageId":"m"})", message, "x", "m"},
      {R"({"type":"sync","docName":"","messageId":"m"})", message, std::nullopt, "m"},
      {R"({"type":"sync","docName":"x","messageId":""})", message, "x", ""},
      {R"({"type":"sync","docName":"x","payload":{"stateVector":"?"}})", message, "x", ""},
      {R"({"type":"sync","docName":"x","messageId":"m","payload":{"stateVector":"AQ=="}})",
       request_part::state_vector, "x", "m"},
      {R"({"type":"sync","payload":{"stateVector":""}})", request_part::state_vector, std::nullopt,
       ""},
  };
  for (const row& each : rows) {
    CAPTURE(each.text);
    decoded_frame frame = used_frame();
    const auto read = codec.decode(as_bytes(each.text), frame);
    REQUIRE_FALSE(read.has_value());
    CHECK((read.error().code == errc::invalid_json) == (each.part == message));
    CHECK(frame.wrong_part == each.part);
    CHECK(frame.document == each.document);
    CHECK(frame.message_id == each.message_id);
  }
}

TEST_CASE("JSON has a frame for each notice that names its document", "[json_codec]") {
  const byte_buffer update = hex("0000"), vector = hex("010105");
  CHECK(encoded(codec, notice_of(notice_kind::state, update, vector)) ==
        frames{json::encode_sync("d", update, vector)});
  CHECK(encoded(codec, notice_of(notice_kind::update, update), "x") ==
        frames{json::encode_update("x", update)});
  CHECK(encoded(codec, notice_of(notice_kind::event, as_bytes("[1]"))) ==
        frames{json::encode_event("d", "[1]")});
  CHECK(encoded(codec, notice_of(notice_kind::ack, update, as_bytes("m"))) ==
        frames{json::encode_ack("d", "m")});
}

TEST_CASE("presence is a JSON frame for each client of it", "[json_codec]") {
  CHECK(encoded(codec, notice_of(notice_kind::presence, hex("00"))).empty());
  const byte_buffer two = hex("02 | 01 01 02 7b7d | 05 09 04 6e756c6c");
  CHECK(encoded(codec, notice_of(notice_kind::presence, two)) ==
        frames{json::encode_presence("d", 1, "{}"), json::encode_presence("d", 5, "null")});
}

TEST_CASE("a question is a JSON error that says what the server has", "[json_codec]") {
  CHECK(encoded(codec, notice_of(notice_kind::question, hex("00"), as_bytes("m"))) ==
        frames{json::encode_missing_updates("d", hex("00"), "m")});
}

TEST_CASE("JSON has no word for an acknowledgement without an id", "[json_codec]") {
  CHECK(encoded(codec, notice_of(notice_kind::ack, hex("0000"))).empty());
}

TEST_CASE("a JSON error says which field was wrong and what it answers", "[json_codec]") {
  struct row {
    request_part part;
    std::string detail;
  };
  for (const row& each : {row{request_part::message, "why"},
                          row{request_part::state_vector, "payload.stateVector: why"},
                          row{request_part::update, "payload.update: why"},
                          row{request_part::presence, "presence: why"}})
    CHECK(encoded(codec, error_of(request_error::invalid_update, each.part, "why", "m")) ==
          frames{json::encode_error(request_error::invalid_update, each.detail, "d", "m")});
  const auto bare = error_of(request_error::rate_limit_exceeded, request_part::message, "", "");
  CHECK(encoded(codec, bare, std::nullopt) ==
        frames{json::encode_error(request_error::rate_limit_exceeded, "")});
}

}  // namespace troupe::json_test
