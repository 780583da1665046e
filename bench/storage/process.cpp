#include "bench/storage/process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

namespace troupe::bench {
namespace {

namespace fs = std::filesystem;

template <class Visit>
void for_each_file(const std::string& path, Visit&& visit) {
  std::error_code why;
  for (fs::directory_iterator at{path, why}, end; !why && at != end; at.increment(why))
    if (at->is_regular_file(why)) visit(at->path());
}

/// A file descriptor that is closed at its end.
class descriptor {
 public:
  explicit descriptor(int number) : number_(number) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const noexcept { return number_; }

 private:
  int number_;
};

}  // namespace

written_bytes read_written() {
  std::ifstream file{"/proc/self/io"};
  written_bytes written;
  std::string name;
  std::uint64_t value = 0;
  while (file >> name >> value) {
    if (name == "wchar:") written.by_calls = value;
    if (name == "write_bytes:") written.of_pages = value;
  }
  return written;
}

std::uint64_t resident_bytes() {
  std::ifstream file{"/proc/self/statm"};
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t size_of_directory(const std::string& path) {
  std::uint64_t sum = 0;
  for_each_file(path, [&](const fs::path& file) {
    std::error_code why;
    const auto size = fs::file_size(file, why);
    if (!why) sum += size;
  });
  return sum;
}

void drop_caches(const std::string& path) {
  for_each_file(path, [](const fs::path& file) {
    const descriptor opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (opened.number() < 0) return;
    ::fdatasync(opened.number());  // only clean pages are dropped
    ::posix_fadvise(opened.number(), 0, 0, POSIX_FADV_DONTNEED);
  });
}

bool measure_disk(const std::string& directory, std::size_t size, unsigned count,
                  load::histogram& times) {
  const std::string path = directory + "/floor";
  const descriptor file{
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600)};
  if (file.number() < 0) return false;
  const std::vector<char> bytes(size, 'x');
  bool is_good = true;
  for (unsigned i = 0; i < count && is_good; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    is_good = ::write(file.number(), bytes.data(), size) == static_cast<ssize_t>(size) &&
              ::fdatasync(file.number()) == 0;
    times.record(std::chrono::steady_clock::now() - begun);
  }
  ::unlink(path.c_str());
  return is_good;
}

}  // namespace troupe::bench
