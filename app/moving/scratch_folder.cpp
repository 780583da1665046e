#include "app/moving/scratch_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/printable.hpp"

namespace troupe::moving {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view beginning = "troupe-import-";
constexpr int tries_max = 10;
constexpr std::size_t leftovers_max = 1000;

/// Opens a directory of this user and takes its lock; -1: it is in use, gone, or somebody else's.
int lock_folder(const fs::path& path) {
  const int opened = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (opened < 0) return -1;
  struct stat now = {};
  // A folder that was removed between the two calls has no name any more.
  if (::flock(opened, LOCK_EX | LOCK_NB) == 0 && ::fstat(opened, &now) == 0 && now.st_nlink > 0 &&
      now.st_uid == ::geteuid())
    return opened;
  ::close(opened);
  return -1;
}

void remove_leftovers(const fs::path& below) {
  std::error_code why;
  std::size_t seen = 0;
  for (fs::directory_iterator at{below, why}, end; !why && at != end && seen < leftovers_max;
       at.increment(why)) {
    if (!at->path().filename().string().starts_with(beginning)) continue;
    ++seen;
    const int lock = lock_folder(at->path());
    if (lock < 0) continue;
    std::error_code ignored;
    fs::remove_all(at->path(), ignored);
    ::close(lock);
  }
}

}  // namespace

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

result<void> scratch_folder::make(const std::string& below) {
  remove_leftovers(below);
  // Another process may take a new folder for a leftover before it is locked here.
  for (int i = 0; i < tries_max && lock_ < 0; ++i) {
    std::string name = (fs::path{below} / beginning).string().append("XXXXXX");
    if (::mkdtemp(name.data()) == nullptr)
      return fail(errc::storage_failed,
                  in_single_quotes(name) + ": cannot be made: " + std::strerror(errno));
    lock_ = lock_folder(name);
    if (lock_ >= 0) path_ = std::move(name);
  }
  if (lock_ < 0)
    return fail(errc::storage_failed, in_single_quotes(below) + ": no folder can be made in it");
  return {};
}

}  // namespace troupe::moving
