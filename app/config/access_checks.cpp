#include "app/config/access_checks.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

#include "app/config/values.hpp"
#include "base/check.hpp"
#include "base/printable.hpp"
#include "net/host_name.hpp"

namespace troupe {

namespace {

using key_section = config::access_key_section;
using rule_section = config::access_rule_section;

constexpr std::size_t key_file_size_bytes_max = 64 * 1024;
constexpr std::size_t webhook_secret_size_bytes_min = 32;
constexpr std::array<std::string_view, 4> key_sources = {"secret", "secret_file", "public_key",
                                                         "public_key_file"};

tl::unexpected<failure> refuse(std::string why) {
  return fail(errc::invalid_config, std::move(why));
}

result<std::string> read_key_file(const std::string& path) {
  errno = 0;
  std::ifstream in{path, std::ios::binary};
  std::string text(key_file_size_bytes_max + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad())
    return refuse("the file " + in_quotes(printable(path)) + ": " + std::strerror(errno));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > key_file_size_bytes_max)
    return refuse("the file " + in_quotes(printable(path)) + " has more than 64 KiB");
  return text;
}

/// Editors end a file with a line end, which is no part of a secret.
void remove_line_end(std::string& text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
}

/// Requires: a known algorithm.
result<access::verification_key> read_key(const key_section& from) {
  const auto which = access::find_algorithm(from.algorithm);
  std::string material = from.secret.empty() ? from.public_key : from.secret;
  const std::string& file = from.secret_file.empty() ? from.public_key_file : from.secret_file;
  if (!file.empty()) {
    TROUPE_ASSIGN(material, read_key_file(file));
  }
  if (!from.secret_file.empty()) remove_line_end(material);
  auto made = access::is_symmetric(*which) ? access::verification_key::from_secret(*which, material)
                                           : access::verification_key::from_pem(*which, material);
  if (made) return made;
  return refuse((file.empty() ? std::string{} : "the file " + in_quotes(printable(file)) + ": ") +
                to_string(made.error()));
}

/// The key of one entry of access.keys; nothing if its algorithm is missing, which is told
/// elsewhere.
result<std::optional<access::verification_key>>
checked_key(const key_section& key, const std::string& name,
            const std::function<bool(const std::string&)>& is_set) {
  const auto which = access::find_algorithm(key.algorithm);
  if (!which) return std::nullopt;
  const auto count = std::ranges::count_if(key_sources, [&](std::string_view source) {
    return is_set(name + "." + std::string{source});
  });
  if (count != 1)
    return refuse("needs exactly one of secret, secret_file, public_key and public_key_file");
  const bool has_secret = is_set(name + ".secret") || is_set(name + ".secret_file");
  if (has_secret != access::is_symmetric(*which))
    return refuse(key.algorithm + (has_secret ? " needs a public key, not a secret"
                                              : " needs a secret, not a public key"));
  return read_key(key);
}

void check_keys(const config& settings, const std::function<bool(const std::string&)>& is_set,
                std::vector<access_problem>& problems) {
  access::key_set keys;
  for (std::size_t number = 0; number < settings.access.keys.size(); ++number) {
    const key_section& key = settings.access.keys[number];
    const std::string name = "access.keys[" + std::to_string(number) + "]";
    auto made = checked_key(key, name, is_set);
    if (!made) {
      problems.push_back({name, std::move(made).error().detail});
    } else if (made->has_value()) {
      if (const auto added = keys.add(key.id, **std::move(made)); !added)
        problems.push_back({name, to_string(added.error())});
    }
  }
}

void check_rules(const config& settings, const std::function<bool(const std::string&)>& is_set,
                 std::vector<access_problem>& problems) {
  for (std::size_t number = 0; number < settings.access.rules.size(); ++number) {
    const std::string name = "access.rules[" + std::to_string(number) + "]";
    if (is_set(name + ".document") == is_set(name + ".glob"))
      problems.push_back({name, "needs either document or glob"});
  }
}

/// The host of an http URL, with its port; nothing if it is no such URL.
std::optional<std::string_view> host_of_url(std::string_view url, std::string_view scheme) {
  if (!url.starts_with(scheme)) return std::nullopt;
  url.remove_prefix(scheme.size());
  const std::string_view host = url.substr(0, url.find_first_of("/?#"));
  const bool is_odd = host.empty() || host.find_first_of("@\\ \t\r\n") != std::string_view::npos;
  return is_odd ? std::nullopt : std::optional{host};
}

/// Keys that came over plain http could be anybody's.
bool is_safe_url(std::string_view url) {
  if (host_of_url(url, "https://")) return true;
  const auto host = host_of_url(url, "http://");
  return host && is_this_machine(split_host(*host).host);
}

void check_urls(const config& settings, std::vector<access_problem>& problems) {
  const std::string& keys = settings.access.jwks_url;
  if (!keys.empty() && !is_safe_url(keys))
    problems.push_back(
        {"access.jwks_url", "must be an https:// URL, or an http:// URL of this machine"});
  const std::string& webhook = settings.access_webhook.url;
  if (!webhook.empty() && !host_of_url(webhook, "https://") && !host_of_url(webhook, "http://"))
    problems.push_back({"access.webhook.url", "must be an https:// or http:// URL"});
  const std::string& secret = settings.access_webhook.secret;
  if (!secret.empty() && secret.size() < webhook_secret_size_bytes_min)
    problems.push_back(
        {"access.webhook.secret", "must have 32 bytes or more; the value is not shown"});
  if (!secret.empty() && !settings.access_webhook.secret_file.empty())
    problems.push_back(
        {"access.webhook.secret_file", "cannot be set together with access.webhook.secret"});
}

void check_api_prefix(const config& settings, std::vector<access_problem>& problems) {
  if (!is_path_prefix(settings.server.api_prefix))
    problems.push_back(
        {"server.api_prefix", "must be / or a path such as /backend, of letters, digits and -._~"});
  if (settings.access.mode != access::mode::token)
    problems.push_back({"server.api_prefix",
                        "needs access.mode token, since only tokens of users count on the public "
                        "port"});
}

void check_mode(const config& settings, std::vector<access_problem>& problems) {
  const auto& access = settings.access;
  const auto& dialects = settings.dialects;
  const bool issues_tokens =
      !dialects.y_sweet_token.empty() || !dialects.y_sweet_token_file.empty();
  if (access.mode == access::mode::token && access.keys.empty() && access.jwks_url.empty() &&
      !issues_tokens)
    problems.push_back({"access.mode",
                        "token needs keys to verify tokens: access.keys or access.jwks_url, or "
                        "dialects.y_sweet_token"});
  if (access.mode == access::mode::webhook && settings.access_webhook.url.empty())
    problems.push_back({"access.mode", "webhook needs access.webhook.url"});
  if (!settings.server.api_prefix.empty()) check_api_prefix(settings, problems);
  if (access.mode != access::mode::token && access.anonymous != access::anonymous::none)
    problems.push_back({"access.anonymous", "has a meaning only where access.mode is token"});
}

void check_names(const config& settings, std::vector<access_problem>& problems) {
  const auto& access = settings.access;
  const auto check_claim = [&](const char* key, const std::string& name) {
    if (name.empty() || name.size() > access::claim_path_size_bytes_max)
      problems.push_back({key, "must be the name of a claim, of 1 to 256 bytes"});
  };
  check_claim("access.user_claim", access.user_claim);
  check_claim("access.documents_claim", access.documents_claim);
  for (const std::string& name : access.presence_claims)
    check_claim("access.presence_claims", name);
  if (access.cookie.empty()) return;
  // Source: RFC 6265, 4.1.1: the name of a cookie is a token.
  if (access.cookie.find_first_of("=;, \t\"\r\n") != std::string::npos)
    problems.push_back(
        {"access.cookie", in_quotes(printable(access.cookie)) + " cannot be the name of a cookie"});
  const auto& origins = settings.server.allowed_origins;
  if (origins.empty() || std::ranges::find(origins, "*") != origins.end())
    problems.push_back({"access.cookie",
                        "needs server.allowed_origins with the origins of your pages and without "
                        "*, since browsers send cookies with requests of foreign pages too"});
}

result<access::document_pattern> pattern_of(const rule_section& rule) {
  constexpr auto may_have = access::document_pattern::placeholders::yes;
  return rule.glob.empty() ? access::document_pattern::named(rule.document, may_have)
                           : access::document_pattern::glob(rule.glob, may_have);
}

result<void> check_pattern_of(const rule_section& rule, const std::string& text) {
  const auto pattern = pattern_of(rule);
  if (!pattern) return refuse(in_quotes(text) + " " + pattern.error().detail);
  return {};
}

}  // namespace

