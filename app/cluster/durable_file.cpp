#include "app/cluster/durable_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/printable.hpp"

namespace troupe::cluster {

namespace {

tl::unexpected<failure> failed(const std::string& path, int error) {
  const errc code = error == ENOSPC || error == EDQUOT ? errc::disk_full : errc::storage_failed;
  return fail(code, in_single_quotes(path) + ": " + std::strerror(error));
}

/// Returns an error number; 0: all of it is on the disk.
int write_and_sync(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(file) == 0 ? 0 : errno;
}

int sync_directory_of(const std::string& path) {
  const std::string folder = std::filesystem::path{path}.parent_path().string();
  const int directory =
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return errno;
  const int error = ::fsync(directory) == 0 ? 0 : errno;
  ::close(directory);
  return error;
}

}  // namespace

result<std::optional<std::string>> read_small_file(const std::string& path, std::size_t size_max) {
  errno = 0;
  std::ifstream in{path, std::ios::binary};
  if (!in.is_open() && errno == ENOENT) return std::optional<std::string>{};
  std::string text(size_max + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad()) return failed(path, errno);
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > size_max)
    return fail(errc::corrupt_store, in_single_quotes(path) + ": it is too long");
  return text;
}

result<void> replace_file(const std::string& path, std::string_view text) {
  const std::string beside = path + ".new";
  ::unlink(beside.c_str());
  const int to = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                        S_IRUSR | S_IWUSR);
  if (to < 0) return failed(path, errno);
  int error = write_and_sync(to, text);
  ::close(to);
  if (error == 0 && std::rename(beside.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(beside.c_str());
    return failed(path, error);
  }
  error = sync_directory_of(path);
  return error == 0 ? result<void>{} : failed(path, error);
}

}  // namespace troupe::cluster
