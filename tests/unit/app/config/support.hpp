// Helpers of the configuration tests: a file for the length of a test, and problems as lines.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "app/config/caf_options.hpp"
#include "app/config/load.hpp"

namespace troupe::test {

/// A file in the temporary directory; removed at the end of the scope.
class temporary_file {
 public:
  explicit temporary_file(std::string_view text) {
    static int number = 0;
    const std::string name =
        "troupe-config-" + std::to_string(::getpid()) + "-" + std::to_string(++number);
    path_ = std::filesystem::temp_directory_path() / (name + ".yaml");
    std::ofstream{path_} << text;
  }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }

  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// A file of the folder config/.
inline std::string shipped_file(std::string_view name) {
  return (std::filesystem::path{TROUPE_SOURCE_DIR} / "config" / name).string();
}

/// The lines that are commented out below a list of sections in the reference, "watch.directories",
/// without their comment sign.
inline std::string example_in_reference(const std::string& list) {
  const std::size_t dot = list.find('.');
  std::ifstream file{shipped_file("reference.yaml")};
  std::string example;
  bool is_in_section = false;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != ' ') is_in_section = line == list.substr(0, dot) + ":";
    const bool begins = is_in_section && line == "  # " + list.substr(dot + 1) + ":";
    if (!example.empty() && !line.starts_with("  # ")) break;
    if (begins || !example.empty()) example += "  " + line.substr(4) + "\n";
  }
  return example;
}

/// The problems of our own keys, then those that CAF has with its keys, as the operator sees them.
/// The name of the file is shortened to "FILE".
inline std::vector<std::string> problem_lines(const config_sources& sources) {
  const loaded_config loaded = load_config(sources);
  const caf_config caf{loaded.settings};
  std::vector<config_problem> problems = loaded.problems;
  problems.insert(problems.end(), caf.problems().begin(), caf.problems().end());
  std::vector<std::string> lines;
  for (const config_problem& problem : problems) {
    std::string line = to_string(problem);
    if (sources.file && line.starts_with(*sources.file))
      line.replace(0, sources.file->size(), "FILE");
    lines.push_back(std::move(line));
  }
  return lines;
}

inline std::vector<std::string> problem_lines_of_text(std::string_view yaml) {
  const temporary_file file{yaml};
  return problem_lines({.file = file.path(), .environment = {}, .settings = {}});
}

/// What a text of settings without problems sets.
inline config loaded(std::string_view yaml) {
  const temporary_file file{yaml};
  loaded_config made = load_config({.file = file.path(), .environment = {}, .settings = {}});
  for (const config_problem& problem : made.problems) UNSCOPED_INFO(to_string(problem));
  REQUIRE(made.problems.empty());
  return made.settings;
}

}  // namespace troupe::test
