// What to watch, and to which document a file belongs: plain values and pure functions of paths.
// Filled from the configuration at start-up and constant afterwards.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/errc.hpp"
#include "net/watch/glob.hpp"

namespace troupe {

/// Stands for the relative path of a file in the template of a document's name.
constexpr std::string_view path_placeholder = "{path}";

struct watched_directory {
  std::string directory;                                 ///< Relative to the working directory.
  std::string document = std::string{path_placeholder};  ///< Template of the document's name.
  std::vector<glob> include;  ///< Files to report; empty: all. On paths below the directory.
  std::vector<glob> exclude;  ///< Files and whole directories to ignore; wins over `include`.
};

struct watch_settings {
  /// A change is reported after the file has been quiet for this long.
  std::chrono::milliseconds debounce{100};
  std::vector<watched_directory> directories;
};

/// Whether changes of this file are reported. Requires: wants_directory of each directory above
/// it.
bool wants_file(const watched_directory& from, std::string_view path);

/// Whether the directory at this path may hold files that are reported.
bool wants_directory(const watched_directory& from, std::string_view path);

/// The name of the document that a file belongs to: the template with the path in it.
/// Fails with errc::invalid_name if that is not a valid document name (check_document_name), or if
/// the path is not UTF-8, so that no message could carry it.
result<std::string> document_of_file(const watched_directory& from, std::string_view path);

/// Fails with errc::invalid_config if the template gives no valid document name; the detail
/// completes the sentence "the template ...".
result<void> check_document_template(std::string_view text);

}  // namespace troupe
