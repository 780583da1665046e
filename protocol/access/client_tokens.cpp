#include "protocol/access/client_tokens.hpp"

#include <algorithm>
#include <utility>

#include "base/base64.hpp"
#include "base/check.hpp"
#include "protocol/json/write.hpp"

namespace troupe::access {

namespace {

constexpr std::string_view issued_by = "troupe";
constexpr std::string_view issued_for = "troupe-client";
constexpr std::string_view issued_key_id = "troupe-client-tokens";
constexpr std::string_view key_purpose = "troupe: key of client tokens, 1";
constexpr std::string_view issued_documents_claim = "docs";

std::string encoded(std::string_view text) {
  std::string made;
  append_base64url(as_bytes(text), made);
  return made;
}

/// The first part of each token, with its dot.
const std::string& token_head() {
  static const std::string made = [] {
    std::string text{R"({"alg":"HS256","typ":"JWT","kid":")"};
    return encoded(text.append(issued_key_id).append("\"}")).append(".");
  }();
  return made;
}

void append_claim(std::string_view name, std::string_view value, std::string& to) {
  to.push_back(',');
  json::append_string(name, to);
  to.push_back(':');
  json::append_string(value, to);
}

std::string seconds_of(token_time when) {
  return std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count());
}

}  // namespace

client_tokens::client_tokens(const secret& server_token) : server_token_(server_token) {
  TROUPE_CHECK(!server_token.empty());
  const token_digest key = hmac_sha256(server_token.reveal(), key_purpose);
  key_.assign(as_text(key));
  auto made = verification_key::from_secret(algorithm::hs256, key_);
  auto all = std::make_shared<key_set>();
  TROUPE_CHECK(made && all->add(std::string{issued_key_id}, *std::move(made)));
  keys_ = std::move(all);
}

std::string client_tokens::issue(const order& what, token_time now) const {
  TROUPE_CHECK(what.valid_for.count() > 0);
  std::string says{"{\"iat\":"};
  says.append(seconds_of(now)).append(",\"exp\":");
  says.append(seconds_of(now + std::min(what.valid_for, valid_for_max)));
  append_claim("iss", issued_by, says);
  append_claim("aud", issued_for, says);
  append_claim("jti", what.id, says);
  if (!what.user.empty()) append_claim("sub", what.user, says);
  says.append(",\"docs\":[{\"name\":");
  json::append_string(what.document, says);
  append_claim("rights", what.allows == authorization::full ? "write" : "presence", says);
  says.append("}]}");
  std::string token = token_head() + encoded(says);
  const token_digest signature = hmac_sha256(key_, token);
  token.push_back('.');
  append_base64url(signature, token);
  return token;
}

bool client_tokens::claims_to_be(std::string_view token) noexcept {
  return token.starts_with(token_head());
}

token_settings client_tokens::settings(std::chrono::seconds clock_skew) const {
  token_settings made;
  made.audiences = {std::string{issued_for}};
  made.issuers = {std::string{issued_by}};
  made.clock_skew = clock_skew;
  return made;
}

access_policy_ptr client_tokens::policy(const access_policy& of_node) const {
  auto made = std::make_shared<access_policy>();
  made->how = mode::token;
  made->documents_claim = issued_documents_claim;
  made->stamp = of_node.stamp;
  return made;
}

}  // namespace troupe::access
