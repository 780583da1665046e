// The only user of LevelDB.
#include "app/moving/leveldb_source.hpp"

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <utility>

#include <leveldb/db.h>
#include <leveldb/env.h>

#include "app/moving/leveldb_key.hpp"
#include "app/moving/scratch_folder.hpp"
#include "base/printable.hpp"
#include "net/request_target.hpp"

namespace troupe::moving {

namespace {

namespace fs = std::filesystem;

leveldb::Slice slice_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
byte_view bytes_of(const leveldb::Slice& slice) {
  return as_bytes(std::string_view{slice.data(), slice.size()});
}

/// What LevelDB says about bytes that it leaves out; it tells nobody else.
class loss_log final : public leveldb::Logger {
 public:
  void Logv(const char* format, std::va_list arguments) override {
    char line[512];
    std::vsnprintf(line, sizeof line, format, arguments);
    const std::string_view text{line};
    const bool is_loss = text.find("dropping") != std::string_view::npos ||
                         text.find("gnoring error") != std::string_view::npos;
    if (is_loss && lost_.size() < lines_max) lost_.push_back("LevelDB: " + printable(text));
  }
  std::vector<std::string> take() { return std::exchange(lost_, {}); }

 private:
  static constexpr std::size_t lines_max = 100;
  std::vector<std::string> lost_;
};

/// Puts a link to each file of a store into a folder, where LevelDB then writes its own.
result<void> link_files(const std::string& from, const std::string& into) {
  std::error_code why;
  for (fs::directory_iterator at{fs::absolute(from), why}, end; !why && at != end;
       at.increment(why)) {
    const std::string file = at->path().filename().string();
    if (file == "LOCK" || file == "LOG" || file == "LOG.old") continue;
    fs::create_symlink(at->path(), fs::path{into} / file, why);
    if (why) break;
  }
  if (why) return fail(errc::storage_failed, in_single_quotes(from) + ": " + why.message());
  return {};
}

/// The lock of a store that y-leveldb would hold.
class store_lock {
 public:
  result<void> take(const std::string& directory) {
    const leveldb::Status status =
        leveldb::Env::Default()->LockFile((fs::path{directory} / "LOCK").string(), &lock_);
    if (status.ok()) return {};
    return fail(errc::store_in_use, in_single_quotes(directory) +
                                        ": it is in use, or its file LOCK cannot be written (" +
                                        printable(status.ToString()) +
                                        "); stop the server that has it open");
  }
  ~store_lock() {
    if (lock_ != nullptr) leveldb::Env::Default()->UnlockFile(lock_);
  }

 private:
  leveldb::FileLock* lock_ = nullptr;
};

class leveldb_source final : public document_source {
 public:
  explicit leveldb_source(source_names names) : names_(names) {}

  result<void> open(const std::string& directory) {
    std::error_code why;
    if (!fs::exists(fs::path{directory} / "CURRENT", why))
      return fail(errc::corrupt_store, in_single_quotes(directory) + ": no LevelDB store");
    TROUPE_TRY(lock_.take(directory));
    const fs::path temporary = fs::temp_directory_path(why);
    if (why) return fail(errc::storage_failed, "no folder for temporary files: " + why.message());
    TROUPE_TRY(links_.make(temporary.string()));
    TROUPE_TRY(link_files(directory, links_.path()));
    leveldb::Options options;
    options.info_log = &log_;
    leveldb::DB* opened = nullptr;
    const leveldb::Status status = leveldb::DB::Open(options, links_.path(), &opened);
    database_.reset(opened);
    if (!status.ok())
      return fail(errc::corrupt_store, in_single_quotes(directory) +
                                           ": cannot be opened: " + printable(status.ToString()));
    at_.reset(database_->NewIterator(reading()));
    at_->SeekToFirst();
    return {};
  }

  result<bool> next(found_document& into) override {
    into.clear();
    into.notation = update_notation::v1;
    into.problems = log_.take();
    if (!into.problems.empty()) return true;
    while (at_->Valid()) {
      const auto key = decode_leveldb_key(bytes_of(at_->key()));
      if (!key) {
        into.problems.push_back("an entry is not of y-leveldb: " + to_string(key.error()));
        at_->Next();
        return true;
      }
      if (key->what == leveldb_key::kind::update) return read_document(into);
      if (key->what == leveldb_key::kind::state_vector && !has_updates(key->document)) {
        into.name = shown(key->document);
        into.problems.emplace_back("all of its updates are missing");
        at_->Next();
        return true;
      }
      at_->Next();
    }
    if (at_->status().ok() || is_end_told_) return false;
    is_end_told_ = true;
    into.problems.push_back("parts of the store cannot be read: " +
                            printable(at_->status().ToString()));
    return true;
  }

 private:
  static leveldb::ReadOptions reading() {
    leveldb::ReadOptions options;
    options.verify_checksums = true;
    options.fill_cache = false;
    return options;
  }

  /// Takes all updates of the document at which the iterator stands.
  bool read_document(found_document& into) {
    const std::string stored_name{decode_leveldb_key(bytes_of(at_->key()))->document};
    into.name = shown(stored_name);
    std::uint64_t expected = first_number(stored_name);
    std::size_t size = 0;
    for (; at_->Valid(); at_->Next()) {
      const auto key = decode_leveldb_key(bytes_of(at_->key()));
      if (!key || key->what != leveldb_key::kind::update || key->document != stored_name) break;
      if (key->number > expected)
        into.problems.push_back("updates " + std::to_string(expected) + " to " +
                                std::to_string(key->number - 1) + " are missing");
      expected = std::uint64_t{key->number} + 1;
      size += at_->value().size();
      if (size <= document_size_bytes_max) into.updates.push_back(at_->value().ToString());
    }
    if (size > document_size_bytes_max) {
      into.updates.clear();
      into.problems.push_back("it is larger than " + std::to_string(document_size_bytes_max) +
                              " bytes");
    }
    return true;
  }

  /// The greatest number that the first update of a document may have; what was folded into it is
  /// gone.
  std::uint64_t first_number(std::string_view document) {
    std::string value;
    const auto status =
        database_->Get(reading(), slice_of(leveldb_state_vector_key(document)), &value);
    if (!status.ok()) return UINT32_MAX;
    return decode_leveldb_covered(as_bytes(value)).value_or(UINT32_MAX);
  }

  bool has_updates(std::string_view document) {
    if (!finder_) finder_.reset(database_->NewIterator(reading()));
    finder_->Seek(slice_of(leveldb_update_key(document, 0)));
    if (!finder_->Valid()) return false;
    const auto key = decode_leveldb_key(bytes_of(finder_->key()));
    return key && key->what == leveldb_key::kind::update && key->document == document;
  }

  std::string shown(std::string_view stored_name) const {
    return names_ == source_names::of_urls ? decoded_name(stored_name) : std::string{stored_name};
  }

  const source_names names_;
  // In the order in which they may not go: the database before its directory, that before the lock.
  store_lock lock_;
  loss_log log_;
  scratch_folder links_;
  std::unique_ptr<leveldb::DB> database_;
  std::unique_ptr<leveldb::Iterator> at_;
  std::unique_ptr<leveldb::Iterator> finder_;
  bool is_end_told_ = false;
};

}  // namespace

result<std::unique_ptr<document_source>> open_leveldb(const std::string& directory,
                                                      source_names names) {
  auto source = std::make_unique<leveldb_source>(names);
  TROUPE_TRY(source->open(directory));
  return source;
}

}  // namespace troupe::moving
