#include "tests/support/source_tree.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

namespace troupe::test {
namespace fs = std::filesystem;
namespace {

constexpr const char* product_folders[] = {"base", "protocol", "engine", "storage",
                                           "net",  "actors",   "app",    "client"};

/// What stands between `open` and `close` behind an #include at the start of the line, or nothing.
std::string included(const std::string& line, char open, char close) {
  constexpr std::string_view directive = "#include ";
  if (!line.starts_with(directive) || line.size() <= directive.size()) return {};
  if (line[directive.size()] != open) return {};
  const std::size_t from = directive.size() + 1;
  return line.substr(from, line.find(close, from) - from);
}

source read_source(const std::string& path) {
  source read{path, read_lines(path), {}, {}};
  for (const std::string& line : read.lines) {
    if (auto own = included(line, '"', '"'); !own.empty()) read.own_includes.push_back(own);
    if (auto other = included(line, '<', '>'); !other.empty())
      read.foreign_includes.push_back(other);
  }
  return read;
}

}  // namespace

const fs::path& source_root() {
  static const fs::path root = TROUPE_SOURCE_DIR;
  return root;
}

std::string read_text(const std::string& path) {
  std::ifstream in{source_root() / path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<std::string> read_lines(const std::string& path) {
  std::vector<std::string> lines;
  std::istringstream in{read_text(path)};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool exists(const std::string& path) { return fs::exists(source_root() / path); }

std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> paths;
  if (!exists(folder)) return paths;
  const fs::path& root = source_root();
  for (auto at = fs::recursive_directory_iterator{root / folder}; at != fs::end(at); ++at) {
    if (at->path().filename() == "node_modules") at.disable_recursion_pending();
    if (at->is_regular_file()) paths.push_back(fs::relative(at->path(), root).generic_string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

const std::vector<source>& product_sources() {
  static const std::vector<source> sources = [] {
    std::vector<source> all;
    for (const char* folder : product_folders)
      for (const std::string& path : files_below(folder))
        if (path.ends_with(".hpp") || path.ends_with(".cpp")) all.push_back(read_source(path));
    return all;
  }();
  return sources;
}

std::vector<std::string> documents() {
  std::vector<std::string> pages;
  for (const auto& entry : fs::directory_iterator{source_root()})
    if (entry.is_regular_file()) pages.push_back(entry.path().filename().string());
  for (const char* folder : product_folders)
    for (const std::string& path : files_below(folder)) pages.push_back(path);
  for (const char* folder :
       {"docs", "tests", "bench", "config", "examples", "findings", "packaging"})
    for (const std::string& path : files_below(folder)) pages.push_back(path);
  std::erase_if(pages, [](const std::string& path) { return !path.ends_with(".md"); });
  return pages;
}

}  // namespace troupe::test
