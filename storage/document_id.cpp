#include "storage/document_id.hpp"

#include <algorithm>

#include <openssl/sha.h>

namespace troupe::storage {

document_id id_of(std::string_view name) {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(name.data()), name.size(), digest.data());
  document_id id;
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

std::string to_string(const document_id& id) {
  std::string digits;
  for (const std::uint8_t byte : id) {
    digits.push_back("0123456789abcdef"[byte >> 4]);
    digits.push_back("0123456789abcdef"[byte & 15]);
  }
  return digits;
}

}  // namespace troupe::storage
