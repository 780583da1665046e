#include "storage/rocksdb_union.hpp"

#include <algorithm>
#include <filesystem>
#include <tuple>

#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table_properties.h>

#include "storage/rocksdb_scan.hpp"
#include "storage/store_files.hpp"
#include "storage/version_record.hpp"

namespace troupe::storage {
namespace {

namespace fs = std::filesystem;

/// The files of a directory that end so, the oldest first: their names are numbers.
std::vector<fs::path> files_of(const std::string& directory, std::string_view ending) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& each : fs::directory_iterator{directory, ignored})
    if (each.path().extension() == ending) found.push_back(each.path());
  std::sort(found.begin(), found.end());
  return found;
}

/// Which of two entries of a document is the later one.
auto rank_of(const document_meta& meta) {
  return std::tuple{meta.life,   meta.is_removed, meta.is_admitted,
                    meta.newest, meta.counted,    meta.changed_at};
}

result<std::unique_ptr<rocksdb_store>> open_at(const rocksdb_settings& settings,
                                               const std::string& path, bool is_new) {
  rocksdb::DBOptions options = make_database_options(settings);
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  options.paranoid_checks = is_new;
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const auto families = make_families(settings);
  const auto status = is_new ? rocksdb::DB::Open(options, path, families, &handles, &db)
                             : rocksdb::DB::OpenForReadOnly(options, path, families, &handles, &db);
  if (!status.ok()) return tl::unexpected(to_failure(status));
  return std::make_unique<rocksdb_store>(std::unique_ptr<rocksdb::DB>{db}, std::move(handles));
}

class file_union {
 public:
  file_union(const rocksdb_settings& settings, std::string from, std::unique_ptr<rocksdb_store> to,
             std::vector<std::string>& problems)
      : settings_(settings), from_(std::move(from)), to_(std::move(to)), problems_(problems) {}

  result<std::unique_ptr<rocksdb_store>> run(const std::string& beside) {
    for (const fs::path& each : files_of(from_, ".sst")) add_table(each);
    TROUPE_TRY(add_journals(beside));
    drop_past();
    if (!failed_.ok()) return tl::unexpected(to_failure(failed_));
    return std::move(to_);
  }

 private:
  void add_table(const fs::path& path) {
    const auto note = [&](const rocksdb::Status& why) {
      problems_.push_back("the table " + path.filename().string() + ": " + why.ToString());
    };
    rocksdb::Options options{make_database_options(settings_),
                             make_families(settings_).front().options};
    rocksdb::SstFileReader reader{options};
    if (const auto opened = reader.Open(path.string()); !opened.ok()) return note(opened);
    const std::string name = reader.GetTableProperties()->column_family_name;
    for (std::size_t i = 0; i < family_count; ++i) {
      const auto which = static_cast<family>(i);
      if (name != name_of(which)) continue;
      rocksdb::ReadOptions reading;
      reading.verify_checksums = true;
      reading.total_order_seek = true;
      const std::unique_ptr<rocksdb::Iterator> at{reader.NewIterator(reading)};
      scan(
          *at, {}, {},
          [&](std::string_view key, std::string_view value) { add(which, key, value); },
          [&](std::string_view, std::string_view, const rocksdb::Status& why) { note(why); });
      return;
    }
    problems_.push_back("the table " + path.filename().string() + " is of an unknown kind '" +
                        name + "' and is left out");
  }

