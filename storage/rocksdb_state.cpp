#include "storage/rocksdb_state.hpp"

#include <rocksdb/env.h>

#include "base/wall_clock.hpp"
#include "storage/rocksdb_directory.hpp"
#include "storage/rocksdb_journals.hpp"

namespace troupe::storage {
namespace {

enum class marker { put_if_new, required };

/// Reads the format marker, or puts it into a store that has nothing else.
result<void> check_marker(const std::string& path, const rocksdb_store& store, time_ms now,
                          marker wanted) {
  std::string value;
  rocksdb::ColumnFamilyHandle* const meta = store.handle(family::meta);
  const rocksdb::Slice key{marker_key.data(), marker_key.size()};
  const auto status = store.db().Get({}, meta, key, &value);
  if (status.ok()) {
    const auto found = decode_marker(value);
    if (found) return {};
    const bool is_newer = found.error().code == errc::newer_format;
    return refuse(path, found.error().code, found.error().detail,
                  is_newer ? advice::newer : advice::corrupt);
  }
  if (!status.IsNotFound()) return refuse(path, status);
  const rocksdb_reader reader{store};
  for (std::size_t i = 0; i < family_count; ++i) {
    const auto at = reader.iterate(static_cast<family>(i));
    at->SeekToFirst();
    if (!at->status().ok()) return refuse(path, at->status());
    if (at->Valid())
      return refuse(path, errc::corrupt_store,
                    "it has no format marker, so it is another program's or damaged",
                    advice::foreign);
  }
  if (wanted == marker::required)
    return refuse(path, errc::corrupt_store, "it is empty, and was never a store", advice::foreign);
  const auto put = store.db().Put(durable_write(), meta, key, encode_marker({store_format, now}));
  if (!put.ok()) return refuse(path, put);
  return {};
}

}  // namespace

rocksdb_backend::state::state(rocksdb_settings with) : settings(std::move(with)) {
  if (!settings.now) settings.now = wall_clock_ms;
  settings.env = make_noting_env(std::move(settings.env));
}

result<std::unique_ptr<rocksdb_store>> rocksdb_backend::state::open_store(journal wanted) const {
  const std::string& path = settings.path;
  TROUPE_ASSIGN(const directory_state found, look_into(path, directory_need::made_if_missing));
  const rocksdb::DBOptions options = make_database_options(settings);
  if (found == directory_state::store) {
    TROUPE_TRY(check_no_leveldb(path));
    TROUPE_TRY(check_ends(path));
    TROUPE_ASSIGN(const auto present, check_families(path, options));
    TROUPE_TRY(check_maker(path, present));
    if (wanted == journal::required) TROUPE_TRY(check_journal(path, settings, present));
    if (const auto newest = check_newest_journal(path); !newest)
      return refuse(path, newest.error().code, newest.error().detail, advice::corrupt);
  }
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const auto status = rocksdb::DB::Open(options, path, make_families(settings), &handles, &db);
  if (!status.ok()) return refuse(path, status);
  auto opened = std::make_unique<rocksdb_store>(std::unique_ptr<rocksdb::DB>{db},
                                                std::move(handles), nullptr, settings.env);
  TROUPE_TRY(check_marker(path, *opened, now(), marker::put_if_new));
  return opened;
}

result<std::unique_ptr<rocksdb_store>> rocksdb_backend::state::inspect_store() const {
  const std::string& path = settings.path;
  TROUPE_ASSIGN(const directory_state found, look_into(path, directory_need::there));
  if (found == directory_state::empty)
    return refuse(path, errc::corrupt_store, "it is no store: it has no file CURRENT",
                  "name the directory of storage.path");
  TROUPE_TRY(check_no_leveldb(path));
  rocksdb::Env& env = settings.env ? *settings.env : *rocksdb::Env::Default();
  TROUPE_ASSIGN(auto lock, directory_lock::take(path, env));
  TROUPE_TRY(check_ends(path));
  const rocksdb::DBOptions options = make_database_options(settings);
  TROUPE_ASSIGN(const auto present, check_families(path, options));
  TROUPE_TRY(check_maker(path, present));
  TROUPE_TRY(check_journal(path, settings, present));
  if (!has_needed(present))
    return refuse(path, errc::corrupt_store, "its making was cut short, so nothing is in it",
                  "start a server on it, or name another directory");
  std::unique_ptr<rocksdb_store> opened;
  const auto status = open_for_reading(options, path, settings, present, std::move(lock), opened);
  if (!status.ok()) return refuse(path, status);
  TROUPE_TRY(check_marker(path, *opened, now(), marker::required));
  return opened;
}

rocksdb_backend::state::use::use(state& of) : store_(nullptr) {
  std::lock_guard behind_those_who_close{of.gate};
  lock_ = std::shared_lock{of.opening};
  store_ = of.store.get();
}

failure rocksdb_backend::state::closed() const {
  return {is_full ? errc::disk_full : errc::storage_failed,
          "the store is closed, and opening it again has failed so far"};
}

bool rocksdb_backend::state::is_damaged(const std::string& document, generation newest) {
  std::lock_guard lock{damages_mutex};
  const auto found = damages.find(document);
  return found != damages.end() && found->second == newest;
}

void rocksdb_backend::state::note_damage(const std::string& document, generation newest) {
  constexpr std::size_t damages_max = 10'000;
  std::lock_guard lock{damages_mutex};
  if (damages.size() < damages_max) damages.insert_or_assign(document, newest);
}

result<void> rocksdb_backend::state::check_writable() const {
  if (!store) return tl::unexpected(closed());
  if (is_inspected) return fail(errc::storage_failed, "the store is open for reading only");
  if (!is_writable)
    return fail(is_full ? errc::disk_full : errc::storage_failed, "an earlier write has failed");
  return {};
}

result<void> rocksdb_backend::state::commit(rocksdb::WriteBatch& batch) {
  const auto status = store->db().Write(durable_write(), &batch);
  if (status.ok()) return {};
  const failure why = to_failure(status);
  is_full = why.code == errc::disk_full;
  is_writable = false;
  heads.clear();  // it may be there or not
  return tl::unexpected(why);
}

std::optional<std::uint64_t> rocksdb_backend::state::free_space() const {
  std::uint64_t bytes = 0;
  rocksdb::Env* const env = settings.env ? settings.env.get() : rocksdb::Env::Default();
  if (!env->GetFreeSpace(settings.path, &bytes).ok()) return std::nullopt;
  return bytes;
}

result<void> rocksdb_backend::state::reopen() {
  wants_to_close = true;
  std::lock_guard in_front{gate};
  std::lock_guard alone{opening};
  wants_to_close = false;
  store.reset();
  auto opened = open_store();
  if (!opened) return tl::unexpected(opened.error());
  store = std::move(*opened);
  return {};
}

}  // namespace troupe::storage
