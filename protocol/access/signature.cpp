#include "protocol/access/signature.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/check.hpp"

namespace troupe::access {

namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* what) const noexcept {
    Free(what);
  }
};
using pkey_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using pkey_context_ptr = std::unique_ptr<EVP_PKEY_CTX, freed_by<EVP_PKEY_CTX_free>>;
using digest_ptr = std::unique_ptr<EVP_MD, freed_by<EVP_MD_free>>;
using digest_context_ptr = std::unique_ptr<EVP_MD_CTX, freed_by<EVP_MD_CTX_free>>;
using mac_ptr = std::unique_ptr<EVP_MAC, freed_by<EVP_MAC_free>>;
using mac_context_ptr = std::unique_ptr<EVP_MAC_CTX, freed_by<EVP_MAC_CTX_free>>;
using number_ptr = std::unique_ptr<BIGNUM, freed_by<BN_free>>;
using builder_ptr = std::unique_ptr<OSSL_PARAM_BLD, freed_by<OSSL_PARAM_BLD_free>>;
using params_ptr = std::unique_ptr<OSSL_PARAM, freed_by<OSSL_PARAM_free>>;
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free>>;
using ecdsa_ptr = std::unique_ptr<ECDSA_SIG, freed_by<ECDSA_SIG_free>>;

constexpr std::size_t ed25519_key_size = 32;
constexpr std::size_t ed25519_signature_size = 64;

/// What OpenSSL's names are for an algorithm, and how large its parts are.
struct parameters {
  const char* hash;             ///< Null: the algorithm has its own.
  std::size_t hash_size;        ///< Of HMAC: that of the signature, and the least for the secret.
  const char* curve;            ///< Null: no curve that has to be named.
  std::size_t coordinate_size;  ///< Of a curve.
};

parameters parameters_of(algorithm which) noexcept {
  switch (which) {
    case algorithm::hs256: return {"SHA256", 32, nullptr, 0};
    case algorithm::hs384: return {"SHA384", 48, nullptr, 0};
    case algorithm::hs512: return {"SHA512", 64, nullptr, 0};
    case algorithm::rs256:
    case algorithm::ps256: return {"SHA256", 32, nullptr, 0};
    case algorithm::es256: return {"SHA256", 32, "prime256v1", 32};
    case algorithm::es384: return {"SHA384", 48, "secp384r1", 48};
    case algorithm::eddsa: break;
  }
  return {nullptr, 0, nullptr, 0};
}

bool is_rsa(algorithm which) noexcept {
  return which == algorithm::rs256 || which == algorithm::ps256;
}

/// What OpenSSL says about a failure stays in a queue of the thread, and is none of our business.
template <class T>
T without_errors(T value) {
  ERR_clear_error();
  return value;
}

std::string with_name(algorithm which, std::string_view text) {
  return std::string{to_string(which)}.append(" ").append(text);
}

result<void> check_rsa(const EVP_PKEY& key) {
  const int bits = EVP_PKEY_get_bits(&key);
  if (bits < static_cast<int>(rsa_size_bits_min))
    return fail(errc::weak_key, "an RSA key needs 2048 bits, this one has " + std::to_string(bits));
  if (bits > static_cast<int>(rsa_size_bits_max))
    return fail(errc::invalid_key, "an RSA key of more than 8192 bits");
  BIGNUM* found = nullptr;
  EVP_PKEY_get_bn_param(&key, OSSL_PKEY_PARAM_RSA_E, &found);
  const number_ptr exponent{found};
  // With the exponent 1 anybody can sign; long ones only cost time.
  if (!exponent || BN_is_one(exponent.get()) || !BN_is_odd(exponent.get()) ||
      BN_num_bits(exponent.get()) > 64)
    return fail(errc::invalid_key, "an RSA key with an exponent that is not usual");
  return {};
}

