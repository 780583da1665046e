#include "net/watch/watch_tree.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/temporary_directory.hpp"

namespace troupe::watch_tree_test {

namespace fs = std::filesystem;
using paths = std::set<std::string>;

namespace {

/// A tree that is driven by hand: events are there as soon as the file system call returned.
class driven_tree {
 public:
  explicit driven_tree(const test::temporary_directory& at, watched_directory settings = {}) {
    settings.directory = at.text();
    auto opened = watch_tree::open(std::move(settings));
    REQUIRE(opened.has_value());
    tree_ = *std::move(opened);
    scan();
    tree_->begin_reporting();
  }

  watch_tree& operator*() { return *tree_; }
  watch_tree* operator->() { return tree_.get(); }

  /// What has changed since the last call.
  paths changes() {
    paths changed;
    for (int turn = 0; turn < 4; ++turn) {
      tree_->read_events();
      scan();
    }
    for (const std::string& path : tree_->take_touched())
      if (!changed.contains(path) && tree_->settle(path)) changed.insert(path);
    return changed;
  }

  /// Throws the events away, as the kernel does when its queue is full, and lets the tree compare.
  paths changes_after_overflow() {
    char lost[4096];
    while (::read(tree_->descriptor(), lost, sizeof lost) > 0) {
    }
    tree_->begin_comparison();
    return changes();
  }

 private:
  void scan() { tree_->scan(std::numeric_limits<std::size_t>::max()); }

  std::unique_ptr<watch_tree> tree_;
};

/// Root may read everything: takes that from this thread, if it is root's, for the scope.
class not_root {
 public:
  not_root() { ::setfsuid(nobody); }
  ~not_root() { ::setfsuid(::geteuid()); }
  not_root(const not_root&) = delete;
  not_root& operator=(const not_root&) = delete;

  template <class Work>
  void with_privileges(Work work) const {
    ::setfsuid(::geteuid());
    work();
    ::setfsuid(nobody);
  }

 private:
  static constexpr uid_t nobody = 65534;
};

}  // namespace

TEST_CASE("a directory that does not exist or is a file is not watched", "[watch]") {
  const test::temporary_directory at;
  at.write("file", "x");
  for (const char* name : {"nothing", "file"}) {
    watched_directory settings;
    settings.directory = at.text() + "/" + name;
    const auto opened = watch_tree::open(settings);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == errc::watch_failed);
    CHECK(opened.error().detail.starts_with("cannot watch " + settings.directory + ": "));
  }
}

TEST_CASE("files that are there at the start are not told, later changes are", "[watch]") {
  const test::temporary_directory at;
  at.make_directory("x/y");
  at.write("a", "1");
  at.write("x/y/b", "1");
  driven_tree tree{at};
  CHECK(tree->watched_directory_count() == 3);
  CHECK(tree.changes().empty());
  at.write("x/y/b", "2");
  at.write("c", "1");
  CHECK(tree.changes() == paths{"x/y/b", "c"});
  at.remove("a");
  CHECK(tree.changes() == paths{"a"});
}

TEST_CASE("a file that is gone again before it is told is no change", "[watch]") {
  const test::temporary_directory at;
  driven_tree tree{at};
  at.write("4914", "");
  at.remove("4914");
  CHECK(tree.changes().empty());
}

TEST_CASE("files in a new directory are found, however deep and however early", "[watch]") {
  const test::temporary_directory at;
  driven_tree tree{at};
  at.make_directory("x/y/z");
  at.write("x/y/z/a", "1");
  at.write("x/b", "1");
  CHECK(tree.changes() == paths{"x/y/z/a", "x/b"});
  at.write("x/y/z/a", "2");
  CHECK(tree.changes() == paths{"x/y/z/a"});
}

TEST_CASE("a directory that moves takes its files along", "[watch]") {
  const test::temporary_directory at;
  at.make_directory("x/in");
  at.write("x/in/a", "1");
  driven_tree tree{at};
  at.rename("x", "y");
  CHECK(tree.changes() == paths{"x/in/a", "y/in/a"});
  at.write("y/in/a", "2");
  CHECK(tree.changes() == paths{"y/in/a"});
  CHECK(tree->watched_directory_count() == 3);
}

