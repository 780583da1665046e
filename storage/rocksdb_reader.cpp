#include "storage/rocksdb_reader.hpp"

#include <algorithm>

#include "storage/rocksdb_text.hpp"

namespace troupe::storage {
namespace {

tl::unexpected<failure> missing(sequence number) {
  return fail(errc::corrupt_document, "record " + std::to_string(number) + " is missing");
}

}  // namespace

rocksdb_store::~rocksdb_store() {
  for (rocksdb::ColumnFamilyHandle* const each : handles_)
    db_->DestroyColumnFamilyHandle(each).PermitUncheckedError();
  db_->Close().PermitUncheckedError();  // what is durable is so already
}

rocksdb_reader::rocksdb_reader(const rocksdb_store& store, caching cached)
    : store_(store), snapshot_(store.db().GetSnapshot()) {
  options_.snapshot = snapshot_;
  options_.verify_checksums = true;
  options_.fill_cache = cached == caching::yes;
}

std::unique_ptr<rocksdb::Iterator> rocksdb_reader::iterate_to(family which,
                                                              const rocksdb::Slice& end) const {
  rocksdb::ReadOptions options = options_;
  options.iterate_upper_bound = &end;
  return std::unique_ptr<rocksdb::Iterator>{store_.db().NewIterator(options, store_.handle(which))};
}

std::unique_ptr<rocksdb::Iterator> rocksdb_reader::iterate(family which) const {
  rocksdb::ReadOptions options = options_;
  options.total_order_seek = true;
  return std::unique_ptr<rocksdb::Iterator>{store_.db().NewIterator(options, store_.handle(which))};
}

result<bool> rocksdb_reader::has_any(family which, const document_id& id) const {
  const std::string end = end_key(id);
  const rocksdb::Slice end_slice{end};
  const auto at = iterate_to(which, end_slice);
  at->Seek(begin_key(id));
  if (!at->status().ok()) return tl::unexpected(to_document_failure(at->status()));
  return at->Valid();
}

/// That nothing is stored of a document of which nothing is known.
result<void> rocksdb_reader::check_unknown(const std::string& name, const document_id& id) const {
  const std::string key = name_key(id);
  std::string value;
  const auto status = store_.db().Get(options_, store_.handle(family::meta), key, &value);
  if (status.ok()) {
    TROUPE_ASSIGN(const std::string owner, decode_name(key, value));
    if (owner == name) return fail(errc::corrupt_document, "its meta entry is missing");
    return fail(errc::storage_conflict, "its id " + to_string(id) + " is that of document '" +
                                            owner + "', so its name cannot be used");
  }
  if (!status.IsNotFound()) return tl::unexpected(to_document_failure(status));
  for (const family which : {family::log, family::checkpoints, family::versions}) {
    TROUPE_ASSIGN(const bool is_there, has_any(which, id));
    if (is_there)
      return fail(errc::corrupt_document, "its meta entry is missing, but there is data of it");
  }
  return {};
}

result<std::optional<document_meta>> rocksdb_reader::find_meta(const std::string& name) const {
  const document_id id = id_of(name);
  const std::string key = meta_key(name);
  std::string value;
  const auto status = store_.db().Get(options_, store_.handle(family::meta), key, &value);
  if (status.IsNotFound()) {
    TROUPE_TRY(check_unknown(name, id));
    return std::nullopt;
  }
  if (!status.ok()) return tl::unexpected(to_document_failure(status));
  TROUPE_ASSIGN(const document_meta meta, decode_meta(key, value));
  if (meta.id != id)
    return fail(errc::corrupt_document, "its meta entry: it has the id " + to_string(meta.id) +
                                            " and not " + to_string(id));
  return meta;
}

result<shared_bytes> rocksdb_reader::read_checkpoint(const document_id& id, generation of,
                                                     sequence covers) const {
  if (of == 0) return shared_bytes{};
  const std::string what = "checkpoint generation " + std::to_string(of);
  const std::string end = chunk_key(id, of + 1, 0);
  const rocksdb::Slice end_slice{end};
  const auto at = iterate_to(family::checkpoints, end_slice);
  checkpoint_reader reader;
  for (at->Seek(chunk_key(id, of, 0)); at->Valid(); at->Next())
    TROUPE_TRY(reader.add(text_of(at->key()), text_of(at->value())));
  if (!at->status().ok()) {
    failure why = to_document_failure(at->status());
    why.detail.insert(0, what + ": ");
    return tl::unexpected(std::move(why));
  }
  auto state = reader.finish();
  if (!state) return fail(state.error().code, what + ": " + state.error().detail);
  if (reader.covers() != covers)
    return fail(errc::corrupt_document, what + ": it covers " + std::to_string(reader.covers()) +
                                            " and not " + std::to_string(covers));
  return state;
}

result<rocksdb_reader::log_part> rocksdb_reader::read_log(const document_id& id, sequence from,
                                                          sequence last_min,
                                                          contents wanted) const {
  log_part part;
  part.last = from - 1;
  const std::string end = end_key(id);
  const rocksdb::Slice end_slice{end};
  const auto at = iterate_to(family::log, end_slice);
  byte_buffer bytes;
  std::vector<std::size_t> sizes;
  for (at->Seek(log_key(id, from)); at->Valid(); at->Next()) {
    TROUPE_ASSIGN(const log_position position, read_log_key(text_of(at->key())));
    if (position.number != part.last + 1) return missing(part.last + 1);
    TROUPE_ASSIGN(const log_record record, decode_record(text_of(at->key()), text_of(at->value())));
    ++part.last;
    part.bytes += record.update.size();
    part.stored_at = record.stored_at;
    if (wanted == contents::count) continue;
    sizes.push_back(record.update.size());
    bytes.insert(bytes.end(), record.update.begin(), record.update.end());
  }
  if (!at->status().ok()) {
    failure why = to_document_failure(at->status());
    why.detail.insert(0, "record " + std::to_string(part.last + 1) + ": ");
    return tl::unexpected(std::move(why));
  }
  if (part.last < last_min) return missing(part.last + 1);
  const shared_bytes all = shared_bytes::copy_of(bytes);
  part.updates.reserve(sizes.size());
  std::size_t offset = 0;
  for (const std::size_t size : sizes) {
    part.updates.emplace_back(all, offset, size);
    offset += size;
  }
  return part;
}

result<std::optional<std::string>> rocksdb_reader::find_update(const document_id& id,
                                                               sequence number) const {
  const std::string key = log_key(id, number);
  std::string value;
  const auto status = store_.db().Get(options_, store_.handle(family::log), key, &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return tl::unexpected(to_document_failure(status));
  TROUPE_ASSIGN(const log_record record, decode_record(key, value));
  return std::string{as_text(record.update)};
}

result<void> rocksdb_reader::count_rest(document_meta& meta) const {
  const sequence from = meta.counted + 1;
  TROUPE_ASSIGN(const log_part rest, read_log(meta.id, from, 0, contents::count));
  meta.counted = rest.last;
  meta.log_records += rest.last + 1 - from;
  meta.log_bytes += rest.bytes;
  meta.changed_at = std::max(meta.changed_at, rest.stored_at);
  return {};
}

result<stored_document> rocksdb_reader::load(const document_meta& meta) const {
  const sequence last_min = std::max(meta.covers, meta.counted);
  stored_document stored;
  stored.generation = document_generation(meta.life, meta.is_removed, meta.is_admitted);
  const auto put = [&](shared_bytes checkpoint, log_part log) {
    stored.checkpoint = std::move(checkpoint);
    stored.updates = std::move(log.updates);
    stored.last = log.last;
  };
  auto newest = read_checkpoint(meta.id, meta.newest, meta.covers);
  if (newest) {
    TROUPE_ASSIGN(log_part log, read_log(meta.id, meta.covers + 1, last_min));
    put(std::move(*newest), std::move(log));
    return stored;
  }
  if (newest.error().code != errc::corrupt_document) return tl::unexpected(newest.error());
  // The log since the previous checkpoint is kept for this; without a hole, nothing is lost.
  auto previous = read_checkpoint(meta.id, meta.previous, meta.previous_covers);
  auto log = previous ? read_log(meta.id, meta.previous_covers + 1, last_min)
                      : result<log_part>{tl::unexpected(previous.error())};
  if (!log)
    return fail(log.error().code, newest.error().detail +
                                      "; the checkpoint before it does not "
                                      "help: " +
                                      log.error().detail);
  stored.damage = newest.error().detail;
  put(std::move(*previous), std::move(*log));
  return stored;
}

result<void> check_present(const document_meta& meta) {
  if (!meta.is_removed || meta.is_admitted) return {};
  return fail(errc::document_removed, "it was removed");
}

}  // namespace troupe::storage
