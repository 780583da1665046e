#include "protocol/access/token.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/base64.hpp"
#include "base/check.hpp"
#include "protocol/json/tree.hpp"

namespace troupe::access {

namespace {

using json::tree_kind;
using node = json::tree::node;
using seconds = std::chrono::duration<double>;

constexpr json::tree_limits header_limits{.bytes_max = token_size_bytes_max,
                                          .depth_max = token_depth_max,
                                          .values_max = token_header_values_max};
constexpr json::tree_limits claims_limits{.bytes_max = token_size_bytes_max,
                                          .depth_max = token_depth_max,
                                          .values_max = token_claims_values_max};

/// Seconds since 1970 beyond which a time_point cannot count nanoseconds.
constexpr double time_max = 9'000'000'000;

tl::unexpected<token_fault> refuse(token_fault why) { return tl::unexpected(why); }

/// The three parts, as they stand in the token.
struct token_parts {
  std::string_view header, claims, signature;
  std::string_view signed_text;  ///< Header and claims, with the dot between them.
};

token_result<token_parts> split(std::string_view token) {
  if (token.size() > token_size_bytes_max) return refuse(token_fault::too_long);
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return refuse(token_fault::malformed);
  return token_parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
                     token.substr(second + 1), token.substr(0, second)};
}

/// The JSON object of a part.
token_result<json::tree> object_in(std::string_view part, const json::tree_limits& limit) {
  auto text = decode_base64url_text(part);
  if (!text) return refuse(token_fault::malformed);
  auto read = json::tree::parse(*std::move(text), limit);
  if (!read)
    return refuse(read.error().detail == json::duplicate_member ? token_fault::duplicate_member
                                                                : token_fault::malformed);
  if (!read->root().is(tree_kind::object)) return refuse(token_fault::malformed);
  return *std::move(read);
}

char lower(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool is_same_word(std::string_view text, std::string_view lower_case) noexcept {
  return std::ranges::equal(text, lower_case, {}, lower);
}

/// Source: RFC 7519, 5.1; RFC 9068, 2.1.
bool is_accepted_type(std::string_view type) noexcept {
  constexpr std::string_view media = "application/";
  if (is_same_word(type.substr(0, media.size()), media)) type.remove_prefix(media.size());
  return is_same_word(type, "jwt") || is_same_word(type, "at+jwt");
}

/// Source: RFC 7515, 4.1; RFC 8725, 3.
token_result<token_header_ptr> read_header(std::string_view part) {
  const auto read = object_in(part, header_limits);
  if (!read) return refuse(read.error());
  const node header = read->root();
  if (header.find("crit") || header.find("b64")) return refuse(token_fault::critical_header);
  for (const char* const key : {"jwk", "jku", "x5c", "x5u"})
    if (header.find(key)) return refuse(token_fault::key_in_header);
  const auto type = header.find("typ");
  if (type && !is_accepted_type(type->text())) return refuse(token_fault::wrong_type);
  const auto named = header.find("alg");
  if (!named || !named->is(tree_kind::text)) return refuse(token_fault::malformed);
  if (is_same_word(named->text(), "none")) return refuse(token_fault::unsigned_token);
  const auto which = find_algorithm(named->text());
  if (!which) return refuse(token_fault::unknown_algorithm);
  const auto id = header.find("kid");
  if (id && !id->is(tree_kind::text)) return refuse(token_fault::malformed);
  return std::make_shared<const token_header>(token_header{
      std::string{part}, *which, id ? std::optional{std::string{id->text()}} : std::nullopt});
}

/// A time in a claim, in seconds since 1970; nothing if the claim is not there.
token_result<std::optional<seconds>> time_in(const node& claims, std::string_view name) {
  const auto claim = claims.find(name);
  if (!claim) return std::nullopt;
  if (!claim->is(tree_kind::number)) return refuse(token_fault::malformed_claim);
  return seconds{claim->number()};
}

token_time to_time(seconds since) noexcept {
  const double bounded = std::clamp(since.count(), -time_max, time_max);
  return token_time{std::chrono::duration_cast<token_time::duration>(seconds{bounded})};
}

/// Checks the times. Returns when the token ends. Source: RFC 7519, 4.1.4 to 4.1.6.
token_result<token_time> check_times(const node& claims, const token_settings& settings,
                                     token_time now) {
  const auto expires = time_in(claims, "exp");
  const auto begins = time_in(claims, "nbf");
  const auto issued = time_in(claims, "iat");
  if (!expires || !begins || !issued) return refuse(token_fault::malformed_claim);
  if (!*expires) return refuse(token_fault::no_expiry);
  token_time end = to_time(**expires);
  if (now >= end + settings.clock_skew) return refuse(token_fault::expired);
  for (const auto& begin : {*begins, *issued})
    if (begin && now + settings.clock_skew < to_time(*begin))
      return refuse(token_fault::not_yet_valid);
  if (settings.age_max.count() == 0) return end;
  if (!*issued) return refuse(token_fault::too_old);
  end = std::min(end, to_time(**issued) + settings.age_max);
  if (now >= end + settings.clock_skew) return refuse(token_fault::too_old);
  return end;
}

bool is_one_of(std::string_view text, const std::vector<std::string>& list) {
  return std::ranges::find(list, text) != list.end();
}

/// Source: RFC 7519, 4.1.3: who does not find their name in it must refuse the token.
token_result<void> check_audience(const node& claims, const std::vector<std::string>& ours) {
  const auto claim = claims.find("aud");
  if (!claim) {
    if (ours.empty()) return {};
    return refuse(token_fault::wrong_audience);
  }
  bool is_ours = false;
  const auto look_at = [&](const node& one) {
    is_ours = is_ours || is_one_of(one.text(), ours);
    return one.is(tree_kind::text);
  };
  const bool is_well_formed = claim->is(tree_kind::array)
                                  ? std::all_of(claim->begin(), claim->end(), look_at)
                                  : look_at(*claim);
  if (!is_well_formed) return refuse(token_fault::malformed_claim);
  if (!is_ours) return refuse(token_fault::wrong_audience);
  return {};
}

/// Source: RFC 7519, 4.1.1.
token_result<void> check_issuer(const node& claims, const std::vector<std::string>& trusted) {
  const auto claim = claims.find("iss");
  if (claim && !claim->is(tree_kind::text)) return refuse(token_fault::malformed_claim);
  if (trusted.empty() || (claim && is_one_of(claim->text(), trusted))) return {};
  return refuse(token_fault::wrong_issuer);
}

token_result<claims_ptr> read_claims(std::string_view part, const token_settings& settings,
                                     token_time now) {
  auto made = std::make_shared<claims>();
  TROUPE_ASSIGN(made->all, object_in(part, claims_limits));
  const node all = made->all.root();
  TROUPE_ASSIGN(made->expires, check_times(all, settings, now));
  TROUPE_TRY(check_issuer(all, settings.issuers));
  TROUPE_TRY(check_audience(all, settings.audiences));
  TROUPE_ASSIGN(made->token_id, name_in_claim(all, "jti"));
  TROUPE_ASSIGN(made->user, name_in_claim(all, settings.user_claim));
  return claims_ptr{std::move(made)};
}

constexpr std::uint8_t foreign_letter = 0x80;

/// For each character: 0 if it may stand in a part of a token, 1 if it is the dot between two.
constexpr std::array<std::uint8_t, 256> token_letters = [] {
  std::array<std::uint8_t, 256> all{};
  all.fill(foreign_letter);
  for (const char each :
       std::string_view{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"})
    all[static_cast<unsigned char>(each)] = 0;
  all['.'] = 1;
  return all;
}();

}  // namespace

token_result<claims_ptr> verify(std::string_view token, const key_set& keys,
                                const token_settings& settings, token_time now,
                                token_header_ptr* last) {
  TROUPE_CHECK(settings.clock_skew <= clock_skew_max);
  TROUPE_ASSIGN(const token_parts parts, split(token));
  token_header_ptr header = last ? *last : nullptr;
  if (!header || header->text != parts.header) {
    TROUPE_ASSIGN(header, read_header(parts.header));
  }
  const auto signature = decode_base64url(parts.signature);
  if (!signature) return refuse(token_fault::malformed);
  TROUPE_TRY(keys.verify(header->key_id, header->which, parts.signed_text, *signature));
  if (last) *last = std::move(header);
  // Nobody but the issuer could have written the claims.
  return read_claims(parts.claims, settings, now);
}

bool looks_like_token(std::string_view text) noexcept {
  std::size_t dots = 0;
  std::uint8_t all = 0;
  for (const char each : text) {
    const std::uint8_t letter = token_letters[static_cast<unsigned char>(each)];
    dots += letter;
    all |= letter;
  }
  return (all & foreign_letter) == 0 && dots == 2;
}

}  // namespace troupe::access
