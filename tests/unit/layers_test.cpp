// The rules of the source tree that a program can check: which folder includes which, where a
// library may show, how long a file may be, how sources are listed, and that each has a test. It
// reads the sources as text and knows nothing of what they do.
#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/source_tree.hpp"

namespace troupe::layers_test {

using namespace troupe::test;

namespace {

using paths = std::vector<std::string>;

/// A layer and the layers whose headers it may include beside its own.
const std::map<std::string, std::set<std::string>> layers = {
    {"base", {}},
    {"protocol", {"base"}},
    {"engine", {"base", "protocol"}},
    {"storage", {"base"}},
    {"net", {"base"}},
    {"actors", {"base", "protocol", "storage", "net"}},
    {"app", {"base", "protocol", "storage", "net", "actors"}},
    {"client", {}},
};

/// The folders within a layer, from top to bottom: each may include itself and what stands below it
/// in one of its rows. A folder without a row may include the whole layer.
const std::vector<paths> wings = {
    {"protocol/crdt/edit", "protocol/crdt", "protocol/crdt/apply", "protocol/crdt/read",
     "protocol/crdt/store", "protocol/crdt/wire", "protocol/json", "protocol/lib0"},
    {"protocol/access", "protocol/json"},
    {"net/watch", "net"},
    {"app", "app/cluster", "app/config"},
    {"app", "app/config"},
    {"app", "app/doc"},
    {"app", "app/inspect", "app/config"},
    {"app", "app/moving", "app/storage"},
    {"app", "app/storage"},
};

/// Where each folder needs a row.
const std::vector<std::string_view> divided = {"protocol/access/", "protocol/crdt/", "net/",
                                               "app/"};

/// Where the headers of a library may be included.
struct confinement {
  std::string_view package;             ///< How its includes begin.
  std::vector<std::string_view> where;  ///< How the paths of its users begin; empty: anywhere.
  std::size_t files_max = 1'000'000;
};

const std::vector<confinement> libraries = {
    {"boost/", {"net/"}},
    {"caf/", {"actors/", "app/", "client/", "net/io_actor.hpp", "net/io_unit.", "net/unit_inbox."}},
    {"troupe/", {"actors/gateway", "app/gateway.", "app/serve.cpp", "client/"}},
    {"yaml-cpp/", {"app/"}, 1},
    {"CLI/", {"app/"}, 1},
    {"nlohmann/",
     {"protocol/json/", "protocol/webhook/", "actors/admin_", "app/cluster/answer_text.cpp",
      "app/inspect/json.cpp"}},
    {"openssl/",
     {"app/cluster/certificates.cpp", "net/tls_context.cpp", "net/transport.cpp",
      "net/websocket_handshake.cpp", "protocol/access/signature.cpp",
      "protocol/webhook/signature.cpp", "storage/document_id.cpp"}},
    {"rocksdb/", {"storage/rocksdb_"}},
    {"leveldb/", {"app/moving/leveldb_source.cpp"}, 1},
    {"curl/", {"net/http_client.cpp"}, 1},
    {"zstd.h", {"base/compression.cpp"}},
    {"libpq-fe.h", {"app/moving/postgres_source.cpp", "storage/postgresql/connection.cpp"}, 2},
    {"sqlite3.h", {"app/moving/sqlite_source.cpp"}, 1},
    {"tl/", {}},
    {"sys/", {}},
    {"arpa/", {}},
    {"netinet/", {}},
};

constexpr std::size_t lines_max = 600;

bool begins_with_one_of(std::string_view text, const std::vector<std::string_view>& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view b) { return text.starts_with(b); });
}

std::string layer_of(const std::string& path) { return path.substr(0, path.find('/')); }
std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

