#include "tests/support/faulty_file_system.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <rocksdb/system_clock.h>

// RocksDB 7.8 forgets the new memtable when it cannot make the journal that goes with it.
#ifdef __SANITIZE_ADDRESS__
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:rocksdb::DBImpl::SwitchMemtable\n";
}
#endif

// The packaged library is not built for ThreadSanitizer, which sees what it copies, but not by
// which of its atomics a reader learns of it.
#ifdef __SANITIZE_THREAD__
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() { return "race:librocksdb.so\n"; }
#endif

namespace troupe::test {
namespace fs = std::filesystem;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

namespace {

std::string contents_of(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::string folder_of(const std::string& path) {
  return fs::path{path}.parent_path().lexically_normal().string();
}

}  // namespace

namespace {

class sleepless_clock final : public rocksdb::SystemClockWrapper {
 public:
  using SystemClockWrapper::SystemClockWrapper;
  const char* Name() const override { return "sleepless"; }
  void SleepForMicroseconds(int micros) override { target_->SleepForMicroseconds(micros / 1000); }
};

class sleepless_env final : public rocksdb::EnvWrapper {
 public:
  explicit sleepless_env(std::unique_ptr<rocksdb::Env> below) : EnvWrapper(std::move(below)) {
    system_clock_ = std::make_shared<sleepless_clock>(system_clock_);
  }
};

}  // namespace

class faulty_file_system::writable_file final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  writable_file(faulty_file_system& owner, std::string path, std::uint64_t size,
                std::unique_ptr<rocksdb::FSWritableFile> below)
      : FSWritableFileOwnerWrapper(std::move(below)),
        owner_(owner),
        path_(std::move(path)),
        size_(size) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* dbg) override {
    if (auto failed = owner_.begin(); !failed.ok()) {
      // A disk that is full takes a part.
      if (failed.IsNoSpace()) add(Slice{data.data(), data.size() / 2}, options, dbg);
      return failed;
    }
    return add(data, options, dbg);
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* dbg) override {
    return Append(data, options, dbg);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    owner_.wait_for_release();
    if (auto failed = owner_.begin(); !failed.ok()) return failed;
    owner_.note_synced(path_, size_);
    return IOStatus::OK();
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* dbg) override {
    return Sync(options, dbg);
  }
  IOStatus RangeSync(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return owner_.begin();
  }

 private:
  IOStatus add(const Slice& data, const IOOptions& options, IODebugContext* dbg) {
    size_ += data.size();
    return FSWritableFileOwnerWrapper::Append(data, options, dbg);
  }

  faulty_file_system& owner_;
  std::string path_;
  std::uint64_t size_;
};

class faulty_file_system::directory final : public rocksdb::FSDirectoryWrapper {
 public:
  directory(faulty_file_system& owner, std::string path,
            std::unique_ptr<rocksdb::FSDirectory> below)
      : FSDirectoryWrapper(std::move(below)), owner_(owner), path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    if (auto failed = owner_.begin(); !failed.ok()) return failed;
    owner_.note_named(path_);
    return IOStatus::OK();
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* dbg,
                               const rocksdb::DirFsyncOptions&) override {
    return Fsync(options, dbg);
  }

 private:
  faulty_file_system& owner_;
  std::string path_;
};

std::shared_ptr<faulty_file_system> faulty_file_system::make() {
  return std::make_shared<faulty_file_system>(rocksdb::FileSystem::Default());
}

std::shared_ptr<rocksdb::Env> faulty_file_system::make_env() {
  return std::make_shared<sleepless_env>(rocksdb::NewCompositeEnv(shared_from_this()));
}

// --- faults ---

void faulty_file_system::fail_at(std::uint64_t nth, fault what, span how_long) {
  std::lock_guard lock{mutex_};
  operations_ = 0;
  fails_at_ = nth;
  fault_ = what;
  span_ = how_long;
  has_failed_ = false;
}

void faulty_file_system::heal() {
  fail_at(std::numeric_limits<std::uint64_t>::max(), fault::io_error, span::one);
}

std::uint64_t faulty_file_system::operations() {
  std::lock_guard lock{mutex_};
  return operations_;
}

bool faulty_file_system::has_failed() {
  std::lock_guard lock{mutex_};
  return has_failed_;
}

void faulty_file_system::set_free_space(std::optional<std::uint64_t> bytes) {
  std::lock_guard lock{mutex_};
  free_space_ = bytes;
}

IOStatus faulty_file_system::begin() {
  std::lock_guard lock{mutex_};
  ++operations_;
  const bool fails = span_ == span::one ? operations_ == fails_at_ : operations_ >= fails_at_;
  if (!fails) return IOStatus::OK();
  has_failed_ = true;
  if (fault_ == fault::no_space) return IOStatus::NoSpace("No space left on device (a test)");
  return IOStatus::IOError("Input/output error (a test)");
}

void faulty_file_system::hold_syncs() {
  std::lock_guard lock{mutex_};
  holds_syncs_ = true;
  is_sync_held_ = false;
}

void faulty_file_system::await_held_sync() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return is_sync_held_; });
}

void faulty_file_system::release_syncs() {
  {
    std::lock_guard lock{mutex_};
    holds_syncs_ = false;
  }
  changed_.notify_all();
}

