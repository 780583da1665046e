// How the admin pages read and write JSON: answers, pages of a list, parameters, bodies. An inner
// header of admin_*.cpp, since it shows the JSON library. Has no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "actors/operator_view.hpp"
#include "net/http_message.hpp"

namespace troupe::admin {

http_answer answer_json_text(unsigned status, std::string text);

/// Bytes that are not UTF-8 are replaced; an exception would lose the whole answer.
std::string text_of(const nlohmann::json& value, int indent = 2);

http_answer answer_json(unsigned status, const nlohmann::json& body);

/// "2026-11-25T20:22:55.851Z"
std::string iso_time(std::uint64_t milliseconds_since_1970);

/// A number in digits and nothing else.
std::optional<std::uint64_t> read_number(std::string_view text);

/// What all lists understand: `?limit=` and `?after=`.
struct page_query {
  std::size_t limit = page_size_default;
  std::string after;
};
tl::expected<page_query, std::string> read_page_query(std::string_view target);

/// A request that cannot be understood, with the answer that says why.
tl::unexpected<http_answer> refuse(const std::string& text, unsigned status = 400);

/// A parameter of the query, decoded; nothing if it is not there.
tl::expected<std::optional<std::string>, http_answer> read_parameter(const http_request& request,
                                                                     std::string_view name);

/// Whether a parameter is there and says `true`, or is empty. Fails if it says anything
/// else but `false`; the text is for the operator.
tl::expected<bool, std::string> read_switch(std::string_view target, std::string_view name);

/// The body as an object; nothing at all is an empty one. Fails if it is none, or if not every
/// parser would read it alike; the text is for the operator.
tl::expected<nlohmann::json, std::string> read_object(const std::string& body);

/// What an answer says is wrong, in words.
std::string error_of(const http_answer& answer);

/// One row of a list, indented as it stands there.
void append_row(std::string& list, const nlohmann::json& row);

/// A page of a list: its rows become text one by one, so that it is never held as a tree, and the
/// page ends early where the text grows beyond listed_bytes_max. `head`: members in front of the
/// list.
template <class Rows, class ToJson, class NameOf>
http_answer answer_list(std::string_view name, const Rows& rows, const nlohmann::json& head,
                        bool has_more, ToJson row_to_json, NameOf name_of) {
  std::string list;
  nlohmann::json next = nullptr;
  for (const auto& each : rows) {
    append_row(list, row_to_json(each));
    const bool is_last = &each == &rows.back();
    if (is_last ? has_more : list.size() >= listed_bytes_max) {
      next = name_of(each);
      break;
    }
  }
  if (!list.empty()) list += "\n  ";
  std::string body = "{\n";
  for (const auto& [key, value] : head.items())
    body.append("  ")
        .append(text_of(key, -1))
        .append(": ")
        .append(text_of(value, -1))
        .append(",\n");
  if (!next.is_null()) body.append("  \"next\": ").append(text_of(next, -1)).append(",\n");
  body.append("  \"").append(name).append("\": [").append(list).append("]\n}\n");
  return answer_json_text(200, std::move(body));
}

}  // namespace troupe::admin
