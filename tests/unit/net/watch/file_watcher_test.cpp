#include "net/watch/file_watcher.hpp"

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <future>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include <catch2/catch_test_macros.hpp>

#include "net/io_unit.hpp"
#include "tests/support/temporary_directory.hpp"

namespace troupe::file_watcher_test {

using namespace std::chrono_literals;
using names = std::vector<std::string>;

namespace {

constexpr auto deadline = 10s;

/// Where a test says that something is told once: longer than a busy machine pauses a writer.
constexpr auto patient = 300ms;

/// A unit that runs, a watcher on it and what it told, in order.
class running_watcher {
 public:
  explicit running_watcher(watch_settings settings) {
    auto opened = file_watcher::open(
        unit_, std::move(settings), [this](const file_change& change) { on_change(change); },
        [this](const std::string& problem) {
          const std::lock_guard lock{mutex_};
          problems_.push_back(problem);
        });
    REQUIRE(opened.has_value());
    watcher_ = *std::move(opened);
    thread_ = std::thread{[this] { unit_.run(); }};
  }
  ~running_watcher() {
    watcher_->stop();
    unit_.finish();
    thread_.join();
  }

  io_unit& unit() { return unit_; }
  file_watcher& watcher() { return *watcher_; }

  /// Waits until "document<path" was told; the test fails if it never is.
  void wait_for(const std::string& told) {
    std::unique_lock lock{mutex_};
    const bool came =
        changed_.wait_for(lock, deadline, [&] { return std::ranges::count(told_, told) != 0; });
    INFO(told);
    REQUIRE(came);
  }

  /// All that was told since the last call, sorted, each as often as it was told. A file is written
  /// and awaited first: what changed before it is told before it.
  names told_before_marker(const test::temporary_directory& at) {
    const std::string marker = "marker" + std::to_string(++markers_);
    at.write(marker, "x");
    wait_for(marker + "<" + marker);
    // On a busy machine both become due at once, and are told in any order.
    std::promise<void> all_told;
    unit_.post([&all_told] { all_told.set_value(); });
    all_told.get_future().wait();
    const std::lock_guard lock{mutex_};
    names told = std::exchange(told_, {});
    std::erase_if(told, [](const std::string& each) { return each.starts_with("marker"); });
    std::ranges::sort(told);
    return told;
  }

  names problems() {
    const std::lock_guard lock{mutex_};
    return problems_;
  }

 private:
  void on_change(const file_change& change) {
    CHECK(unit_.on_own_thread());
    const std::lock_guard lock{mutex_};
    told_.push_back(change.document + "<" + change.path);
    changed_.notify_all();
  }

