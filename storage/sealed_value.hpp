// What all stored values have in common: they begin with a version, a CRC-32C over the key and the
// value, and flags. Also how numbers and ids are written. For the sources of the formats (record,
// version_record). Pure. Format: docs/storage-format.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "storage/document_id.hpp"

namespace troupe::storage {

/// Of what all values begin with.
inline constexpr std::size_t prologue_size = 6;

inline constexpr std::size_t id_size = std::tuple_size_v<document_id>;

/// Writes `size` bytes of a number, the most significant first.
void put(char* to, std::uint64_t number, std::size_t size);
std::uint64_t number_at(std::string_view bytes, std::size_t offset, std::size_t size);

void append(std::string& to, std::uint64_t number, std::size_t size);
void append(std::string& to, const document_id& id);
document_id id_at(std::string_view bytes, std::size_t offset);

/// A key: the id, then numbers of so many bytes.
std::string key_of(const document_id& id,
                   std::initializer_list<std::pair<std::uint64_t, int>> rest);

/// Writes the prologue of a value whose other bytes are there; `behind` follows the value.
void seal(std::string_view key, char* value, std::size_t size, std::uint8_t flags,
          byte_view behind = {});

/// Checks the prologue and returns the flags. The checksum comes first: it stands at the same place
/// in every version, so that a damaged version is not taken for a newer one. Fails with
/// corrupt_document or newer_format; `what` names the value in the detail.
result<std::uint8_t> unseal(std::string_view what, std::string_view key, std::string_view value,
                            std::size_t size_min, std::uint8_t known_flags);

}  // namespace troupe::storage
