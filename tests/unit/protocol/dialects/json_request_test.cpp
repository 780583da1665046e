#include "protocol/dialects/json_request.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::json_request_test {

using json::request_kind;

namespace {

json::request decoded(std::string_view text) {
  CAPTURE(text);
  auto read = json::decode_request(text);
  if (!read) FAIL(read.error().text);
  return std::move(*read);
}

json::bad_request refused(std::string_view text) {
  CAPTURE(text);
  auto read = json::decode_request(text);
  REQUIRE_FALSE(read.has_value());
  return read.error();
}

std::string nested(std::size_t depth, std::string_view open, std::string_view inner,
                   std::string_view close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text.append(open);
  text.append(inner);
  for (std::size_t i = 0; i < depth; ++i) text.append(close);
  return text;
}

std::string with_payload(std::string_view type, std::string_view payload) {
  return std::string{R"({"type":")"}.append(type).append(R"(","payload":)").append(payload) + "}";
}

}  // namespace

TEST_CASE("a sync needs nothing but its type", "[json_request]") {
  const json::request sync = decoded(R"({"type":"sync"})");
  CHECK(sync.kind == request_kind::sync);
  CHECK_FALSE(sync.document.has_value());
  CHECK_FALSE(sync.message_id.has_value());
  CHECK_FALSE(sync.state_vector.has_value());
  CHECK_FALSE(decoded(R"({"type":"sync","payload":null})").state_vector.has_value());
  CHECK_FALSE(decoded(R"({"type":"sync","payload":{}})").state_vector.has_value());
}

TEST_CASE("a sync may name its document and what it has", "[json_request]") {
  const json::request sync = decoded(
      R"({"type":"sync","docName":"team/notes","messageId":"s1","payload":{"stateVector":"AQcF"}})");
  CHECK(sync.document == "team/notes");
  CHECK(sync.message_id == "s1");
  CHECK(sync.state_vector == byte_buffer{1, 7, 5});
}

TEST_CASE("a state vector of no bytes is not a missing one", "[json_request]") {
  CHECK(decoded(R"({"type":"sync","payload":{"stateVector":""}})").state_vector == byte_buffer{});
}

TEST_CASE("an update carries its bytes", "[json_request]") {
  const json::request update =
      decoded(R"({"type":"update","docName":"a","payload":{"update":"AAA="},"messageId":"7"})");
  CHECK(update.kind == request_kind::update);
  CHECK(update.update == byte_buffer{0, 0});
  CHECK(update.document == "a");
  CHECK(update.message_id == "7");
  CHECK(update.payload.empty());
  CHECK(decoded(R"({"type":"update","payload":{"update":"","x":[1]}})").update.empty());
}

TEST_CASE("an update without Yjs bytes is an event and passes as it was written",
          "[json_request]") {
  for (std::string_view payload :
       {R"({"event":"chat","text":"\u00e9\ud83d\ude00"})", R"({ "b" : 1 , "a" : 1.0 })", "{}",
        "null", "[1,2,3]", "\"update\"", "12345678901234567890123", "1e308",
        R"({"payload":{"update":1}})", R"([{"update":"no base64"}])", R"({"Update":1})",
        R"({"a":"\"update\":"})"}) {
    const json::request event = decoded(with_payload("update", payload));
    CHECK(event.kind == request_kind::event);
    CHECK(event.payload == payload);
    CHECK(event.update.empty());
  }
}

TEST_CASE("presence is any JSON", "[json_request]") {
  for (std::string_view payload : {R"({"user":{"name":"Ada"},"cursor":{"line":1,"column":2}})",
                                   "null", "true", "7", "\"here\"", "[]", R"({"update":1})"}) {
    const json::request presence = decoded(with_payload("presence", payload));
    CHECK(presence.kind == request_kind::presence);
    CHECK(presence.payload == payload);
  }
  CHECK(decoded("{\"type\":\"presence\",\"payload\":\n null\t}").payload == "null");
}

TEST_CASE("a leave needs nothing but its type", "[json_request]") {
  CHECK(decoded(R"({"type":"leave"})").kind == request_kind::leave);
  const json::request leave =
      decoded(R"({"type":"leave","docName":"a","messageId":"7","payload":[1]})");
  CHECK(leave.kind == request_kind::leave);
  CHECK(leave.document == "a");
  CHECK(leave.message_id == "7");
  CHECK(leave.payload.empty());
}

TEST_CASE("members may come in any order and with any space", "[json_request]") {
  const json::request update = decoded(
      " \r\n{ \"messageId\" : \"m\" ,\t\"payload\" : { \"x\" : \"}\" , \"update\" : \"AQI=\" } ,\n"
      "\"docName\" : \"d\" , \"type\" : \"update\" } \n");
  CHECK(update.update == byte_buffer{1, 2});
  CHECK(update.document == "d");
  CHECK(update.message_id == "m");
}

TEST_CASE("members that nobody knows are ignored", "[json_request]") {
  const json::request sync = decoded(
      R"({"v":2,"type":"sync","meta":{"type":"ack","docName":7},"list":["docName",{"a":"]}"}],"x":-1.5e3,"y":true})");
  CHECK(sync.kind == request_kind::sync);
  CHECK_FALSE(sync.document.has_value());
}

