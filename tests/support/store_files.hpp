// A store on disk with something in it, what it refuses, and its files, for tests that damage them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/storage_bed.hpp"

namespace troupe::test {

/// Document "a" with two checkpoints and a log behind them; "b" is another one.
inline void fill(rocksdb_bed& store) {
  REQUIRE(append_to(*store, "a", 1, {"u1", "u2", "u3"}));
  REQUIRE(write_checkpoint(*store, "a", 2, "s2"));
  REQUIRE(append_to(*store, "a", 4, {"u4"}));
  REQUIRE(write_checkpoint(*store, "a", 4, "s4"));
  REQUIRE(append_to(*store, "a", 5, {"u5"}));
  REQUIRE(append_to(*store, "b", 1, {"b1"}));
}

inline failure refused_load(rocksdb_bed& store, const std::string& document) {
  const auto loaded = store->load(document);
  REQUIRE_FALSE(loaded.has_value());
  return loaded.error();
}

inline failure refused_open(rocksdb_bed& store) {
  const auto opened = store.try_open();
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().detail.starts_with("'" + store.settings.path + "': "));
  return opened.error();
}

/// The paths of the files of a store whose names end so.
inline std::vector<std::filesystem::path> files_of(const rocksdb_bed& store,
                                                   std::string_view ending) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator{store.settings.path})
    if (entry.path().string().ends_with(ending)) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

inline void flip_bit_of(const std::filesystem::path& path, std::uint64_t at) {
  std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
  file.seekg(static_cast<std::streamoff>(at));
  const int byte = file.get();
  REQUIRE(byte != std::char_traits<char>::eof());
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(byte ^ 16));
}

inline std::string contents_of(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace troupe::test
