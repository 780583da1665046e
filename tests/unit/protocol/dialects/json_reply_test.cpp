#include "protocol/dialects/json_reply.hpp"

#include <set>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"

namespace troupe::json_reply_test {

using error_code = request_error;
using library = nlohmann::json;

namespace {

const byte_buffer two_zeros = {0, 0};

}  // namespace

TEST_CASE("replies have the shape of the dialect", "[json_reply]") {
  CHECK(json::encode_sync("notes", two_zeros, byte_buffer{1, 7, 5}) ==
        R"({"type":"sync","docName":"notes","payload":{"update":"AAA=","stateVector":"AQcF"}})");
  CHECK(json::encode_update("notes", two_zeros) ==
        R"({"type":"update","docName":"notes","payload":{"update":"AAA="}})");
  CHECK(
      json::encode_event("notes", R"({"event":"file-changed","path":"a/b.txt"})") ==
      R"({"type":"update","docName":"notes","payload":{"event":"file-changed","path":"a/b.txt"}})");
  CHECK(
      json::encode_presence("notes", 9007199254740991, R"({"user":"Ada"})") ==
      R"({"type":"presence","docName":"notes","payload":{"clientId":9007199254740991,"state":{"user":"Ada"}}})");
  CHECK(json::encode_presence("notes", 0, "null") ==
        R"({"type":"presence","docName":"notes","payload":{"clientId":0,"state":null}})");
  CHECK(json::encode_ack("notes", "m-1") ==
        R"({"type":"ack","docName":"notes","payload":{"messageId":"m-1"}})");
}

TEST_CASE("an error says as much as is known", "[json_reply]") {
  CHECK(
      json::encode_error(error_code::rate_limit_exceeded, "") ==
      R"({"type":"error","payload":{"message":"Rate limit exceeded","code":"RATE_LIMIT_EXCEEDED"}})");
  CHECK(
      json::encode_error(error_code::invalid_message, "payload is missing", std::nullopt, "m") ==
      R"({"type":"error","payload":{"message":"Invalid message: payload is missing","code":"INVALID_MESSAGE","messageId":"m"}})");
  CHECK(
      json::encode_error(error_code::not_joined, {}, "notes", "m") ==
      R"({"type":"error","docName":"notes","payload":{"message":"Not joined","code":"NOT_JOINED","messageId":"m"}})");
}

TEST_CASE("every error code has a name and a text of its own", "[json_reply]") {
  std::set<std::string_view> codes;
  std::set<std::string_view> texts;
  for (std::size_t i = 0; i < request_error_count; ++i) {
    const request_error_info info = describe(static_cast<error_code>(i));
    CAPTURE(i, info.code);
    CHECK(codes.insert(info.code).second);
    CHECK(texts.insert(info.text).second);
    CHECK(info.code.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == std::string_view::npos);
    CHECK_FALSE(info.text.empty());
  }
  CHECK(describe(error_code::message_too_large).text == "Message too large");
  CHECK(describe(error_code::document_unavailable).code == "DOCUMENT_UNAVAILABLE");
}

TEST_CASE("replies quote what clients have named", "[json_reply]") {
  const std::string name = "a\"b\\c/\xC3\xA9\xF0\x9F\x98\x80\xE2\x80\xA8";
  const std::string id = std::string{"\n\t\x01", 3} + std::string(1, '\0') + "</script>";
  const auto ack = library::parse(json::encode_ack(name, id));
  CHECK(ack["docName"] == name);
  CHECK(ack["payload"]["messageId"] == id);
  const auto error = library::parse(json::encode_error(error_code::invalid_message, id, name, id));
  CHECK(error["docName"] == name);
  CHECK(error["payload"]["message"] == "Invalid message: " + id);
  CHECK(error["payload"]["messageId"] == id);
  for (const std::string& text :
       {json::encode_sync(name, two_zeros, two_zeros), json::encode_update(name, two_zeros),
        json::encode_event(name, "[]"), json::encode_presence(name, 1, "{}")})
    CHECK(library::parse(text)["docName"] == name);
}

TEST_CASE("a reply is valid even if a detail is not UTF-8", "[json_reply]") {
  const auto error = library::parse(json::encode_error(error_code::invalid_update, "a\xFFz"));
  CHECK(error["payload"]["message"] == "Invalid update: a\xEF\xBF\xBDz");
}

TEST_CASE("a reply carries bytes as they are", "[json_reply]") {
  byte_buffer bytes(100'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * i >> 3);
  const auto sync = library::parse(json::encode_sync("notes", bytes, {}));
  CHECK((decode_base64(sync["payload"]["update"].get<std::string>()) == bytes));
  CHECK(sync["payload"]["stateVector"] == "");
}

}  // namespace troupe::json_reply_test
