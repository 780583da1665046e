// What to watch and how a change of a file is named: plain values and pure functions of paths.
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
  std::vector<glob> include;  ///< Files to tell about; empty: all. On paths below the directory.
  std::vector<glob> exclude;  ///< Files and whole directories to leave out; wins over `include`.
};

struct watch_settings {
  /// A file is told about once it did not change for so long.
  std::chrono::milliseconds debounce{100};
  std::vector<watched_directory> directories;
};

/// Whether changes of this file are told. Requires: wants_directory of each directory above it.
bool wants_file(const watched_directory& from, std::string_view path);

/// Whether the directory at this path may hold files that are told about.
bool wants_directory(const watched_directory& from, std::string_view path);

/// The name of the document that a file belongs to: the template with the path in it.
/// Fails with errc::invalid_name if that is no name for a document (check_document_name), or the
/// path is no UTF-8, so that a client could not be told.
result<std::string> document_of_file(const watched_directory& from, std::string_view path);

/// Fails with errc::invalid_config if no document's name comes from the template; the detail
/// completes the sentence "the template ...".
result<void> check_document_template(std::string_view text);

}  // namespace troupe
