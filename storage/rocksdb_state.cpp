#include "storage/rocksdb_state.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>

#include <rocksdb/env.h>

#include "base/printable.hpp"
#include "storage/rocksdb_journals.hpp"

namespace troupe::storage {
namespace {

namespace fs = std::filesystem;

std::uint64_t system_time_ms() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

/// A failure to open, with the directory in front and the advice behind.
tl::unexpected<failure> refuse(const std::string& path, errc code, std::string_view why,
                               std::string_view advice = {}) {
  std::string text{"'"};
  text.append(printable(path)).append("': ").append(why);
  if (!advice.empty()) text.append("; ").append(advice);
  return fail(code, text);
}

constexpr std::string_view advice_newer =
    "run the version of the server that wrote it, or restore a backup from before";
constexpr std::string_view advice_corrupt =
    "its files are left as they are: copy them, and restore a backup";
constexpr std::string_view advice_foreign = "name a directory that is empty or does not exist";
constexpr std::string_view advice_in_use = "stop the process that uses it, or name another one";
constexpr std::string_view advice_full = "free some space";

tl::unexpected<failure> refuse(const std::string& path, const rocksdb::Status& status) {
  const failure what = to_failure(status);
  const bool is_locked = what.detail.find("lock hold by current process") != std::string::npos ||
                         what.detail.find("While lock file") != std::string::npos;
  if (is_locked) return refuse(path, errc::store_in_use, "it is in use", advice_in_use);
  if (status.IsNotSupported() || status.IsInvalidArgument())
    return refuse(path, errc::newer_format, what.detail, advice_newer);
  if (what.code == errc::corrupt_store)
    return refuse(path, what.code, "it is damaged: " + what.detail, advice_corrupt);
  if (what.code == errc::disk_full) return refuse(path, what.code, what.detail, advice_full);
  return refuse(path, what.code, what.detail);
}

/// What a crash may leave while a store is made, and what file systems put into directories.
bool may_be_in_new_store(const std::string& name) {
  constexpr std::array<std::string_view, 6> begins = {"LOCK",     "IDENTITY", "MANIFEST-",
                                                      "OPTIONS-", "JOURNAL",  "lost+found"};
  return name.ends_with(".dbtmp") ||
         std::any_of(begins.begin(), begins.end(),
                     [&](std::string_view begin) { return name.starts_with(begin); });
}

enum class directory { empty, store };

/// Makes the directory where it does not exist. What has no CURRENT is a store that has lost it, or
/// none, unless it is empty: opening it would make a new store over what is there.
result<directory> look_into(const std::string& path) {
  std::error_code why;
  fs::create_directories(path, why);
  if (why == std::errc::no_space_on_device)
    return refuse(path, errc::disk_full, why.message(), advice_full);
  if (why) return refuse(path, errc::storage_failed, why.message());
  if (fs::exists(fs::path{path} / "CURRENT", why)) return directory::store;
  for (fs::directory_iterator at{path, why}, end; !why && at != end; at.increment(why)) {
    const std::string name = at->path().filename().string();
    if (name.ends_with(".sst") || name.ends_with(".log"))
      return refuse(path, errc::corrupt_store, "it has lost its file CURRENT", advice_corrupt);
    if (!may_be_in_new_store(name))
      return refuse(path, errc::corrupt_store,
                    "it is no store, but has the file '" + printable(name) + "'", advice_foreign);
  }
  if (why) return refuse(path, errc::storage_failed, why.message());
  return directory::empty;
}

/// That the store has no families but ours. Returns which it has: an earlier server knew fewer.
result<std::vector<std::string>> check_families(const std::string& path,
                                                const rocksdb::DBOptions& options) {
  std::vector<std::string> names;
  if (const auto status = rocksdb::DB::ListColumnFamilies(options, path, &names); !status.ok())
    return refuse(path, status);
  for (const std::string& name : names) {
    bool is_ours = false;
    for (std::size_t i = 0; i < family_count; ++i)
      is_ours = is_ours || name == name_of(static_cast<family>(i));
    if (!is_ours)
      return refuse(path, errc::newer_format,
                    "it has data of the kind '" + printable(name) +
                        "', which this server does not know",
                    advice_newer);
  }
  return names;
}

/// That the journal is there, of which an open store always has a file: the library would begin a
/// new one and miss nothing. A store that has no marker yet may lack it: its making was cut short.
result<void> check_journal(const std::string& path, const rocksdb_settings& settings,
                           const std::vector<std::string>& present) {
  std::error_code why;
  for (fs::directory_iterator at{path, why}, end; !why && at != end; at.increment(why))
    if (at->path().extension() == ".log") return {};
  if (why) return refuse(path, errc::storage_failed, why.message());
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  std::vector<rocksdb::ColumnFamilyDescriptor> families = make_families(settings);
  std::erase_if(families, [&](const auto& each) {
    return std::ranges::find(present, each.name) == present.end();
  });
  const auto status =
      rocksdb::DB::OpenForReadOnly(make_database_options(settings), path, families, &handles, &db);
  if (!status.ok()) return status.IsInvalidArgument() ? result<void>{} : refuse(path, status);
  const rocksdb_store store{std::unique_ptr<rocksdb::DB>{db}, std::move(handles)};
  if (families.size() <= static_cast<std::size_t>(family::meta)) return {};
  std::string value;
  const rocksdb::Slice key{marker_key.data(), marker_key.size()};
  if (store.db().Get({}, store.handle(family::meta), key, &value).IsNotFound()) return {};
  return refuse(path, errc::corrupt_store, "it has lost its journal, the file that ends with .log",
                advice_corrupt);
}

/// Reads the format marker, or puts it into a store that has nothing else.
result<void> check_marker(const std::string& path, const rocksdb_store& store, time_ms now) {
  std::string value;
  rocksdb::ColumnFamilyHandle* const meta = store.handle(family::meta);
  const rocksdb::Slice key{marker_key.data(), marker_key.size()};
  const auto status = store.db().Get({}, meta, key, &value);
  if (status.ok()) {
    const auto marker = decode_marker(value);
    if (marker) return {};
    const bool is_newer = marker.error().code == errc::newer_format;
    return refuse(path, marker.error().code, marker.error().detail,
                  is_newer ? advice_newer : advice_corrupt);
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
                    advice_foreign);
  }
  const auto put = store.db().Put(durable_write(), meta, key, encode_marker({store_format, now}));
  if (!put.ok()) return refuse(path, put);
  return {};
}

}  // namespace

rocksdb_backend::state::state(rocksdb_settings with) : settings(std::move(with)) {
  if (!settings.now) settings.now = system_time_ms;
  settings.env = make_noting_env(std::move(settings.env));
}

result<std::unique_ptr<rocksdb_store>> rocksdb_backend::state::open_store(journal wanted) const {
  const std::string& path = settings.path;
  TROUPE_ASSIGN(const directory found, look_into(path));
  const rocksdb::DBOptions options = make_database_options(settings);
  if (found == directory::store) {
    TROUPE_ASSIGN(const auto present, check_families(path, options));
    if (wanted == journal::required) TROUPE_TRY(check_journal(path, settings, present));
    if (const auto newest = check_newest_journal(path); !newest)
      return refuse(path, newest.error().code, newest.error().detail, advice_corrupt);
  }
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const auto status = rocksdb::DB::Open(options, path, make_families(settings), &handles, &db);
  if (!status.ok()) return refuse(path, status);
  auto opened =
      std::make_unique<rocksdb_store>(std::unique_ptr<rocksdb::DB>{db}, std::move(handles));
  TROUPE_TRY(check_marker(path, *opened, now()));
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
