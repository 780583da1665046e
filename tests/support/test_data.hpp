// Real updates and editing traces, which are not part of the repository. Tests that use them are
// skipped with a printed reason where they are absent. TROUPE_DATA names their folder.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "base/bytes.hpp"

namespace troupe::test {

inline std::optional<byte_buffer> read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in) return {};
  return byte_buffer{std::istreambuf_iterator<char>{in}, {}};
}

/// A file of the data folder, or nullopt if it is not there.
inline std::optional<byte_buffer> read_data(const std::string& name) {
  const char* const folder = std::getenv("TROUPE_DATA");
  return read_file(std::filesystem::path{folder != nullptr ? folder : TROUPE_DATA_DEFAULT} / name);
}

}  // namespace troupe::test

/// Ends the test case if the data is absent, saying so.
#define TROUPE_NEED_DATA(variable, name)                                                           \
  const auto variable##_file = troupe::test::read_data(name);                                      \
  if (!variable##_file)                                                                            \
    SKIP("data file " << (name) << " is absent; TROUPE_DATA names its folder");                    \
  const troupe::byte_buffer& variable = *variable##_file
