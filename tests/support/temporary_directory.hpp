// A directory for the length of a test, and what editors do to the files in it.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <unistd.h>

namespace troupe::test {

class temporary_directory {
 public:
  temporary_directory() {
    static int number = 0;
    const std::string name =
        "troupe-test-" + std::to_string(::getpid()) + "-" + std::to_string(++number);
    path_ = std::filesystem::temp_directory_path() / name;
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  std::string text() const { return path_.string(); }

  /// Writes the file in place, as most programs do.
  void write(std::string_view name, std::string_view text) const {
    std::ofstream{path_ / name} << text;
  }
  void append(std::string_view name, std::string_view text) const {
    std::ofstream{path_ / name, std::ios::app} << text;
  }
  void make_directory(std::string_view name) const {
    std::filesystem::create_directories(path_ / name);
  }
  void rename(std::string_view from, std::string_view to) const {
    std::filesystem::rename(path_ / from, path_ / to);
  }
  void remove(std::string_view name) const { std::filesystem::remove_all(path_ / name); }

 private:
  std::filesystem::path path_;
};

}  // namespace troupe::test