TEST_CASE("a directory that moves out is let go", "[watch]") {
  const test::temporary_directory at, elsewhere;
  at.make_directory("x");
  at.write("x/a", "1");
  driven_tree tree{at};
  fs::rename(at.path() / "x", elsewhere.path() / "x");
  CHECK(tree.changes() == paths{"x/a"});
  elsewhere.write("x/a", "2");
  CHECK(tree.changes().empty());
  CHECK(tree->watched_directory_count() == 1);
  fs::rename(elsewhere.path() / "x", at.path() / "x");
  CHECK(tree.changes() == paths{"x/a"});
}

TEST_CASE("a directory that is deleted and made again is watched again", "[watch]") {
  const test::temporary_directory at;
  at.make_directory("x");
  at.write("x/a", "1");
  driven_tree tree{at};
  at.remove("x");
  at.make_directory("x");
  at.write("x/b", "1");
  CHECK(tree.changes() == paths{"x/a", "x/b"});
  at.write("x/b", "2");
  CHECK(tree.changes() == paths{"x/b"});
  CHECK(tree->watched_directory_count() == 2);
}

TEST_CASE("what is excluded is not watched, what is not included is not told", "[watch]") {
  const test::temporary_directory at;
  at.make_directory(".git/objects");
  at.make_directory("x");
  watched_directory settings;
  settings.include = {*glob::parse("*.md")};
  settings.exclude = {*glob::parse(".git"), *glob::parse("x/*.md")};
  driven_tree tree{at, settings};
  CHECK(tree->watched_directory_count() == 2);
  at.write(".git/objects/a.md", "1");
  at.write("x/b.md", "1");
  at.write("c.txt", "1");
  at.write("d.md", "1");
  CHECK(tree.changes() == paths{"d.md"});
}

TEST_CASE("a symbolic link is told as itself and not followed", "[watch]") {
  const test::temporary_directory at, elsewhere;
  elsewhere.write("secret", "1");
  driven_tree tree{at};
  fs::create_directory_symlink(elsewhere.path(), at.path() / "link");
  fs::create_symlink("link/secret", at.path() / "file");
  CHECK(tree.changes() == paths{"link", "file"});
  elsewhere.write("secret", "2");
  elsewhere.write("other", "1");
  CHECK(tree.changes().empty());
  CHECK(tree.changes_after_overflow().empty());
  CHECK(tree->watched_directory_count() == 1);
}

TEST_CASE("a link in the place of a directory does not lead out of it", "[watch]") {
  const test::temporary_directory at, elsewhere;
  at.make_directory("x");
  at.write("x/a", "1");
  elsewhere.write("a", "other");
  elsewhere.write("b", "other");
  driven_tree tree{at};
  at.remove("x");
  fs::create_directory_symlink(elsewhere.path(), at.path() / "x");
  CHECK(tree.changes() == paths{"x", "x/a"});
  elsewhere.write("b", "2");
  CHECK(tree.changes().empty());
}

TEST_CASE("the directory at the top may be a link", "[watch]") {
  const test::temporary_directory at;
  at.make_directory("real");
  fs::create_directory_symlink("real", at.path() / "link");
  watched_directory settings;
  settings.directory = at.text() + "/link";
  const auto opened = watch_tree::open(settings);
  REQUIRE(opened.has_value());
  (*opened)->scan(100);
  (*opened)->begin_reporting();
  at.write("real/a", "1");
  (*opened)->read_events();
  const auto touched = (*opened)->take_touched();
  REQUIRE_FALSE(touched.empty());
  CHECK((*opened)->settle(touched.front()));
}

TEST_CASE("a hard link and a special file are seen for what they are", "[watch]") {
  const test::temporary_directory at;
  at.write("a", "1");
  driven_tree tree{at};
  fs::create_hard_link(at.path() / "a", at.path() / "b");
  REQUIRE(::mkfifo((at.path() / "pipe").c_str(), 0600) == 0);
  CHECK(tree.changes() == paths{"b"});
}