void faulty_file_system::wait_for_release() {
  std::unique_lock lock{mutex_};
  if (!holds_syncs_) return;
  is_sync_held_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !holds_syncs_; });
}

// --- power cuts ---

void faulty_file_system::note_new(const std::string& path) {
  std::lock_guard lock{mutex_};
  files_[path] = {};
}

void faulty_file_system::note_synced(const std::string& path, std::uint64_t size) {
  std::lock_guard lock{mutex_};
  if (const auto found = files_.find(path); found != files_.end()) found->second.size = size;
}

void faulty_file_system::note_named(const std::string& folder) {
  std::lock_guard lock{mutex_};
  const std::string normal = folder_of(folder + "/x");
  for (auto& [path, state] : files_) {
    if (folder_of(path) != normal) continue;
    state.is_named = true;
    state.before.reset();
  }
}

void faulty_file_system::lose_unsynced() {
  std::lock_guard lock{mutex_};
  std::error_code ignored;
  for (const auto& [path, state] : files_) {
    if (state.before) {
      std::ofstream{path, std::ios::binary | std::ios::trunc} << *state.before;
    } else if (!state.is_named) {
      fs::remove(path, ignored);
    } else if (fs::exists(path) && fs::file_size(path) > state.size) {
      fs::resize_file(path, state.size);
    }
  }
  files_.clear();
}

// --- operations ---

IOStatus faulty_file_system::NewWritableFile(const std::string& path,
                                             const rocksdb::FileOptions& options,
                                             std::unique_ptr<rocksdb::FSWritableFile>* file,
                                             IODebugContext* dbg) {
  if (auto failed = begin(); !failed.ok()) return failed;
  std::unique_ptr<rocksdb::FSWritableFile> below;
  auto status = FileSystemWrapper::NewWritableFile(path, options, &below, dbg);
  if (!status.ok()) return status;
  note_new(path);
  *file = std::make_unique<writable_file>(*this, path, 0, std::move(below));
  return status;
}

IOStatus faulty_file_system::ReopenWritableFile(const std::string& path,
                                                const rocksdb::FileOptions& options,
                                                std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                IODebugContext* dbg) {
  if (auto failed = begin(); !failed.ok()) return failed;
  std::error_code ignored;
  const std::uint64_t size = fs::exists(path) ? fs::file_size(path, ignored) : 0;
  std::unique_ptr<rocksdb::FSWritableFile> below;
  auto status = FileSystemWrapper::ReopenWritableFile(path, options, &below, dbg);
  if (!status.ok()) return status;
  *file = std::make_unique<writable_file>(*this, path, size, std::move(below));
  return status;
}

IOStatus faulty_file_system::NewDirectory(const std::string& path, const IOOptions& options,
                                          std::unique_ptr<rocksdb::FSDirectory>* opened,
                                          IODebugContext* dbg) {
  std::unique_ptr<rocksdb::FSDirectory> below;
  auto status = FileSystemWrapper::NewDirectory(path, options, &below, dbg);
  if (status.ok()) *opened = std::make_unique<directory>(*this, path, std::move(below));
  return status;
}

IOStatus faulty_file_system::CreateDir(const std::string& path, const IOOptions& options,
                                       IODebugContext* dbg) {
  if (auto failed = begin(); !failed.ok()) return failed;
  return FileSystemWrapper::CreateDir(path, options, dbg);
}

IOStatus faulty_file_system::CreateDirIfMissing(const std::string& path, const IOOptions& options,
                                                IODebugContext* dbg) {
  if (auto failed = begin(); !failed.ok()) return failed;
  return FileSystemWrapper::CreateDirIfMissing(path, options, dbg);
}

IOStatus faulty_file_system::DeleteFile(const std::string& path, const IOOptions& options,
                                        IODebugContext* dbg) {
  if (auto failed = begin(); !failed.ok()) return failed;
  {
    std::lock_guard lock{mutex_};
    files_.erase(path);
  }
  return FileSystemWrapper::DeleteFile(path, options, dbg);
}

IOStatus faulty_file_system::RenameFile(const std::string& from, const std::string& to,
                                        const IOOptions& options, IODebugContext* dbg) {
  if (auto failed = begin(); !failed.ok()) return failed;
  std::optional<std::string> before;
  if (fs::exists(to)) before = contents_of(to);
  auto status = FileSystemWrapper::RenameFile(from, to, options, dbg);
  if (!status.ok()) return status;
  std::lock_guard lock{mutex_};
  durable moved;
  if (const auto found = files_.find(from); found != files_.end()) moved.size = found->second.size;
  moved.before = std::move(before);
  files_.erase(from);
  files_[to] = std::move(moved);
  return status;
}

IOStatus faulty_file_system::GetFreeSpace(const std::string& path, const IOOptions& options,
                                          std::uint64_t* free, IODebugContext* dbg) {
  {
    std::lock_guard lock{mutex_};
    if (free_space_) {
      *free = *free_space_;
      return IOStatus::OK();
    }
  }
  return FileSystemWrapper::GetFreeSpace(path, options, free, dbg);
}

}  // namespace troupe::test
