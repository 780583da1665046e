// One watched directory with all directories below it: which of them inotify watches, which files
// it knows in them, and which of those have changed. It loses no change: it lists a new directory
// after it watches it, and after an overflow of the kernel's queue it compares the whole tree with
// what it knew.
//
// It reads on request and never waits: file_watcher drives it. Owner and thread: one
// root_watch of net/watch/file_watcher.cpp. Symbolic links are entries like files, and are not
// followed (the directory at the top may be one). Paths here are relative to the top, with '/'
// between parts. No Asio and no CAF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <sys/types.h>

#include "base/errc.hpp"
#include "net/watch/watched_directory.hpp"

struct inotify_event;
struct stat;

namespace troupe {

/// Files remembered below one directory. For other files the tree reports a deletion without
/// knowing whether there was a file, and does not find changes during an overflow.
constexpr std::size_t watched_files_max = 200'000;

/// The setting of the system that limits how many directories a user may watch.
constexpr std::string_view watches_limit_key = "fs.inotify.max_user_watches";

class watch_tree {
 public:
  /// Watches the directory, without its subdirectories: these follow with scan().
  /// Fails with errc::watch_failed if it does not exist, may not be read, or the system has no
  /// watch left; the detail is for the operator.
  static result<std::unique_ptr<watch_tree>> open(watched_directory settings);
  ~watch_tree();
  watch_tree(const watch_tree&) = delete;
  watch_tree& operator=(const watch_tree&) = delete;

  /// The descriptor of inotify: readable when read_events() has something to do.
  int descriptor() const noexcept { return inotify_; }

  const watched_directory& settings() const noexcept { return settings_; }

  /// Lists waiting directories until about `entries_max` entries were seen.
  void scan(std::size_t entries_max);
  bool has_directories_to_scan() const noexcept { return !to_scan_.empty(); }

  /// From now on, unknown files that a scan finds count as changed. Called after the first scan.
  void begin_reporting() noexcept { is_reporting_ = true; }

  /// Reads what inotify has, up to one buffer. Does not block.
  void read_events();

  /// Events were lost: compares everything with what was known, in the scans that follow. Called by
  /// read_events() when the kernel reports an overflow.
  void begin_comparison();

  /// Moves out the paths that may have changed since the last call; they may repeat.
  std::vector<std::string> take_touched();

  /// Moves out the problems since the last call, in sentences for the operator.
  std::vector<std::string> take_problems();

  /// Looks at a touched path and remembers what is there. Returns whether that is a change: not if
  /// nothing is there and nothing was known there, as with a temporary file.
  bool settle(const std::string& path);

  /// Whether the directory at the top is gone; try reopen() from time to time.
  bool is_lost() const noexcept { return is_lost_; }

  /// Watches the directory at the top again if it has returned. Returns whether it has.
  bool reopen();

  /// Whether the system's limit of watches prevented watching a directory.
  bool is_out_of_watches() const noexcept { return is_out_of_watches_; }

  std::size_t watched_directory_count() const noexcept { return by_watch_.size(); }

 private:
  /// Distinguishes one state of a file from another.
  struct signature {
    std::int64_t modified_ns = 0;
    off_t size = 0;
    ino_t inode = 0;

    friend bool operator==(const signature&, const signature&) = default;
  };
  struct known_file {
    signature what;
    std::uint64_t seen_in = 0;  ///< The last comparison that found it.
  };
  struct known_directory {
    int watch = -1;
    std::uint64_t seen_in = 0;
  };

  watch_tree(watched_directory settings, int inotify);

  std::string full_path(std::string_view path) const;
  static signature signature_of(const struct stat& found);

  int watch(const std::string& path);
  void assign_watch(const std::string& path, int watch);
  void scan_directory(const std::string& path, std::size_t& entries_left);
  void on_entry(const std::string& path, const struct stat& found);
  void compare_file(const std::string& path, const signature& what);
  void remember(const std::string& path, const signature& what);

  void on_event(const inotify_event& event, std::string_view name);
  void on_directory_event(std::uint32_t mask, const std::string& path);

  void touch(const std::string& path);
  void forget_directory(const std::string& path);
  void forget_watch(int watch);
  void lose_top();
  void end_comparison();
  void report_unwatched(const std::string& path, int error);

  watched_directory settings_;
  int inotify_;
  std::map<std::string, known_directory> directories_;  // ordered, so that a subtree is a range
  std::map<std::string, known_file> files_;
  std::unordered_map<int, std::string> by_watch_;
  std::vector<std::string> to_scan_;
  std::vector<std::string> touched_;
  std::vector<std::string> problems_;
  std::set<std::string> reported_;  // directories that were reported as a problem
  std::uint64_t comparison_ = 0;
  bool is_comparing_ = false;
  bool is_reporting_ = false;
  bool is_lost_ = false;
  bool is_full_ = false;
  bool is_out_of_watches_ = false;
};

}  // namespace troupe
