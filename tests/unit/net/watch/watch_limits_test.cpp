// What a watcher does when the system has no watch left. The limits are those of a user namespace
// of its own, in a child process, so nothing else is touched; where that is not allowed, nothing is
// tested.
#include "net/watch/file_watcher.hpp"

#include <functional>
#include <limits>

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "net/io_unit.hpp"
#include "net/watch/watch_tree.hpp"
#include "tests/support/temporary_directory.hpp"

namespace troupe::watch_limits_test {

namespace {

constexpr const char* not_allowed = "not allowed";

bool write_setting(const char* path, const std::string& value) {
  const int file = ::open(path, O_WRONLY | O_CLOEXEC);
  const bool is_written =
      file >= 0 && ::write(file, value.data(), value.size()) == static_cast<ssize_t>(value.size());
  if (file >= 0) ::close(file);
  return is_written;
}

/// The text that `work` returns in a child with these limits, or not_allowed.
std::string with_limits(int watches, int instances, const std::function<std::string()>& work) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const std::string identity = "0 " + std::to_string(::geteuid()) + " 1";
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const bool is_limited =
        ::unshare(CLONE_NEWUSER) == 0 && write_setting("/proc/self/uid_map", identity) &&
        write_setting("/proc/sys/user/max_inotify_watches", std::to_string(watches)) &&
        write_setting("/proc/sys/user/max_inotify_instances", std::to_string(instances));
    const std::string text = is_limited ? work() : not_allowed;
    (void)!::write(ends[1], text.data(), text.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text(4'096, '\0');
  const ssize_t size = ::read(ends[0], text.data(), text.size());
  ::close(ends[0]);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  REQUIRE(size >= 0);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

/// Why a watcher of the directories cannot be opened.
std::string refusal_of(const std::vector<std::string>& directories) {
  io_unit unit;
  watch_settings settings;
  for (const std::string& each : directories) settings.directories.emplace_back().directory = each;
  const auto opened = file_watcher::open(
      unit, settings, [](const file_change&) {}, [](const std::string&) {});
  return opened ? "opened" : opened.error().detail;
}

}  // namespace

TEST_CASE("a watcher does not start if the system's limits leave directories out", "[watch]") {
  const test::temporary_directory at;
  at.make_directory("x/y");
  const auto refusal = [&](int watches, int instances, const std::vector<std::string>& below) {
    return with_limits(watches, instances, [&] { return refusal_of(below); });
  };
  if (refusal(3, 1, {at.text()}) == not_allowed) SKIP("no user namespaces here");
  CHECK(refusal(3, 1, {at.text()}) == "opened");
  CHECK(refusal(2, 1, {at.text()}) ==
        "cannot watch all directories in " + at.text() +
            ": the limit fs.inotify.max_user_watches of the system is reached");
  CHECK(refusal(0, 1, {at.text()}) ==
        "cannot watch " + at.text() +
            ": the limit fs.inotify.max_user_watches of the system is reached");
  CHECK(refusal(100, 1, {at.text(), at.text() + "/x"}) ==
        "cannot watch " + at.text() +
            "/x: the limit fs.inotify.max_user_instances of the system, or that of open files, is "
            "reached");
}

TEST_CASE("a new directory beyond the system's limit is told once, the others go on", "[watch]") {
  const test::temporary_directory at;
  const std::string told = with_limits(1, 1, [&] {
    watched_directory settings;
    settings.directory = at.text();
    const auto tree = watch_tree::open(settings);
    if (!tree) return tree.error().detail;
    const auto turn = [&] {
      (*tree)->read_events();
      (*tree)->scan(std::numeric_limits<std::size_t>::max());
    };
    turn();
    (*tree)->begin_reporting();
    at.make_directory("x");
    at.make_directory("y");
    turn();
    at.write("a", "1");
    turn();
    std::string text;
    for (const std::string& problem : (*tree)->take_problems()) text += problem + "\n";
    for (const std::string& path : (*tree)->take_touched()) text += path + "\n";
    return text;
  });
  if (told == not_allowed) SKIP("no user namespaces here");
  INFO(told);
  const std::string limit =
      "the limit fs.inotify.max_user_watches of the system is reached; changes in ";
  const bool named_one =
      told == limit + at.text() + "/x and perhaps other directories are not seen\na\n" ||
      told == limit + at.text() + "/y and perhaps other directories are not seen\na\n";
  CHECK(named_one);
}

}  // namespace troupe::watch_limits_test
