#include "storage/record.hpp"

#include <limits>

#include "base/compression.hpp"
#include "base/crc32c.hpp"
#include "base/printable.hpp"
#include "storage/sealed_value.hpp"

namespace troupe::storage {
namespace {

constexpr std::size_t meta_size = prologue_size + 16 + 12 * 8;
constexpr std::uint8_t flag_compressed = 1;  // of a chunk
constexpr std::uint8_t flag_removed = 1;     // of a meta entry
constexpr std::uint8_t flag_admitted = 2;

constexpr std::string_view marker_magic = "troupe";
constexpr std::size_t marker_size = prologue_size + marker_magic.size() + 4 + 8;

constexpr std::size_t log_key_size = id_size + 8;
constexpr std::size_t chunk_key_size = id_size + 8 + 4;

/// The document is the caller's to name; its id only says which bytes are meant.
std::string name_of_record(sequence number) { return "record " + std::to_string(number); }

std::string name_of_chunk(const chunk_position& at) {
  return "chunk " + std::to_string(at.part) + " of checkpoint generation " + std::to_string(at.of);
}

}  // namespace

// --- keys ---

std::string log_key(const document_id& id, sequence number) { return key_of(id, {{number, 8}}); }

std::string chunk_key(const document_id& id, generation of, std::uint32_t part) {
  return key_of(id, {{of, 8}, {part, 4}});
}

std::string begin_key(const document_id& id) { return key_of(id, {}); }

std::string end_key(const document_id& id) {
  constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
  return key_of(id, {{all, 8}, {all, 8}});
}

std::string meta_key(std::string_view name) { return std::string{meta_prefix}.append(name); }

std::string name_key(const document_id& id) {
  std::string key{"i/"};
  append(key, id);
  return key;
}

result<log_position> read_log_key(std::string_view key) {
  if (key.size() != log_key_size)
    return fail(errc::corrupt_document, "a key of the log has " + std::to_string(key.size()) +
                                            " bytes and not " + std::to_string(log_key_size));
  return log_position{id_at(key, 0), number_at(key, id_size, 8)};
}

result<chunk_position> read_chunk_key(std::string_view key) {
  if (key.size() != chunk_key_size)
    return fail(errc::corrupt_document, "a key of a checkpoint has " + std::to_string(key.size()) +
                                            " bytes and not " + std::to_string(chunk_key_size));
  return chunk_position{id_at(key, 0), number_at(key, id_size, 8),
                        static_cast<std::uint32_t>(number_at(key, id_size + 8, 4))};
}

// --- log records ---

record_header make_record_header(std::string_view key, const log_record& record) {
  record_header header{};
  put(header.data() + 6, record.stored_at, 8);
  put(header.data() + 14, record.origin, 8);
  seal(key, header.data(), header.size(), 0, record.update);
  return header;
}

result<log_record> decode_record(std::string_view key, std::string_view value) {
  TROUPE_ASSIGN(const log_position at, read_log_key(key));
  TROUPE_TRY(unseal(name_of_record(at.number), key, value, record_header_size, 0));
  return log_record{number_at(value, 6, 8), number_at(value, 14, 8),
                    as_bytes(value.substr(record_header_size))};
}

// --- checkpoints ---

chunk_header make_chunk_header(std::string_view key, const checkpoint_chunk& chunk) {
  chunk_header header{};
  put(header.data() + 6, chunk.covers, 8);
  put(header.data() + 14, chunk.checkpoint_size, 8);
  put(header.data() + 22, chunk.checkpoint_crc, 4);
  seal(key, header.data(), header.size(), chunk.is_compressed ? flag_compressed : 0, chunk.bytes);
  return header;
}

result<checkpoint_chunk> decode_chunk(std::string_view key, std::string_view value) {
  TROUPE_ASSIGN(const chunk_position at, read_chunk_key(key));
  const std::string what = name_of_chunk(at);
  TROUPE_ASSIGN(const std::uint8_t flags,
                unseal(what, key, value, chunk_header_size, flag_compressed));
  const checkpoint_chunk chunk{number_at(value, 6, 8), number_at(value, 14, 8),
                               static_cast<std::uint32_t>(number_at(value, 22, 4)),
                               as_bytes(value.substr(chunk_header_size)),
                               (flags & flag_compressed) != 0};
  const std::uint64_t count = chunk_count(chunk.checkpoint_size);
  if (at.part >= count)
    return fail(errc::corrupt_document,
                what + ": the checkpoint has only " + std::to_string(count) + " chunks");
  const std::uint64_t size = part_size(chunk.checkpoint_size, at.part);
  if (!chunk.is_compressed && chunk.bytes.size() != size)
    return fail(errc::corrupt_document, what + ": it has " + std::to_string(chunk.bytes.size()) +
                                            " bytes and not " + std::to_string(size));
  return chunk;
}

result<void> checkpoint_reader::add(std::string_view key, std::string_view value) {
  TROUPE_ASSIGN(const chunk_position at, read_chunk_key(key));
  if (at.part != count_)
    return fail(errc::corrupt_document, name_of_chunk({at.id, at.of, count_}) + ": it is missing");
  TROUPE_ASSIGN(const checkpoint_chunk chunk, decode_chunk(key, value));
  if (count_ == 0) {
    covers_ = chunk.covers;
    size_ = chunk.checkpoint_size;
    crc_ = chunk.checkpoint_crc;
  } else if (chunk.covers != covers_ || chunk.checkpoint_size != size_ ||
             chunk.checkpoint_crc != crc_) {
    return fail(errc::corrupt_document, name_of_chunk(at) + ": it is of another checkpoint");
  }
  ++count_;
  if (!chunk.is_compressed) {
    state_.insert(state_.end(), chunk.bytes.begin(), chunk.bytes.end());
    return {};
  }
  const std::uint64_t size = part_size(size_, at.part);
  const auto part = decompress(chunk.bytes, size);
  if (!part) return fail(errc::corrupt_document, name_of_chunk(at) + ": " + part.error().detail);
  if (part->size() != size)
    return fail(errc::corrupt_document, name_of_chunk(at) + ": it has " +
                                            std::to_string(part->size()) + " bytes and not " +
                                            std::to_string(size));
  state_.insert(state_.end(), part->begin(), part->end());
  return {};
}

result<shared_bytes> checkpoint_reader::finish() {
  if (count_ == 0) return fail(errc::corrupt_document, "nothing of it is there");
  if (!is_whole())
    return fail(errc::corrupt_document, "only " + std::to_string(state_.size()) + " of " +
                                            std::to_string(size_) + " bytes are there");
  if (crc32c(state_) != crc_)
    return fail(errc::corrupt_document, "the checksum of the whole is wrong");
  return shared_bytes::copy_of(state_);
}

// --- what is known of a document ---

std::string encode_meta(std::string_view key, const document_meta& meta) {
  std::string value(prologue_size, '\0');
  value.reserve(meta_size);
  append(value, meta.id);
  for (const std::uint64_t number :
       {meta.created_at, meta.changed_at, meta.life, meta.counted, meta.log_records, meta.log_bytes,
        meta.newest, meta.covers, meta.checkpoint_size, meta.previous, meta.previous_covers,
        meta.previous_size})
    append(value, number, 8);
  const int flags = (meta.is_removed ? flag_removed : 0) | (meta.is_admitted ? flag_admitted : 0);
  seal(key, value.data(), value.size(), static_cast<std::uint8_t>(flags));
  return value;
}

result<document_meta> decode_meta(std::string_view key, std::string_view value) {
  TROUPE_ASSIGN(const std::uint8_t flags,
                unseal("its meta entry", key, value, meta_size, flag_removed | flag_admitted));
  if (value.size() != meta_size)
    return fail(errc::corrupt_document, "its meta entry: it is too long", meta_size);
  document_meta meta;
  meta.id = id_at(value, prologue_size);
  meta.is_removed = (flags & flag_removed) != 0;
  meta.is_admitted = (flags & flag_admitted) != 0;
  std::size_t at = prologue_size + id_size;
  for (std::uint64_t* const number :
       {&meta.created_at, &meta.changed_at, &meta.life, &meta.counted, &meta.log_records,
        &meta.log_bytes, &meta.newest, &meta.covers, &meta.checkpoint_size, &meta.previous,
        &meta.previous_covers, &meta.previous_size}) {
    *number = number_at(value, at, 8);
    at += 8;
  }
  return meta;
}

std::string encode_name(std::string_view key, std::string_view name) {
  std::string value(prologue_size, '\0');
  value.append(name);
  seal(key, value.data(), value.size(), 0);
  return value;
}

result<std::string> decode_name(std::string_view key, std::string_view value) {
  TROUPE_TRY(unseal("the name of its id", key, value, prologue_size, 0));
  return std::string{value.substr(prologue_size)};
}

// --- the marker ---

std::string encode_marker(const store_marker& marker) {
  std::string value(prologue_size, '\0');
  value.append(marker_magic);
  append(value, marker.format, 4);
  append(value, marker.created_at, 8);
  seal(marker_key, value.data(), value.size(), 0);
  return value;
}

result<store_marker> decode_marker(std::string_view value) {
  const auto flags = unseal("the format marker", marker_key, value, marker_size, 0);
  if (!flags && flags.error().code == errc::newer_format) return tl::unexpected(flags.error());
  if (!flags) return fail(errc::corrupt_store, flags.error().detail, flags.error().offset);
  if (value.substr(prologue_size, marker_magic.size()) != marker_magic)
    return fail(errc::corrupt_store, "the format marker: it is not of this server", prologue_size);
  const std::size_t at = prologue_size + marker_magic.size();
  const store_marker marker{static_cast<std::uint32_t>(number_at(value, at, 4)),
                            number_at(value, at + 4, 8)};
  if (marker.format > store_format)
    return fail(errc::newer_format, "the store has format " + std::to_string(marker.format) +
                                        ", this server reads up to " +
                                        std::to_string(store_format));
  if (marker.format == 0) return fail(errc::corrupt_store, "the format marker: its format is 0");
  return marker;
}

std::string misfit::gap(sequence first, sequence last) {
  return "its next record is " + std::to_string(last + 1) + " and not " + std::to_string(first);
}

std::string misfit::other_contents(sequence number) {
  return name_of_record(number) + " is stored already, and not with these contents";
}

failure in_document(std::string_view name, failure what) {
  what.detail.insert(0, "document " + in_single_quotes(name) + ": ");
  return what;
}

}  // namespace troupe::storage