TEST_CASE("of equal members the last one counts", "[json_request]") {
  CHECK(decoded(R"({"type":"ack","type":"sync"})").kind == request_kind::sync);
  CHECK(decoded(R"({"type":"sync","docName":7,"docName":"a","docName":"b"})").document == "b");
  CHECK(decoded(R"({"type":"update","payload":{"update":7,"update":"AAA="}})").update ==
        byte_buffer{0, 0});
  CHECK(refused(R"({"type":"sync","messageId":"a","messageId":7})").text ==
        "messageId must be a string");
}

TEST_CASE("escapes count for what they stand for", "[json_request]") {
  const json::request update = decoded(
      R"({"\u0074ype":"\u0075pdate","docName":"a\/\u00e9\ud83d\ude00","messageId":"\"\\","payload":{"\u0075pdate":"\/\/\/\/"}})");
  CHECK(update.kind == request_kind::update);
  CHECK(update.document == "a/\xC3\xA9\xF0\x9F\x98\x80");
  CHECK(update.message_id == "\"\\");
  CHECK(update.update == byte_buffer{255, 255, 255});
}

TEST_CASE("what is no JSON is refused at its byte", "[json_request]") {
  CHECK(refused("").text == "the message is not JSON at byte 0");
  CHECK(refused("hello").text == "the message is not JSON at byte 0");
  CHECK(refused(R"({"type":"sync",})").text == "the message is not JSON at byte 15");
  CHECK(refused(R"({"type":"sync"} {})").text == "the message is not JSON at byte 16");
  CHECK(refused(R"({"type":"sync")").text == "the message is not JSON at byte 14");
  CHECK(refused(R"({"type":'sync'})").text == "the message is not JSON at byte 8");
  CHECK(refused("{\"type\":\"sy\nnc\"}").text == "the message is not JSON at byte 11");
  CHECK(refused("\xEF\xBB\xBF{\"type\":\"sync\"}").text == "the message is not JSON at byte 0");
  CHECK(refused(std::string_view{"{\"type\":\"sync\"}\0", 16}).text ==
        "the message is not JSON at byte 15");
}

TEST_CASE("what is not UTF-8 is refused", "[json_request]") {
  CHECK(refused("{\"type\":\"sync\",\"docName\":\"\xFF\"}").text == "the message is not UTF-8");
  CHECK(refused("{\"type\":\"presence\",\"payload\":\"\xED\xA0\x80\"}").text ==
        "the message is not UTF-8");
}

TEST_CASE("a message is an object", "[json_request]") {
  for (std::string_view text : {"[]", "null", "7", "\"sync\"", R"([{"type":"sync"}])", " true "})
    CHECK(refused(text).text == "the message must be an object");
}

TEST_CASE("a type is one that a client sends", "[json_request]") {
  CHECK(refused("{}").text == "type is missing");
  CHECK(refused(R"({"type":null})").text == "type must be a string");
  CHECK(refused(R"({"type":["sync"]})").text == "type must be a string");
  CHECK(refused(R"({"type":"ack","payload":{}})").text == "type ack is for the server to send");
  CHECK(refused(R"({"type":"error","payload":{}})").text == "type error is for the server to send");
  for (std::string_view type : {"", "Sync", "event", "sync ", "\\u0000"})
    CHECK(refused(with_payload(type, "1")).text == "type must be sync, update, presence or leave");
}

TEST_CASE("a document name obeys the rule for names", "[json_request]") {
  CHECK(refused(R"({"type":"sync","docName":7})").text == "docName must be a string");
  CHECK(refused(R"({"type":"sync","docName":null})").text == "docName must be a string");
  CHECK(refused(R"({"type":"sync","docName":""})").text == "docName: the document name is empty");
  CHECK(refused(R"({"type":"sync","docName":"a\nb"})").text ==
        "docName: the document name has control characters");
  CHECK(refused(R"({"type":"sync","docName":"\ud83d"})").text ==
        "docName has half of a surrogate pair");
  const auto named = [](std::size_t size) {
    return R"({"type":"sync","docName":")" + std::string(size, 'n') + "\"}";
  };
  CHECK(decoded(named(512)).document->size() == 512);
  CHECK(refused(named(513)).text == "docName: the document name is longer than 512 bytes");
}

TEST_CASE("a message id has 1 to 128 bytes", "[json_request]") {
  const auto with_id = [](std::string_view id) {
    return R"({"type":"sync","messageId":)" + std::string{id} + "}";
  };
  CHECK(refused(with_id("7")).text == "messageId must be a string");
  CHECK(refused(with_id("\"\"")).text == "messageId must have 1 to 128 bytes");
  CHECK(refused(with_id('"' + std::string(129, 'm') + '"')).text ==
        "messageId must have 1 to 128 bytes");
  CHECK(refused(with_id(R"("\udc00")")).text == "messageId has half of a surrogate pair");
  CHECK(decoded(with_id('"' + std::string(128, 'm') + '"')).message_id->size() == 128);
  CHECK(decoded(with_id(R"("\u0000")")).message_id == std::string(1, '\0'));
  std::string accented;
  for (int i = 0; i < 65; ++i) accented += "\xC3\xA9";
  CHECK(refused(with_id('"' + accented + '"')).text == "messageId must have 1 to 128 bytes");
}

