// The directory of a store before it is opened: whether it is one, whether all of its files are
// there, who uses it, and what an operator is shown who named another one. Nothing here changes a
// file. Includes RocksDB: for the sources of the RocksDB backend only.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/env.h>
#include <rocksdb/options.h>

#include "base/errc.hpp"
#include "storage/rocksdb_backend.hpp"
#include "storage/rocksdb_reader.hpp"

namespace troupe::storage {

namespace advice {
inline constexpr std::string_view newer =
    "run the version of the server that wrote it, or restore a backup from before";
inline constexpr std::string_view corrupt =
    "its files are left as they are: copy them, and restore a backup";
inline constexpr std::string_view foreign = "name a directory that is empty or does not exist";
inline constexpr std::string_view leveldb =
    "name a directory that is empty or does not exist, and bring the documents of y-leveldb along "
    "by: troupe import --from y-leveldb";
inline constexpr std::string_view in_use = "stop the process that uses it, or name another one";
inline constexpr std::string_view full = "free some space";
}  // namespace advice

/// A failure to open: "'PATH': WHY; ADVICE".
tl::unexpected<failure> refuse(const std::string& path, errc code, std::string_view why,
                               std::string_view advice = {});
tl::unexpected<failure> refuse(const std::string& path, const rocksdb::Status& status);

enum class directory_state { empty, store };
enum class directory_need { made_if_missing, there };

/// What has no CURRENT is a store that has lost it, or none, unless it is empty: opening it would
/// make a new store over what is there.
result<directory_state> look_into(const std::string& path, directory_need need);

/// That it is no store of LevelDB: the library opens a young one, writes into it, and what was in
/// it is lost. Requires nothing of what is in the directory.
result<void> check_no_leveldb(const std::string& path);

/// That the store has no families but ours. Returns which it has: an earlier server knew fewer.
result<std::vector<std::string>> check_families(const std::string& path,
                                                const rocksdb::DBOptions& options);

/// Whether a store with these families was made to the end, as far as they show.
bool has_needed(const std::vector<std::string>& families);

/// That nobody else made it, before anything is opened in it: the library writes into what it
/// opens, whosever it is. Without the families that every store has, it is one whose making was cut
/// short, which has neither data nor files of others, or not ours.
result<void> check_maker(const std::string& path, const std::vector<std::string>& families);

/// Opens the families that are there, for reading only; those that an earlier server did not know,
/// which are the last ones, look empty.
rocksdb::Status open_for_reading(const rocksdb::DBOptions& options, const std::string& path,
                                 const rocksdb_settings& settings,
                                 const std::vector<std::string>& present,
                                 std::shared_ptr<directory_lock> lock,
                                 std::unique_ptr<rocksdb_store>& to);

/// That the journal is there, of which an open store always has a file: the library would begin a
/// new one and miss nothing. A store that has no marker yet may lack it: its making was cut short.
result<void> check_journal(const std::string& path, const rocksdb_settings& settings,
                           const std::vector<std::string>& present);

/// Whether a file of a store has RocksDB's log format: a journal, or the list of tables.
bool is_log_file(std::string_view name) noexcept;

/// Repairs the length at the end of such a file, see check_ends(); returns whether it was wrong.
bool mend_end(const std::string& file);

/// That no file of journals and of what tables there are ends with a record whose length was
/// changed: the library would take it, and what follows, for one that a crash has cut short.
result<void> check_ends(const std::string& path);

/// Keeps others from opening a store while it lives.
class directory_lock {
 public:
  /// Fails with store_in_use, and names the other process if the system knows it.
  static result<std::unique_ptr<directory_lock>> take(const std::string& path, rocksdb::Env& env);

  directory_lock(rocksdb::Env& env, rocksdb::FileLock& held) : env_(env), held_(held) {}
  directory_lock(const directory_lock&) = delete;
  directory_lock& operator=(const directory_lock&) = delete;
  ~directory_lock() { env_.UnlockFile(&held_).PermitUncheckedError(); }

 private:
  rocksdb::Env& env_;
  rocksdb::FileLock& held_;
};

}  // namespace troupe::storage