result<void> check_curve(algorithm which, EVP_PKEY& key) {
  char name[64] = {};
  std::size_t size = 0;
  EVP_PKEY_get_group_name(&key, name, sizeof name, &size);
  if (std::string_view{name, size} != parameters_of(which).curve)
    return fail(errc::invalid_key,
                with_name(which, which == algorithm::es256 ? "needs a key on the curve P-256"
                                                           : "needs a key on the curve P-384"));
  const pkey_context_ptr context{EVP_PKEY_CTX_new_from_pkey(nullptr, &key, nullptr)};
  if (!context || EVP_PKEY_public_check(context.get()) != 1)
    return fail(errc::invalid_key, "a point that is not on its curve");
  return {};
}

/// Whether the key is what the algorithm needs, and safe.
result<void> check_public_key(algorithm which, EVP_PKEY& key) {
  if (is_rsa(which)) {
    if (EVP_PKEY_is_a(&key, "RSA") != 1)
      return fail(errc::invalid_key, with_name(which, "needs an RSA key"));
    return check_rsa(key);
  }
  if (which == algorithm::eddsa) {
    if (EVP_PKEY_is_a(&key, "ED25519") == 1) return {};
    return fail(errc::invalid_key, with_name(which, "needs an Ed25519 key"));
  }
  if (EVP_PKEY_is_a(&key, "EC") != 1)
    return fail(errc::invalid_key, with_name(which, "needs a key on a curve"));
  return check_curve(which, key);
}

/// A context that only has to be copied and fed. Null if OpenSSL does not want the key.
digest_context_ptr prepared_context(algorithm which, EVP_PKEY& key) {
  digest_context_ptr made{EVP_MD_CTX_new()};
  EVP_PKEY_CTX* options = nullptr;
  if (!made || EVP_DigestVerifyInit_ex(made.get(), &options, parameters_of(which).hash, nullptr,
                                       nullptr, &key, nullptr) != 1)
    return nullptr;
  // The salt is as long as the hash (RFC 7518, 3.5), which the check insists on.
  if (which == algorithm::ps256 &&
      (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1))
    return nullptr;
  // Each copy is used once.
  EVP_MD_CTX_set_flags(made.get(), EVP_MD_CTX_FLAG_FINALISE);
  return made;
}

mac_context_ptr prepared_mac(algorithm which, std::string_view secret) {
  const mac_ptr mac{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
  mac_context_ptr made{mac ? EVP_MAC_CTX_new(mac.get()) : nullptr};
  std::string hash = parameters_of(which).hash;
  const OSSL_PARAM options[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash.data(), 0),
      OSSL_PARAM_construct_end()};
  if (!made || EVP_MAC_init(made.get(), as_bytes(secret).data(), secret.size(), options) != 1)
    return nullptr;
  return made;
}

/// A key from its parts.
pkey_ptr key_from(const char* type, OSSL_PARAM_BLD& parts) {
  const params_ptr params{OSSL_PARAM_BLD_to_param(&parts)};
  const pkey_context_ptr context{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
  EVP_PKEY* made = nullptr;
  if (params && context && EVP_PKEY_fromdata_init(context.get()) == 1)
    EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get());
  return pkey_ptr{made};
}

number_ptr number_from(byte_view bytes) {
  return number_ptr{BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr)};
}

/// Two numbers of one size, as tokens carry them, in the form that OpenSSL takes. Empty if it is no
/// such signature.
byte_buffer to_der(byte_view signature, std::size_t number_size) {
  if (signature.size() != 2 * number_size) return {};
  const ecdsa_ptr numbers{ECDSA_SIG_new()};
  number_ptr r = number_from(signature.first(number_size));
  number_ptr s = number_from(signature.subspan(number_size));
  if (!numbers || !r || !s) return {};
  ECDSA_SIG_set0(numbers.get(), r.release(), s.release());
  byte_buffer der(static_cast<std::size_t>(std::max(i2d_ECDSA_SIG(numbers.get(), nullptr), 0)));
  std::uint8_t* to = der.data();
  if (i2d_ECDSA_SIG(numbers.get(), &to) <= 0) return {};
  return der;
}

}  // namespace

