#include "actors/line_log.hpp"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/temporary_directory.hpp"

namespace troupe::line_log_test {

namespace {

std::string gap(std::uint64_t count) { return "gap " + std::to_string(count); }

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("lines of all threads are in the file when the log ends, each once and whole", "[log]") {
  const test::temporary_directory folder;
  const auto file = folder.path() / "requests.jsonl";
  folder.write("requests.jsonl", "before\n");
  {
    auto log = *line_log::open(file.string(), gap);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&log, i] {
        for (int n = 0; n < 500; ++n)
          log->write(std::to_string(i) + " " + std::to_string(n) + std::string(50, 'x'));
      });
    for (std::thread& each : threads) each.join();
    CHECK(log->left_out() == 0);
  }
  const auto lines = lines_of(file);
  CHECK(lines.size() == 2001);
  CHECK(lines.front() == "before");
  CHECK(std::set<std::string>{lines.begin(), lines.end()}.size() == 2001);
}

TEST_CASE("a new file belongs to its owner alone", "[log]") {
  const test::temporary_directory folder;
  const auto file = folder.path() / "audit.jsonl";
  auto log = *line_log::open(file.string(), gap);
  struct ::stat about {};
  REQUIRE(::stat(file.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
}

TEST_CASE("a file that was renamed is followed by a new one", "[log]") {
  const test::temporary_directory folder;
  const auto file = folder.path() / "requests.jsonl";
  {
    auto log = *line_log::open(file.string(), gap);
    log->write("old");
    while (lines_of(file).empty()) std::this_thread::yield();
    folder.rename("requests.jsonl", "requests.1");
    REQUIRE(log->reopen());
    log->write("new");
  }
  CHECK(lines_of(folder.path() / "requests.1") == std::vector<std::string>{"old"});
  CHECK(lines_of(file) == std::vector<std::string>{"new"});
}

TEST_CASE("a file that cannot be opened is named, and the old one is kept", "[log]") {
  const test::temporary_directory folder;
  const auto refused = line_log::open(folder.text() + "/none/log", gap);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::invalid_config);
  CHECK(refused.error().detail.find("/none/log") != std::string::npos);
  folder.make_directory("sub");
  const auto file = folder.path() / "sub" / "log";
  {
    auto log = *line_log::open(file.string(), gap);
    folder.rename("sub", "moved");
    CHECK_FALSE(log->reopen());
    log->write("still");
  }
  CHECK(lines_of(folder.path() / "moved" / "log") == std::vector<std::string>{"still"});
}

TEST_CASE("what a full disk does not take is left out, and the file says so later", "[log]") {
  const test::temporary_directory folder;
  const auto file = folder.path() / "requests.jsonl";
  std::filesystem::create_symlink("/dev/full", file);
  {
    auto log = *line_log::open(file.string(), gap);
    log->write("lost");
    while (log->left_out() == 0) std::this_thread::yield();
    log->write("lost, too");
    while (log->left_out() == 1) std::this_thread::yield();
    std::filesystem::remove(file);
    REQUIRE(log->reopen());
    log->write("next");
  }
  CHECK(lines_of(file) == std::vector<std::string>{"next", "gap 2"});
}

TEST_CASE("what finds no room is left out, and the file says how much", "[log]") {
  const test::temporary_directory folder;
  const auto file = folder.path() / "requests.jsonl";
  const std::string too_long(line_log::waiting_bytes_max + 1, 'x');
  {
    auto log = *line_log::open(file.string(), gap);
    for (int i = 0; i < 3; ++i) log->write(too_long);
    CHECK(log->left_out() == 3);
    log->write("next");
  }
  CHECK(lines_of(file) == std::vector<std::string>{"next", "gap 3"});
}

}  // namespace troupe::line_log_test
