#include "storage/rocksdb_journals.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include <rocksdb/file_system.h>

#include "base/crc32c.hpp"

namespace troupe::storage {
namespace {

namespace fs = std::filesystem;
using rocksdb::IODebugContext;
using rocksdb::IOStatus;

constexpr std::string_view journal_ending = ".log";

/// The number of a journal's file; nothing if the file is none.
std::optional<std::uint64_t> journal_number(const fs::path& path) {
  const std::string name = path.filename().string();
  if (!name.ends_with(journal_ending)) return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = name.data() + name.size() - journal_ending.size();
  const auto [at, why] = std::from_chars(name.data(), end, number);
  if (why != std::errc{} || at != end) return std::nullopt;
  return number;
}

class noting_file_system final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  static const char* kClassName() { return "troupe-journals"; }
  const char* Name() const override { return kClassName(); }

  /// The name of the journal is durable before the note is, and the note before the first record:
  /// at any time the journal that is noted is there, and none behind it has a record.
  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext* dbg) override {
    auto status = FileSystemWrapper::NewWritableFile(path, options, file, dbg);
    if (!status.ok()) return status;
    const auto number = journal_number(path);
    if (!number) return status;
    const fs::path directory = fs::path{path}.parent_path();
    status = sync_names(directory, dbg);
    if (status.ok()) status = write_note(directory, encode_journal_note(*number), dbg);
    if (!status.ok()) file->reset();
    return status;
  }

 private:
  IOStatus sync_names(const fs::path& directory, IODebugContext* dbg) {
    std::unique_ptr<rocksdb::FSDirectory> opened;
    auto status = NewDirectory(directory.string(), {}, &opened, dbg);
    if (status.ok()) status = opened->Fsync({}, dbg);
    return status;
  }

  IOStatus write_note(const fs::path& directory, const std::string& note, IODebugContext* dbg) {
    const std::string path = (directory / journal_note_name).string();
    const std::string part = path + ".dbtmp";
    std::unique_ptr<rocksdb::FSWritableFile> file;
    auto status = FileSystemWrapper::NewWritableFile(part, {}, &file, dbg);
    if (status.ok()) status = file->Append(note, {}, dbg);
    if (status.ok()) status = file->Fsync({}, dbg);
    if (status.ok()) status = file->Close({}, dbg);
    if (status.ok()) status = RenameFile(part, path, {}, dbg);
    if (status.ok()) status = sync_names(directory, dbg);
    return status;
  }
};

class noting_env final : public rocksdb::EnvWrapper {
 public:
  explicit noting_env(const std::shared_ptr<rocksdb::Env>& below)
      : EnvWrapper(below), below_(below) {
    file_system_ = std::make_shared<noting_file_system>(below->GetFileSystem());
  }

 private:
  std::shared_ptr<rocksdb::Env> below_;
};

}  // namespace

std::shared_ptr<rocksdb::Env> make_noting_env(std::shared_ptr<rocksdb::Env> below) {
  if (!below) below = {rocksdb::Env::Default(), [](rocksdb::Env*) {}};  // nobody owns that one
  if (below->GetFileSystem()->IsInstanceOf(noting_file_system::kClassName())) return below;
  return std::make_shared<noting_env>(below);
}

std::string encode_journal_note(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string{digits}
      .append(" ")
      .append(std::to_string(crc32c(as_bytes(digits))))
      .append("\n");
}

std::uint64_t decode_journal_note(std::string_view bytes) noexcept {
  std::uint64_t number = 0;
  const auto [at, why] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), number);
  if (why != std::errc{} || encode_journal_note(number) != bytes) return 0;
  return number;
}

result<void> check_newest_journal(const std::string& directory) {
  std::ifstream in{fs::path{directory} / journal_note_name, std::ios::binary};
  const std::string note{std::istreambuf_iterator<char>{in}, {}};
  const std::uint64_t noted = decode_journal_note(note);
  std::uint64_t newest = 0;
  std::error_code why;
  for (fs::directory_iterator at{directory, why}, end; !why && at != end; at.increment(why))
    newest = std::max(newest, journal_number(at->path()).value_or(0));
  if (why) return fail(errc::storage_failed, why.message());
  if (newest >= noted) return {};
  return fail(errc::corrupt_store, "it has lost its newest journal, the file with the number " +
                                       std::to_string(noted) + " that ends with .log");
}

}  // namespace troupe::storage