/// Read by any number of threads: each check works on a copy of the contexts.
struct verification_key::material {
  pkey_ptr key;
  digest_context_ptr digest;  ///< Null for EdDSA, whose contexts cannot be copied, and for HMAC.
  mac_context_ptr mac;        ///< Null for all but HMAC.

  bool verifies_mac(algorithm which, std::string_view text, byte_view signature) const;
  bool verifies_digest(algorithm which, std::string_view text, byte_view signature) const;

  static result<verification_key> of(algorithm which, pkey_ptr key);
};

verification_key::verification_key(algorithm which, std::shared_ptr<const material> key)
    : which_(which), key_(std::move(key)) {}

result<verification_key> verification_key::material::of(algorithm which, pkey_ptr key) {
  if (!key) return without_errors(fail(errc::invalid_key, "its parts make no key"));
  if (auto checked = check_public_key(which, *key); !checked)
    return without_errors(tl::unexpected(std::move(checked).error()));
  auto made = std::make_shared<material>();
  if (which != algorithm::eddsa) {
    made->digest = prepared_context(which, *key);
    if (!made->digest) return without_errors(fail(errc::invalid_key, "the key cannot be used"));
  }
  made->key = std::move(key);
  return without_errors(verification_key{which, std::move(made)});
}

result<verification_key> verification_key::from_secret(algorithm which, std::string_view secret) {
  TROUPE_CHECK(is_symmetric(which));
  const std::size_t least = parameters_of(which).hash_size;
  if (secret.size() < least)
    return fail(errc::weak_key,
                with_name(which, "needs a secret of " + std::to_string(least) + " bytes or more"));
  if (secret.size() > secret_size_bytes_max)
    return fail(errc::invalid_key, "a secret of more than 1024 bytes");
  auto made = std::make_shared<material>();
  made->mac = prepared_mac(which, secret);
  if (!made->mac) return without_errors(fail(errc::invalid_key, "the secret cannot be used"));
  return verification_key{which, std::move(made)};
}

