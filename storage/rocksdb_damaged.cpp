#include "storage/rocksdb_damaged.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <rocksdb/db.h>
#include <unistd.h>

#include "storage/rocksdb_scan.hpp"
#include "storage/rocksdb_union.hpp"
#include "storage/store_files.hpp"

namespace troupe::storage {
namespace {

namespace fs = std::filesystem;
using rocksdb::WALRecoveryMode;

bool has_data_files(const std::string& path) {
  std::error_code ignored;
  for (const auto& each : fs::directory_iterator{path, ignored}) {
    const std::string name = each.path().filename().string();
    if (name.ends_with(".sst") || name.ends_with(".log")) return true;
  }
  return false;
}

bool has_journal(const std::string& path) {
  std::error_code ignored;
  for (const auto& each : fs::directory_iterator{path, ignored})
    if (each.path().extension() == ".log") return true;
  return false;
}

class opening {
 public:
  explicit opening(const rescue_settings& settings)
      : settings_(settings), path_(settings.store.path) {}

  result<damaged_store> run() {
    TROUPE_TRY(check_directory());
    TROUPE_TRY(check_no_leveldb(path_));
    rocksdb::Env& env = settings_.store.env ? *settings_.store.env : *rocksdb::Env::Default();
    TROUPE_ASSIGN(opened_.lock, directory_lock::take(settings_.store.path, env));
    TROUPE_TRY(mend_ends());
    TROUPE_ASSIGN(const bool is_listed, check_kinds());
    if (!is_listed || !open_as_it_is()) TROUPE_TRY(unite());
    TROUPE_TRY(check_marker());
    if (is_listed && !has_journal(path_))
      note("its journal, the file that ends with .log, is missing: what was only there is lost");
    return std::move(opened_);
  }

 private:
  void note(std::string problem) { opened_.problems.push_back(std::move(problem)); }

  result<void> check_directory() const {
    const auto found = look_into(path_, directory_need::there);
    if (!found && has_data_files(path_)) return {};  // it has lost its CURRENT
    if (!found) return tl::unexpected(found.error());
    if (*found == directory_state::store) return {};
    return refuse(path_, errc::corrupt_store, "it is no store: it has no file CURRENT",
                  "name the directory of storage.path");
  }

  result<void> make_copy() {
    if (opened_.copy) return {};
    opened_.copy =
        std::make_unique<side_directory>(path_ + ".rescue-" + std::to_string(::getpid()));
    TROUPE_TRY(copy_files(settings_.store.path, opened_.copy->path(), tables::linked));
    path_ = opened_.copy->path();
    return {};
  }

  result<void> mend_ends() {
    if (check_ends(path_)) return {};
    TROUPE_TRY(make_copy());
    for (const auto& each : fs::directory_iterator{path_}) {
      const std::string name = each.path().filename().string();
      if (is_log_file(name) && mend_end(each.path().string()))
        note("the length of a record at the end of " + name + " is wrong; it is put right");
    }
    return {};
  }

  /// Lets a copy have the newest list of tables there is, in case only the name of it was lost.
  result<void> name_list() {
    TROUPE_TRY(make_copy());
    std::string newest;
    for (const auto& each : fs::directory_iterator{path_})
      if (const std::string name = each.path().filename().string(); name.starts_with("MANIFEST-"))
        newest = std::max(newest, name);
    std::ofstream{path_ + "/CURRENT", std::ios::trunc} << newest << '\n';
    return {};
  }

  /// That there is no data of a kind that only a newer server knows. Returns whether the list of
  /// the tables can be read at all.
  result<bool> check_kinds() {
    std::vector<std::string> names;
    const rocksdb::DBOptions options = make_database_options(settings_.store);
    auto status = rocksdb::DB::ListColumnFamilies(options, path_, &names);
    if (!status.ok()) {
      note("the list of its tables cannot be read: " + status.ToString());
      TROUPE_TRY(name_list());
      status = rocksdb::DB::ListColumnFamilies(options, path_, &names);
    }
    if (!status.ok()) return false;
    TROUPE_ASSIGN(present_, check_families(path_, options));
    return has_needed(present_);
  }

