#include "net/watch/watch_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace troupe {
namespace {

constexpr std::uint32_t watched_events = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM |
                                         IN_MOVED_TO | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF |
                                         IN_MOVE_SELF | IN_EXCL_UNLINK | IN_ONLYDIR;
constexpr std::uint32_t top_gone_events = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
constexpr std::uint32_t file_events =
    IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE;

constexpr std::size_t event_buffer_size_bytes = 64 * 1024;

/// Problem directories reported one by one; beyond that, one report says that there are more.
constexpr std::size_t reported_directories_max = 100;

constexpr const char* instances_key = "fs.inotify.max_user_instances";

std::string below(const std::string& directory, std::string_view name) {
  std::string path = directory;
  if (!path.empty()) path += '/';
  return path.append(name);
}

/// The part of an ordered map whose paths stand below the directory; all for the top.
template <class Map>
auto subtree(Map& paths, const std::string& directory) {
  if (directory.empty()) return std::pair{paths.begin(), paths.end()};
  // '0' is the character behind '/'.
  return std::pair{paths.lower_bound(directory + '/'), paths.lower_bound(directory + '0')};
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string{} : path.substr(0, slash);
}

/// Whether the error says that the directory has disappeared, or is not a directory: then the
/// events of its parent report the change.
bool is_gone(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP; }

bool is_reportable(const struct stat& entry) {
  return S_ISREG(entry.st_mode) || S_ISLNK(entry.st_mode);
}

}  // namespace

watch_tree::watch_tree(watched_directory settings, int inotify)
    : settings_(std::move(settings)), inotify_(inotify) {}

watch_tree::~watch_tree() { ::close(inotify_); }

result<std::unique_ptr<watch_tree>> watch_tree::open(watched_directory settings) {
  const std::string directory = settings.directory;
  const int inotify = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (inotify < 0) {
    const std::string why = errno == EMFILE
                                ? std::string{"the limit "} + instances_key +
                                      " of the system, or that of open files, is reached"
                                : std::strerror(errno);
    return fail(errc::watch_failed, "cannot watch " + directory + ": " + why);
  }
  std::unique_ptr<watch_tree> tree{new watch_tree{std::move(settings), inotify}};
  if (const int error = tree->watch(""); error != 0) {
    const std::string why = error == ENOSPC ? "the limit " + std::string{watches_limit_key} +
                                                  " of the system is reached"
                                            : std::strerror(error);
    return fail(errc::watch_failed, "cannot watch " + directory + ": " + why);
  }
  tree->to_scan_.emplace_back();
  return tree;
}

std::string watch_tree::full_path(std::string_view path) const {
  std::string full = settings_.directory;
  if (!path.empty()) full.append(1, '/').append(path);
  return full;
}

/// Watches a directory, or finds that it is watched already. Returns 0 or the error.
int watch_tree::watch(const std::string& path) {
  const std::uint32_t follow = path.empty() ? 0 : IN_DONT_FOLLOW;
  const int made = ::inotify_add_watch(inotify_, full_path(path).c_str(), watched_events | follow);
  if (made < 0) return errno;
  assign_watch(path, made);
  reported_.erase(path);
  return 0;
}

// inotify watches inodes. During an overflow a directory may have moved, so that its path now has
// another inode, or its inode another path.
void watch_tree::assign_watch(const std::string& path, int watch) {
  known_directory& directory = directories_[path];
  directory.seen_in = comparison_;
  if (directory.watch == watch) return;
  if (directory.watch != -1) forget_watch(directory.watch);
  if (const auto moved = by_watch_.find(watch); moved != by_watch_.end())
    directories_[moved->second].watch = -1;
  directory.watch = watch;
  by_watch_[watch] = path;
}

void watch_tree::forget_watch(int watch) {
  by_watch_.erase(watch);
  ::inotify_rm_watch(inotify_, watch);
}

