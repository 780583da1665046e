// The lines of CAF's logger on their way to a file. The logger is played by the test, which writes
// to std::clog as that does.
#include "actors/log_sink.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/temporary_directory.hpp"

namespace troupe::log_sink_test {

namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

struct logged_to_file {
  test::temporary_directory directory;
  std::filesystem::path path = directory.path() / "log";
  std::unique_ptr<log_sink> sink;

  explicit logged_to_file(log_format format = log_format::text) {
    auto opened = log_sink::open({format, false, coloured::no, path.string()});
    REQUIRE(opened);
    sink = *std::move(opened);
  }
  ~logged_to_file() { levels_of_process().choose({}); }

  /// In pieces, as CAF renders it.
  static void log(std::string_view level, std::string_view component, std::string_view message) {
    std::clog << "2026-11-29T13:00:00.123" << ' ' << level << " [" << component << "] " << message
              << std::endl;
  }
  /// What the file has once all is written.
  std::string contents() {
    sink.reset();
    return read(path);
  }
};

}  // namespace

TEST_CASE("lines reach the file in order, those of CAF itself from their level on", "[log]") {
  logged_to_file to;
  logged_to_file::log("INFO", "troupe.node", "one");
  logged_to_file::log("INFO", "caf_io", "of no interest");
  logged_to_file::log("WARN", "caf", "of some");
  logged_to_file::log("DEBUG", "caf", "");
  CHECK(to.contents() == "2026-11-29T13:00:00.123 INFO [troupe.node] one\n"
                         "2026-11-29T13:00:00.123 WARN [caf] of some\n");
}

TEST_CASE("levels change while the sink lives", "[log]") {
  logged_to_file to;
  levels_of_process().choose({.level = log_severity::error});
  logged_to_file::log("INFO", "caf", "too much");
  levels_of_process().choose({.level = log_severity::debug});
  logged_to_file::log("INFO", "caf", "wanted");
  CHECK(to.contents() == "2026-11-29T13:00:00.123 INFO [caf] wanted\n");
}

TEST_CASE("a file that was renamed is opened again", "[log]") {
  logged_to_file to;
  logged_to_file::log("INFO", "troupe.node", "before");
  const std::filesystem::path old = to.path.string() + ".1";
  while (read(to.path).empty()) std::this_thread::yield();
  std::filesystem::rename(to.path, old);
  REQUIRE(to.sink->reopen());
  logged_to_file::log("INFO", "troupe.node", "after");
  CHECK(to.contents().ends_with("after\n"));
  CHECK(read(old).ends_with("before\n"));
}

TEST_CASE("a long line is cut, and JSON stays JSON", "[log]") {
  logged_to_file to{log_format::json};
  logged_to_file::log("INFO", "troupe.node", std::string(2 * log_sink::record_bytes_max, 'x'));
  logged_to_file::log("INFO", "troupe.node", "next");
  const std::string text = to.contents();
  CHECK(text.size() < log_sink::record_bytes_max + 1024);
  CHECK(text.find("\"message\":\"next\"}\n") != std::string::npos);
}

TEST_CASE("std::clog is as before when the sink is gone", "[log]") {
  std::streambuf* const before = std::clog.rdbuf();
  {
    const logged_to_file to;
    CHECK(std::clog.rdbuf() != before);
  }
  CHECK(std::clog.rdbuf() == before);
}

TEST_CASE("a file that cannot be opened is told", "[log]") {
  const test::temporary_directory directory;
  const auto opened =
      log_sink::open({log_format::text, true, coloured::no, directory.text() + "/no/log"});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::invalid_config);
}

}  // namespace troupe::log_sink_test
