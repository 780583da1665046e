// The bytes of stored versions: an entry that says what a version is, its compressed state in
// chunks, and how many versions a document was given. Pure. Format: docs/storage-format.md.
//
// The readers take any bytes and fail as those of record.hpp do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "storage/archive.hpp"
#include "storage/document_id.hpp"

namespace troupe::storage {

// --- keys ---

/// Part 0 is the entry, parts 1, 2, 3, ... are the chunks.
std::string version_key(const document_id& id, version_number number, std::uint32_t part);
/// Where the count of a document's versions stands: before all of them.
std::string version_count_key(const document_id& id);

struct version_position {
  document_id id{};
  version_number number = 0;  ///< 0: the count.
  std::uint32_t part = 0;
};
result<version_position> read_version_key(std::string_view key);

// --- entry ---

/// The numbers of its state: `size` as it is, `stored_size` and the checksum as it is stored.
struct version_entry {
  version_info info;  ///< Its number is in the key; without damage.
  std::uint32_t frame_crc = 0;
};

std::string encode_version(std::string_view key, const version_entry& entry);
result<version_entry> decode_version(std::string_view key, std::string_view value);

// --- chunks and count ---

/// A part of the compressed state. All but the last have chunk_size_bytes_max bytes.
std::string encode_version_chunk(std::string_view key, byte_view part);
/// Returns a part of the value.
result<byte_view> decode_version_chunk(std::string_view key, std::string_view value);

/// The number of the newest version that the document was ever given in this life.
std::string encode_version_count(std::string_view key, version_number last);
result<version_number> decode_version_count(std::string_view key, std::string_view value);

// --- a whole version ---

/// A state made small for storage.
struct packed_version {
  byte_buffer frame;
  std::uint32_t crc = 0;
};

/// Fails with name_too_long (version_label_size_max) or invalid_utf8.
result<void> check_label(std::string_view label);

/// Fails with state_too_large (version_size_bytes_max). Cost: up to about 0.1 s for each MiB.
result<packed_version> pack_version(byte_view state);

/// Puts a version together from its entry and its chunks in order, and checks that they belong
/// together.
class version_reader {
 public:
  explicit version_reader(version_entry of) : entry_(std::move(of)) {}

  /// Fails with corrupt_document or newer_format.
  result<void> add(std::string_view key, std::string_view value);

  /// The state. Fails with corrupt_document if chunks are missing, or if they are not what the
  /// entry says.
  result<shared_bytes> finish() const;

 private:
  version_entry entry_;
  std::uint32_t count_ = 0;
  byte_buffer frame_;
};

}  // namespace troupe::storage
