#include "protocol/crdt/apply/pending.hpp"

#include <map>
#include <random>
#include <set>

#include <catch2/catch_test_macros.hpp>

namespace troupe::pending_test {

using namespace troupe::crdt;

namespace {

struct_view text_at(clock_type clock, std::string_view text) {
  struct_view view;
  view.clock = clock;
  view.length = static_cast<clock_type>(text.size());
  view.kind = content_kind::string;
  view.content = as_bytes(text).data();
  view.content_size = static_cast<std::uint32_t>(text.size());
  return view;
}

std::vector<pending_struct> moved_out(pending& from, client_index client, clock_range known) {
  std::vector<pending_struct> out;
  from.move_out_structs(client, known, out);
  return out;
}

using deletes = std::vector<std::pair<client_index, clock_range>>;

deletes deletes_of(const pending& waiting) {
  deletes all;
  waiting.for_each_delete(
      [&](client_index client, clock_range range) { all.emplace_back(client, range); });
  return all;
}

}  // namespace

TEST_CASE("pending keeps its own copy of a struct", "[crdt]") {
  pending waiting;
  CHECK(waiting.empty());
  {
    std::string text = "text", root = "root", key = "key";
    parent_view parent;
    parent.is_root = parent.has_key = true;
    parent.name = root;
    parent.key = key;
    struct_view view = text_at(5, text);
    view.parent = &parent;
    waiting.add_struct({0, 3}, 1, view);
    text = root = key = "????";
  }
  CHECK_FALSE(waiting.empty());
  CHECK(waiting.struct_count() == 1);
  const auto structs = moved_out(waiting, 0, {3, 1});
  REQUIRE(structs.size() == 1);
  const struct_view& kept = structs[0].view();
  CHECK(structs[0].client() == 1);
  CHECK(kept.clock == 5);
  CHECK(kept.length == 4);
  CHECK(as_text(kept.content_bytes()) == "text");
  REQUIRE(kept.parent != nullptr);
  CHECK(kept.parent->name == "root");
  CHECK(kept.parent->key == "key");
  CHECK(kept.parent->has_key);
}

TEST_CASE("pending gives out the structs that wait for an id in a range", "[crdt]") {
  pending waiting;
  waiting.add_struct({7, 9}, 1, text_at(0, "a"));
  waiting.add_struct({7, 10}, 2, text_at(0, "b"));
  waiting.add_struct({7, 14}, 3, text_at(0, "c"));
  waiting.add_struct({7, 15}, 4, text_at(0, "d"));
  waiting.add_struct({8, 12}, 5, text_at(0, "e"));
  CHECK(moved_out(waiting, 7, {11, 3}).empty());
  const auto structs = moved_out(waiting, 7, {10, 5});
  REQUIRE(structs.size() == 2);
  CHECK(structs[0].client() == 2);
  CHECK(structs[1].client() == 3);
  CHECK(waiting.struct_count() == 3);
  CHECK(moved_out(waiting, 7, {10, 5}).empty());
  CHECK(moved_out(waiting, 8, {0, 100}).size() == 1);
  CHECK(moved_out(waiting, 7, {0, 100}).size() == 2);
  CHECK(waiting.empty());
}

TEST_CASE("pending does not keep a struct that waits already", "[crdt]") {
  pending waiting;
  waiting.add_struct({0, 3}, 1, text_at(5, "abc"));
  const std::size_t size = waiting.size();
  waiting.add_struct({0, 3}, 1, text_at(5, "abc"));
  waiting.add_struct({0, 3}, 1, text_at(5, "ab"));
  CHECK(waiting.struct_count() == 1);
  CHECK(waiting.size() == size);
  waiting.add_struct({0, 3}, 1, text_at(5, "abcd"));  // longer: it tells more
  CHECK(waiting.struct_count() == 2);
}

TEST_CASE("pending knows how much it holds and holds nothing in the end", "[crdt]") {
  pending waiting;
  CHECK(waiting.size() == 0);
  waiting.add_struct({0, 1}, 1, text_at(5, std::string(1000, 'x')));
  CHECK(waiting.size() >= 1000);
  waiting.add_delete(2, {10, 5});
  CHECK(waiting.size() > 1000);
  CHECK(moved_out(waiting, 0, {0, 10}).size() == 1);
  CHECK(waiting.size() < 1000);
  CHECK(waiting.move_out_delete(2, {0, 100}) == clock_range{10, 5});
  CHECK(waiting.size() == 0);
  CHECK(waiting.empty());
}

TEST_CASE("pending merges deletes that overlap or touch", "[crdt]") {
  pending waiting;
  waiting.add_delete(1, {10, 5});
  waiting.add_delete(1, {15, 5});
  waiting.add_delete(1, {5, 6});
  waiting.add_delete(1, {30, 5});
  waiting.add_delete(2, {20, 1});
  CHECK(deletes_of(waiting) == deletes{{1, {5, 15}}, {1, {30, 5}}, {2, {20, 1}}});
  waiting.add_delete(1, {0, 100});
  CHECK(deletes_of(waiting) == deletes{{1, {0, 100}}, {2, {20, 1}}});
}

TEST_CASE("pending gives out only the part of a delete that has become known", "[crdt]") {
  pending waiting;
  waiting.add_delete(1, {10, 10});
  CHECK_FALSE(waiting.move_out_delete(1, {0, 10}).has_value());
  CHECK_FALSE(waiting.move_out_delete(1, {20, 5}).has_value());
  CHECK_FALSE(waiting.move_out_delete(0, {10, 10}).has_value());
  CHECK_FALSE(waiting.move_out_delete(2, {10, 10}).has_value());
  CHECK(waiting.move_out_delete(1, {13, 2}) == clock_range{13, 2});
  CHECK(deletes_of(waiting) == deletes{{1, {10, 3}}, {1, {15, 5}}});
  CHECK(waiting.move_out_delete(1, {0, 12}) == clock_range{10, 2});
  CHECK(deletes_of(waiting) == deletes{{1, {12, 1}}, {1, {15, 5}}});
  CHECK(waiting.move_out_delete(1, {19, 9}) == clock_range{19, 1});
  CHECK(deletes_of(waiting) == deletes{{1, {12, 1}}, {1, {15, 4}}});
}

TEST_CASE("pending deletes agree with a set of clocks", "[crdt]") {
  std::mt19937 random{8};
  pending waiting;
  std::set<std::pair<client_index, clock_type>> expected;
  for (int step = 0; step < 5000; ++step) {
    const client_index client = random() % 3;
    const clock_range range{static_cast<clock_type>(random() % 3000),
                            static_cast<clock_type>(1 + random() % 12)};
    if (step % 3 != 0) {
      waiting.add_delete(client, range);
      for (clock_type c = range.clock; c < range.end(); ++c) expected.emplace(client, c);
    } else {
      while (const auto part = waiting.move_out_delete(client, range))
        for (clock_type c = part->clock; c < part->end(); ++c)
          REQUIRE(expected.erase({client, c}) == 1);
      for (clock_type c = range.clock; c < range.end(); ++c)
        REQUIRE_FALSE(expected.contains({client, c}));
    }
  }
  std::set<std::pair<client_index, clock_type>> actual;
  waiting.for_each_delete([&](client_index client, clock_range range) {
    for (clock_type c = range.clock; c < range.end(); ++c)
      REQUIRE(actual.emplace(client, c).second);
  });
  CHECK(actual == expected);
}

TEST_CASE("pending structs agree with a multimap", "[crdt]") {
  std::mt19937 random{9};
  pending waiting;
  std::multimap<std::pair<client_index, clock_type>, clock_type> expected;
  for (clock_type step = 0; step < 5000; ++step) {
    const client_index client = random() % 3;
    const auto clock = static_cast<clock_type>(random() % 500);
    if (random() % 3 != 0) {
      waiting.add_struct({client, clock}, 9, text_at(step, "x"));
      expected.emplace(std::pair{client, clock}, step);
      continue;
    }
    const clock_range range{clock, static_cast<clock_type>(1 + random() % 20)};
    std::multiset<clock_type> actual_clocks, expected_clocks;
    for (const pending_struct& one : moved_out(waiting, client, range))
      actual_clocks.insert(one.view().clock);
    const auto first = expected.lower_bound({client, range.clock});
    const auto last = expected.lower_bound({client, range.end()});
    for (auto next = first; next != last; ++next) expected_clocks.insert(next->second);
    expected.erase(first, last);
    REQUIRE(actual_clocks == expected_clocks);
    REQUIRE(waiting.struct_count() == expected.size());
  }
}

}  // namespace troupe::pending_test