  io_unit unit_;
  std::unique_ptr<file_watcher> watcher_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  names told_, problems_;
  int markers_ = 0;
};

watch_settings watching(const test::temporary_directory& at,
                        std::chrono::milliseconds debounce = 20ms) {
  watch_settings settings;
  settings.debounce = debounce;
  settings.directories.emplace_back().directory = at.text();
  return settings;
}

}  // namespace

TEST_CASE("a file that is created, written or deleted is told", "[watch]") {
  const test::temporary_directory at;
  running_watcher running{watching(at, patient)};
  at.write("a.md", "1");
  CHECK(running.told_before_marker(at) == names{"a.md<a.md"});
  at.append("a.md", "2");
  CHECK(running.told_before_marker(at) == names{"a.md<a.md"});
  at.remove("a.md");
  CHECK(running.told_before_marker(at) == names{"a.md<a.md"});
  CHECK(running.problems().empty());
}

TEST_CASE("a file that is replaced as editors do it is told once", "[watch]") {
  const test::temporary_directory at;
  at.write("a.md", "1");
  running_watcher running{watching(at, patient)};
  SECTION("a temporary file beside it takes its name") {
    at.write("a.md.tmp.1234", "2");
    at.rename("a.md.tmp.1234", "a.md");
  }
  SECTION("vim: a probe, the original becomes a backup, the file is written anew") {
    at.write("4913", "");
    at.remove("4913");
    at.rename("a.md", "a.md~");
    at.write("a.md", "2");
    at.remove("a.md~");
  }
  SECTION("in place, cut and written") { at.write("a.md", "2"); }
  SECTION("deleted and made anew") {
    at.remove("a.md");
    at.write("a.md", "2");
  }
  CHECK(running.told_before_marker(at) == names{"a.md<a.md"});
}

TEST_CASE("a file in new directories is told at once", "[watch]") {
  const test::temporary_directory at;
  running_watcher running{watching(at)};
  at.make_directory("x/y/z");
  at.write("x/y/z/a.md", "1");
  running.wait_for("x/y/z/a.md<x/y/z/a.md");
  at.write("x/y/b.md", "1");
  running.wait_for("x/y/b.md<x/y/b.md");
}

TEST_CASE("a move between directories is told of both paths", "[watch]") {
  const test::temporary_directory at;
  at.make_directory("x");
  at.make_directory("y");
  at.write("x/a", "1");
  running_watcher running{watching(at, patient)};
  at.rename("x/a", "y/b");
  CHECK(running.told_before_marker(at) == names{"x/a<x/a", "y/b<y/b"});
}

TEST_CASE("a file that keeps changing is told once it is quiet", "[watch]") {
  const test::temporary_directory at;
  running_watcher running{watching(at, patient)};
  for (int i = 0; i < 50; ++i) at.append("a", "more");
  CHECK(running.told_before_marker(at) == names{"a<a"});
}

TEST_CASE("a file that is never closed is told all the same", "[watch]") {
  const test::temporary_directory at;
  running_watcher running{watching(at)};
  std::ofstream log{at.path() / "log"};
  log << "a line" << std::flush;
  running.wait_for("log<log");
}

TEST_CASE("each directory has its template and its patterns", "[watch]") {
  const test::temporary_directory at, other;
  watch_settings settings = watching(at, patient);
  settings.directories[0].exclude = {*glob::parse("*.swp")};
  watched_directory& second = settings.directories.emplace_back();
  second.directory = other.text();
  second.document = "all";
  second.include = {*glob::parse("*.txt")};
  running_watcher running{std::move(settings)};
  at.write(".a.swp", "1");
  at.write("a", "1");
  other.write("a", "1");
  other.write("b.txt", "1");
  running.wait_for("all<b.txt");
  CHECK(running.told_before_marker(at) == names{"a<a", "all<b.txt"});
}

TEST_CASE("directories may overlap", "[watch]") {
  const test::temporary_directory at;
  at.make_directory("x");
  watch_settings settings = watching(at);
  settings.directories.emplace_back().directory = at.text() + "/x";
  running_watcher running{std::move(settings)};
  at.write("x/a", "1");
  running.wait_for("x/a<x/a");
  running.wait_for("a<a");
}

TEST_CASE("a path that makes no document's name is a problem, told once", "[watch]") {
  const test::temporary_directory at;
  running_watcher running{watching(at, patient)};
  for (int i = 0; i < 2; ++i) {
    at.write("a\nb", "x");
    CHECK(running.told_before_marker(at).empty());
  }
  CHECK(running.problems() == names{"changes of " + at.text() +
                                    "/a\nb cannot be reported: the document name has control "
                                    "characters"});
}

TEST_CASE("many files are all told", "[watch]") {
  const test::temporary_directory at;
  running_watcher running{watching(at)};
  constexpr int directories = 20, files = 100;
  for (int i = 0; i < directories; ++i) {
    at.make_directory("d" + std::to_string(i));
    for (int k = 0; k < files; ++k)
      at.write("d" + std::to_string(i) + "/f" + std::to_string(k), "1");
  }
  for (int i = 0; i < directories; ++i) {
    for (int k = 0; k < files; ++k) {
      const std::string path = "d" + std::to_string(i) + "/f" + std::to_string(k);
      running.wait_for(path + "<" + path);
    }
  }
}

TEST_CASE("when the kernel's queue overflows no change is lost", "[watch]") {
  std::size_t events_max = 0;
  std::ifstream{"/proc/sys/fs/inotify/max_queued_events"} >> events_max;
  if (events_max == 0 || events_max > 50'000) {
    SKIP("the queue of this system is too long to be filled by a test");
  }
  const test::temporary_directory at;
  at.write("deleted", "1");
  at.write("changed", "1");
  running_watcher running{watching(at)};
  std::mutex gate;
  {
    // The unit stands still while the queue fills.
    const std::lock_guard closed{gate};
    running.unit().post([&] { const std::lock_guard opened{gate}; });
    std::ofstream one{at.path() / "one"}, two{at.path() / "two"};
    // Events that repeat the last one are not queued, so two files take turns.
    for (std::size_t i = 0; i < events_max + 1'000; ++i)
      (i % 2 == 0 ? one : two) << "x" << std::flush;
    at.make_directory("x/y");
    at.write("x/y/new", "1");
    at.write("changed", "22");
    at.remove("deleted");
  }
  for (const char* path : {"x/y/new", "changed", "deleted", "one", "two"})
    running.wait_for(path + std::string{"<"} + path);
  at.write("x/y/new", "2");
  at.write("x/y/later", "1");
  running.wait_for("x/y/later<x/y/later");
}

TEST_CASE("a directory that comes back is watched again", "[watch]") {
  const test::temporary_directory at;
  at.make_directory("top");
  at.write("top/a", "1");
  watch_settings settings = watching(at);
  settings.directories[0].directory = at.text() + "/top";
  running_watcher running{std::move(settings)};
  at.remove("top");
  running.wait_for("a<a");
  at.make_directory("top");
  at.write("top/b", "1");
  running.wait_for("b<b");
  CHECK(running.problems() == names{at.text() + "/top is gone; it is watched again once it is back",
                                    at.text() + "/top is back and watched again"});
}

TEST_CASE("a directory that cannot be watched is refused at the start", "[watch]") {
  io_unit unit;
  watch_settings settings;
  settings.directories.emplace_back().directory = "/nowhere/at/all";
  const auto opened = file_watcher::open(
      unit, settings, [](const file_change&) {}, [](const std::string&) {});
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == errc::watch_failed);
  CHECK(opened.error().detail == "cannot watch /nowhere/at/all: No such file or directory");
}

TEST_CASE("a callback may stop the watcher, and nothing follows", "[watch]") {
  const test::temporary_directory at;
  io_unit unit;
  std::unique_ptr<file_watcher> watcher;
  int told = 0;
  auto opened = file_watcher::open(
      unit, watching(at),
      [&](const file_change&) {
        ++told;
        watcher->stop();
        unit.finish();
      },
      [](const std::string&) {});
  REQUIRE(opened.has_value());
  watcher = *std::move(opened);
  at.write("a", "1");
  at.write("b", "1");
  unit.run();  // returns, since the watcher lets go of the unit
  CHECK(told == 1);
}

TEST_CASE("a watcher that is stopped before the unit runs does nothing", "[watch]") {
  const test::temporary_directory at;
  io_unit unit;
  int told = 0;
  {
    const auto opened = file_watcher::open(
        unit, watching(at), [&](const file_change&) { ++told; }, [](const std::string&) {});
    REQUIRE(opened.has_value());
    at.write("a", "1");
  }
  unit.finish();
  unit.run();
  CHECK(told == 0);
}

}  // namespace troupe::file_watcher_test