result<void> check_key_id(const std::string& text) {
  if (!text.empty() && text.size() <= access::key_id_size_bytes_max) return {};
  return refuse("must have 1 to 256 bytes");
}

result<void> check_algorithm(const std::string& text) {
  if (access::find_algorithm(text)) return {};
  return refuse(in_quotes(text) + " is no algorithm that is accepted; allowed: " +
                std::string{access::algorithm_names});
}

result<void> check_right(const std::string& item) {
  access::permission ignored;
  if (ignored.add(item)) return {};
  return refuse(in_quotes(item) +
                " is no right; allowed: " + std::string{access::permission_words});
}

result<void> check_document_rule(const std::string& text) {
  return check_pattern_of({.claims = {}, .document = text, .glob = {}, .rights = {}}, text);
}

result<void> check_document_glob(const std::string& text) {
  if (text.empty()) return refuse("\"\" is empty");
  return check_pattern_of({.claims = {}, .document = {}, .glob = text, .rights = {}}, text);
}

result<void> check_condition(const rule_section::condition& claim) {
  const auto& [path, values] = claim;
  if (path.size() > access::claim_path_size_bytes_max)
    return refuse("has a name of more than 256 bytes");
  if (values.empty() || values.size() > access::condition_values_max)
    return refuse("takes 1 to 100 values");
  return {};
}

