// The rules of the source tree that a program can check: which layer includes which, where a
// library may show, how long a file may be, that every test runs, and that the documents name
// functions that exist. It reads the sources as text and knows nothing of what they do.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace fs = std::filesystem;

namespace {

struct source {
  std::string path;  ///< From the root of the repository: "net/io_unit.hpp".
  std::vector<std::string> lines;
  std::vector<std::string> own_includes;      ///< Between double quotes.
  std::vector<std::string> foreign_includes;  ///< Between angle brackets.

  std::string layer() const { return path.substr(0, path.find('/')); }
  bool is_header() const { return path.ends_with(".hpp"); }
};

/// A layer and the layers whose headers it may include beside its own.
const std::map<std::string, std::set<std::string>> layers = {
    {"base", {}},
    {"protocol", {"base"}},
    {"storage", {"base"}},
    {"net", {"base"}},
    {"actors", {"base", "protocol", "storage", "net"}},
    {"app", {"base", "protocol", "storage", "net", "actors"}},
};

/// Where the headers of a library may be included.
struct confinement {
  std::string_view package;             ///< How its includes begin.
  std::vector<std::string_view> where;  ///< How the paths of its users begin; empty: anywhere.
  std::size_t files_max = 1'000'000;
};

const std::vector<confinement> libraries = {
    {"boost/", {"net/"}},
    {"caf/", {"actors/", "app/", "net/io_actor.hpp", "net/io_unit."}},
    {"yaml-cpp/", {"app/"}, 1},
    {"CLI/", {"app/"}, 1},
    {"nlohmann/", {"protocol/json/", "actors/admin_pages.cpp"}},
    {"openssl/", {"net/tls_context.cpp", "net/transport.cpp", "net/websocket_handshake.cpp"}},
    {"rocksdb/", {"storage/"}},
    {"tl/", {}},
    {"sys/", {}},
    {"arpa/", {}},
    {"netinet/", {}},
};

constexpr std::size_t lines_max = 600;

const fs::path root = TROUPE_SOURCE_DIR;

std::string read_text(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The files below a folder of the repository, as paths from its root, sorted.
std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> paths;
  if (!fs::exists(root / folder)) return paths;
  for (auto at = fs::recursive_directory_iterator{root / folder}; at != fs::end(at); ++at) {
    if (at->path().filename() == "node_modules") at.disable_recursion_pending();
    if (at->is_regular_file()) paths.push_back(fs::relative(at->path(), root).generic_string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// What stands between `open` and `close` behind an #include at the start of the line, or nothing.
std::string included(const std::string& line, char open, char close) {
  constexpr std::string_view directive = "#include ";
  if (!line.starts_with(directive) || line.size() <= directive.size()) return {};
  if (line[directive.size()] != open) return {};
  const std::size_t from = directive.size() + 1;
  return line.substr(from, line.find(close, from) - from);
}

source read_source(const std::string& path) {
  source read{path, {}, {}, {}};
  std::istringstream in{read_text(root / path)};
  for (std::string line; std::getline(in, line);) {
    if (auto own = included(line, '"', '"'); !own.empty()) read.own_includes.push_back(own);
    if (auto other = included(line, '<', '>'); !other.empty())
      read.foreign_includes.push_back(other);
    read.lines.push_back(line);
  }
  return read;
}

/// The sources of the server itself, without tests and benchmarks.
const std::vector<source>& product_sources() {
  static const std::vector<source> sources = [] {
    std::vector<source> all;
    for (const auto& [layer, below] : layers)
      for (const std::string& path : files_below(layer))
        if (path.ends_with(".hpp") || path.ends_with(".cpp")) all.push_back(read_source(path));
    return all;
  }();
  return sources;
}

bool begins_with_one_of(std::string_view text, const std::vector<std::string_view>& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view b) { return text.starts_with(b); });
}

/// The headers that show a library, by themselves or through a header they include.
std::set<std::string> headers_showing(std::string_view library) {
  std::set<std::string> showing;
  for (bool has_grown = true; has_grown;) {
    has_grown = false;
    for (const source& s : product_sources()) {
      if (!s.is_header() || showing.contains(s.path)) continue;
      const bool shows =
          std::any_of(s.foreign_includes.begin(), s.foreign_includes.end(),
                      [&](const std::string& name) { return name.starts_with(library); }) ||
          std::any_of(s.own_includes.begin(), s.own_includes.end(),
                      [&](const std::string& name) { return showing.contains(name); });
      if (shows) has_grown = showing.insert(s.path).second;
    }
  }
  return showing;
}

/// The pages of the repository that people read.
std::vector<std::string> documents() {
  std::vector<std::string> pages = files_below("docs");
  for (const auto& entry : fs::directory_iterator{root})
    if (entry.is_regular_file()) pages.push_back(entry.path().filename().string());
  for (const char* folder :
       {"base", "protocol", "storage", "net", "actors", "app", "tests", "bench", "config"})
    for (const std::string& path : files_below(folder)) pages.push_back(path);
  std::erase_if(pages, [](const std::string& path) { return !path.ends_with(".md"); });
  return pages;
}

}  // namespace

TEST_CASE("the sources are found", "[layers]") {
  std::set<std::string> found;
  for (const source& s : product_sources()) found.insert(s.layer());
  CHECK(found.size() == layers.size());
}

TEST_CASE("a layer includes only what stands below it", "[layers]") {
  for (const source& s : product_sources()) {
    for (const std::string& name : s.own_includes) {
      INFO(s.path << " includes \"" << name << '"');
      const std::string layer = name.substr(0, name.find('/'));
      CHECK((layer == s.layer() || layers.at(s.layer()).contains(layer)));
      CHECK(fs::exists(root / name));
    }
  }
}

TEST_CASE("a library shows only where it may", "[layers]") {
  std::map<std::string_view, std::set<std::string>> users;
  for (const source& s : product_sources()) {
    for (const std::string& name : s.foreign_includes) {
      if (name.find('/') == std::string::npos) continue;  // the standard library
      INFO(s.path << " includes <" << name << '>');
      const auto row = std::find_if(libraries.begin(), libraries.end(), [&](const confinement& c) {
        return name.starts_with(c.package);
      });
      REQUIRE(row != libraries.end());  // a new library needs a row in the table
      CHECK((row->where.empty() || begins_with_one_of(s.path, row->where)));
      users[row->package].insert(s.path);
    }
  }
  for (const confinement& each : libraries) {
    INFO("files that include <" << each.package << "...>");
    CHECK(users[each.package].size() <= each.files_max);
  }
}

TEST_CASE("a header that shows Boost is not included from outside of net", "[layers]") {
  const std::set<std::string> inner = headers_showing("boost/");
  CHECK(inner.contains("net/asio.hpp"));
  for (const source& s : product_sources()) {
    if (s.layer() == "net") continue;
    for (const std::string& name : s.own_includes) {
      INFO(s.path << " includes \"" << name << '"');
      CHECK_FALSE(inner.contains(name));
    }
  }
}

TEST_CASE("a source is no longer than 600 lines and leaves nothing for later", "[layers]") {
  const std::regex promise{"\\b(TODO|FIXME|XXX)\\b"};
  for (const source& s : product_sources()) {
    INFO(s.path);
    CHECK(s.lines.size() <= lines_max);
    for (std::size_t i = 0; i < s.lines.size(); ++i) {
      INFO("line " << i + 1);
      CHECK_FALSE(std::regex_search(s.lines[i], promise));
    }
  }
}

TEST_CASE("a header begins with what it is for", "[layers]") {
  for (const source& s : product_sources()) {
    if (!s.is_header()) continue;
    INFO(s.path);
    REQUIRE_FALSE(s.lines.empty());
    CHECK(s.lines.front().starts_with("// "));
    CHECK(std::find(s.lines.begin(), s.lines.end(), "#pragma once") != s.lines.end());
  }
}

TEST_CASE("every test file is listed", "[layers]") {
  const std::string list = read_text(root / "tests/CMakeLists.txt");
  for (const std::string& path : files_below("tests")) {
    if (!path.ends_with("_test.cpp")) continue;
    INFO(path);
    const std::regex listed{
        "(^|[\\s(])" + std::regex_replace(path.substr(6), std::regex{"\\."}, "\\.") + "[\\s)]"};
    CHECK(std::regex_search(list, listed));
  }
}

// In the documents `net/listener.cpp::hand_to` names a function and where its text is.
TEST_CASE("a function that a document names is where the document says", "[layers][docs]") {
  const std::regex reference{"`([a-z0-9_/]+\\.[ch]pp)::(~?[a-z0-9_]+)`"};
  std::size_t count = 0;
  for (const std::string& page : documents()) {
    const std::string text = read_text(root / page);
    for (auto at = std::sregex_iterator{text.begin(), text.end(), reference};
         at != std::sregex_iterator{}; ++at, ++count) {
      const std::string file = (*at)[1];
      const std::string name = (*at)[2];
      INFO(page << " names " << name << " in " << file);
      REQUIRE(fs::exists(root / file));
      CHECK(std::regex_search(read_text(root / file), std::regex{"\\b" + name + "\\("}));
    }
  }
  CHECK(count > 0);
}

TEST_CASE("a file that a document links to exists", "[layers][docs]") {
  const std::regex link{"\\]\\(([^)#:]+)(#[^)]*)?\\)"};
  for (const std::string& page : documents()) {
    const std::string text = read_text(root / page);
    for (auto at = std::sregex_iterator{text.begin(), text.end(), link};
         at != std::sregex_iterator{}; ++at) {
      const std::string target = (*at)[1];
      INFO(page << " links to " << target);
      CHECK(fs::exists((root / page).parent_path() / target));
    }
  }
}

TEST_CASE("a test that the list of traps names exists", "[layers][docs]") {
  std::string tests;
  for (const std::string& path : files_below("tests"))
    if (path.ends_with("_test.cpp")) tests += read_text(root / path);
  const std::string traps = read_text(root / "tests/traps.md");
  const std::regex quoted{"\"([^\"]+)\""};
  for (auto at = std::sregex_iterator{traps.begin(), traps.end(), quoted};
       at != std::sregex_iterator{}; ++at) {
    INFO((*at)[1].str());
    CHECK(tests.find("TEST_CASE(\"" + (*at)[1].str() + "\"") != std::string::npos);
  }
}
