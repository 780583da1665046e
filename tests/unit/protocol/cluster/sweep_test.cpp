// Which stored documents a node looks at, and when they count as moved.
#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "protocol/cluster/sweep.hpp"

namespace troupe::sweep_test {

using namespace troupe::cluster;
using namespace std::chrono_literals;

namespace {

using names = std::vector<std::string>;
using enum sweep::moved_before;

/// A node with stored documents, in order, and a clock.
struct swept_node {
  explicit swept_node(sweep_settings settings = quick()) : core(settings) {}

  static sweep_settings quick() {
    sweep_settings settings;
    settings.visits_max = 4;
    settings.visit_interval = 0ms;
    settings.page_size = 3;
    return settings;
  }

  /// Lists one page, if one is wanted.
  bool list() {
    const auto wanted = core.next_page(now);
    if (!wanted) return false;
    names found;
    std::string after = wanted->after;
    auto end = sweep::page_end::last;
    for (const std::string& each : stored) {
      if (each <= wanted->after) continue;
      if (found.size() == wanted->count) {
        end = sweep::page_end::more;
        break;
      }
      after = each;
      if (wanted->skips_kept && std::ranges::find(kept, each) != kept.end()) continue;
      found.push_back(each);
    }
    core.on_page(wanted->pass, found, after, end, now);
    return true;
  }

  /// Lists and visits until nothing is left to do now; `lacking` says who lacks a document.
  names run() {
    names visited;
    for (bool is_busy = true; is_busy;) {
      is_busy = list();
      while (auto name = core.next_visit(now)) {
        visited.push_back(*name);
        const auto lacks = lacking.find(*name);
        core.on_visited(*name, number, lacks == lacking.end() ? none : lacks->second, now);
        is_busy = true;
      }
    }
    return visited;
  }

