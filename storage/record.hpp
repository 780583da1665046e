// The bytes of what is stored: log records, checkpoints in chunks, what is known of a document, and
// the marker that tells the format of a store. Each has a key and a value; every value begins with
// a version and a CRC-32C over its key and itself, so that a changed bit is noticed, and a value
// under a key that is not its own. Pure. Format: docs/storage-format.md.
//
// The readers take any bytes. They fail with corrupt_document, or with newer_format where the
// checksum is right and the version or a flag is unknown; the detail says which record it is and
// what is wrong with it, but not the name of the document, which is the caller's.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "storage/backend.hpp"
#include "storage/document_id.hpp"

namespace troupe::storage {

/// Counts the checkpoints of a document: 1, 2, 3, ... 0: none.
using generation = std::uint64_t;

/// Milliseconds since 1970-01-01 00:00 UTC.
using time_ms = std::uint64_t;

/// The newest format that this code reads, and the one it writes.
inline constexpr std::uint32_t store_format = 1;

inline constexpr std::size_t chunk_size_bytes_max = 1024 * 1024;

// --- keys ---

std::string log_key(const document_id& id, sequence number);
std::string chunk_key(const document_id& id, generation of, std::uint32_t part);
/// Before the log records and chunks of a document, and behind all of them.
std::string begin_key(const document_id& id);
std::string end_key(const document_id& id);

/// Where what is known of a document stands.
std::string meta_key(std::string_view name);
/// The beginning of all these keys; the name follows.
inline constexpr std::string_view meta_prefix = "d/";
/// Where the name stands that belongs to an id.
std::string name_key(const document_id& id);
inline constexpr std::string_view marker_key = "format";

/// The end of a log or chunk key, in place of its document.
struct log_position {
  document_id id{};
  sequence number = 0;
};
struct chunk_position {
  document_id id{};
  generation of = 0;
  std::uint32_t part = 0;
};
result<log_position> read_log_key(std::string_view key);
result<chunk_position> read_chunk_key(std::string_view key);

// --- log records ---

/// One update. Of a decoded record `update` is a part of the value.
struct log_record {
  time_ms stored_at = 0;
  std::uint64_t origin = 0;  ///< Which node took it from its client; 0: this one.
  byte_view update;
};

inline constexpr std::size_t record_header_size = 22;
using record_header = std::array<char, record_header_size>;

/// The beginning of a value; the update follows. So that an update is stored without a copy.
record_header make_record_header(std::string_view key, const log_record& record);
result<log_record> decode_record(std::string_view key, std::string_view value);

// --- checkpoints ---

/// A part of a checkpoint. All but the last have chunk_size_bytes_max of the state.
struct checkpoint_chunk {
  sequence covers = 0;
  std::uint64_t checkpoint_size = 0;  ///< Of the whole.
  std::uint32_t checkpoint_crc = 0;   ///< Of the whole.
  byte_view bytes;                    ///< As they are stored.
  bool is_compressed = false;         ///< They are a frame (base/compression.hpp) of the part.
};

inline constexpr std::size_t chunk_header_size = 26;
using chunk_header = std::array<char, chunk_header_size>;

/// How many chunks a checkpoint of this size has; one if it is empty.
constexpr std::uint64_t chunk_count(std::uint64_t size) noexcept {
  return size == 0 ? 1 : (size - 1) / chunk_size_bytes_max + 1;
}

/// How many bytes of the state a part has. Requires: it has so many parts.
constexpr std::uint64_t part_size(std::uint64_t checkpoint_size, std::uint32_t part) noexcept {
  const std::uint64_t before = part * std::uint64_t{chunk_size_bytes_max};
  return std::min<std::uint64_t>(checkpoint_size - before, chunk_size_bytes_max);
}

chunk_header make_chunk_header(std::string_view key, const checkpoint_chunk& chunk);
result<checkpoint_chunk> decode_chunk(std::string_view key, std::string_view value);

/// Puts a checkpoint together from its chunks in order, and checks that they belong together.
class checkpoint_reader {
 public:
  /// Fails with corrupt_document or newer_format.
  result<void> add(std::string_view key, std::string_view value);

  bool is_whole() const noexcept { return count_ > 0 && state_.size() == size_; }
  sequence covers() const noexcept { return covers_; }

  /// Fails with corrupt_document if chunks are missing or the checksum of the whole is wrong.
  result<shared_bytes> finish();

 private:
  std::uint32_t count_ = 0;
  sequence covers_ = 0;
  std::uint64_t size_ = 0;
  std::uint32_t crc_ = 0;
  byte_buffer state_;
};

// --- what is known of a document ---

struct document_meta {
  document_id id{};
  time_ms created_at = 0;
  time_ms changed_at = 0;
  std::uint64_t life = 1;         ///< How often the document was created.
  bool is_removed = false;        ///< A tombstone: there is neither log nor checkpoint.
  bool is_admitted = false;       ///< Removed, and may be created again.
  sequence counted = 0;           ///< The last update that is counted below.
  std::uint64_t log_records = 0;  ///< Behind the checkpoint, up to `counted`.
  std::uint64_t log_bytes = 0;    ///< Of their updates.

  generation newest = 0;  ///< 0: no checkpoint.
  sequence covers = 0;
  std::uint64_t checkpoint_size = 0;
  generation previous = 0;  ///< 0: the empty document.
  sequence previous_covers = 0;
  std::uint64_t previous_size = 0;

  bool operator==(const document_meta&) const = default;
};

std::string encode_meta(std::string_view key, const document_meta& meta);
result<document_meta> decode_meta(std::string_view key, std::string_view value);

std::string encode_name(std::string_view key, std::string_view name);
result<std::string> decode_name(std::string_view key, std::string_view value);

// --- the marker ---

struct store_marker {
  std::uint32_t format = store_format;
  time_ms created_at = 0;
};

std::string encode_marker(const store_marker& marker);
/// Fails with corrupt_store, or newer_format if the store is of a newer one.
result<store_marker> decode_marker(std::string_view value);

/// Why an append does not fit what is stored of its document.
namespace misfit {
std::string gap(sequence first, sequence last);
std::string other_contents(sequence number);
inline constexpr std::string_view no_document = "there is no such document";
}  // namespace misfit

/// The same failure with the name of the document in front: "document 'plan': record 17: ...".
failure in_document(std::string_view name, failure what);

}  // namespace troupe::storage
