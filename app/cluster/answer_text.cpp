#include "app/cluster/answer_text.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/printable.hpp"

namespace troupe::cluster {

namespace {

using nlohmann::json;

constexpr std::size_t shown_bytes_max = 500;
constexpr std::size_t column_count = 6;
using row = std::array<std::string, column_count>;

/// Nothing that is read here is trusted to be what it should be.
std::string text_of(const json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end()) return {};
  return printable(at->is_string() ? at->get<std::string>() : at->dump());
}

bool is_true(const json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_boolean() && at->get<bool>();
}

result<json> read_object(std::string_view body) {
  json read = json::parse(body, nullptr, false);
  if (!read.is_object()) return fail(errc::invalid_json, "the answer is not one of a troupe node");
  return read;
}

row row_of(const json& node) {
  std::string state = is_true(node, "self") ? "this node" : is_true(node, "up") ? "up" : "down";
  if (const std::string why = text_of(node, "error"); !why.empty()) state += ": " + why;
  return {text_of(node, "name"),      text_of(node, "address"), text_of(node, "role"),
          text_of(node, "movedList"), text_of(node, "uuid"),    state};
}

std::string table_of(const std::vector<row>& rows) {
  std::array<std::size_t, column_count> widths{};
  for (const row& each : rows)
    for (std::size_t i = 0; i < column_count; ++i) widths[i] = std::max(widths[i], each[i].size());
  std::string text;
  for (const row& each : rows) {
    for (std::size_t i = 0; i + 1 < column_count; ++i)
      text.append(each[i]).append(widths[i] + 2 - each[i].size(), ' ');
    text.append(each.back()).append("\n");
  }
  return text;
}

}  // namespace

result<std::string> members_text(std::string_view body) {
  TROUPE_ASSIGN(const json all, read_object(body));
  std::string text = "cluster '" + text_of(all, "cluster") + "', member list " +
                     text_of(all, "list") + ", seen by '" + text_of(all, "node") + "'\n";
  const std::string waits = text_of(all, "waits");
  if (!waits.empty()) text += "this node " + waits + "\n";
  const std::string conflict = text_of(all, "conflict");
  if (!conflict.empty()) text += "CONFLICT: " + conflict + "\n";
  if (text_of(all, "durability") == "shared")
    text += "documents: in the database that all nodes share\n\n";
  else
    text += "documents: " + text_of(all, "keepers") + " keepers, " + text_of(all, "writeAcks") +
            " of them confirm an edit (" + text_of(all, "mode") + "); " +
            (is_true(all, "moved") ? "all are in place" : "they are moving") + "\n\n";
  std::vector<row> rows{{"NAME", "ADDRESS", "ROLE", "MOVED", "UUID", "STATE"}};
  if (const auto nodes = all.find("nodes"); nodes != all.end() && nodes->is_array())
    for (const json& each : *nodes)
      if (each.is_object()) rows.push_back(row_of(each));
  return text + table_of(rows);
}

result<std::string> change_text(std::string_view body) {
  TROUPE_ASSIGN(const json all, read_object(body));
  return "member list " + text_of(all, "list");
}

std::string error_text(std::string_view body) {
  const auto read = read_object(body);
  const std::string text = read ? text_of(*read, "error") : std::string{};
  return text.empty() ? printable(body.substr(0, shown_bytes_max)) : text;
}

}  // namespace troupe::cluster
