// The keys by which tokens are verified. Each is bound to one algorithm and may have an id (`kid`).
// They come from the configuration one by one, or from the text of a JSON Web Key Set (RFC 7517)
// that an issuer publishes.
//
// Filled once and then shared as a shared_ptr<const key_set>; new keys mean a new set. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/errc.hpp"
#include "protocol/access/signature.hpp"
#include "protocol/access/token_fault.hpp"

namespace troupe::access {

inline constexpr std::size_t keys_max = 64;
/// A token without `kid` may be tried with each key that has no id.
inline constexpr std::size_t unnamed_keys_max = 8;
inline constexpr std::size_t key_id_size_bytes_max = 256;
inline constexpr std::size_t key_set_size_bytes_max = 64 * 1024;

class key_set {
 public:
  struct entry {
    std::string id;  ///< Empty: none.
    verification_key key;
  };

  /// Fails with quota_exceeded above keys_max or unnamed_keys_max, with invalid_key if the id is
  /// there already or too long. The set is unchanged then.
  result<void> add(std::string id, verification_key key);

  /// Adds the keys of another set, as far as add() takes them: keys of this set go before those of
  /// the other with the same id.
  void add_all(const key_set& other);

  bool empty() const noexcept { return entries_.empty(); }
  std::size_t size() const noexcept { return entries_.size(); }
  const std::vector<entry>& entries() const noexcept { return entries_; }

  /// Whether one of the keys has made the signature.
  ///
  /// With an id, the key of that name decides; if there is none, the keys without an id are tried.
  /// Without one, the keys without an id are tried, or else the only key for the algorithm.
  /// Fails with wrong_algorithm, unknown_key, bad_signature.
  token_result<void> verify(std::optional<std::string_view> id, algorithm which,
                            std::string_view text, byte_view signature) const;

 private:
  const entry* find(std::string_view id) const noexcept;
  const entry* only_one_for(algorithm which) const noexcept;

  std::vector<entry> entries_;
};

using key_set_ptr = std::shared_ptr<const key_set>;

/// What a JSON Web Key Set holds.
struct key_set_reading {
  key_set keys;
  /// Why each of the other keys is not used, in words for the log: "key 'a': weak_key: ...".
  std::vector<std::string> skipped;
};

/// Reads a set. A key that is not for verifying signatures, of an unknown kind, weak, malformed, or
/// should not be there (a secret, a private key, an id that stands twice) is left out and named, as
/// RFC 7517, 5 wants it; the others are used. A key without `alg` is for the one that its curve
/// allows; an RSA key for RS256.
/// Fails as json::tree::parse does; with invalid_key if there is no list of keys or no key of it
/// can be used; with quota_exceeded above keys_max.
result<key_set_reading> parse_key_set(std::string text);

}  // namespace troupe::access
