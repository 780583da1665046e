// A file system below RocksDB that fails on request: with an error of the disk or a full disk at
// the n-th operation that changes something, or by a power cut, after which everything that was not
// synced is gone. Without a request it passes everything through but the syncs themselves, which
// only a real power cut would need, so that tests are quick.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

namespace troupe::test {

class faulty_file_system final : public rocksdb::FileSystemWrapper,
                                 public std::enable_shared_from_this<faulty_file_system> {
 public:
  enum class fault { io_error, no_space, power_cut };
  enum class span { one, all_from_there };

  static std::shared_ptr<faulty_file_system> make();
  explicit faulty_file_system(const std::shared_ptr<rocksdb::FileSystem>& below)
      : FileSystemWrapper(below) {}
  static const char* kClassName() { return "faulty"; }
  const char* Name() const override { return kClassName(); }

  /// An environment with this file system, in which nobody sleeps: the library waits a second after
  /// each failure in the background. Requires that a shared_ptr owns the file system.
  std::shared_ptr<rocksdb::Env> make_env();

  /// The n-th operation from now on fails, and those behind it if `how_long` says so.
  void fail_at(std::uint64_t nth, fault what, span how_long = span::all_from_there);
  void heal();
  /// How many operations there were since the last fail_at() or heal().
  std::uint64_t operations();
  bool has_failed();
  /// What the disk says is free while it is full.
  void set_free_space(std::optional<std::uint64_t> bytes);

  /// Syncs of files wait until they are released.
  void hold_syncs();
  /// Returns once one waits.
  void await_held_sync();
  void release_syncs();

  /// To be called when nobody uses the file system any more: leaves on the disk what was synced.
  void lose_unsynced();

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus CreateDir(const std::string& path, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& path, const rocksdb::IOOptions& options,
                                       rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options,
                                 std::uint64_t* free, rocksdb::IODebugContext* dbg) override;

 private:
  class writable_file;
  class directory;

  /// What of a file would be there after a power cut.
  struct durable {
    std::uint64_t size = 0;
    bool is_named = false;              // its directory was synced since
    std::optional<std::string> before;  // what had the name before a rename
  };

  /// Counts an operation and says whether it fails.
  rocksdb::IOStatus begin();
  void wait_for_release();
  void note_new(const std::string& path);
  void note_synced(const std::string& path, std::uint64_t size);
  void note_named(const std::string& folder);

  std::mutex mutex_;
  std::condition_variable changed_;
  bool holds_syncs_ = false;
  bool is_sync_held_ = false;
  std::uint64_t operations_ = 0;
  std::uint64_t fails_at_ = std::numeric_limits<std::uint64_t>::max();
  fault fault_ = fault::io_error;
  span span_ = span::one;
  bool has_failed_ = false;
  std::optional<std::uint64_t> free_space_;
  std::map<std::string, durable> files_;
};

}  // namespace troupe::test
