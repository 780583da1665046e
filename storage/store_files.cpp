#include "storage/store_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include "base/printable.hpp"

namespace troupe::storage {
namespace {

namespace fs = std::filesystem;

tl::unexpected<failure> failed(const std::string& path, int error) {
  const errc code = error == ENOSPC || error == EDQUOT ? errc::disk_full : errc::storage_failed;
  return fail(code, in_single_quotes(path) + ": " + std::strerror(error));
}

class open_file {
 public:
  open_file(const std::string& path, int flags)
      : file_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~open_file() {
    if (file_ >= 0) ::close(file_);
  }
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  explicit operator bool() const noexcept { return file_ >= 0; }
  int operator*() const noexcept { return file_; }

 private:
  int file_;
};

result<void> sync_path(const std::string& path) {
  const open_file file{path, O_RDONLY};
  if (!file || ::fsync(*file) != 0) return failed(path, errno);
  return {};
}

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path{path}.parent_path().string();
  return folder.empty() ? "." : folder;
}

result<void> copy_file(const std::string& from, const std::string& to) {
  const open_file in{from, O_RDONLY};
  if (!in) return failed(from, errno);
  const open_file out{to, O_WRONLY | O_CREAT | O_EXCL};
  if (!out) return failed(to, errno);
  std::array<char, 256 * 1024> buffer;
  for (;;) {
    const ssize_t size = ::read(*in, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failed(from, errno);
    if (size == 0) break;
    for (ssize_t done = 0; done < size;) {
      const ssize_t written =
          ::write(*out, buffer.data() + done, static_cast<std::size_t>(size - done));
      if (written < 0 && errno != EINTR) return failed(to, errno);
      done += written < 0 ? 0 : written;
    }
  }
  if (::fsync(*out) != 0) return failed(to, errno);
  return {};
}

/// What a copy must not have: the lock, and the identity of a node of a cluster, which would pose
/// as the other one.
bool is_of_one_store(const std::string& name) {
  return name == "LOCK" || name == "node" || name == "members";
}

/// A path without a slash at its end, which would have no name of its own.
std::string plain(const std::string& path) {
  std::string text = path;
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

}  // namespace

bool is_within(const std::string& path, const std::string& directory) {
  std::error_code why;
  const fs::path inner = fs::weakly_canonical(fs::absolute(plain(path)), why);
  if (why) return false;
  const fs::path outer = fs::weakly_canonical(fs::absolute(plain(directory)), why);
  return !why && std::ranges::mismatch(outer, inner).in1 == outer.end();
}

std::uint64_t size_of_files(const std::string& directory) {
  std::uint64_t size = 0;
  std::error_code ignored;
  for (const auto& each : fs::directory_iterator{directory, ignored})
    if (each.is_regular_file(ignored)) size += each.file_size(ignored);
  return size;
}

std::uint64_t free_bytes_at(const std::string& path) {
  std::error_code why;
  fs::path at = fs::absolute(plain(path), why);
  while (!fs::exists(at, why) && at.has_relative_path()) at = at.parent_path();
  const fs::space_info space = fs::space(at, why);
  return why ? 0 : space.available;
}

result<void> copy_files(const std::string& from, const std::string& to, tables how) {
  std::error_code why;
  fs::create_directories(to, why);
  if (why) return failed(to, why.value());
  for (fs::directory_iterator at{from, why}, end; !why && at != end; at.increment(why)) {
    const std::string name = at->path().filename().string();
    if (!at->is_regular_file(why) || is_of_one_store(name)) continue;
    const std::string copy = to + "/" + name;
    const bool is_table = name.ends_with(".sst");
    if (is_table && how == tables::linked && ::link(at->path().c_str(), copy.c_str()) == 0)
      continue;
    TROUPE_TRY(copy_file(at->path().string(), copy));
  }
  if (why) return failed(from, why.value());
  TROUPE_TRY(sync_path(to));
  return sync_path(folder_of(plain(to)));
}

result<void> move_directory(const std::string& from, const std::string& to) {
  if (std::rename(plain(from).c_str(), plain(to).c_str()) != 0) return failed(to, errno);
  return sync_path(folder_of(plain(to)));
}

result<void> exchange_directories(const std::string& one, const std::string& other) {
  const std::string a = plain(one);
  const std::string b = plain(other);
  if (::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0)
    return sync_path(folder_of(a));
  if (errno != EINVAL && errno != ENOSYS) return failed(a, errno);
  const std::string aside = b + ".aside";
  TROUPE_TRY(move_directory(a, aside));
  if (auto moved = move_directory(b, a); !moved) {
    TROUPE_TRY(move_directory(aside, a));
    return moved;
  }
  return move_directory(aside, b);
}

}  // namespace troupe::storage