void watch_tree::scan(std::size_t entries_max) {
  while (!to_scan_.empty() && entries_max > 0) {
    const std::string path = std::move(to_scan_.back());
    to_scan_.pop_back();
    scan_directory(path, entries_max);
  }
  if (to_scan_.empty() && is_comparing_) end_comparison();
}

/// Watches first and lists second: a file created in between is seen twice, not missed.
void watch_tree::scan_directory(const std::string& path, std::size_t& entries_left) {
  --entries_left;
  int error = watch(path);
  if (error != 0) return report_unwatched(path, error);
  const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (path.empty() ? 0 : O_NOFOLLOW);
  const int descriptor = ::open(full_path(path).c_str(), flags);
  DIR* listing = descriptor < 0 ? nullptr : ::fdopendir(descriptor);
  if (listing == nullptr) {
    error = errno;
    if (descriptor >= 0) ::close(descriptor);
    return report_unwatched(path, error);
  }
  while (const dirent* entry = ::readdir(listing)) {
    const std::string_view name = entry->d_name;
    struct stat found {};
    if (name == "." || name == "..") continue;
    if (::fstatat(descriptor, entry->d_name, &found, AT_SYMLINK_NOFOLLOW) == 0)
      on_entry(below(path, name), found);
    if (entries_left > 0) --entries_left;
  }
  ::closedir(listing);
}

void watch_tree::on_entry(const std::string& path, const struct stat& found) {
  if (S_ISDIR(found.st_mode)) {
    if (wants_directory(settings_, path)) to_scan_.push_back(path);
  } else if (is_reportable(found) && wants_file(settings_, path)) {
    compare_file(path, signature_of(found));
  }
}

void watch_tree::compare_file(const std::string& path, const signature& what) {
  if (!is_reporting_) return remember(path, what);
  if (const auto known = files_.find(path); known != files_.end()) {
    known->second.seen_in = comparison_;
    if (known->second.what == what) return;
  }
  touch(path);
}

void watch_tree::remember(const std::string& path, const signature& what) {
  if (const auto known = files_.find(path); known != files_.end()) {
    known->second = {what, comparison_};
  } else if (files_.size() < watched_files_max) {
    files_[path] = {what, comparison_};
  } else if (!std::exchange(is_full_, true)) {
    problems_.push_back(settings_.directory + " has more than " +
                        std::to_string(watched_files_max) +
                        " files; changes of the others can be lost when very many come at once");
  }
}

void watch_tree::read_events() {
  alignas(inotify_event) std::array<char, event_buffer_size_bytes> buffer;
  const ssize_t size = ::read(inotify_, buffer.data(), buffer.size());
  for (ssize_t at = 0; at < size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
    // The name is padded with zeros.
    on_event(*event, event->len == 0 ? std::string_view{} : std::string_view{event->name});
    at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
  }
}

void watch_tree::on_event(const inotify_event& event, std::string_view name) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) return begin_comparison();
  const auto watched = by_watch_.find(event.wd);
  if (watched == by_watch_.end()) return;  // of a directory that was forgotten
  const std::string directory = watched->second;
  if (directory.empty() && (event.mask & top_gone_events) != 0) return lose_top();
  if ((event.mask & IN_IGNORED) != 0) {
    directories_[directory].watch = -1;
    by_watch_.erase(watched);
  } else if ((event.mask & IN_UNMOUNT) != 0) {
    // What the mount had hidden is visible now.
    forget_directory(directory);
    to_scan_.push_back(directory);
  }
  if (name.empty()) return;
  const std::string path = below(directory, name);
  if ((event.mask & IN_ISDIR) != 0) return on_directory_event(event.mask, path);
  if ((event.mask & file_events) != 0 && wants_file(settings_, path)) touch(path);
}