/// The folders that stand in the same row as this one or below it; empty if it has no row.
std::set<std::string> below(const std::string& folder) {
  std::set<std::string> found;
  for (const paths& row : wings) found.insert(std::find(row.begin(), row.end(), folder), row.end());
  return found;
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

/// Whether the comment at the top of a header says that it is pure.
bool calls_itself_pure(const source& header) {
  static const std::regex pure{"\\bPure\\b"};
  for (const std::string& line : header.lines) {
    if (!line.starts_with("//")) return false;
    if (std::regex_search(line, pure)) return true;
  }
  return false;
}

/// Follows the includes from one file to the next and finds one that leads back.
class circle_search {
 public:
  circle_search() {
    for (const source& s : product_sources()) includes_[s.path] = &s.own_includes;
  }

  /// A circle that can be reached from a file, as "a -> b -> a"; empty if there is none.
  std::string find_from(const std::string& path) {
    const auto at = includes_.find(path);
    if (at == includes_.end() || done_.contains(path)) return {};
    if (const auto seen = std::find(trail_.begin(), trail_.end(), path); seen != trail_.end())
      return text(seen) + path;
    trail_.push_back(path);
    for (const std::string& next : *at->second)
      if (auto circle = find_from(next); !circle.empty()) return circle;
    trail_.pop_back();
    done_.insert(path);
    return {};
  }

 private:
  std::string text(paths::const_iterator from) const {
    std::string joined;
    for (; from != trail_.end(); ++from) joined += *from + " -> ";
    return joined;
  }

  std::map<std::string, const paths*> includes_;
  std::set<std::string> done_;
  paths trail_;
};

/// The .cpp files that a CMakeLists.txt lists on lines of their own, list by list, as paths from
/// the root of the repository.
std::vector<paths> listed_sources(const std::string& folder) {
  static const std::regex line_of_a_source{"^ +([a-z0-9_/]+\\.cpp)(\\)?)$"};
  std::vector<paths> lists(1);
  for (const std::string& line : read_lines(folder + "/CMakeLists.txt")) {
    std::smatch match;
    if (!std::regex_match(line, match, line_of_a_source)) continue;
    lists.back().push_back(folder + '/' + match[1].str());
    if (match[2].length() > 0) lists.emplace_back();
  }
  return lists;
}

/// The names between backticks in one cell of a Markdown table.
paths names_in(const std::string& cell) {
  static const std::regex quoted{"`([^`]+)`"};
  paths names;
  for (auto at = std::sregex_iterator{cell.begin(), cell.end(), quoted};
       at != std::sregex_iterator{}; ++at)
    names.push_back((*at)[1]);
  return names;
}

/// The table "Sources that share a test" of tests/README.md: source to test files.
std::map<std::string, paths> shared_tests() {
  std::map<std::string, paths> rows;
  bool is_inside = false;
  for (const std::string& line : read_lines("tests/README.md")) {
    if (line.starts_with("## ")) is_inside = line == "## Sources that share a test";
    // | subject | sources | tests |
    const std::size_t sources = is_inside ? line.find(" | `") : std::string::npos;
    if (sources == std::string::npos) continue;
    const std::size_t tests = line.find(" | ", sources + 1);
    REQUIRE(tests != std::string::npos);
    for (const std::string& name : names_in(line.substr(sources, tests - sources)))
      rows[name] = names_in(line.substr(tests));
  }
  return rows;
}

}  // namespace

TEST_CASE("the sources are found", "[layers]") {
  std::set<std::string> found;
  for (const source& s : product_sources()) found.insert(s.layer());
  CHECK(found.size() == layers.size());
}

// --- what includes what ---

TEST_CASE("a layer includes only what stands below it", "[layers]") {
  for (const source& s : product_sources()) {
    for (const std::string& name : s.own_includes) {
      INFO(s.path << " includes \"" << name << '"');
      CHECK((layer_of(name) == s.layer() || layers.at(s.layer()).contains(layer_of(name))));
      CHECK(exists(name));
    }
  }
}

TEST_CASE("a folder of a layer includes only what stands below it", "[layers]") {
  for (const source& s : product_sources()) {
    const std::set<std::string> allowed = below(s.folder());
    INFO(s.path << " in the folder " << s.folder());
    CHECK((!allowed.empty() || !begins_with_one_of(s.path, divided)));  // needs a row in `wings`
    if (allowed.empty()) continue;
    for (const std::string& name : s.own_includes) {
      if (layer_of(name) != s.layer()) continue;
      INFO("includes \"" << name << '"');
      CHECK(allowed.contains(folder_of(name)));
    }
  }
}

