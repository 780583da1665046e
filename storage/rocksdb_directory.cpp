#include "storage/rocksdb_directory.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

#include "base/printable.hpp"
#include "storage/journal_end.hpp"
#include "storage/rocksdb_journals.hpp"
#include "storage/rocksdb_options.hpp"
#include "storage/rocksdb_reader.hpp"

namespace troupe::storage {
namespace {

namespace fs = std::filesystem;

/// Who holds the lock of a store, as " by process 17 (troupe)"; empty if it is unknown.
/// Requires: it is not this process, whose locks end with any use of the file.
std::string holder_of(const std::string& path) {
  const int file = ::open((path + "/LOCK").c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return {};
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  const bool is_told = ::fcntl(file, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
  ::close(file);
  if (!is_told || whole.l_pid <= 0) return {};
  const std::string id = std::to_string(whole.l_pid);
  std::string name;
  std::getline(std::ifstream{"/proc/" + id + "/comm"}, name);
  return " by process " + id + (name.empty() ? "" : " (" + printable(name) + ")");
}

std::string in_use(const std::string& path, const failure& what) {
  const bool is_own = what.detail.find("lock hold by current process") != std::string::npos;
  return "it is in use" + (is_own ? std::string{} : holder_of(path));
}

/// What a crash may leave while a store is made, and what file systems put into directories.
bool may_be_in_new_store(const std::string& name) {
  constexpr std::array<std::string_view, 6> begins = {"LOCK",     "IDENTITY", "MANIFEST-",
                                                      "OPTIONS-", "JOURNAL",  "lost+found"};
  return name.ends_with(".dbtmp") ||
         std::any_of(begins.begin(), begins.end(),
                     [&](std::string_view begin) { return name.starts_with(begin); });
}

struct file_of_store {
  std::string name;
  std::uint64_t size = 0;
};

result<std::vector<file_of_store>> files_in(const std::string& path) {
  std::vector<file_of_store> files;
  std::error_code why;
  for (fs::directory_iterator at{path, why}, end; !why && at != end; at.increment(why)) {
    std::error_code has_no_size;
    const std::uint64_t size = at->is_regular_file() ? at->file_size(has_no_size) : 0;
    files.push_back({at->path().filename().string(), size});
  }
  if (why) return refuse(path, errc::storage_failed, why.message());
  return files;
}

/// LevelDB keeps a log of its own, named LOG, and writes neither options nor an identity, which
/// RocksDB does before all else.
bool is_leveldb(const std::vector<file_of_store>& files) {
  const auto has = [&](auto&& is) { return std::ranges::any_of(files, is, &file_of_store::name); };
  if (has([](const std::string& name) { return name.ends_with(".ldb"); })) return true;
  return has([](const std::string& name) { return name == "LOG"; }) &&
         !has([](const std::string& name) {
           return name == "IDENTITY" || name.starts_with("OPTIONS-");
         });
}

/// Before the marker is written nothing else is; and this server has the library write no LOG.
bool is_in_making(const file_of_store& file) {
  if (file.name.ends_with(".log")) return file.size == 0;
  return file.name == "CURRENT" || may_be_in_new_store(file.name);
}

/// The last block of a file, if it is not whole.
byte_buffer last_block_of(const fs::path& path) {
  std::ifstream in{path, std::ios::binary | std::ios::ate};
  if (!in) return {};
  const auto size = static_cast<std::size_t>(in.tellg());
  byte_buffer block(size % journal_block_size);
  in.seekg(static_cast<std::streamoff>(size - block.size()));
  in.read(reinterpret_cast<char*>(block.data()), static_cast<std::streamsize>(block.size()));
  if (!in) return {};
  return block;
}

}  // namespace

tl::unexpected<failure> refuse(const std::string& path, errc code, std::string_view why,
                               std::string_view advice) {
  std::string text{"'"};
  text.append(printable(path)).append("': ").append(why);
  if (!advice.empty()) text.append("; ").append(advice);
  return fail(code, text);
}

tl::unexpected<failure> refuse(const std::string& path, const rocksdb::Status& status) {
  const failure what = to_failure(status);
  const bool is_locked = what.detail.find("lock hold by current process") != std::string::npos ||
                         what.detail.find("While lock file") != std::string::npos;
  if (is_locked) return refuse(path, errc::store_in_use, in_use(path, what), advice::in_use);
  if (status.IsNotSupported() || status.IsInvalidArgument())
    return refuse(path, errc::newer_format, what.detail, advice::newer);
  if (what.code == errc::corrupt_store)
    return refuse(path, what.code, "it is damaged: " + what.detail, advice::corrupt);
  if (what.code == errc::disk_full) return refuse(path, what.code, what.detail, advice::full);
  return refuse(path, what.code, what.detail);
}

result<directory_state> look_into(const std::string& path, directory_need need) {
  std::error_code why;
  if (need == directory_need::there) {
    if (!fs::exists(path, why))
      return refuse(path, errc::storage_failed, why ? why.message() : "there is no such directory");
    if (!fs::is_directory(path, why))
      return refuse(path, errc::storage_failed, "it is a file and no directory");
  } else {
    fs::create_directories(path, why);
  }
  if (why == std::errc::no_space_on_device)
    return refuse(path, errc::disk_full, why.message(), advice::full);
  if (why) return refuse(path, errc::storage_failed, why.message());
  if (fs::exists(fs::path{path} / "CURRENT", why)) return directory_state::store;
  for (fs::directory_iterator at{path, why}, end; !why && at != end; at.increment(why)) {
    const std::string name = at->path().filename().string();
    if (name.ends_with(".sst") || name.ends_with(".log"))
      return refuse(path, errc::corrupt_store, "it has lost its file CURRENT", advice::corrupt);
    if (!may_be_in_new_store(name))
      return refuse(path, errc::corrupt_store,
                    "it is no store, but has the file " + in_single_quotes(name), advice::foreign);
  }
  if (why) return refuse(path, errc::storage_failed, why.message());
  return directory_state::empty;
}

bool has_needed(const std::vector<std::string>& families) {
  return std::ranges::find(families, name_of(family::meta)) != families.end();
}

result<void> check_no_leveldb(const std::string& path) {
  TROUPE_ASSIGN(const auto files, files_in(path));
  if (!is_leveldb(files)) return {};
  return refuse(path, errc::corrupt_store, "it is a store of LevelDB, which is left as it is",
                advice::leveldb);
}

result<std::vector<std::string>> check_families(const std::string& path,
                                                const rocksdb::DBOptions& options) {
  std::vector<std::string> names;
  if (const auto status = rocksdb::DB::ListColumnFamilies(options, path, &names); !status.ok())
    return refuse(path, status);
  for (const std::string& name : names) {
    bool is_ours = false;
    for (std::size_t i = 0; i < family_count; ++i)
      is_ours = is_ours || name == name_of(static_cast<family>(i));
    if (!is_ours && !has_needed(names))
      return refuse(path, errc::corrupt_store,
                    std::string{"it is a database of another program, which is left as it is: it "}
                        .append("has data of the kind ")
                        .append(in_single_quotes(name)),
                    advice::foreign);
    if (!is_ours)
      return refuse(path, errc::newer_format,
                    "it has data of the kind " + in_single_quotes(name) +
                        ", which this server does not know",
                    advice::newer);
  }
  return names;
}

result<void> check_maker(const std::string& path, const std::vector<std::string>& families) {
  if (has_needed(families)) return {};
  TROUPE_ASSIGN(const auto files, files_in(path));
  const auto other = std::ranges::find_if_not(files, is_in_making);
  if (other == files.end()) return {};
  if (std::ranges::find(files, journal_note_name, &file_of_store::name) != files.end())
    return refuse(path, errc::corrupt_store, "it is damaged: its list of tables is not whole",
                  advice::corrupt);
  return refuse(path, errc::corrupt_store,
                std::string{"it is a database of another program, which is left as it is: it has "}
                    .append("the file ")
                    .append(in_single_quotes(other->name))
                    .append(", and not what every store of this server has"),
                advice::foreign);
}

rocksdb::Status open_for_reading(const rocksdb::DBOptions& options, const std::string& path,
                                 const rocksdb_settings& settings,
                                 const std::vector<std::string>& present,
                                 std::shared_ptr<directory_lock> lock,
                                 std::unique_ptr<rocksdb_store>& to) {
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  std::vector<rocksdb::ColumnFamilyDescriptor> families = make_families(settings);
  std::erase_if(families, [&](const auto& each) {
    return std::ranges::find(present, each.name) == present.end();
  });
  const auto status = rocksdb::DB::OpenForReadOnly(options, path, families, &handles, &db);
  if (status.ok())
    to = std::make_unique<rocksdb_store>(std::unique_ptr<rocksdb::DB>{db}, std::move(handles),
                                         std::move(lock));
  return status;
}

result<void> check_journal(const std::string& path, const rocksdb_settings& settings,
                           const std::vector<std::string>& present) {
  std::error_code why;
  for (fs::directory_iterator at{path, why}, end; !why && at != end; at.increment(why))
    if (at->path().extension() == ".log") return {};
  if (why) return refuse(path, errc::storage_failed, why.message());
  if (present.size() <= static_cast<std::size_t>(family::meta)) return {};
  std::unique_ptr<rocksdb_store> store;
  const auto status =
      open_for_reading(make_database_options(settings), path, settings, present, nullptr, store);
  if (!status.ok()) return status.IsInvalidArgument() ? result<void>{} : refuse(path, status);
  std::string value;
  const rocksdb::Slice key{marker_key.data(), marker_key.size()};
  if (store->db().Get({}, store->handle(family::meta), key, &value).IsNotFound()) return {};
  return refuse(path, errc::corrupt_store, "it has lost its journal, the file that ends with .log",
                advice::corrupt);
}

bool is_log_file(std::string_view name) noexcept {
  return name.ends_with(".log") || name.starts_with("MANIFEST-");
}

bool mend_end(const std::string& file) {
  const byte_buffer block = last_block_of(file);
  const auto wrong = find_wrong_length(block);
  if (!wrong) return false;
  std::fstream out{file, std::ios::in | std::ios::out | std::ios::binary};
  const auto size = static_cast<std::size_t>(fs::file_size(file));
  out.seekp(static_cast<std::streamoff>(size - block.size() + wrong->offset));
  out.put(static_cast<char>(wrong->length & 0xFF)).put(static_cast<char>(wrong->length >> 8));
  return out.flush().good();
}

result<void> check_ends(const std::string& path) {
  std::error_code why;
  for (fs::directory_iterator at{path, why}, end; !why && at != end; at.increment(why)) {
    if (!is_log_file(at->path().filename().string())) continue;
    if (find_wrong_length(last_block_of(at->path())))
      return refuse(path, errc::corrupt_store,
                    "it is damaged: the length of a record at the end of " +
                        at->path().filename().string() + " is wrong",
                    advice::corrupt);
  }
  if (why) return refuse(path, errc::storage_failed, why.message());
  return {};
}

result<std::unique_ptr<directory_lock>> directory_lock::take(const std::string& path,
                                                             rocksdb::Env& env) {
  rocksdb::FileLock* held = nullptr;
  if (const auto status = env.LockFile(path + "/LOCK", &held); !status.ok())
    return refuse(path, status);
  return std::make_unique<directory_lock>(env, *held);
}

}  // namespace troupe::storage
