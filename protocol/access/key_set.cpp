#include "protocol/access/key_set.hpp"

#include <algorithm>
#include <utility>

#include "base/base64.hpp"
#include "base/printable.hpp"
#include "protocol/json/tree.hpp"

namespace troupe::access {

namespace {

using json::tree_kind;
using node = json::tree::node;

constexpr json::tree_limits set_limits{
    .bytes_max = key_set_size_bytes_max, .depth_max = 8, .values_max = 4'096};

/// How much of an id the log shows.
constexpr std::size_t id_shown_bytes_max = 64;

result<byte_buffer> bytes_of(const node& key, std::string_view name) {
  const auto member = key.find(name);
  if (!member || !member->is(tree_kind::text) || member->text().empty())
    return fail(errc::invalid_key, std::string{name}.append(" is missing, or no text"));
  auto bytes = decode_base64url(member->text());
  if (!bytes) return fail(errc::invalid_key, std::string{name}.append(" is no base64url"));
  return bytes;
}

std::string_view text_of(const node& key, std::string_view name) {
  const auto member = key.find(name);
  return member ? member->text() : std::string_view{};
}

/// A key for encryption, or to sign with, is no key to verify with.
result<void> check_use(const node& key) {
  if (const auto use = key.find("use"); use && use->text() != "sig")
    return fail(errc::invalid_key, "use is not sig");
  const auto operations = key.find("key_ops");
  if (!operations) return {};
  const bool may_verify = operations->is(tree_kind::array) &&
                          std::any_of(operations->begin(), operations->end(),
                                      [](const node& one) { return one.text() == "verify"; });
  if (!may_verify) return fail(errc::invalid_key, "key_ops has no verify");
  return {};
}

/// What the type and the curve of a key allow; of RSA the usual one.
result<algorithm> algorithm_by_type(std::string_view type, std::string_view curve) {
  if (type == "RSA") return algorithm::rs256;
  if (type == "EC" && curve == "P-256") return algorithm::es256;
  if (type == "EC" && curve == "P-384") return algorithm::es384;
  if (type == "OKP" && curve == "Ed25519") return algorithm::eddsa;
  if (type == "oct") return fail(errc::invalid_key, "a secret has no place in a published set");
  return fail(errc::invalid_key, "its type or curve is not known");
}

/// The algorithm of a key: the one that it names, if it fits its type.
result<algorithm> algorithm_of(const node& key) {
  TROUPE_ASSIGN(const algorithm usual, algorithm_by_type(text_of(key, "kty"), text_of(key, "crv")));
  const auto named = key.find("alg");
  if (!named) return usual;
  const auto found = find_algorithm(named->text());
  if (!found) return fail(errc::invalid_key, "its algorithm is not accepted");
  const bool fits = *found == usual || (*found == algorithm::ps256 && usual == algorithm::rs256);
  if (!fits) return fail(errc::invalid_key, "its algorithm does not fit its type");
  return *found;
}

result<verification_key> key_of(const node& key) {
  if (!key.is(tree_kind::object)) return fail(errc::invalid_key, "it is no object");
  TROUPE_TRY(check_use(key));
  TROUPE_ASSIGN(const algorithm which, algorithm_of(key));
  if (key.find("d"))
    return fail(errc::invalid_key, "a private key has no place in a published set");
  if (which == algorithm::rs256 || which == algorithm::ps256) {
    TROUPE_ASSIGN(const byte_buffer modulus, bytes_of(key, "n"));
    TROUPE_ASSIGN(const byte_buffer exponent, bytes_of(key, "e"));
    return verification_key::from_rsa(which, modulus, exponent);
  }
  TROUPE_ASSIGN(const byte_buffer x, bytes_of(key, "x"));
  if (which == algorithm::eddsa) return verification_key::from_ed25519(x);
  TROUPE_ASSIGN(const byte_buffer y, bytes_of(key, "y"));
  return verification_key::from_point(which, x, y);
}

result<void> add_key(const node& key, key_set& to) {
  TROUPE_ASSIGN(verification_key made, key_of(key));
  const auto id = key.find("kid");
  if (id && id->text().empty()) return fail(errc::invalid_key, "kid is no text");
  return to.add(id ? std::string{id->text()} : std::string{}, std::move(made));
}

/// "key 'a'", or "key 3" where it has no id.
std::string name_of(const node& key, std::size_t number) {
  const std::string_view id = text_of(key, "kid").substr(0, id_shown_bytes_max);
  return std::string{"key "}.append(id.empty() ? std::to_string(number) : in_single_quotes(id));
}

}  // namespace

const key_set::entry* key_set::find(std::string_view id) const noexcept {
  const auto found = std::ranges::find(entries_, id, &entry::id);
  return found == entries_.end() ? nullptr : &*found;
}

const key_set::entry* key_set::only_one_for(algorithm which) const noexcept {
  const auto fits = [which](const entry& each) { return each.key.which() == which; };
  if (std::ranges::count_if(entries_, fits) != 1) return nullptr;
  return &*std::ranges::find_if(entries_, fits);
}

result<void> key_set::add(std::string id, verification_key key) {
  if (entries_.size() >= keys_max) return fail(errc::quota_exceeded, "more than 64 keys");
  if (id.size() > key_id_size_bytes_max)
    return fail(errc::invalid_key, "an id of more than 256 bytes");
  if (id.empty()) {
    const auto unnamed = std::ranges::count_if(entries_, &std::string::empty, &entry::id);
    if (static_cast<std::size_t>(unnamed) >= unnamed_keys_max)
      return fail(errc::quota_exceeded, "more than 8 keys without an id");
  } else if (find(id) != nullptr) {
    return fail(errc::invalid_key, "its id stands twice");
  }
  entries_.push_back({std::move(id), std::move(key)});
  return {};
}

void key_set::add_all(const key_set& other) {
  for (const entry& each : other.entries_) (void)add(each.id, each.key);
}

token_result<void> key_set::verify(std::optional<std::string_view> id, algorithm which,
                                   std::string_view text, byte_view signature) const {
  const auto is_by = [&](const entry& one) -> token_result<void> {
    if (one.key.which() != which) return tl::unexpected(token_fault::wrong_algorithm);
    if (!one.key.verifies(text, signature)) return tl::unexpected(token_fault::bad_signature);
    return {};
  };
  if (id && !id->empty())
    if (const entry* const named = find(*id)) return is_by(*named);
  bool is_tried = false;
  for (const entry& each : entries_) {
    if (!each.id.empty() || each.key.which() != which) continue;
    is_tried = true;
    if (each.key.verifies(text, signature)) return {};
  }
  // A set that is fetched again may have the key by then.
  if (id) return tl::unexpected(token_fault::unknown_key);
  if (is_tried) return tl::unexpected(token_fault::bad_signature);
  if (const entry* const only = only_one_for(which)) return is_by(*only);
  const bool has_any = std::ranges::any_of(
      entries_, [which](const entry& each) { return each.key.which() == which; });
  return tl::unexpected(has_any || entries_.empty() ? token_fault::unknown_key
                                                    : token_fault::wrong_algorithm);
}

result<key_set_reading> parse_key_set(std::string text) {
  TROUPE_ASSIGN(const json::tree read, json::tree::parse(std::move(text), set_limits));
  const auto keys = read.root().find("keys");
  if (!keys || !keys->is(tree_kind::array)) return fail(errc::invalid_key, "no list of keys");
  if (keys->size() > keys_max) return fail(errc::quota_exceeded, "more than 64 keys");
  key_set_reading made;
  std::size_t number = 0;
  for (const node& key : *keys) {
    ++number;
    if (const auto added = add_key(key, made.keys); !added)
      made.skipped.push_back(name_of(key, number).append(": ").append(to_string(added.error())));
  }
  if (made.keys.empty())
    return fail(errc::invalid_key, made.skipped.empty() ? "the set is empty"
                                                        : "no key can be used; " + made.skipped[0]);
  return made;
}

}  // namespace troupe::access