  /// A new store has the same families under the same numbers, so it can read them; they get
  /// numbers behind those of its own files.
  result<void> add_journals(const std::string& beside) {
    const auto journals = files_of(from_, ".log");
    if (journals.empty()) return {};
    rocksdb_settings empty = settings_;
    empty.path = beside;
    TROUPE_ASSIGN(auto made, open_at(empty, beside, true));
    made.reset();
    std::error_code why;
    for (std::size_t i = 0; !why && i < journals.size(); ++i)
      fs::copy_file(journals[i], beside + "/" + std::to_string(900'000 + i) + ".log", why);
    if (why) return fail(errc::storage_failed, "'" + beside + "': " + why.message());
    TROUPE_ASSIGN(const auto read, open_at(empty, beside, false));
    for (std::size_t i = 0; i < family_count; ++i) {
      const auto which = static_cast<family>(i);
      rocksdb::ReadOptions reading;
      reading.total_order_seek = true;
      const std::unique_ptr<rocksdb::Iterator> at{
          read->db().NewIterator(reading, read->handle(which))};
      scan(
          *at, {}, {},
          [&](std::string_view key, std::string_view value) { add(which, key, value); },
          [](std::string_view, std::string_view, const rocksdb::Status&) {});
    }
    return {};
  }

  /// Whether a value is whole, and later than what is there.
  bool is_wanted(family which, std::string_view key, std::string_view value) const {
    std::string known;
    const rocksdb::Slice at{key.data(), key.size()};
    const bool has_known = to_->db().Get({}, to_->handle(which), at, &known).ok();
    if (which == family::log) {
      const auto record = decode_record(key, value);
      if (!record) return record.error().code == errc::newer_format;
      const auto other = has_known ? decode_record(key, known) : record;
      return !other || record->stored_at >= other->stored_at;
    }
    if (which == family::meta && key.starts_with(meta_prefix)) {
      const auto meta = decode_meta(key, value);
      if (!meta) return meta.error().code == errc::newer_format;
      const auto other = has_known ? decode_meta(key, known) : meta;
      return !other || rank_of(*meta) >= rank_of(*other);
    }
    if (const auto position = read_version_key(key);
        which == family::versions && position && position->number == 0) {
      const auto last = decode_version_count(key, value);
      if (!last) return last.error().code == errc::newer_format;
      const auto other = has_known ? decode_version_count(key, known) : last;
      return !other || *last >= *other;  // no number is given twice
    }
    return true;
  }

  void add(family which, std::string_view key, std::string_view value) {
    if (!is_wanted(which, key, value)) return;
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    const auto put = to_->db().Put(options, to_->handle(which), {key.data(), key.size()},
                                   {value.data(), value.size()});
    if (!put.ok() && failed_.ok()) failed_ = put;
  }

  /// Single files know nothing of what others have deleted: of each document goes what its entry
  /// has left behind.
  void drop_past() {
    const rocksdb_reader reader{*to_, rocksdb_reader::caching::no};
    const auto at = reader.iterate(family::meta);
    for (at->Seek(std::string{meta_prefix}); at->Valid(); at->Next()) {
      const std::string key = at->key().ToString();
      if (!key.starts_with(meta_prefix)) break;
      if (const auto meta = decode_meta(key, at->value().ToStringView())) drop_past_of(*meta);
    }
  }

  void drop_past_of(const document_meta& meta) {
    drop(family::log, meta.id, [&](std::string_view key, std::string_view value) {
      const auto position = read_log_key(key);
      const auto record = decode_record(key, value);
      if (!position || !record) return false;
      return meta.is_removed || position->number <= meta.previous_covers ||
             (meta.life > 1 && record->stored_at < meta.created_at);
    });
    drop(family::checkpoints, meta.id, [&](std::string_view key, std::string_view) {
      const auto position = read_chunk_key(key);
      if (!position) return false;
      return meta.is_removed || (position->of != meta.newest && position->of != meta.previous);
    });
    if (meta.is_removed)
      drop(family::versions, meta.id, [](std::string_view, std::string_view) { return true; });
  }

  template <class Test>
  void drop(family which, const document_id& id, const Test& is_past) {
    const rocksdb_reader reader{*to_, rocksdb_reader::caching::no};
    const auto at = reader.iterate(which);
    const std::string end = end_key(id);
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    for (at->Seek(begin_key(id)); at->Valid() && at->key().ToStringView() < end; at->Next()) {
      if (!is_past(at->key().ToStringView(), at->value().ToStringView())) continue;
      const auto gone = to_->db().Delete(options, to_->handle(which), at->key());
      if (!gone.ok() && failed_.ok()) failed_ = gone;
    }
  }

  const rocksdb_settings& settings_;
  std::string from_;
  std::unique_ptr<rocksdb_store> to_;
  std::vector<std::string>& problems_;
  rocksdb::Status failed_;
};

}  // namespace

result<std::unique_ptr<rocksdb_store>> unite_files(const rocksdb_settings& settings,
                                                   const std::string& from, const std::string& to,
                                                   std::vector<std::string>& problems) {
  std::error_code why;
  fs::create_directories(to, why);
  if (why) return fail(errc::storage_failed, "'" + to + "': " + why.message());
  TROUPE_ASSIGN(auto store, open_at(settings, to + "/store", true));
  return file_union{settings, from, std::move(store), problems}.run(to + "/journals");
}

}  // namespace troupe::storage