TEST_CASE("after an overflow all that changed is found, and nothing else", "[watch]") {
  const test::temporary_directory at;
  for (const char* directory : {"stays", "goes", "moves/in", "becomes"})
    at.make_directory(directory);
  for (const char* file : {"same", "written", "deleted", "stays/same", "goes/a", "moves/in/a",
                           "becomes/a", "replaced"})
    at.write(file, "1");
  driven_tree tree{at};
  at.write("written", "22");
  at.remove("deleted");
  at.remove("goes");
  at.rename("moves", "moved");
  at.make_directory("moves");
  at.write("moves/b", "1");
  at.make_directory("new/deep");
  at.write("new/deep/a", "1");
  at.remove("becomes");
  at.write("becomes", "a file");
  at.write("temporary", "1");
  at.rename("temporary", "replaced");
  CHECK(tree.changes_after_overflow() == paths{"written", "deleted", "goes/a", "moves/in/a",
                                               "moved/in/a", "moves/b", "new/deep/a", "becomes",
                                               "becomes/a", "replaced"});
  at.write("moved/in/a", "3");
  at.write("moves/b", "3");
  at.write("new/deep/a", "3");
  at.write("stays/same", "3");
  CHECK(tree.changes() == paths{"moved/in/a", "moves/b", "new/deep/a", "stays/same"});
  CHECK(tree->watched_directory_count() == 7);
  CHECK(tree.changes_after_overflow().empty());
}

TEST_CASE("directories that swap their places during an overflow are watched where they are",
          "[watch]") {
  const test::temporary_directory at;
  at.make_directory("x");
  at.make_directory("y");
  at.write("x/a", "x");
  at.write("y/a", "yy");
  driven_tree tree{at};
  at.rename("x", "z");
  at.rename("y", "x");
  at.rename("z", "y");
  CHECK(tree.changes_after_overflow() == paths{"x/a", "y/a"});
  at.write("x/b", "1");
  CHECK(tree.changes() == paths{"x/b"});
  at.write("y/b", "1");
  CHECK(tree.changes() == paths{"y/b"});
}

TEST_CASE("a large tree is listed in steps", "[watch]") {
  const test::temporary_directory at;
  driven_tree tree{at};
  for (int i = 0; i < 20; ++i) {
    at.make_directory("d" + std::to_string(i));
    at.write("d" + std::to_string(i) + "/a", "1");
  }
  tree->read_events();
  tree->scan(4);
  CHECK(tree->has_directories_to_scan());
  CHECK(tree.changes().size() == 20);
}

TEST_CASE("a directory that goes away is told, and watched again once it is back", "[watch]") {
  const test::temporary_directory at;
  at.make_directory("top");
  at.write("top/a", "1");
  watched_directory settings;
  settings.directory = at.text() + "/top";
  auto opened = watch_tree::open(settings);
  REQUIRE(opened.has_value());
  watch_tree& tree = **opened;
  tree.scan(100);
  tree.begin_reporting();
  SECTION("deleted") { at.remove("top"); }
  SECTION("moved") { at.rename("top", "away"); }
  tree.read_events();
  CHECK(tree.is_lost());
  CHECK(tree.take_touched() == std::vector<std::string>{"a"});
  CHECK(tree.settle("a"));
  CHECK(tree.take_problems() ==
        std::vector<std::string>{settings.directory +
                                 " is gone; it is watched again once it is back"});
  CHECK_FALSE(tree.reopen());
  at.make_directory("top");
  at.write("top/b", "1");
  CHECK(tree.reopen());
  tree.scan(100);
  CHECK(tree.take_touched() == std::vector<std::string>{"b"});
  CHECK(tree.take_problems() ==
        std::vector<std::string>{settings.directory + " is back and watched again"});
}

TEST_CASE("a directory that may not be read is told once, and watched once it may", "[watch]") {
  const test::temporary_directory at;
  at.make_directory("x");
  fs::permissions(at.path() / "x", fs::perms::none);
  const not_root unprivileged;
  driven_tree tree{at};
  const std::vector<std::string> problems{"cannot watch " + at.text() +
                                          "/x: Permission denied; changes in it are not seen"};
  CHECK(tree->take_problems() == problems);
  CHECK(tree.changes_after_overflow().empty());
  CHECK(tree->take_problems().empty());
  unprivileged.with_privileges([&] {
    fs::permissions(at.path() / "x", fs::perms::all);
    at.write("x/a", "1");
  });
  CHECK(tree.changes() == paths{"x/a"});
}

}  // namespace troupe::watch_tree_test