void watch_tree::on_directory_event(std::uint32_t mask, const std::string& path) {
  if (!wants_directory(settings_, path)) return;
  // A new directory may replace another one, so the old one is forgotten first.
  const bool has_come = (mask & (IN_CREATE | IN_MOVED_TO)) != 0;
  if (has_come || (mask & (IN_DELETE | IN_MOVED_FROM)) != 0) forget_directory(path);
  // A directory that could not be watched may have become readable.
  const bool may_be_readable = (mask & IN_ATTRIB) != 0 && !directories_.contains(path);
  if (has_come || may_be_readable) to_scan_.push_back(path);
}

void watch_tree::touch(const std::string& path) {
  if (touched_.empty() || touched_.back() != path) touched_.push_back(path);
}

void watch_tree::forget_directory(const std::string& path) {
  const auto forget = [this](const known_directory& directory) {
    if (directory.watch != -1) forget_watch(directory.watch);
  };
  if (const auto itself = directories_.find(path); itself != directories_.end()) {
    forget(itself->second);
    directories_.erase(itself);
  }
  const auto [first, last] = subtree(directories_, path);
  for (auto each = first; each != last; ++each) forget(each->second);
  directories_.erase(first, last);
  const auto [file, files_end] = subtree(files_, path);
  for (auto each = file; each != files_end; ++each) touch(each->first);
}

void watch_tree::lose_top() {
  forget_directory("");
  to_scan_.clear();
  is_comparing_ = false;
  is_lost_ = true;
  problems_.push_back(settings_.directory + " is gone; it is watched again once it is back");
}

bool watch_tree::reopen() {
  if (watch("") != 0) return false;
  is_lost_ = false;
  to_scan_.emplace_back();
  problems_.push_back(settings_.directory + " is back and watched again");
  return true;
}

/// The kernel dropped events: compares everything with what was known.
void watch_tree::begin_comparison() {
  if (is_lost_) return;
  ++comparison_;
  is_comparing_ = true;
  to_scan_.assign(1, "");
}

/// Files and directories that were known and not found are gone.
void watch_tree::end_comparison() {
  is_comparing_ = false;
  std::vector<std::string> gone;
  for (const auto& [path, directory] : directories_)
    if (directory.seen_in != comparison_) gone.push_back(path);
  for (const std::string& path : gone) forget_directory(path);
  for (const auto& [path, file] : files_)
    if (file.seen_in != comparison_) touch(path);
}

std::vector<std::string> watch_tree::take_touched() { return std::exchange(touched_, {}); }

std::vector<std::string> watch_tree::take_problems() { return std::exchange(problems_, {}); }

bool watch_tree::settle(const std::string& path) {
  // If the directory is gone, do not follow a link in its place.
  struct stat found {};
  const bool is_there = directories_.contains(parent_of(path)) &&
                        ::lstat(full_path(path).c_str(), &found) == 0 && is_reportable(found);
  if (!is_there) return files_.erase(path) != 0 || is_full_;
  remember(path, signature_of(found));
  return true;
}

watch_tree::signature watch_tree::signature_of(const struct stat& found) {
  const std::int64_t seconds = found.st_mtim.tv_sec;
  return {seconds * 1'000'000'000 + found.st_mtim.tv_nsec, found.st_size, found.st_ino};
}

void watch_tree::report_unwatched(const std::string& path, int error) {
  if (path.empty() && is_gone(error)) return lose_top();
  if (is_gone(error)) return;
  if (error == ENOSPC) {
    if (!std::exchange(is_out_of_watches_, true))
      problems_.push_back("the limit " + std::string{watches_limit_key} +
                          " of the system is reached; changes in " + full_path(path) +
                          " and perhaps other directories are not seen");
    return;
  }
  if (reported_.size() > reported_directories_max || !reported_.insert(path).second) return;
  if (reported_.size() > reported_directories_max) {
    problems_.push_back(settings_.directory + " has more directories that cannot be watched");
    return;
  }
  problems_.push_back("cannot watch " + full_path(path) + ": " + std::strerror(error) +
                      "; changes in it are not seen");
}

}  // namespace troupe
