// Checks signatures of tokens, and digests them: all of cryptography that access control needs, in
// one place (docs/adr/0015-tokens-by-openssl.md). A key is bound to one algorithm when it is made
// and cannot be used with another. Pure; immutable, so threads may share a key. The library behind
// it shows in signature.cpp only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "protocol/access/algorithm.hpp"

namespace troupe::access {

/// Longer secrets and moduli only cost time.
inline constexpr std::size_t secret_size_bytes_max = 1024;
inline constexpr std::size_t rsa_size_bits_min = 2048;
inline constexpr std::size_t rsa_size_bits_max = 8192;
inline constexpr std::size_t pem_size_bytes_max = 16 * 1024;

class verification_key {
 public:
  /// Requires: is_symmetric(algorithm). Fails with weak_key if the secret has fewer bytes than the
  /// hash (32, 48, 64), with invalid_key above secret_size_bytes_max.
  static result<verification_key> from_secret(algorithm which, std::string_view secret);

  /// One public key, "-----BEGIN PUBLIC KEY-----". Requires: not is_symmetric(algorithm). Fails
  /// with invalid_key if it is none, a private one, or of another type or curve than the algorithm
  /// needs; with weak_key if it is RSA with less than rsa_size_bits_min.
  static result<verification_key> from_pem(algorithm which, std::string_view pem);

  /// The numbers of a JWK, big-endian (RFC 7518, 6.3.1). Requires: rs256 or ps256. Fails as
  /// from_pem does.
  static result<verification_key> from_rsa(algorithm which, byte_view modulus, byte_view exponent);

  /// A point, both coordinates of the full size of the curve (RFC 7518, 6.2.1). Requires: es256 or
  /// es384. Fails with invalid_key if it is not on the curve.
  static result<verification_key> from_point(algorithm which, byte_view x, byte_view y);

  /// The 32 bytes of an Ed25519 key (RFC 8037). Fails with invalid_key.
  static result<verification_key> from_ed25519(byte_view x);

  algorithm which() const noexcept { return which_; }

  /// Whether the signature, as tokens carry it (RFC 7518, 3), is that of the text by this key.
  /// Secrets are compared in constant time. HS256 takes about a microsecond, RS256 and PS256 15,
  /// ES256 45, EdDSA 60; a signature of the wrong size costs nothing. Thread: any.
  bool verifies(std::string_view text, byte_view signature) const;

 private:
  struct material;
  verification_key(algorithm which, std::shared_ptr<const material> key);

  algorithm which_;
  std::shared_ptr<const material> key_;
};

using token_digest = std::array<std::uint8_t, 32>;

/// SHA-256.
token_digest digest_of(std::string_view token) noexcept;

/// HMAC-SHA256 (RFC 2104): the signature of a text with HS256, or a key that is made from another.
/// Requires: a key that is not empty.
token_digest hmac_sha256(std::string_view key, std::string_view text);

}  // namespace troupe::access