result<verification_key> verification_key::from_pem(algorithm which, std::string_view pem) {
  TROUPE_CHECK(!is_symmetric(which));
  if (pem.size() > pem_size_bytes_max)
    return fail(errc::invalid_key, "a public key of more than 16 KiB");
  if (pem.find("PRIVATE KEY-----") != std::string_view::npos)
    return fail(errc::invalid_key, "a private key where the public one belongs");
  const bio_ptr in{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  pkey_ptr key{in ? PEM_read_bio_PUBKEY(in.get(), nullptr, nullptr, nullptr) : nullptr};
  if (!key)
    return without_errors(fail(
        errc::invalid_key, "no public key in PEM, which begins with -----BEGIN PUBLIC KEY-----"));
  return material::of(which, std::move(key));
}

result<verification_key> verification_key::from_rsa(algorithm which, byte_view modulus,
                                                    byte_view exponent) {
  TROUPE_CHECK(is_rsa(which));
  if (modulus.size() > rsa_size_bits_max / 8 || exponent.size() > sizeof(std::uint64_t))
    return fail(errc::invalid_key, "an RSA key with a number that is too long");
  const number_ptr n = number_from(modulus);
  const number_ptr e = number_from(exponent);
  const builder_ptr parts{OSSL_PARAM_BLD_new()};
  if (!n || !e || !parts ||
      OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return without_errors(fail(errc::invalid_key, "its parts make no key"));
  return material::of(which, key_from("RSA", *parts));
}

result<verification_key> verification_key::from_point(algorithm which, byte_view x, byte_view y) {
  const parameters needed = parameters_of(which);
  TROUPE_CHECK(needed.curve != nullptr);
  if (x.size() != needed.coordinate_size || y.size() != needed.coordinate_size)
    return fail(errc::invalid_key, "a coordinate that has not the size of its curve");
  byte_buffer point(1 + x.size() + y.size(), 0x04);  // the first byte: not compressed
  const auto middle = std::ranges::copy(x, point.begin() + 1).out;
  std::ranges::copy(y, middle);
  const builder_ptr parts{OSSL_PARAM_BLD_new()};
  if (!parts ||
      OSSL_PARAM_BLD_push_utf8_string(parts.get(), OSSL_PKEY_PARAM_GROUP_NAME, needed.curve, 0) !=
          1 ||
      OSSL_PARAM_BLD_push_octet_string(parts.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1)
    return without_errors(fail(errc::invalid_key, "its parts make no key"));
  return material::of(which, key_from("EC", *parts));
}

result<verification_key> verification_key::from_ed25519(byte_view x) {
  if (x.size() != ed25519_key_size)
    return fail(errc::invalid_key, "an Ed25519 key that has not 32 bytes");
  return material::of(algorithm::eddsa, pkey_ptr{EVP_PKEY_new_raw_public_key(
                                            EVP_PKEY_ED25519, nullptr, x.data(), x.size())});
}

bool verification_key::material::verifies_mac(algorithm which, std::string_view text,
                                              byte_view signature) const {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> ours{};
  std::size_t size = 0;
  const mac_context_ptr context{EVP_MAC_CTX_dup(mac.get())};
  return signature.size() == parameters_of(which).hash_size && context &&
         EVP_MAC_update(context.get(), as_bytes(text).data(), text.size()) == 1 &&
         EVP_MAC_final(context.get(), ours.data(), &size, ours.size()) == 1 &&
         size == signature.size() && CRYPTO_memcmp(ours.data(), signature.data(), size) == 0;
}

bool verification_key::material::verifies_digest(algorithm which, std::string_view text,
                                                 byte_view signature) const {
  byte_buffer der;
  if (which == algorithm::eddsa) {
    if (signature.size() != ed25519_signature_size) return false;
  } else if (is_rsa(which)) {
    if (signature.size() != static_cast<std::size_t>(EVP_PKEY_get_size(key.get()))) return false;
  } else {
    der = to_der(signature, parameters_of(which).coordinate_size);
    if (der.empty()) return false;
    signature = der;
  }
  const digest_context_ptr context{EVP_MD_CTX_new()};
  if (!context) return false;
  const bool is_ready = digest ? EVP_MD_CTX_copy_ex(context.get(), digest.get()) == 1
                               : EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr,
                                                         nullptr, key.get(), nullptr) == 1;
  return is_ready && EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                                      as_bytes(text).data(), text.size()) == 1;
}

bool verification_key::verifies(std::string_view text, byte_view signature) const {
  if (is_symmetric(which_)) return without_errors(key_->verifies_mac(which_, text, signature));
  return without_errors(key_->verifies_digest(which_, text, signature));
}

/// SHA256() would look for the hash by its name, and allocate, for each token.
token_digest digest_of(std::string_view token) noexcept {
  static const digest_ptr sha256{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  thread_local const digest_context_ptr context{EVP_MD_CTX_new()};
  token_digest digest{};
  const bool is_made = context && sha256 &&
                       EVP_DigestInit_ex2(context.get(), sha256.get(), nullptr) == 1 &&
                       EVP_DigestUpdate(context.get(), token.data(), token.size()) == 1 &&
                       EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
  TROUPE_CHECK(is_made);
  return digest;
}

token_digest hmac_sha256(std::string_view key, std::string_view text) {
  const mac_context_ptr context = prepared_mac(algorithm::hs256, key);
  token_digest made{};
  std::size_t size = 0;
  TROUPE_CHECK(context && EVP_MAC_update(context.get(), as_bytes(text).data(), text.size()) == 1 &&
               EVP_MAC_final(context.get(), made.data(), &size, made.size()) == 1 &&
               size == made.size());
  return made;
}

}  // namespace troupe::access
