// The sources and the pages of the repository as text, for the tests that check its rules. Paths
// are relative to the root of the repository, with forward slashes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::test {

struct source {
  std::string path;  ///< "net/io_unit.hpp"
  std::vector<std::string> lines;
  std::vector<std::string> own_includes;      ///< Between double quotes.
  std::vector<std::string> foreign_includes;  ///< Between angle brackets.

  std::string layer() const { return path.substr(0, path.find('/')); }
  std::string folder() const { return path.substr(0, path.rfind('/')); }
  bool is_header() const { return path.ends_with(".hpp"); }
};

const std::filesystem::path& source_root();

/// The whole file; empty if there is none.
std::string read_text(const std::string& path);
std::vector<std::string> read_lines(const std::string& path);
bool exists(const std::string& path);

/// The files below a folder, sorted, without what npm installs.
std::vector<std::string> files_below(const std::string& folder);

/// The sources of the server itself, without tests and benchmarks.
const std::vector<source>& product_sources();

/// The Markdown pages of the repository.
std::vector<std::string> documents();

}  // namespace troupe::test
