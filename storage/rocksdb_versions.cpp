// The versions of documents in RocksDB.
#include <algorithm>

#include "storage/rocksdb_state.hpp"
#include "storage/rocksdb_text.hpp"
#include "storage/rocksdb_versions.hpp"

namespace troupe::storage {
namespace {

version_info describe(const document_id& id, version_number number, std::string_view value) {
  auto entry = decode_version(version_key(id, number, 0), value);
  if (entry) return std::move(entry->info);
  version_info info;
  info.number = number;
  info.damage = entry.error().detail;
  return info;
}

/// The number that the next version gets.
result<version_number> next_number_of(const rocksdb_store& store, const document_id& id) {
  const std::string key = version_count_key(id);
  std::string value;
  const auto status = store.db().Get({}, store.handle(family::versions), key, &value);
  if (status.IsNotFound()) return version_number{1};
  if (!status.ok()) return tl::unexpected(to_document_failure(status));
  TROUPE_ASSIGN(const version_number last, decode_version_count(key, value));
  return last + 1;
}

/// The id of a document that is there.
result<std::optional<document_id>> find_present(const rocksdb_reader& reader,
                                                const std::string& document) {
  auto meta = reader.find_meta(document);
  if (!meta) return tl::unexpected(in_document(document, meta.error()));
  if (!*meta || (*meta)->is_removed) return std::nullopt;
  return (*meta)->id;
}

}  // namespace

result<version_page> read_versions(const rocksdb_reader& reader, const document_id& id,
                                   version_number after, std::size_t limit) {
  version_page page;
  constexpr version_number newest = ~version_number{0};
  if (after == newest) return page;
  const auto at = reader.iterate(family::versions);
  const std::string end = version_key(id, newest, 0);
  at->Seek(version_key(id, after + 1, 0));
  while (at->Valid() && text_of(at->key()) < end) {
    TROUPE_ASSIGN(const version_position position, read_version_key(text_of(at->key())));
    page.has_more = page.versions.size() >= limit;
    if (page.has_more) break;
    if (position.part == 0) {
      page.versions.push_back(describe(id, position.number, text_of(at->value())));
    } else {
      version_info info;
      info.number = position.number;
      info.damage = "version " + std::to_string(position.number) + ": its entry is missing";
      page.versions.push_back(std::move(info));
    }
    at->Seek(version_key(id, position.number + 1, 0));
  }
  if (!at->status().ok()) return tl::unexpected(to_document_failure(at->status()));
  return page;
}

result<std::optional<stored_version>> read_version(const rocksdb_reader& reader,
                                                   const document_id& id, version_number number) {
  const auto at = reader.iterate(family::versions);
  const std::string entry_key = version_key(id, number, 0);
  at->Seek(entry_key);
  std::optional<version_entry> entry;
  std::optional<version_reader> parts;
  for (; at->Valid(); at->Next()) {
    if (!at->key().starts_with(rocksdb::Slice{entry_key.data(), entry_key.size() - 4})) break;
    if (parts) {
      TROUPE_TRY(parts->add(text_of(at->key()), text_of(at->value())));
      continue;
    }
    if (text_of(at->key()) != entry_key)
      return fail(errc::corrupt_document,
                  "version " + std::to_string(number) + ": its entry is missing");
    TROUPE_ASSIGN(entry, decode_version(entry_key, text_of(at->value())));
    parts.emplace(*entry);
  }
  if (!at->status().ok()) return tl::unexpected(to_document_failure(at->status()));
  if (!parts) return std::nullopt;
  TROUPE_ASSIGN(shared_bytes state, parts->finish());
  return stored_version{std::move(entry->info), std::move(state)};
}

result<version_info> rocksdb_backend::add_version(const std::string& document,
                                                  const version_draft& what) {
  TROUPE_TRY(check_label(what.label));
  TROUPE_ASSIGN(const packed_version packed, pack_version(what.state));
  std::lock_guard lock{state_->writing};
  TROUPE_TRY(state_->check_writable());
  const rocksdb_store& store = *state_->store;
  TROUPE_ASSIGN(const std::optional<document_id> id, find_present(rocksdb_reader{store}, document));
  if (!id)
    return tl::unexpected(
        in_document(document, {errc::document_removed, std::string{misfit::no_document}}));
  const auto number = next_number_of(store, *id);
  if (!number) return tl::unexpected(in_document(document, number.error()));
  version_entry entry;
  entry.info = {*number,     what.label,        state_->now(),       what.is_automatic,
                what.covers, what.state.size(), packed.frame.size(), what.by};
  entry.frame_crc = packed.crc;
  rocksdb::WriteBatch batch{0, 0, 8, 0};
  rocksdb::Status status;
  const auto put = [&](const std::string& key, const std::string& value) {
    if (status.ok()) status = batch.Put(store.handle(family::versions), key, value);
  };
  std::string key = version_count_key(*id);
  put(key, encode_version_count(key, *number));
  key = version_key(*id, *number, 0);
  put(key, encode_version(key, entry));
  std::uint32_t part = 0;
  for (byte_view rest = packed.frame; !rest.empty();) {
    const byte_view chunk = rest.first(std::min(rest.size(), chunk_size_bytes_max));
    key = version_key(*id, *number, ++part);
    put(key, encode_version_chunk(key, chunk));
    rest = rest.subspan(chunk.size());
  }
  if (!status.ok()) return tl::unexpected(in_document(document, to_failure(status)));
  TROUPE_TRY(state_->commit(batch));
  return std::move(entry.info);
}

result<version_page> rocksdb_backend::list_versions(const version_query& which) {
  const state::use store{*state_};
  if (!store) return tl::unexpected(in_document(which.document, state_->closed()));
  const rocksdb_reader reader{*store};
  TROUPE_ASSIGN(const std::optional<document_id> id, find_present(reader, which.document));
  if (!id) return version_page{};
  auto page = read_versions(reader, *id, which.after, which.limit);
  if (!page) return tl::unexpected(in_document(which.document, page.error()));
  return page;
}

result<std::optional<stored_version>> rocksdb_backend::read_version(const std::string& document,
                                                                    version_number number) {
  const state::use store{*state_};
  if (!store) return tl::unexpected(in_document(document, state_->closed()));
  const rocksdb_reader reader{*store, rocksdb_reader::caching::no};
  TROUPE_ASSIGN(const std::optional<document_id> id, find_present(reader, document));
  if (!id || number == 0) return std::nullopt;
  auto found = storage::read_version(reader, *id, number);
  if (!found) return tl::unexpected(in_document(document, found.error()));
  return found;
}

result<bool> rocksdb_backend::remove_version(const std::string& document, version_number number) {
  std::lock_guard lock{state_->writing};
  TROUPE_TRY(state_->check_writable());
  const rocksdb_store& store = *state_->store;
  const rocksdb_reader reader{store, rocksdb_reader::caching::no};
  TROUPE_ASSIGN(const std::optional<document_id> id, find_present(reader, document));
  if (!id || number == 0) return false;
  const auto at = reader.iterate(family::versions);
  const std::string begin = version_key(*id, number, 0);
  rocksdb::WriteBatch batch{0, 0, 8, 0};
  rocksdb::Status status;
  for (at->Seek(begin); at->Valid() && status.ok(); at->Next()) {
    if (!at->key().starts_with(rocksdb::Slice{begin.data(), begin.size() - 4})) break;
    status = batch.Delete(store.handle(family::versions), at->key());
  }
  if (status.ok()) status = at->status();
  if (!status.ok()) return tl::unexpected(in_document(document, to_failure(status)));
  if (batch.Count() == 0) return false;
  TROUPE_TRY(state_->commit(batch));
  return true;
}

}  // namespace troupe::storage
