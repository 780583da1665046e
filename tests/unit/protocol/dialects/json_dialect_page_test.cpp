// The examples of docs/json-dialect.md, run through the code: what a client sends is decoded, what
// the server says is encoded again, byte for byte.
#include <set>
#include <sstream>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "protocol/crdt/doc.hpp"
#include "protocol/dialects/json_reply.hpp"
#include "protocol/dialects/json_request.hpp"
#include "tests/support/test_data.hpp"

namespace troupe::json_dialect_page_test {

using error_code = request_error;
using json::request_kind;
using library = nlohmann::json;

namespace {

struct example {
  std::string side;  ///< "client", "server" or "refused".
  std::string text;
};

std::string text_of(const std::string& path) {
  const auto bytes = test::read_file(std::string{TROUPE_SOURCE_DIR} + "/" + path);
  REQUIRE(bytes);
  return std::string{as_text(*bytes)};
}

/// The blocks that are fenced as ```json SIDE, in order.
std::vector<example> examples() {
  constexpr std::string_view fence = "```json ";
  std::vector<example> all;
  std::istringstream page{text_of("docs/json-dialect.md")};
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with(fence)) continue;
    example each{line.substr(fence.size()), {}};
    while (std::getline(page, line) && line != "```")
      each.text += (each.text.empty() ? "" : "\n") + line;
    all.push_back(std::move(each));
  }
  return all;
}

byte_buffer bytes_of(const library& value) {
  auto bytes = decode_base64(value.get<std::string>());
  REQUIRE(bytes.has_value());
  return *bytes;
}

/// The JSON text behind `name` up to the closing braces that end the frame.
std::string_view rest_behind(std::string_view text, std::string_view name, std::size_t braces) {
  const std::size_t at = text.find(name);
  REQUIRE(at != std::string_view::npos);
  return text.substr(at + name.size(), text.size() - at - name.size() - braces);
}

std::string encoded_error(const library& message) {
  const library& payload = message["payload"];
  std::optional<std::string> document;
  std::optional<std::string> message_id;
  if (message.contains("docName")) document = message["docName"];
  if (payload.contains("messageId")) message_id = payload["messageId"];
  for (std::size_t i = 0; i < request_error_count; ++i) {
    const auto code = static_cast<error_code>(i);
    const request_error_info info = describe(code);
    if (payload["code"] != info.code) continue;
    if (code == request_error::missing_updates)
      return json::encode_missing_updates(*document, bytes_of(payload["stateVector"]), message_id);
    std::string detail = payload["message"];
    REQUIRE(detail.starts_with(info.text));
    detail.erase(0, std::min(detail.size(), info.text.size() + 2));
    std::optional<std::size_t> index;
    if (payload.contains("index")) index = payload["index"];
    return json::encode_error(code, detail, document, message_id, index);
  }
  return "unknown code";
}

/// The message as the server writes it.
std::string encoded(const std::string& text) {
  const library message = library::parse(text);
  const std::string type = message["type"];
  if (type == "error") return encoded_error(message);
  const std::string document = message["docName"];
  const library& payload = message["payload"];
  if (type == "contents" || payload.contains("as"))
    return json::encode_contents(type, document, rest_behind(text, "\"payload\":", 1));
  if (type == "sync")
    return json::encode_sync(document, bytes_of(payload["update"]),
                             bytes_of(payload["stateVector"]));
  if (type == "ack") return json::encode_ack(document, payload["messageId"].get<std::string>());
  if (type == "presence")
    return json::encode_presence(document, payload["clientId"], rest_behind(text, "\"state\":", 2));
  if (payload.contains("update")) return json::encode_update(document, bytes_of(payload["update"]));
  return json::encode_event(document, rest_behind(text, "\"payload\":", 1));
}

}  // namespace

TEST_CASE("the examples of the JSON dialect are read as its page says", "[json_request][docs]") {
  std::set<request_kind> kinds;
  for (const example& each : examples()) {
    if (each.side != "client") continue;
    CAPTURE(each.text);
    const auto request = json::decode_request(each.text);
    REQUIRE(request.has_value());
    kinds.insert(request->kind);
  }
  CHECK(kinds.size() == 7);
}

TEST_CASE("the examples of the JSON dialect are written as its page says", "[json_reply][docs]") {
  std::set<std::string> types;
  for (const example& each : examples()) {
    if (each.side != "server") continue;
    CAPTURE(each.text);
    CHECK(encoded(each.text) == each.text);
    types.insert(library::parse(each.text)["type"]);
  }
  CHECK(types == std::set<std::string>{"ack", "contents", "error", "presence", "sync", "update"});
}

TEST_CASE("the examples of bad messages are refused with the error behind them",
          "[json_request][docs]") {
  const std::vector<example> all = examples();
  std::size_t count = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].side != "refused") continue;
    CAPTURE(all[i].text);
    const auto request = json::decode_request(all[i].text);
    REQUIRE_FALSE(request.has_value());
    const json::bad_request& why = request.error();
    REQUIRE(i + 1 < all.size());
    CHECK(all[i + 1].text ==
          json::encode_error(error_code::invalid_message, why.text, why.document, why.message_id));
    ++count;
  }
  CHECK(count >= 4);
}

TEST_CASE("the bytes in the examples are what the page says they are", "[crdt][docs]") {
  crdt::doc doc;
  REQUIRE(doc.apply_update(*decode_base64("AQEBAAQBBHRleHQFaGVsbG8A")));
  CHECK(doc.text("text") == "hello");
  CHECK(doc.state_vector().encode() == decode_base64("AQEF"));
  CHECK(doc.encode_state_as_update(doc.state_vector()) == decode_base64("AAA="));
  REQUIRE(doc.apply_update(*decode_base64("AQECAIQBBAYgd29ybGQA")));
  CHECK(doc.text("text") == "hello world");
  CHECK(crdt::doc{}.state_vector().encode() == decode_base64("AA=="));
}

TEST_CASE("the page and the schema name every error code and no other", "[json_reply][docs]") {
  const std::string page = text_of("docs/json-dialect.md");
  const library schema = library::parse(text_of("protocol/json/json-dialect.schema.json"));
  const library& error = schema["$defs"]["server_message"]["oneOf"][5]["properties"];
  REQUIRE(error["type"]["const"] == "error");
  std::set<std::string> in_code;
  for (std::size_t i = 0; i < request_error_count; ++i) {
    const request_error_info info = describe(static_cast<error_code>(i));
    in_code.emplace(info.code);
    const std::string row = "| `" + std::string{info.code} + "` | " + std::string{info.text} + " |";
    CAPTURE(row);
    CHECK(page.find(row) != std::string::npos);
  }
  CHECK(error["payload"]["properties"]["code"]["enum"].get<std::set<std::string>>() == in_code);
}

}  // namespace troupe::json_dialect_page_test
