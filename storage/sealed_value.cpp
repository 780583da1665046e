#include "storage/sealed_value.hpp"

#include <algorithm>

#include "base/crc32c.hpp"

namespace troupe::storage {
namespace {

// Every value: version, CRC-32C of the key and of all of the value but these four bytes, flags.
constexpr std::uint8_t value_version = 1;
constexpr std::size_t crc_offset = 1;
constexpr std::size_t flags_offset = 5;

/// Of the key, of the value without its checksum, and of what follows the value.
std::uint32_t crc_of(std::string_view key, std::string_view value, byte_view behind = {}) {
  std::uint32_t crc = crc32c(as_bytes(key));
  crc = crc32c(as_bytes(value.substr(0, crc_offset)), crc);
  crc = crc32c(as_bytes(value.substr(flags_offset)), crc);
  return crc32c(behind, crc);
}

std::string hex_of(std::uint64_t number) {
  std::string digits;
  for (int shift = 28; shift >= 0; shift -= 4) digits += "0123456789abcdef"[number >> shift & 15];
  return digits;
}

}  // namespace

void put(char* to, std::uint64_t number, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i)
    to[i] = static_cast<char>(number >> 8 * (size - 1 - i) & 0xFF);
}

std::uint64_t number_at(std::string_view bytes, std::size_t offset, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < size; ++i)
    number = number << 8 | static_cast<std::uint8_t>(bytes[offset + i]);
  return number;
}

void append(std::string& to, std::uint64_t number, std::size_t size) {
  to.resize(to.size() + size);
  put(to.data() + to.size() - size, number, size);
}

void append(std::string& to, const document_id& id) {
  to.append(reinterpret_cast<const char*>(id.data()), id.size());
}

document_id id_at(std::string_view bytes, std::size_t offset) {
  document_id id;
  std::copy_n(reinterpret_cast<const std::uint8_t*>(bytes.data()) + offset, id.size(), id.begin());
  return id;
}

std::string key_of(const document_id& id,
                   std::initializer_list<std::pair<std::uint64_t, int>> rest) {
  std::string key;
  key.reserve(id_size + 8 + 4);
  append(key, id);
  for (const auto& [number, size] : rest) append(key, number, static_cast<std::size_t>(size));
  return key;
}

void seal(std::string_view key, char* value, std::size_t size, std::uint8_t flags,
          byte_view behind) {
  value[0] = static_cast<char>(value_version);
  value[flags_offset] = static_cast<char>(flags);
  put(value + crc_offset, crc_of(key, {value, size}, behind), 4);
}

result<std::uint8_t> unseal(std::string_view what, std::string_view key, std::string_view value,
                            std::size_t size_min, std::uint8_t known_flags) {
  const auto text = [&](std::string_view is_wrong) {
    return std::string{what}.append(": ").append(is_wrong);
  };
  if (value.size() < prologue_size)
    return fail(errc::corrupt_document, text("it ends too early"), value.size());
  const std::uint64_t stored = number_at(value, crc_offset, 4);
  if (const std::uint32_t computed = crc_of(key, value); stored != computed)
    return fail(errc::corrupt_document, text("its checksum is " + hex_of(computed) + " and not " +
                                             hex_of(stored) + ", as it says"));
  const auto version = static_cast<std::uint8_t>(value[0]);
  if (version > value_version)
    return fail(errc::newer_format, text("its version is " + std::to_string(version) +
                                         ", this server reads " + std::to_string(value_version)));
  if (version == 0) return fail(errc::corrupt_document, text("its version is 0"), 0);
  if (value.size() < size_min)
    return fail(errc::corrupt_document, text("it ends too early"), value.size());
  const auto flags = static_cast<std::uint8_t>(value[flags_offset]);
  if ((flags & ~known_flags) != 0)
    return fail(errc::newer_format, text("it has unknown flags"), flags_offset);
  return flags;
}

}  // namespace troupe::storage
