#include "protocol/webhook/signature.hpp"

#include <array>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.hpp"

namespace troupe::webhook {

std::string sign(const secret& key, std::uint64_t timestamp, std::string_view body) {
  const std::string text = std::to_string(timestamp).append(".").append(body);
  const std::string& with = key.reveal();
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const auto* const made =
      HMAC(EVP_sha256(), with.data(), static_cast<int>(with.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  TROUPE_CHECK(made != nullptr);
  std::string digits;
  for (unsigned i = 0; i < size; ++i) {
    digits.push_back("0123456789abcdef"[digest[i] >> 4]);
    digits.push_back("0123456789abcdef"[digest[i] & 15]);
  }
  return digits;
}

std::string signature_of(const secret& key, std::uint64_t timestamp, std::string_view body) {
  std::string value{"t="};
  value.append(std::to_string(timestamp)).append(",v1=").append(sign(key, timestamp, body));
  return value;
}

}  // namespace troupe::webhook
