#include "storage/rocksdb_writer.hpp"

#include <algorithm>
#include <array>

#include "base/check.hpp"
#include "base/compression.hpp"
#include "base/crc32c.hpp"
#include "storage/announcement_record.hpp"

namespace troupe::storage {
namespace {

// The meta entry is written with a checkpoint, and after so much else, not with each append: that
// would double the bytes of a keystroke. A reader counts the few records behind it.
constexpr std::uint64_t uncounted_records_max = 64;
constexpr std::uint64_t uncounted_bytes_max = 256 * 1024;

rocksdb::Slice slice_of(byte_view bytes) { return {as_text(bytes).data(), bytes.size()}; }

/// A batch refuses only what is too large for it, which no limit of the server lets through.
void require(const rocksdb::Status& status) { TROUPE_CHECK(status.ok()); }

}  // namespace

rocksdb_writer::rocksdb_writer(const rocksdb_store& store, head_cache& heads, time_ms now,
                               const damage_test& is_damaged)
    : store_(store), heads_(heads), now_(now), is_damaged_(is_damaged), batch_(0, 0, 8, 0) {}

result<rocksdb_writer::staged*> rocksdb_writer::find(const std::string& document) {
  if (const auto found = staged_.find(document); found != staged_.end()) return &found->second;
  staged one;
  if (const document_head* const known = heads_.find(document)) {
    one.head = *known;
  } else {
    const rocksdb_reader reader{store_};
    auto stored = reader.find_meta(document);
    if (!stored) return tl::unexpected(in_document(document, stored.error()));
    one.is_new = !stored->has_value();
    if (one.is_new) {
      one.head.meta.id = id_of(document);
      one.head.meta.created_at = one.head.meta.changed_at = now_;
    } else {
      one.head.meta = **stored;
      one.head.written = one.head.meta.counted;
      if (const auto counted = reader.count_rest(one.head.meta); !counted)
        return tl::unexpected(in_document(document, counted.error()));
    }
  }
  document_meta& meta = one.head.meta;
  if (const auto present = check_present(meta); !present)
    return tl::unexpected(in_document(document, present.error()));
  if (meta.is_removed) {
    // It was admitted: this begins its next life.
    document_meta next;
    next.id = meta.id;
    next.life = meta.life + 1;
    next.created_at = next.changed_at = now_;
    meta = next;
    one.is_new = true;
  }
  return &staged_.emplace(document, std::move(one)).first->second;
}

/// That a record which is stored already is the one that is to be written.
result<void> rocksdb_writer::check_same(const std::string& document, const staged& of,
                                        sequence number, byte_view update) const {
  const auto stored = rocksdb_reader{store_}.find_update(of.head.meta.id, number);
  if (!stored) return tl::unexpected(in_document(document, stored.error()));
  if (*stored && std::ranges::equal(as_bytes(**stored), update)) return {};
  return tl::unexpected(
      in_document(document, {errc::storage_conflict, misfit::other_contents(number)}));
}

void rocksdb_writer::put_record(staged& of, sequence number, std::uint64_t origin,
                                const shared_slice& update) {
  const std::string key = log_key(of.head.meta.id, number);
  const record_header header = make_record_header(key, {now_, origin, update.view()});
  const rocksdb::Slice key_part{key};
  const std::array<rocksdb::Slice, 2> parts{rocksdb::Slice{header.data(), header.size()},
                                            slice_of(update.view())};
  require(batch_.Put(store_.handle(family::log), {&key_part, 1}, {parts.data(), 2}));
}

result<void> rocksdb_writer::add(const log_append& append) {
  if (append.updates.empty()) return {};
  TROUPE_ASSIGN(staged* const of, find(*append.document));
  document_head& head = of->head;
  sequence number = append.first == next_number ? head.meta.counted + 1 : append.first;
  if (number > head.meta.counted + 1)
    return tl::unexpected(in_document(
        *append.document, {errc::storage_conflict, misfit::gap(number, head.meta.counted)}));
  for (const shared_slice& update : append.updates) {
    if (number <= head.meta.counted) {
      TROUPE_TRY(check_same(*append.document, *of, number++, update.view()));
      continue;
    }
    put_record(*of, number, append.origin, update);
    head.meta.counted = number++;
    ++head.meta.log_records;
    head.meta.log_bytes += update.size;
    head.unwritten_bytes += update.size;
    head.meta.changed_at = now_;
    of->fresh.push_back(update.size);
  }
  return {};
}

/// Counts the records behind a checkpoint anew: those that are stored, and those of this batch.
result<void> rocksdb_writer::count_behind(staged& of, sequence covers) const {
  document_meta& meta = of.head.meta;
  meta.log_records = meta.counted > covers ? meta.counted - covers : 0;
  meta.log_bytes = 0;
  const sequence stored = meta.counted - of.fresh.size();
  if (stored > covers) {
    TROUPE_ASSIGN(const rocksdb_reader::log_part part,
                  rocksdb_reader{store_}.read_log(meta.id, covers + 1, stored,
                                                  rocksdb_reader::contents::count));
    meta.log_bytes = part.bytes;
  }
  for (std::size_t i = 0; i < of.fresh.size(); ++i)
    if (stored + 1 + i > covers) meta.log_bytes += of.fresh[i];
  return {};
}

/// Each part of the state by itself, compressed where that makes it smaller: a checkpoint is
/// written twice, to the journal and to a table.
void rocksdb_writer::put_chunks(const document_meta& meta, const shared_bytes& state) {
  const byte_view all = state.view();
  checkpoint_chunk chunk{meta.covers, all.size(), crc32c(all), {}};
  for (std::uint32_t number = 0; number < chunk_count(all.size()); ++number) {
    const byte_view part =
        all.subspan(number * chunk_size_bytes_max, part_size(all.size(), number));
    const byte_buffer frame = compress(part);
    chunk.is_compressed = frame.size() < part.size();
    chunk.bytes = chunk.is_compressed ? byte_view{frame} : part;
    const std::string key = chunk_key(meta.id, meta.newest, number);
    const chunk_header header = make_chunk_header(key, chunk);
    const rocksdb::Slice key_part{key};
    const std::array<rocksdb::Slice, 2> parts{rocksdb::Slice{header.data(), header.size()},
                                              slice_of(chunk.bytes)};
    require(batch_.Put(store_.handle(family::checkpoints), {&key_part, 1}, {parts.data(), 2}));
  }
}

void rocksdb_writer::drop_chunks(const document_id& id, generation of, std::uint64_t size) {
  if (of == 0) return;
  for (std::uint32_t part = 0; part < chunk_count(size); ++part)
    require(batch_.Delete(store_.handle(family::checkpoints), chunk_key(id, of, part)));
}

result<void> rocksdb_writer::add(const checkpoint_write& write) {
  TROUPE_ASSIGN(staged* const of, find(write.document));
  document_meta& meta = of->head.meta;
  if (write.covers < meta.covers) return {};

  if (meta.newest != 0 && is_damaged_(write.document, meta.newest)) {
    // What the document was read from stays as the previous one.
    drop_chunks(meta.id, meta.newest, meta.checkpoint_size);
  } else {
    drop_chunks(meta.id, meta.previous, meta.previous_size);
    if (meta.covers > meta.previous_covers)
      require(batch_.DeleteRange(store_.handle(family::log), log_key(meta.id, 0),
                                 log_key(meta.id, meta.covers + 1)));
    meta.previous = meta.newest;
    meta.previous_covers = meta.covers;
    meta.previous_size = meta.checkpoint_size;
  }
  ++meta.newest;
  meta.covers = write.covers;
  meta.checkpoint_size = write.state.size();
  if (const auto counted = count_behind(*of, write.covers); !counted)
    return tl::unexpected(in_document(write.document, counted.error()));
  if (meta.counted < meta.covers) {
    meta.counted = meta.covers;
    of->fresh.clear();
  }
  put_chunks(meta, write.state);
  of->has_checkpoint = true;
  return {};
}

result<void> rocksdb_writer::add(const announcement& what) {
  TROUPE_TRY(check_announcement(what));
  const std::string key = announcement_key(what.number);
  require(batch_.Put(store_.handle(family::announcements), key, encode_announcement(key, what)));
  return {};
}

rocksdb::WriteBatch& rocksdb_writer::finish() {
  for (auto& [name, one] : staged_) {
    document_head& head = one.head;
    if (one.is_new) {
      const std::string key = name_key(head.meta.id);
      require(batch_.Put(store_.handle(family::meta), key, encode_name(key, name)));
    }
    if (!one.is_new && !one.has_checkpoint &&
        head.meta.counted - head.written < uncounted_records_max &&
        head.unwritten_bytes < uncounted_bytes_max)
      continue;
    const std::string key = meta_key(name);
    require(batch_.Put(store_.handle(family::meta), key, encode_meta(key, head.meta)));
    head.written = head.meta.counted;
    head.unwritten_bytes = 0;
  }
  return batch_;
}

void rocksdb_writer::remember() {
  for (auto& [name, one] : staged_) heads_.put(name, one.head);
}

}  // namespace troupe::storage