  sweep core;
  sweep::time_point now{1h};
  std::uint64_t number = 1;
  names stored;
  names kept;
  std::map<std::string, std::vector<peer_id>> lacking;
  static inline const std::vector<peer_id> none;
};

}  // namespace

TEST_CASE("nothing is visited before there is a member list", "[cluster][sweep]") {
  swept_node node;
  node.stored = {"a"};
  CHECK(node.run().empty());
  CHECK_FALSE(node.core.take_moved());
}

TEST_CASE("a node without documents has moved at once", "[cluster][sweep]") {
  swept_node node;
  node.core.on_list(1, no, {}, node.now);
  CHECK(node.run().empty());
  CHECK(node.core.take_moved() == 1u);
  CHECK_FALSE(node.core.take_moved());
}

TEST_CASE("a pass visits all documents, those that are open first", "[cluster][sweep]") {
  swept_node node;
  node.stored = {"a", "b", "c", "d", "e", "f", "g"};
  node.core.on_list(1, no, {"x"}, node.now);
  CHECK(node.run() == names{"x", "a", "b", "c", "d", "e", "f", "g"});
  CHECK(node.core.take_moved() == 1u);
}

TEST_CASE("so many documents are visited at once and not more", "[cluster][sweep]") {
  swept_node node;
  node.stored = {"a", "b", "c", "d", "e", "f", "g"};
  node.core.on_list(1, no, {"1", "2", "3", "4", "5"}, node.now);
  for (int i = 0; i < 4; ++i) CHECK(node.core.next_visit(node.now));
  CHECK_FALSE(node.core.next_visit(node.now));
  node.core.on_visited("2", 1, {}, node.now);
  CHECK(node.core.next_visit(node.now) == "5");
  CHECK_FALSE(node.core.next_visit(node.now));
  CHECK(node.core.describe().visiting == 4);
}

TEST_CASE("between two visits some time passes", "[cluster][sweep]") {
  sweep_settings settings = swept_node::quick();
  settings.visit_interval = 10ms;
  swept_node node{settings};
  node.core.on_list(1, no, {"a", "b", "c"}, node.now);
  CHECK(node.core.next_visit(node.now) == "a");
  CHECK_FALSE(node.core.next_visit(node.now + 9ms));
  CHECK(node.core.next_visit(node.now + 10ms) == "b");
  // Time that was not used is not made up for.
  CHECK(node.core.next_visit(node.now + 1s) == "c");
}

TEST_CASE("nothing has moved while a visit is under way", "[cluster][sweep]") {
  swept_node node;
  node.core.on_list(1, no, {"a"}, node.now);
  CHECK(node.core.next_visit(node.now) == "a");
  node.list();
  CHECK_FALSE(node.core.take_moved());
  node.core.on_visited("a", 1, {}, node.now);
  CHECK(node.core.take_moved() == 1u);
}

TEST_CASE("a document that a keeper lacks holds up the end of the pass", "[cluster][sweep]") {
  swept_node node;
  node.stored = {"a", "b"};
  node.lacking["a"] = {7};
  node.core.on_list(1, no, {}, node.now);
  CHECK(node.run() == names{"a", "b"});
  CHECK_FALSE(node.core.take_moved());
  CHECK(node.core.describe().unfinished == 1);
  node.now += 30s;
  CHECK(node.run() == names{"a"});
  CHECK_FALSE(node.core.take_moved());
  node.lacking.clear();
  node.core.on_peer_up(6, node.now);
  CHECK(node.run().empty());
  node.core.on_peer_up(7, node.now);
  CHECK(node.run() == names{"a"});
  CHECK(node.core.take_moved() == 1u);
}

TEST_CASE("a document that cannot be opened is tried again", "[cluster][sweep]") {
  swept_node node;
  node.core.on_list(1, no, {"a"}, node.now);
  CHECK(node.core.next_visit(node.now) == "a");
  node.core.on_visit_failed("a", node.now);
  node.run();
  CHECK_FALSE(node.core.take_moved());
  node.now += 30s;
  CHECK(node.run() == names{"a"});
  CHECK(node.core.take_moved() == 1u);
}

TEST_CASE("a new list begins the pass anew", "[cluster][sweep]") {
  swept_node node;
  node.stored = {"a", "b"};
  node.lacking["a"] = {7};
  node.core.on_list(1, no, {}, node.now);
  node.run();
  node.lacking.clear();
  node.number = 2;
  node.core.on_list(2, no, {}, node.now);
  node.core.on_list(1, no, {}, node.now);  // what is old is of no use
  CHECK(node.run() == names{"a", "b"});
  CHECK(node.core.take_moved() == 2u);
}

TEST_CASE("a visit under an earlier list proves nothing", "[cluster][sweep]") {
  swept_node node;
  node.core.on_list(1, no, {"a"}, node.now);
  CHECK(node.core.next_visit(node.now) == "a");
  node.number = 2;
  node.core.on_list(2, no, {"a"}, node.now);
  node.list();
  CHECK_FALSE(node.core.next_visit(node.now));  // it is under way
  node.core.on_visited("a", 1, {}, node.now);
  CHECK_FALSE(node.core.take_moved());
  CHECK(node.run() == names{"a"});
  CHECK(node.core.take_moved() == 2u);
}

TEST_CASE("a visit that began under an earlier list counts if it judges under this one",
          "[cluster][sweep]") {
  swept_node node;
  node.core.on_list(1, no, {"a"}, node.now);
  CHECK(node.core.next_visit(node.now) == "a");
  node.core.on_list(2, no, {"a"}, node.now);
  node.number = 2;
  CHECK(node.run().empty());
  node.core.on_visited("a", 2, {}, node.now);
  CHECK(node.run().empty());
  CHECK(node.core.take_moved() == 2u);
}

TEST_CASE("a page of an earlier pass is of no use", "[cluster][sweep]") {
  swept_node node;
  node.core.on_list(1, no, {}, node.now);
  const auto wanted = node.core.next_page(node.now);
  REQUIRE(wanted);
  node.core.on_list(2, no, {}, node.now);
  node.core.on_page(wanted->pass, {"old"}, "old", sweep::page_end::last, node.now);
  node.stored = {"a"};
  node.number = 2;
  CHECK(node.run() == names{"a"});
}

TEST_CASE("what a document leaves behind is visited when the peer is back", "[cluster][sweep]") {
  swept_node node;
  node.core.on_list(1, no, {}, node.now);
  node.run();
  CHECK(node.core.take_moved() == 1u);
  node.core.on_left_behind("a", {7, 8}, node.now);
  node.core.on_left_behind("b", {8}, node.now);
  node.core.on_left_behind("c", {}, node.now);
  CHECK(node.run().empty());
  node.core.on_peer_up(7, node.now);
  CHECK(node.run() == names{"a"});
  node.now += 30s;
  CHECK(node.run() == names{"b"});
  CHECK_FALSE(node.core.take_moved());
}

TEST_CASE("a document that is left behind while it is visited is visited again",
          "[cluster][sweep]") {
  swept_node node;
  node.core.on_list(1, yes, {}, node.now);
  node.run();
  node.core.on_document_failed("a", node.now);
  node.now += 30s;
  REQUIRE(node.core.next_visit(node.now) == "a");
  node.core.on_left_behind("a", {7}, node.now);
  node.core.on_peer_up(7, node.now);
  CHECK_FALSE(node.core.next_visit(node.now));
  node.core.on_visited("a", 1, {}, node.now);  // as of before
  CHECK(node.run() == names{"a"});
  CHECK(node.run().empty());
}

TEST_CASE("a document that has failed is visited after a while", "[cluster][sweep]") {
  swept_node node;
  node.core.on_list(1, yes, {}, node.now);
  node.run();
  node.core.on_document_failed("a", node.now);
  CHECK(node.run().empty());
  node.now += 30s;
  CHECK(node.run() == names{"a"});
}

TEST_CASE("what documents leave behind does not hold up a pass that need not visit them",
          "[cluster][sweep]") {
  swept_node node;
  node.core.on_list(1, no, {}, node.now);
  node.core.on_left_behind("new", {7}, node.now);
  node.run();
  CHECK(node.core.take_moved() == 1u);
}

TEST_CASE("where more is unfinished than is remembered, the pass begins anew", "[cluster][sweep]") {
  sweep_settings settings = swept_node::quick();
  settings.unfinished_max = 2;
  swept_node node{settings};
  node.stored = {"a", "b", "c", "d"};
  for (const std::string& each : node.stored) node.lacking[each] = {7};
  node.core.on_list(1, no, {}, node.now);
  CHECK(node.run() == node.stored);
  CHECK(node.core.describe().unfinished == 2);
  node.lacking.clear();
  CHECK_FALSE(node.core.take_moved());
  node.core.on_peer_up(7, node.now);
  CHECK(node.run() == node.stored);
  CHECK(node.core.take_moved() == 1u);
}

TEST_CASE("a pass that was too much to remember begins anew by itself as well",
          "[cluster][sweep]") {
  sweep_settings settings = swept_node::quick();
  settings.unfinished_max = 1;
  swept_node node{settings};
  node.stored = {"a", "b"};
  for (const std::string& each : node.stored) node.lacking[each] = {7};
  node.core.on_list(1, no, {}, node.now);
  node.run();
  node.lacking.clear();
  node.now += 30s;
  CHECK(node.run() == node.stored);
  CHECK(node.core.take_moved() == 1u);
}

TEST_CASE("between passes as well, more than is remembered begins one", "[cluster][sweep]") {
  sweep_settings settings = swept_node::quick();
  settings.unfinished_max = 1;
  swept_node node{settings};
  node.stored = {"a", "b"};
  node.core.on_list(1, yes, {}, node.now);
  node.run();
  node.core.on_left_behind("a", {7}, node.now);
  node.core.on_left_behind("b", {7}, node.now);
  CHECK(node.run() == node.stored);
}

TEST_CASE("a node that has moved in an earlier run sweeps, and does not say so again",
          "[cluster][sweep]") {
  swept_node node;
  node.stored = {"a"};
  node.core.on_list(3, yes, {}, node.now);
  node.number = 3;
  CHECK(node.run() == node.stored);
  CHECK_FALSE(node.core.take_moved());
}

TEST_CASE("a day later everything is visited again", "[cluster][sweep]") {
  swept_node node;
  node.stored = {"a"};
  node.core.on_list(1, no, {}, node.now);
  node.run();
  node.now += 23h;
  CHECK(node.run().empty());
  node.now += 1h;
  CHECK(node.run() == node.stored);
}

TEST_CASE(
    "copies may be dropped once all have moved and no load can be under way that began before",
    "[cluster][sweep]") {
  swept_node node;
  node.stored = {"a", "b", "c", "d"};
  node.kept = {"b", "d"};
  node.core.on_list(2, no, {}, node.now);
  node.number = 2;
  node.run();
  node.core.on_all_moved(1, node.now);
  CHECK_FALSE(node.core.may_drop(node.now + 1h));
  node.core.on_all_moved(2, node.now);
  node.now += 29s;
  CHECK_FALSE(node.core.may_drop(node.now));
  node.core.on_all_moved(2, node.now);  // the time counts from the first
  CHECK(node.run().empty());
  node.now += 1s;
  CHECK(node.core.may_drop(node.now));
  CHECK(node.run() == names{"a", "c"});
  CHECK(node.run().empty());
  node.core.on_list(3, no, {}, node.now);
  CHECK_FALSE(node.core.may_drop(node.now));
}

TEST_CASE("a pass for dropping that is too much to remember is not put off for a day",
          "[cluster][sweep]") {
  sweep_settings settings = swept_node::quick();
  settings.unfinished_max = 1;
  swept_node node{settings};
  node.stored = {"a", "b"};
  node.core.on_list(1, yes, {}, node.now);
  node.run();
  node.core.on_all_moved(1, node.now);
  node.now += 30s;
  for (const std::string& each : node.stored) node.lacking[each] = {7};
  CHECK(node.run() == node.stored);
  node.lacking.clear();
  node.now += 30s;
  CHECK(node.run() == node.stored);
  CHECK(node.run().empty());
}

TEST_CASE("a pass for dropping goes on behind pages of which nothing is visited",
          "[cluster][sweep]") {
  swept_node node;
  node.stored = {"a", "b", "c", "d", "e", "f", "g"};
  node.kept = {"a", "b", "c", "d", "e", "f"};
  node.core.on_list(1, yes, {}, node.now);
  node.run();
  node.core.on_all_moved(1, node.now);
  node.now += 30s;
  CHECK(node.run() == names{"g"});
}

}  // namespace troupe::sweep_test
