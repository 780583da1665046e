#include <algorithm>
#include <filesystem>

#include <rocksdb/utilities/checkpoint.h>

#include "base/printable.hpp"
#include "storage/document_description.hpp"
#include "storage/rocksdb_state.hpp"
#include "storage/store_files.hpp"

namespace troupe::storage {
namespace {

/// With the records behind the last figures counted; what cannot be read is the damage.
document_info describe(const rocksdb_reader& reader, const std::string& name,
                       result<document_meta> meta) {
  if (meta) {
    const auto counted = reader.count_rest(*meta);
    document_info info = describe(name, *meta);
    if (!counted) info.damage = counted.error().detail;
    return info;
  }
  document_info info;
  info.name = name;
  info.damage = meta.error().detail;
  return info;
}

std::uint64_t number_of(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* of,
                        const std::string& property) {
  std::uint64_t number = 0;
  return db.GetIntProperty(of, property, &number) ? number : 0;
}

std::uint64_t size_of(const rocksdb_store& store, family which) {
  rocksdb::ColumnFamilyHandle* const of = store.handle(which);
  return number_of(store.db(), of, rocksdb::DB::Properties::kLiveSstFilesSize) +
         number_of(store.db(), of, rocksdb::DB::Properties::kCurSizeAllMemTables);
}

}  // namespace

result<document_page> rocksdb_backend::list(const document_query& which) {
  const state::use store{*state_};
  if (!store) return tl::unexpected(state_->closed());
  const rocksdb_reader reader{*store};
  const auto at = reader.iterate(family::meta);
  const std::string prefix = meta_key(which.prefix);
  const std::string after = meta_key(which.after);
  document_page page;
  for (at->Seek(std::max(prefix, after)); at->Valid(); at->Next()) {
    const std::string key = at->key().ToString();
    if (!key.starts_with(prefix)) break;
    if (key == after && !which.after.empty()) continue;
    auto meta = decode_meta(key, at->value().ToStringView());
    if (meta && meta->is_removed && !which.with_removed) continue;
    page.has_more = page.documents.size() >= which.limit;
    if (page.has_more) break;
    page.documents.push_back(describe(reader, key.substr(meta_prefix.size()), std::move(meta)));
  }
  if (!at->status().ok()) return tl::unexpected(to_failure(at->status()));
  return page;
}

result<std::optional<document_info>> rocksdb_backend::info(const std::string& document) {
  const state::use store{*state_};
  if (!store) return tl::unexpected(in_document(document, state_->closed()));
  const rocksdb_reader reader{*store};
  auto meta = reader.find_meta(document);
  if (meta && !*meta) return std::nullopt;
  if (meta) return describe(reader, document, **meta);
  if (meta.error().code != errc::corrupt_document)
    return tl::unexpected(in_document(document, meta.error()));
  return describe(reader, document, tl::unexpected(meta.error()));
}

namespace {

std::uint64_t generation_of(const document_meta& meta) {
  return document_generation(meta.life, meta.is_removed, meta.is_admitted);
}

/// All records, checkpoints and versions.
result<void> erase_contents(rocksdb::WriteBatch& batch, const rocksdb_store& store,
                            const document_id& id) {
  for (const family which : {family::log, family::checkpoints, family::versions})
    if (const auto status = batch.DeleteRange(store.handle(which), begin_key(id), end_key(id));
        !status.ok())
      return tl::unexpected(to_failure(status));
  return {};
}

/// All that is stored of the document goes, and a tombstone is left.
result<void> bury(rocksdb_backend::state& of, const std::string& document,
                  const document_meta& tombstone) {
  const rocksdb_store& store = *of.store;
  rocksdb::WriteBatch batch{0, 0, 8, 0};
  if (const auto erased = erase_contents(batch, store, tombstone.id); !erased)
    return tl::unexpected(in_document(document, erased.error()));
  const std::string key = meta_key(document);
  const std::string owner = name_key(tombstone.id);
  for (const auto& [at, value] : {std::pair{key, encode_meta(key, tombstone)},
                                  std::pair{owner, encode_name(owner, document)}})
    if (const auto status = batch.Put(store.handle(family::meta), at, value); !status.ok())
      return tl::unexpected(in_document(document, to_failure(status)));
  TROUPE_TRY(of.commit(batch));
  of.heads.forget(document);
  return {};
}

}  // namespace

result<bool> rocksdb_backend::remove(const std::string& document) {
  std::lock_guard lock{state_->writing};
  TROUPE_TRY(state_->check_writable());
  const auto stored = rocksdb_reader{*state_->store}.find_meta(document);
  // Of what cannot be read, nothing is known but that it is there.
  const bool is_corrupt = !stored && stored.error().code == errc::corrupt_document;
  if (!stored && !is_corrupt) return tl::unexpected(in_document(document, stored.error()));
  if (stored && (!*stored || !check_present(**stored))) return false;
  document_meta tombstone;
  tombstone.id = id_of(document);
  tombstone.is_removed = true;
  tombstone.created_at = tombstone.changed_at = state_->now();
  const bool was_there = is_corrupt || !(*stored)->is_removed;
  if (stored) {
    tombstone.created_at = (*stored)->created_at;
    tombstone.life = (*stored)->life;
  }
  TROUPE_TRY(bury(*state_, document, tombstone));
  return was_there;
}

result<std::uint64_t> rocksdb_backend::adopt(const std::string& document, std::uint64_t wanted) {
  std::lock_guard lock{state_->writing};
  const auto stored = rocksdb_reader{*state_->store}.find_meta(document);
  const bool is_corrupt = !stored && stored.error().code == errc::corrupt_document;
  if (!stored && !is_corrupt) return tl::unexpected(in_document(document, stored.error()));
  const std::uint64_t known = stored && *stored ? generation_of(**stored) : 0;
  // A document that begins its first life needs no entry for that.
  if (wanted <= std::max<std::uint64_t>(known, 2)) return known;
  TROUPE_TRY(state_->check_writable());
  document_meta tombstone;
  tombstone.id = id_of(document);
  tombstone.is_removed = true;
  const document_end end = end_of_generation(wanted);
  tombstone.life = end.life;
  tombstone.is_admitted = end.is_admitted;
  tombstone.created_at = tombstone.changed_at = state_->now();
  TROUPE_TRY(bury(*state_, document, tombstone));
  return wanted;
}

namespace {

/// Whether a version of it was made by somebody, who may want it later.
result<bool> has_named_version(rocksdb_backend& of, const std::string& document) {
  constexpr std::size_t page_size = 256;
  version_page page;
  do {
    const version_number after = page.versions.empty() ? 0 : page.versions.back().number;
    TROUPE_ASSIGN(page, of.list_versions({document, after, page_size}));
    for (const version_info& each : page.versions)
      if (!each.is_automatic) return true;
  } while (page.has_more);
  return false;
}

}  // namespace

result<bool> rocksdb_backend::forget(const std::string& document) {
  TROUPE_ASSIGN(const bool is_wanted, has_named_version(*this, document));
  if (is_wanted) return false;
  std::lock_guard lock{state_->writing};
  TROUPE_TRY(state_->check_writable());
  const rocksdb_store& store = *state_->store;
  const auto stored = rocksdb_reader{store}.find_meta(document);
  if (!stored) return tl::unexpected(in_document(document, stored.error()));
  if (!*stored || (*stored)->is_removed) return false;
  const document_id id = (*stored)->id;
  rocksdb::WriteBatch batch{0, 0, 8, 0};
  if (const auto erased = erase_contents(batch, store, id); !erased)
    return tl::unexpected(in_document(document, erased.error()));
  for (const std::string& key : {meta_key(document), name_key(id)})
    if (const auto status = batch.Delete(store.handle(family::meta), key); !status.ok())
      return tl::unexpected(in_document(document, to_failure(status)));
  TROUPE_TRY(state_->commit(batch));
  state_->heads.forget(document);
  return true;
}

result<bool> rocksdb_backend::admit(const std::string& document) {
  std::lock_guard lock{state_->writing};
  TROUPE_TRY(state_->check_writable());
  auto stored = rocksdb_reader{*state_->store}.find_meta(document);
  if (!stored) return tl::unexpected(in_document(document, stored.error()));
  if (!*stored || !(*stored)->is_removed) return false;
  (*stored)->is_admitted = true;
  const std::string key = meta_key(document);
  rocksdb::WriteBatch batch{0, 0, 8, 0};
  const auto put = batch.Put(state_->store->handle(family::meta), key, encode_meta(key, **stored));
  if (!put.ok()) return tl::unexpected(in_document(document, to_failure(put)));
  TROUPE_TRY(state_->commit(batch));
  state_->heads.forget(document);
  return true;
}

result<store_stats> rocksdb_backend::stats() {
  const state::use store{*state_};
  store_stats stats;
  stats.is_writable = state_->is_writable && store;
  stats.free_bytes = state_->free_space().value_or(0);
  if (state_->is_full) stats.awaited_bytes = awaited_space(state_->settings);
  if (!store) return stats;
  rocksdb::DB& db = (*store).db();
  // Each document has two keys there, and the store one.
  stats.documents_estimated =
      number_of(db, (*store).handle(family::meta), rocksdb::DB::Properties::kEstimateNumKeys) / 2;
  stats.log_bytes = size_of(*store, family::log);
  stats.checkpoint_bytes = size_of(*store, family::checkpoints);
  stats.meta_bytes = size_of(*store, family::meta);
  stats.version_bytes = size_of(*store, family::versions);
  rocksdb::VectorLogPtr journals;
  if (const auto status = db.GetSortedWalFiles(journals); !status.ok())
    return tl::unexpected(to_failure(status));
  for (const auto& journal : journals) stats.journal_bytes += journal->SizeFileBytes();
  return stats;
}

result<void> rocksdb_backend::backup(const std::string& directory) {
  namespace fs = std::filesystem;
  const auto failed = [&](errc code, std::string_view why) {
    return fail(code, "backup to " + in_single_quotes(directory) + ": " + std::string{why});
  };
  const state::use store{*state_};
  if (!store) return failed(state_->closed().code, state_->closed().detail);
  if (is_within(directory, state_->settings.path))
    return failed(errc::invalid_config, "it lies in the directory of the store");
  std::error_code why;
  if (fs::exists(directory, why)) {
    if (!fs::is_directory(directory, why) || !fs::is_empty(directory, why))
      return failed(errc::storage_failed, "it exists and is not empty");
    fs::remove(directory, why);
  } else if (const auto parent = fs::absolute(directory, why).parent_path(); !parent.empty()) {
    fs::create_directories(parent, why);
  }
  if (why) return failed(errc::storage_failed, why.message());
  rocksdb::Checkpoint* made = nullptr;
  auto status = rocksdb::Checkpoint::Create(&(*store).db(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> maker{made};
  if (status.ok()) status = maker->CreateCheckpoint(directory);
  if (!status.ok()) return failed(to_failure(status).code, status.ToString());
  // Proves that it opens, and gives it a journal, without which no store opens.
  rocksdb_settings of_copy = state_->settings;
  of_copy.path = directory;
  if (const auto opened = state{std::move(of_copy)}.open_store(state::journal::may_be_missing);
      !opened)
    return failed(opened.error().code, opened.error().detail);
  return {};
}

}  // namespace troupe::storage
