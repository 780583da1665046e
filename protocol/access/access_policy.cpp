#include "protocol/access/access_policy.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.hpp"
#include "protocol/access/permission_words.hpp"

namespace troupe::access {

namespace {

using json::tree_kind;
using node = json::tree::node;

/// The placeholder of the user, whatever claim names users.
constexpr std::string_view user_placeholder = "user";

tl::unexpected<token_fault> malformed() { return tl::unexpected(token_fault::malformed_claim); }

token_result<permission> read_rights(const node& entry) {
  const auto words = entry.find("rights");
  permission may;
  if (!words) return malformed();
  if (words->is(tree_kind::text)) {
    if (!may.add(words->text())) return malformed();
    return may;
  }
  if (!words->is(tree_kind::array)) return malformed();
  const auto listed = permission_of(*words, [](const node& word) {
    return word.is(tree_kind::text) ? std::optional{word.text()} : std::nullopt;
  });
  if (!listed) return malformed();
  return *listed;
}

token_result<document_pattern> read_documents(const node& entry) {
  std::optional<document_pattern> found;
  for (const std::string_view how : {"name", "prefix", "glob"}) {
    const auto text = entry.find(how);
    if (!text) continue;
    if (found || !text->is(tree_kind::text)) return malformed();
    if (how == "name") found = document_pattern::exact(text->text());
    if (how == "prefix") found = document_pattern::prefix(text->text());
    if (how != "glob") continue;
    auto pattern = document_pattern::glob(text->text());
    if (!pattern) return malformed();
    found = *std::move(pattern);
  }
  if (!found) return malformed();
  return *std::move(found);
}

/// The values for a placeholder.
std::vector<std::string> values_of(const claims& who, std::string_view name) {
  std::vector<std::string> values;
  if (name == user_placeholder) {
    values.push_back(who.user);
  } else if (const auto claim = find_claim(who.all.root(), name)) {
    for_each_value(*claim, [&](std::string_view value) { values.emplace_back(value); });
  }
  return values;
}

bool applies(const access_rule& rule, const claims& who) {
  return std::ranges::all_of(rule.conditions,
                             [&](const claim_condition& each) { return each.holds_for(who); });
}

bool needs_claims(const access_rule& rule) {
  return std::ranges::any_of(rule.documents.claims(),
                             [](const std::string& name) { return name != user_placeholder; });
}

/// Who it is, without what else the token says: that is most of its size.
claims_ptr without_claims(const claims& who) {
  return std::make_shared<const claims>(claims{who.user, who.token_id, who.expires, {}});
}

}  // namespace

bool claim_condition::holds_for(const claims& who) const {
  const auto claim = find_claim(who.all.root(), path);
  bool holds = false;
  if (claim)
    for_each_value(*claim, [&](std::string_view value) {
      holds = holds || std::ranges::find(values, value) != values.end();
    });
  return holds;
}

token_result<std::vector<document_entry>> read_document_entries(const node& list) {
  if (!list.is(tree_kind::array)) return malformed();
  std::vector<document_entry> entries;
  for (const node& entry : list) {
    if (!entry.is(tree_kind::object) || entries.size() == document_entries_max) return malformed();
    TROUPE_ASSIGN(const permission may, read_rights(entry));
    TROUPE_ASSIGN(document_pattern documents, read_documents(entry));
    entries.push_back({std::move(documents), may});
  }
  return entries;
}

token_result<grant_ptr> make_grant(access_policy_ptr policy, claims_ptr who) {
  TROUPE_CHECK(policy->rules.size() <= rules_max);
  auto made = std::make_shared<grant>();
  if (const auto list = find_claim(who->all.root(), policy->documents_claim)) {
    TROUPE_ASSIGN(made->entries, read_document_entries(*list));
  }
  bool keeps_claims = false;
  for (std::size_t number = 0; number < policy->rules.size(); ++number) {
    const access_rule& rule = policy->rules[number];
    if (!applies(rule, *who)) continue;
    made->rules.push_back(static_cast<std::uint16_t>(number));
    keeps_claims = keeps_claims || needs_claims(rule);
  }
  if (policy->stamp) made->stamp = presence_of(*who, *policy->stamp);
  made->policy = std::move(policy);
  made->who = keeps_claims ? std::move(who) : without_claims(*who);
  return grant_ptr{std::move(made)};
}

rights rights_for(const grant& allowed, std::string_view document) {
  permission may{rights_of_anybody(*allowed.policy)};
  for (const document_entry& entry : allowed.entries)
    if (entry.documents.matches(document)) may |= entry.may;
  const auto values = [&](std::string_view name) { return values_of(*allowed.who, name); };
  for (const std::uint16_t number : allowed.rules) {
    const access_rule& rule = allowed.policy->rules[number];
    if (rule.documents.matches(document, values)) may |= rule.may;
  }
  return may.effective();
}

rights rights_of_anybody(const access_policy& policy) noexcept {
  permission may;
  const bool is_open = policy.how == mode::open;
  if (is_open || policy.everybody == anonymous::write) may.add("write");
  if (policy.everybody == anonymous::read) may.add("read");
  return may.effective();
}

}  // namespace troupe::access