TEST_CASE("no file includes itself through others", "[layers]") {
  circle_search search;
  for (const source& s : product_sources()) REQUIRE(search.find_from(s.path) == "");
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

TEST_CASE("a header that shows RocksDB is not included from outside of storage", "[layers]") {
  const std::set<std::string> inner = headers_showing("rocksdb/");
  CHECK(inner.contains("storage/rocksdb_options.hpp"));
  CHECK_FALSE(inner.contains("storage/rocksdb_backend.hpp"));
  for (const source& s : product_sources()) {
    if (s.layer() == "storage") continue;
    for (const std::string& name : s.own_includes) {
      INFO(s.path << " includes \"" << name << '"');
      CHECK_FALSE(inner.contains(name));
    }
  }
}

TEST_CASE("a header that calls itself pure shows no library", "[layers]") {
  std::size_t count = 0;
  for (const confinement& library : libraries) {
    if (library.where.empty()) continue;  // the system's headers and tl::expected
    const std::set<std::string> showing = headers_showing(library.package);
    for (const source& s : product_sources()) {
      if (!s.is_header() || !calls_itself_pure(s)) continue;
      INFO(s.path << " shows <" << library.package << "...>");
      CHECK_FALSE(showing.contains(s.path));
      ++count;
    }
  }
  CHECK(count > 0);
}

// --- each file ---

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

// --- lists of files ---

TEST_CASE("every source is listed, one per line and in order", "[layers]") {
  paths folders{"bench"};
  for (const auto& [layer, included] : layers) folders.push_back(layer);
  for (const std::string& folder : folders) {
    std::set<std::string> listed;
    for (const paths& list : listed_sources(folder)) {
      INFO("the list of " << folder << "/CMakeLists.txt that ends with "
                          << (list.empty() ? "" : list.back()));
      CHECK(std::is_sorted(list.begin(), list.end()));
      for (const std::string& path : list) CHECK(listed.insert(path).second);
    }
    for (const std::string& path : files_below(folder)) {
      if (!path.ends_with(".cpp")) continue;
      INFO(path);
      CHECK(listed.contains(path));
    }
  }
}

TEST_CASE("every test file is listed", "[layers]") {
  std::set<std::string> listed;
  for (const paths& list : listed_sources("tests")) listed.insert(list.begin(), list.end());
  const std::string fuzz = read_text("tests/fuzz/CMakeLists.txt");
  for (const std::string& path : files_below("tests")) {
    INFO(path);
    if (path.ends_with("_test.cpp")) CHECK(listed.contains(path));
    if (path.starts_with("tests/fuzz/") && path.ends_with("_fuzz.cpp")) {
      const std::string name = path.substr(11, path.size() - 11 - 9);
      CHECK(std::regex_search(fuzz, std::regex{"troupe_fuzz_target\\(" + name + "[ )]"}));
    }
  }
}

// Several of them are compiled as one source (CMAKE_UNITY_BUILD).
TEST_CASE("a test stands in a namespace of its own, which has its name", "[layers]") {
  static const std::regex opening{"namespace troupe::([a-z0-9_]+) \\{"};
  std::set<std::string> seen;
  const paths tests = listed_sources("tests").front();
  for (const std::string& path : tests) {
    if (!path.ends_with("_test.cpp")) continue;
    const std::string stem = path.substr(path.rfind('/') + 1, path.size() - path.rfind('/') - 5);
    INFO(path << ": namespace troupe::" << stem << ", or with its folder in front");
    std::smatch match;
    const std::string text = read_text(path);
    if (!std::regex_search(text, match, opening)) {
      FAIL_CHECK("there is none");
      continue;
    }
    CHECK(match[1].str().ends_with(stem));
    CHECK(seen.insert(match[1]).second);
  }
}

TEST_CASE("every source has a test on its path, or shares one that is named", "[layers]") {
  const std::map<std::string, paths> shared = shared_tests();
  for (const source& s : product_sources()) {
    if (s.is_header()) continue;
    const std::string stem = s.path.substr(0, s.path.size() - 4);
    INFO(s.path << ": tests/unit/" << stem << "_test.cpp, or a row of tests/README.md");
    CHECK(exists("tests/unit/" + stem + "_test.cpp") != shared.contains(s.path));
  }
  for (const auto& [path, tests] : shared) {
    INFO("tests/README.md names " << path);
    CHECK(exists(path));
    CHECK_FALSE(tests.empty());
    for (const std::string& test : tests) {
      INFO("with the test " << test);
      CHECK(exists("tests/" + test));
    }
  }
}

}  // namespace troupe::layers_test
