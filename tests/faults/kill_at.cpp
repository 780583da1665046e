// Loaded into the built server with LD_PRELOAD: ends the process with SIGKILL in front of the nth
// operation that changes a file of its store, so that a test can stop it between any two steps of
// a write, a checkpoint, a merge of tables or an unload, without a line of the product for it. Or
// lets writes fail as on a full disk, or wait as for one that stalls.
//
//   TROUPE_FAULT_PATH=DIRECTORY   the store; files elsewhere do not count
//   TROUPE_KILL_AT=N              absent or 0: never
//   TROUPE_FAULT_COUNT=FILE       receives a byte for each operation
//   TROUPE_FULL_WHILE=FILE        while this file exists, nothing can be written to the store
//   TROUPE_STALL_WHILE=FILE       while this file exists, nothing of the store becomes durable
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

namespace {

struct plan {
  plan() {
    const auto value_of = [](const char* name) {
      const char* const value = std::getenv(name);
      return std::string{value == nullptr ? "" : value};
    };
    path = value_of("TROUPE_FAULT_PATH");
    full_while = value_of("TROUPE_FULL_WHILE");
    stall_while = value_of("TROUPE_STALL_WHILE");
    kill_at = std::atol(value_of("TROUPE_KILL_AT").c_str());
    count_path = value_of("TROUPE_FAULT_COUNT");
  }

  std::string path;
  std::string full_while;
  std::string stall_while;
  std::string count_path;
  long kill_at = 0;
  std::atomic<long> operations = 0;
  std::atomic<int> count_file = -1;
};

/// Made at the first use, which may come before this library is initialised.
plan& the_plan() {
  static plan* const one = new plan;
  return *one;
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

#define TROUPE_REAL(name) static const auto next = real<decltype(::name)>(#name)

ssize_t write_through(int file, const void* bytes, std::size_t size) {
  TROUPE_REAL(write);
  return next(file, bytes, size);
}

int open_through(const char* name, int flags) {
  TROUPE_REAL(open);
  return next(name, flags, 0644);
}

bool is_ours(const char* name) {
  const std::string& path = the_plan().path;
  return !path.empty() && std::strncmp(name, path.c_str(), path.size()) == 0;
}

bool is_ours(int file) {
  if (the_plan().path.empty() || file <= 2 || file == the_plan().count_file) return false;
  char link[64];
  char name[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t size = ::readlink(link, name, sizeof name - 1);
  if (size < 0) return false;
  name[size] = 0;
  return is_ours(name);
}

void step() {
  plan& of = the_plan();
  const long number = ++of.operations;
  if (!of.count_path.empty()) {
    if (of.count_file < 0)
      of.count_file =
          open_through(of.count_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC);
    if (write_through(of.count_file, ".", 1) != 1) std::abort();
  }
  if (number == of.kill_at) ::kill(::getpid(), SIGKILL);
}

bool is_there(const std::string& file) {
  return !file.empty() && ::access(file.c_str(), F_OK) == 0;
}

/// As long as the test lets the disk stall.
void wait_for_disk() {
  while (is_there(the_plan().stall_while)) ::usleep(10'000);
}

/// Counts a write; returns whether it fails.
bool fails_to_write(int file) {
  if (!is_ours(file)) return false;
  step();
  if (!is_there(the_plan().full_while)) return false;
  errno = ENOSPC;
  return true;
}

void count_if_ours(int file) {
  if (is_ours(file)) step();
}

void sync_if_ours(int file) {
  if (!is_ours(file)) return;
  step();
  wait_for_disk();
}

void count_if_ours(const char* name) {
  if (is_ours(name)) step();
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* bytes, std::size_t size) {
  return fails_to_write(file) ? -1 : write_through(file, bytes, size);
}

ssize_t pwrite(int file, const void* bytes, std::size_t size, off_t at) {
  TROUPE_REAL(pwrite);
  return fails_to_write(file) ? -1 : next(file, bytes, size, at);
}

int fsync(int file) {
  TROUPE_REAL(fsync);
  sync_if_ours(file);
  return next(file);
}

int fdatasync(int file) {
  TROUPE_REAL(fdatasync);
  sync_if_ours(file);
  return next(file);
}

int ftruncate(int file, off_t size) noexcept {
  TROUPE_REAL(ftruncate);
  count_if_ours(file);
  return next(file, size);
}

int rename(const char* from, const char* to) noexcept {
  TROUPE_REAL(rename);
  count_if_ours(from);
  return next(from, to);
}

int unlink(const char* name) noexcept {
  TROUPE_REAL(unlink);
  count_if_ours(name);
  return next(name);
}

int open(const char* name, int flags, ...) {
  TROUPE_REAL(open);
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if ((flags & O_CREAT) != 0) count_if_ours(name);
  return next(name, flags, mode);
}

}  // extern "C"
