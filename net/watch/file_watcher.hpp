// Tells when files below watched directories change: written, replaced, created, moved or deleted.
// It waits for inotify on the thread of one I/O unit; what it waits for is kept by watch_tree, when
// a change is told by the debouncer.
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

  /// Watches the directories and all below them, and remembers the files in them; these are not
  /// told. Blocks until every directory has been listed. Thread: any. The unit must outlive the
  /// watcher.
  /// Fails with errc::watch_failed if one of the directories does not exist or may not be read, or
  /// a limit of the system on inotify is reached.
  /// `on_problem` hears in a sentence of what goes wrong later: changes that may be missed and why,
  /// files whose path makes no name of a document (each once).
  static result<std::unique_ptr<file_watcher>> open(io_unit& unit, watch_settings settings,
                                                    change_callback on_change,
                                                    problem_callback on_problem);
  ~file_watcher();

  /// Ends the watching. Until then the unit's run() does not return. Thread: any; on the unit's own
  /// no callback follows, elsewhere one that is under way may still end.
  void stop();

 private:
  class core;
  explicit file_watcher(std::shared_ptr<core> state);

  std::shared_ptr<core> core_;
};

}  // namespace troupe
