// From claims to rights: what the deployment's rules and the token's own list of documents allow
// with one document. Pure; a policy and a grant never change once they are made, so threads share
// them.
//
// Everything that matches counts: the rights of all entries of the token and of all rules are
// united, with those that everybody has. Only `no_presence` takes something away, and it does so
// whatever else matches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/access/access_mode.hpp"
#include "protocol/access/claims.hpp"
#include "protocol/access/document_pattern.hpp"
#include "protocol/access/rights.hpp"
#include "protocol/access/token_fault.hpp"

namespace troupe::access {

inline constexpr std::size_t rules_max = 1'000;
inline constexpr std::size_t conditions_max = 16;         ///< Of one rule.
inline constexpr std::size_t condition_values_max = 100;  ///< Of one condition.
inline constexpr std::size_t document_entries_max = 256;  ///< Of one token.

/// Holds if the claim has one of the values, or is a list that contains one.
struct claim_condition {
  std::string path;  ///< As find_claim takes it.
  std::vector<std::string> values;

  bool holds_for(const claims& who) const;
};

/// One entry of access.rules. It applies to tokens for which all conditions hold; without any, to
/// every token.
struct access_rule {
  std::vector<claim_condition> conditions;
  document_pattern documents;  ///< `{user}` and `{claim}` stand for what the token says.
  permission may;
};

/// Documents that a token names, with what it allows.
struct document_entry {
  document_pattern documents;
  permission may;
};

struct access_policy {
  mode how = mode::open;
  anonymous everybody = anonymous::none;  ///< Those without a token.
  std::string documents_claim = "docs";
  std::vector<access_rule> rules;
  /// With which claims the presence of somebody says whose it is (access.presence_claims); nothing:
  /// they say of themselves what they like.
  std::optional<std::vector<std::string>> stamp;
};

using access_policy_ptr = std::shared_ptr<const access_policy>;

/// What one token allows. Made once for a connection, or taken from a cache; small, since the rules
/// stay with the policy, and claims that nobody needs any more are dropped.
struct grant {
  access_policy_ptr policy;
  claims_ptr who;  ///< All claims only if a rule that applies asks for more than the user.
  std::vector<document_entry> entries;  ///< Of the token.
  std::vector<std::uint16_t> rules;     ///< Those of the policy that apply to the token.
  std::string stamp;                    ///< See policy, as JSON; empty: there is none.
};

using grant_ptr = std::shared_ptr<const grant>;

/// Reads a list of documents with rights, as tokens and webhooks bring it:
///
///     [{"name": "notes", "rights": ["read", "presence"]},
///      {"prefix": "wiki/", "rights": "write"},
///      {"glob": "teams/*/plan", "rights": ["admin", "no_presence"]}]
///
/// Each entry has exactly one of name, prefix and glob; `rights` is a list of words or one word
/// (permission::add). Members with other names are ignored. Fails with malformed_claim, also above
/// document_entries_max.
token_result<std::vector<document_entry>> read_document_entries(const json::tree::node& list);

/// Fails with malformed_claim if the claim with documents is there and is no such list: a token
/// that is half understood allows nothing. Requires: no more than rules_max rules.
token_result<grant_ptr> make_grant(access_policy_ptr policy, claims_ptr who);

/// What the token allows with the document; none if nothing matches. Requires: a valid name. Linear
/// in entries and rules; a pattern takes time proportional to its size times that of the name.
rights rights_for(const grant& allowed, std::string_view document);

/// What those may do who bring no token.
rights rights_of_anybody(const access_policy& policy) noexcept;

}  // namespace troupe::access
