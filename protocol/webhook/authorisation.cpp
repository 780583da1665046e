#include "protocol/webhook/authorisation.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "protocol/json/validate.hpp"
#include "protocol/json/write.hpp"

namespace troupe::webhook {

namespace {

/// Of an answer; a list of words needs two levels.
constexpr std::size_t answer_depth_max = 16;
/// Seconds that fit into any clock: about the year 10000.
constexpr std::uint64_t seconds_max = 253'402'300'800;

tl::unexpected<failure> refuse(const std::string& name, std::string_view why) {
  return fail(errc::out_of_range, name + " " + std::string{why});
}

void write_or_null(std::string_view name, const std::string& text, json::writer& to) {
  to.name(name);
  text.empty() ? to.raw("null") : to.value(text);
}

result<std::string> read_text(const nlohmann::json& from, const std::string& name,
                              std::size_t size_max) {
  const auto found = from.find(name);
  if (found == from.end() || found->is_null()) return std::string{};
  if (!found->is_string()) return refuse(name, "is not a string");
  std::string text = found->get<std::string>();
  if (text.size() > size_max) return refuse(name, "is too long");
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
    return refuse(name, "has control characters");
  return text;
}

result<std::optional<std::uint64_t>> read_seconds(const nlohmann::json& from,
                                                  const std::string& name) {
  const auto found = from.find(name);
  if (found == from.end() || found->is_null()) return std::nullopt;
  if (!found->is_number()) return refuse(name, "is not a number");
  const double number = found->get<double>();
  if (!(number >= 0) || number > static_cast<double>(seconds_max))
    return refuse(name, "is no time");
  return static_cast<std::uint64_t>(number);
}

/// As JSON that every parser reads alike.
result<std::string> read_presence(const nlohmann::json& from) {
  const auto found = from.find("presence");
  if (found == from.end() || found->is_null()) return std::string{};
  if (!found->is_object()) return refuse("presence", "is not an object");
  std::string text = found->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.size() > answered_presence_size_max) return refuse("presence", "is too long");
  return text;
}

result<std::vector<std::string>> read_rights(const nlohmann::json& from) {
  const auto found = from.find("rights");
  if (found == from.end()) return refuse("rights", "is missing");
  const nlohmann::json list =
      found->is_string() ? nlohmann::json::array({*found}) : nlohmann::json(*found);
  if (!list.is_array()) return refuse("rights", "is not a list of words");
  if (list.size() > answered_rights_max) return refuse("rights", "has too many words");
  std::vector<std::string> words;
  for (const auto& each : list) {
    if (!each.is_string()) return refuse("rights", "is not a list of words");
    words.push_back(each.get<std::string>());
    if (words.back().size() > answered_word_size_max) return refuse("rights", "has a long word");
  }
  return words;
}

}  // namespace

std::string key_of(const question& asked) {
  std::string key;
  for (const std::string* const each :
       {&asked.document, &asked.token, &asked.user, &asked.address, &asked.origin})
    key.append(std::to_string(each->size())).append(":").append(*each);
  return key;
}

std::string body_of(const question& asked, std::uint64_t at_ms) {
  json::writer text;
  text.open('{');
  text.name("event").value(authorise_event);
  text.name("at").value(at_ms);
  text.name("document").value(asked.document);
  write_or_null("token", asked.token, text);
  write_or_null("user", asked.user, text);
  write_or_null("address", asked.address, text);
  write_or_null("origin", asked.origin, text);
  text.close('}');
  return text.take();
}

result<authorisation> read_authorisation(std::string_view body) {
  if (!is_valid_utf8(as_bytes(body))) return fail(errc::invalid_utf8, "the answer");
  TROUPE_TRY(json::check_json(body, answer_depth_max));
  const auto parsed = nlohmann::json::parse(body, nullptr, false);
  if (!parsed.is_object()) return fail(errc::invalid_json, "the answer is not an object");
  authorisation answer;
  TROUPE_ASSIGN(answer.rights, read_rights(parsed));
  TROUPE_ASSIGN(answer.user, read_text(parsed, "user", answered_user_size_max));
  TROUPE_ASSIGN(answer.token_id, read_text(parsed, "tokenId", answered_token_id_size_max));
  TROUPE_ASSIGN(const auto cache_for, read_seconds(parsed, "cacheFor"));
  answer.cache_for = std::chrono::seconds{cache_for.value_or(0)};
  TROUPE_ASSIGN(answer.expires_at, read_seconds(parsed, "expiresAt"));
  TROUPE_ASSIGN(answer.presence, read_presence(parsed));
  return answer;
}

}  // namespace troupe::webhook
