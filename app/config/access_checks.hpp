// Checks of the values below `access.`, and what they become: keys, rules, the settings of tokens.
// The files of keys are read here. Runs at start-up, in the main thread. No secret is ever part of
// a message.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config/config.hpp"
#include "base/errc.hpp"
#include "base/secret.hpp"
#include "protocol/access/access_policy.hpp"
#include "protocol/access/key_set.hpp"
#include "protocol/access/presented_token.hpp"
#include "protocol/access/token.hpp"

namespace troupe {

// Checks of one value, for the table of sections: the detail of a failure completes the sentence
// "the key ...".
result<void> check_key_id(const std::string& text);
result<void> check_algorithm(const std::string& text);
result<void> check_right(const std::string& item);
result<void> check_document_rule(const std::string& text);
result<void> check_document_glob(const std::string& text);
result<void> check_condition(const config::access_rule_section::condition& claim);

struct access_problem {
  std::string key;  ///< Dotted: "access.cookie", "access.keys[0]".
  std::string text;
};

/// What is wrong with values that are good one by one: keys that cannot be read or are weak, what
/// must be set together. `is_set` returns whether a source sets the key.
std::vector<access_problem> check_access(const config& settings,
                                         const std::function<bool(const std::string&)>& is_set);

// The following require that load_config found no problems.

/// What is wrong with dialects.y_sweet_*, each with its key. What is wrong with a token is said
/// without showing it.
std::vector<std::pair<const char*, std::string>> y_sweet_problems(const config& settings);

/// The keys of access.keys; those of access.jwks_url come later. Fails with invalid_config if a
/// file has changed since and holds no key any more; the detail names it.
result<access::key_set> to_key_set(const config& settings);

/// What the questions to access.webhook.url are signed with, from its key or its file; empty if
/// they are not. Fails with invalid_config if the file cannot be read or its secret is too short.
result<secret> read_webhook_secret(const config& settings);

access::access_policy_ptr to_access_policy(const config& settings);

access::token_settings to_token_settings(const config& settings);

access::cookie_rule to_cookie_rule(const config& settings);

}  // namespace troupe
