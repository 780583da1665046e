// A token. The first byte says how the rest becomes one: 0, it is the token, and stands in each
// place of a request; else it is a header and claims with a NUL between them, which are signed
// here, so that what an issuer could write is read too. Whatever is accepted obeys the rules.
#include <array>
#include <cstdlib>
#include <string>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base64.hpp"
#include "base/document_name.hpp"
#include "protocol/access/access_policy.hpp"
#include "protocol/access/presented_token.hpp"
#include "protocol/access/token.hpp"
#include "protocol/json/interchange.hpp"
#include "protocol/json/validate.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace {

using namespace troupe;
using namespace std::chrono_literals;

const std::string secret(32, 's');
const access::token_time now{1'800'000'000s};

void require(bool holds) {
  if (!holds) std::abort();
}

access::key_set make_keys() {
  access::key_set made;
  (void)made.add("k", *access::verification_key::from_secret(access::algorithm::hs256, secret));
  return made;
}

const access::key_set& keys() {
  static const access::key_set made = make_keys();
  return made;
}

access::access_policy_ptr policy() {
  static const access::access_policy_ptr made = [] {
    access::access_policy all;
    all.how = access::mode::token;
    access::permission read;
    read.add("read");
    all.rules.push_back({{{"role", {"editor", "1"}}}, access::document_pattern::prefix("a"), read});
    all.rules.push_back({{}, *access::document_pattern::named("home/{user}/{x.y}*"), read});
    return std::make_shared<const access::access_policy>(std::move(all));
  }();
  return made;
}

std::string signed_token(std::string_view header, std::string_view claims) {
  std::string token;
  append_base64url(as_bytes(header), token);
  append_base64url(as_bytes(claims), token.append("."));
  std::array<std::uint8_t, 32> mac{};
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), as_bytes(token).data(),
       token.size(), mac.data(), nullptr);
  append_base64url(mac, token.append("."));
  return token;
}

void check_grant(const access::claims_ptr& who) {
  const auto allowed = access::make_grant(policy(), who);
  if (!allowed) return require(allowed.error() == access::token_fault::malformed_claim);
  for (const char* const name : {"a", "home/ada/x", "wiki/start", "\xC3\xA9/b"}) {
    const rights may = rights_for(**allowed, name);
    require(may.contains(right::read) || !may.contains(right::write));
  }
}

void check_token(const std::string& token) {
  const access::token_settings settings;
  const auto verified = access::verify(token, keys(), settings, now);
  if (!verified) return require(!to_string(verified.error()).empty());
  const access::claims& who = **verified;
  require(token.size() <= access::token_size_bytes_max && access::looks_like_token(token));
  require(who.user.empty() || check_document_name(who.user).has_value());
  require(who.token_id.empty() || check_document_name(who.token_id).has_value());
  require(who.expires + settings.clock_skew > now);
  require(!who.all.root().find("aud"));
  const std::string presence = presence_of(who, {"name", "x.y", "role"});
  require(json::is_valid_json(presence, 1) && json::check_interchange(presence).has_value());
  check_grant(*verified);
  for (std::size_t at = 0; at < token.size(); at += 7) {
    std::string other = token;
    other[at] = static_cast<char>(other[at] ^ 1);
    require(!access::verify(other, keys(), settings, now));
  }
}

void check_places(const std::string& text) {
  const access::cookie_rule cookie{"c", {"o"}};
  const auto found = access::find_token(
      {.query = text, .authorization = text, .subprotocols = text, .cookies = text, .origin = "o"},
      cookie);
  if (found && *found) require(access::looks_like_token((*found)->token));
  const std::string header = "Bearer " + text;  // what is found points into it
  const auto in_header = access::find_token(
      {.query = {}, .authorization = header, .subprotocols = {}, .cookies = {}, .origin = {}},
      cookie);
  if (in_header && *in_header) check_token(std::string{(*in_header)->token});
}

void check_pattern(std::string_view text) {
  for (const auto may_have :
       {access::document_pattern::placeholders::no, access::document_pattern::placeholders::yes}) {
    const auto pattern = access::document_pattern::glob(text, may_have);
    if (!pattern) continue;
    const auto values = [](std::string_view) { return std::vector<std::string>{"x", "y"}; };
    (void)pattern->matches(text, values);
    if (text.find_first_of("*?\\{") == std::string_view::npos)
      require(pattern->matches(text, values));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = as_text({data + 1, size - 1});
  if (data[0] == 0) {
    check_token(std::string{text});
    check_places(std::string{text});
    check_pattern(text);
    return 0;
  }
  const std::size_t seam = text.find('\0');
  if (seam != std::string_view::npos)
    check_token(signed_token(text.substr(0, seam), text.substr(seam + 1)));
  return 0;
}