std::vector<access_problem> check_access(const config& settings,
                                         const std::function<bool(const std::string&)>& is_set) {
  std::vector<access_problem> problems;
  check_mode(settings, problems);
  check_names(settings, problems);
  check_urls(settings, problems);
  check_keys(settings, is_set, problems);
  check_rules(settings, is_set, problems);
  return problems;
}

std::vector<std::pair<const char*, std::string>> y_sweet_problems(const config& settings) {
  std::vector<std::pair<const char*, std::string>> problems;
  const auto& from = settings.dialects;
  const std::string& path = from.y_sweet_path;
  if (!path.empty() && !is_path_prefix(path))
    problems.emplace_back(
        "dialects.y_sweet_path",
        "must be / or a path such as /y-sweet, of letters, digits and -._~, or empty");
  else if (!path.empty() && path == from.hocuspocus_path)
    problems.emplace_back("dialects.y_sweet_path", "is that of dialects.hocuspocus_path, too");
  if (!from.y_sweet_token.empty() && !is_admin_token(from.y_sweet_token))
    problems.emplace_back("dialects.y_sweet_token",
                          "must be " + std::string{admin_token_rule} + "; the value is not shown");
  const char* const set =
      from.y_sweet_token.empty() ? "dialects.y_sweet_token_file" : "dialects.y_sweet_token";
  const bool has_token = !from.y_sweet_token.empty() || !from.y_sweet_token_file.empty();
  if (!from.y_sweet_token.empty() && !from.y_sweet_token_file.empty())
    problems.emplace_back("dialects.y_sweet_token_file",
                          "cannot be set together with dialects.y_sweet_token");
  if (has_token && settings.access.mode == access::mode::open)
    problems.emplace_back(set, "protects nothing where access.mode is open; set it to token");
  if (has_token && path.empty())
    problems.emplace_back(set, "has no meaning without dialects.y_sweet_path");
  const std::string& url = from.y_sweet_url;
  const bool is_url = host_of_url(url, "https://") || host_of_url(url, "http://");
  if (!url.empty() &&
      (!is_url || url.ends_with('/') || url.find_first_of("?#") != std::string::npos))
    problems.emplace_back("dialects.y_sweet_url",
                          "must be an https:// or http:// URL without a slash at its end, a query "
                          "or a fragment");
  return problems;
}

result<access::key_set> to_key_set(const config& settings) {
  access::key_set keys;
  for (const key_section& key : settings.access.keys) {
    auto made = read_key(key);
    if (!made) return refuse("access.keys: " + made.error().detail);
    TROUPE_TRY(keys.add(key.id, *std::move(made)));
  }
  return keys;
}

result<secret> read_webhook_secret(const config& settings) {
  const std::string& file = settings.access_webhook.secret_file;
  if (file.empty()) return secret{settings.access_webhook.secret};
  auto text = read_key_file(file);
  if (!text) return refuse("access.webhook.secret_file: " + text.error().detail);
  remove_line_end(*text);
  if (text->size() < webhook_secret_size_bytes_min)
    return refuse("access.webhook.secret_file: the file " + in_quotes(printable(file)) +
                  " must hold one line of 32 bytes or more");
  return secret{std::move(*text)};
}

access::access_policy_ptr to_access_policy(const config& settings) {
  auto to = std::make_shared<access::access_policy>();
  to->how = settings.access.mode;
  to->everybody = settings.access.anonymous;
  to->documents_claim = settings.access.documents_claim;
  for (const rule_section& rule : settings.access.rules) {
    std::vector<access::claim_condition> conditions;
    for (const auto& [path, values] : rule.claims) conditions.push_back({path, values});
    access::permission may;
    for (const std::string& word : rule.rights) may.add(word);
    auto pattern = pattern_of(rule);
    TROUPE_CHECK(pattern.has_value());  // load_config has looked at it
    to->rules.push_back({std::move(conditions), *std::move(pattern), may});
  }
  if (settings.access.stamp_presence) to->stamp = settings.access.presence_claims;
  return to;
}

access::token_settings to_token_settings(const config& settings) {
  access::token_settings to;
  to.audiences = settings.access.audience;
  to.issuers = settings.access.issuer;
  to.clock_skew = std::chrono::floor<std::chrono::seconds>(settings.access.clock_skew);
  to.age_max = std::chrono::ceil<std::chrono::seconds>(settings.access.max_token_age);
  to.user_claim = settings.access.user_claim;
  return to;
}

access::cookie_rule to_cookie_rule(const config& settings) {
  return {settings.access.cookie, settings.server.allowed_origins};
}

}  // namespace troupe