  rocksdb::Status open(WALRecoveryMode mode, bool is_strict, std::unique_ptr<rocksdb_store>& to) {
    rocksdb::DBOptions options = make_database_options(settings_.store);
    options.wal_recovery_mode = mode;
    options.paranoid_checks = is_strict;
    return open_for_reading(options, path_, settings_.store, present_, opened_.lock, to);
  }

  /// Strict as long as it can be: without paranoid checks the library ignores damage of the
  /// journal, too, and says nothing.
  bool open_as_it_is() {
    const auto strict = open(WALRecoveryMode::kTolerateCorruptedTailRecords, true, opened_.store);
    if (strict.ok()) return true;
    const std::string why = strict.ToString();
    if (settings_.journal == journal_extent::up_to_damage &&
        open(WALRecoveryMode::kPointInTimeRecovery, true, opened_.store).ok()) {
      note("its journal is damaged (" + why +
           "); it is read up to the damage; the owner of later records in the same 32 KiB block is "
           "unknown");
      (void)open(WALRecoveryMode::kSkipAnyCorruptedRecords, true, opened_.behind);
      return true;
    }
    if (open(WALRecoveryMode::kSkipAnyCorruptedRecords, true, opened_.store).ok()) {
      note("its journal is damaged (" + why +
           "); it is read without the damaged parts, and documents may lack what was there");
      return true;
    }
    if (open(WALRecoveryMode::kSkipAnyCorruptedRecords, false, opened_.store).ok()) {
      note("a table cannot be opened: " + why);
      return true;
    }
    note("it cannot be opened: " + why);
    return false;
  }

  /// From its tables and journals one by one.
  result<void> unite() {
    opened_.united = std::make_unique<side_directory>(settings_.store.path + ".union-" +
                                                      std::to_string(::getpid()));
    note("its tables and journals are read one by one; versions that were deleted may come back");
    auto united = unite_files(settings_.store, path_, opened_.united->path(), opened_.problems);
    if (!united)
      return refuse(settings_.store.path, united.error().code, united.error().detail,
                    "restore a backup");
    opened_.store = std::move(*united);
    return {};
  }

  result<void> check_marker() {
    std::string value;
    const rocksdb::Slice key{marker_key.data(), marker_key.size()};
    const auto status =
        opened_.store->db().Get({}, opened_.store->handle(family::meta), key, &value);
    const auto marker = status.ok() ? decode_marker(value)
                                    : result<store_marker>{tl::unexpected(to_failure(status))};
    if (marker) return {};
    if (marker.error().code == errc::newer_format)
      return refuse(settings_.store.path, errc::newer_format, marker.error().detail, advice::newer);
    if (!has_own_values())
      return refuse(settings_.store.path, errc::corrupt_store,
                    "there is neither a format marker nor a document in it, so it is no store",
                    advice::foreign);
    note("its format marker cannot be read (" + marker.error().detail + "); assuming format " +
         std::to_string(store_format));
    return {};
  }

  /// Whether anything in it is of this server.
  bool has_own_values() const {
    bool is_ours = false;
    for (const family which : {family::log, family::checkpoints, family::meta}) {
      rocksdb::ReadOptions options;
      options.total_order_seek = true;
      const std::unique_ptr<rocksdb::Iterator> at{
          opened_.store->db().NewIterator(options, opened_.store->handle(which))};
      const auto visit = [&](std::string_view key, std::string_view value) {
        is_ours = is_ours || decode_record(key, value) || decode_chunk(key, value) ||
                  decode_meta(key, value) || decode_name(key, value);
      };
      scan(*at, {}, {}, visit, [](std::string_view, std::string_view, const rocksdb::Status&) {});
    }
    return is_ours;
  }

  const rescue_settings& settings_;
  std::string path_;
  std::vector<std::string> present_;  // families
  damaged_store opened_;
};

}  // namespace

side_directory::~side_directory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

result<damaged_store> open_damaged(const rescue_settings& settings) {
  return opening{settings}.run();
}

}  // namespace troupe::storage
