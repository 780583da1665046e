#include "protocol/access/claims.hpp"

#include <cmath>

#include "base/document_name.hpp"
#include "protocol/json/write.hpp"

namespace troupe::access {

namespace {

using json::tree_kind;
using node = json::tree::node;

/// 2^53 - 1: above it doubles leave numbers out.
constexpr double whole_number_max = 9007199254740991;

std::optional<std::string> whole_number(const node& value) {
  const double number = value.number();
  if (std::floor(number) != number || std::abs(number) > whole_number_max) return std::nullopt;
  return std::to_string(static_cast<long long>(number));
}

void take_value(const node& value, const std::function<void(std::string_view)>& take) {
  switch (value.kind()) {
    case tree_kind::text: return take(value.text());
    case tree_kind::boolean: return take(value.is_true() ? "true" : "false");
    case tree_kind::number:
      if (const auto digits = whole_number(value)) take(*digits);
      return;
    default: return;
  }
}

std::string_view last_part(std::string_view path) noexcept {
  return path.substr(path.find_last_of("./") + 1);
}

}  // namespace

std::optional<node> find_claim(const node& object, std::string_view path) {
  if (!object.is(tree_kind::object)) return std::nullopt;
  if (const auto whole = object.find(path)) return whole;
  // Each value is reached by one chain of names at most, so this ends soon whatever the claims are.
  for (auto dot = path.rfind('.'); dot != std::string_view::npos && dot > 0;
       dot = path.rfind('.', dot - 1)) {
    const auto outer = object.find(path.substr(0, dot));
    if (!outer) continue;
    if (const auto inner = find_claim(*outer, path.substr(dot + 1))) return inner;
  }
  return std::nullopt;
}

void for_each_value(const node& claim, const std::function<void(std::string_view)>& take) {
  if (!claim.is(tree_kind::array)) return take_value(claim, take);
  for (const node& element : claim) take_value(element, take);
}

token_result<std::string> name_in_claim(const node& object, std::string_view path) {
  const auto claim = find_claim(object, path);
  if (!claim) return std::string{};
  if (claim->is(tree_kind::number))
    if (auto digits = whole_number(*claim)) return *std::move(digits);
  if (!claim->is(tree_kind::text) || !check_document_name(claim->text()))
    return tl::unexpected(token_fault::malformed_claim);
  return std::string{claim->text()};
}

std::string presence_of(const claims& who, const std::vector<std::string>& names) {
  std::string made = "{\"id\":";
  json::append_string(who.user, made);
  for (const std::string& name : names) {
    const auto claim = find_claim(who.all.root(), name);
    const std::string_view member = last_part(name);
    if (!claim || claim->is(tree_kind::array) || claim->is(tree_kind::object) || member == "id")
      continue;
    made.push_back(',');
    json::append_string(member, made);
    made.append(":").append(claim->to_json());
  }
  return made.append("}");
}

}  // namespace troupe::access