TEST_CASE("updates and presence need a payload", "[json_request]") {
  CHECK(refused(R"({"type":"update"})").text == "payload is missing");
  CHECK(refused(R"({"type":"presence"})").text == "payload is missing");
  for (std::string_view payload : {"7", "[]", "\"AQcF\"", "false"})
    CHECK(refused(with_payload("sync", payload)).text == "payload must be an object");
}

TEST_CASE("a payload that not every parser reads is refused at its byte", "[json_request]") {
  for (std::string_view type : {"update", "presence"}) {
    CHECK(refused(with_payload(type, R"({"text":"a\ud83d"})")).text ==
          "payload: half of a surrogate pair at byte 10");
    CHECK(refused(with_payload(type, "[0,-1e999]")).text ==
          "payload: a number beyond double at byte 3");
  }
  const json::bad_request named =
      refused(R"({"type":"presence","docName":"d","messageId":"m","payload":1e999})");
  CHECK(named.document == "d");
  CHECK(named.message_id == "m");
  // What is ignored is ignored.
  CHECK(decoded(R"({"type":"sync","x":"\ud800","y":1e999})").kind == request_kind::sync);
}

TEST_CASE("bytes are base64 and nothing like it", "[json_request]") {
  const auto update = [](std::string_view value) {
    return refused(with_payload("update", R"({"update":)" + std::string{value} + "}")).text;
  };
  CHECK(update("7") == "payload.update must be a string of base64");
  CHECK(update("null") == "payload.update must be a string of base64");
  CHECK(update("[0,0]") == "payload.update must be a string of base64");
  CHECK(update(R"("AAA")") ==
        "payload.update is not base64: its size is no multiple of four at byte 3");
  CHECK(update(R"("AA-_")") ==
        "payload.update is not base64: a character outside of the alphabet at byte 2");
  CHECK(update(R"("AAA=AAA=")") ==
        "payload.update is not base64: padding before the end at byte 3");
  CHECK(update(R"("AAB=")") ==
        "payload.update is not base64: bits set behind the last byte at byte 2");
  CHECK(update(R"("\ud800")").starts_with("payload.update is not base64"));
  CHECK(refused(with_payload("sync", R"({"stateVector":"!"})"))
            .text.starts_with("payload.stateVector is not base64: "));
  CHECK(refused(with_payload("sync", R"({"stateVector":null})")).text ==
        "payload.stateVector must be a string of base64");
}

TEST_CASE("a payload may be nested a hundred deep", "[json_request]") {
  for (std::string_view type : {"update", "presence"}) {
    CHECK(decoded(with_payload(type, nested(100, "[", "", "]"))).payload.size() == 200);
    CHECK(refused(with_payload(type, nested(101, "[", "", "]")))
              .text.starts_with("a value is nested more than 100 deep at byte "));
    CHECK(refused(with_payload(type, nested(101, "{\"a\":", "1", "}")))
              .text.starts_with("a value is nested more than 100 deep at byte "));
  }
  const std::string deep = nested(200'000, "[", "", "]");
  CHECK(refused(deep).text.starts_with("a value is nested more than 100 deep at byte 101"));
  CHECK(refused(R"({"type":"sync","x":)" + deep + "}").text.starts_with("a value is nested"));
  CHECK(refused(std::string(200'000, '{')).text.starts_with("the message is not JSON at byte 1"));
}

TEST_CASE("a refusal names the message and the document that it could read", "[json_request]") {
  const json::bad_request no_payload =
      refused(R"({"type":"update","messageId":"m7","docName":"notes"})");
  CHECK(no_payload.message_id == "m7");
  CHECK(no_payload.document == "notes");
  const json::bad_request unknown = refused(R"({"docName":"d","messageId":"m","type":"hello"})");
  CHECK(unknown.message_id == "m");
  CHECK(unknown.document == "d");
  const json::bad_request no_id = refused(R"({"type":"sync","messageId":"","docName":"notes"})");
  CHECK_FALSE(no_id.message_id.has_value());
  CHECK(no_id.document == "notes");
  const json::bad_request no_name = refused(R"({"type":"sync","messageId":"m","docName":""})");
  CHECK(no_name.message_id == "m");
  CHECK_FALSE(no_name.document.has_value());
  CHECK_FALSE(refused(R"({"type":"sync","messageId":"m")").message_id.has_value());
}

TEST_CASE("an update of a megabyte is read", "[json_request]") {
  std::string base64(1024 * 1024, 'A');
  const json::request update = decoded(with_payload("update", R"({"update":")" + base64 + "\"}"));
  CHECK(update.update.size() == base64.size() / 4 * 3);
}

}  // namespace troupe::json_request_test
