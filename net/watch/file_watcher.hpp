// Reports changes of files below watched directories: written, replaced, created, moved or deleted.
// It waits for inotify on the thread of one I/O unit. watch_tree knows the files and directories,
// the debouncer decides when a change is reported.
//
// Owner: main or whoever starts the server. Callbacks run on the unit's thread and may stop the
// watcher. Looking at files blocks the unit's thread for as long as the file system takes, so the
// directories should be local ones. No Asio and no CAF in this header.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/errc.hpp"
#include "net/watch/watched_directory.hpp"

namespace troupe {

class io_unit;

/// A file was created, written, replaced or deleted.
struct file_change {
  std::string document;  ///< A name that check_document_name accepts.
  std::string path;      ///< Relative to the watched directory; valid UTF-8.
};

class file_watcher {
 public:
  using change_callback = std::function<void(const file_change&)>;
  using problem_callback = std::function<void(const std::string&)>;

  /// Watches the directories and all below them, and remembers the existing files without reporting
  /// them. Blocks until every directory has been listed. Thread: any. The unit must outlive the
  /// watcher.
  /// Fails with errc::watch_failed if one of the directories does not exist or may not be read, or
  /// a limit of the system on inotify is reached.
  /// `on_problem` receives a sentence for each later problem: changes that may be missed and why,
  /// files whose path gives no document name (each once).
  static result<std::unique_ptr<file_watcher>> open(io_unit& unit, watch_settings settings,
                                                    change_callback on_change,
                                                    problem_callback on_problem);
  ~file_watcher();

  /// Stops watching. Until then the unit's run() does not return. Thread: any; called on the unit's
  /// own thread no callback follows, on another one a running callback may still complete.
  void stop();

 private:
  class core;
  explicit file_watcher(std::shared_ptr<core> state);

  std::shared_ptr<core> core_;
};

}  // namespace troupe
