#include "actors/admin_json.hpp"

#include <charconv>
#include <ctime>

#include "actors/admin_pages.hpp"
#include "base/utf8.hpp"
#include "net/request_target.hpp"
#include "protocol/json/interchange.hpp"
#include "protocol/json/validate.hpp"

namespace troupe::admin {

using nlohmann::json;

http_answer answer_json_text(unsigned status, std::string text) {
  return {.status = status,
          .body = std::move(text),
          .allow = {},
          .names_upgrade = false,
          .content_type = "application/json"};
}

std::string text_of(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

http_answer answer_json(unsigned status, const json& body) {
  return answer_json_text(status, text_of(body) + "\n");
}

std::string error_of(const http_answer& answer) {
  const json body = json::parse(answer.body, nullptr, false);
  if (!body.is_object() || !body.contains("error") || !body["error"].is_string())
    return "it failed with status " + std::to_string(answer.status);
  return body["error"].get<std::string>();
}

std::string iso_time(std::uint64_t milliseconds_since_1970) {
  const auto seconds = static_cast<std::time_t>(milliseconds_since_1970 / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::string fraction = std::to_string(1000 + milliseconds_since_1970 % 1000);
  fraction[0] = '.';
  return std::string{text, size} + fraction + "Z";
}

std::optional<std::uint64_t> read_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return number;
}

tl::expected<page_query, std::string> read_page_query(std::string_view target) {
  const std::string_view query = query_of_target(target);
  const auto limit = find_query_parameter(query, "limit");
  const auto after = find_query_parameter(query, "after");
  if (!after) return tl::unexpected(std::string{"after is not percent-encoded"});
  page_query page{.limit = page_size_default, .after = after->value_or(std::string{})};
  if (limit && !*limit) return page;
  const auto number = limit ? read_number(**limit) : std::nullopt;
  if (!number || *number == 0 || *number > page_size_max)
    return tl::unexpected("limit must be a whole number from 1 to " +
                          std::to_string(page_size_max));
  page.limit = *number;
  return page;
}

tl::unexpected<http_answer> refuse(const std::string& text, unsigned status) {
  return tl::unexpected(answer_error(status, text));
}

tl::expected<std::optional<std::string>, http_answer> read_parameter(const http_request& request,
                                                                     std::string_view name) {
  auto found = find_query_parameter(query_of_target(request.target), name);
  if (!found) return refuse(std::string{name} + ": " + found.error().detail);
  return *std::move(found);
}

tl::expected<bool, std::string> read_switch(std::string_view target, std::string_view name) {
  const auto found = find_query_parameter(query_of_target(target), name);
  if (found && !*found) return false;
  if (found && (**found == "true" || (*found)->empty())) return true;
  if (found && **found == "false") return false;
  return tl::unexpected(std::string{name} + " must be true or false");
}

tl::expected<json, std::string> read_object(const std::string& body) {
  if (body.empty()) return json::object();
  const bool is_json =
      is_valid_utf8(as_bytes(body)) && troupe::json::is_valid_json(body, troupe::json::depth_limit);
  if (is_json)
    if (const auto good = troupe::json::check_interchange(body); !good)
      return tl::unexpected("the body has " + good.error().detail + " at byte " +
                            std::to_string(good.error().offset));
  json parsed = is_json ? json::parse(body) : json(nullptr);
  if (!parsed.is_object()) return tl::unexpected(std::string{"the body is not a JSON object"});
  return parsed;
}

void append_row(std::string& list, const json& row) {
  const std::string text = text_of(row);
  list += list.empty() ? "\n    " : ",\n    ";
  for (const char letter : text) {
    list += letter;
    if (letter == '\n') list += "    ";  // only between members: in a text it is escaped
  }
}

}  // namespace troupe::admin
