// Tombstones of keys that are set together take few records, and nobody can tell by the document.
#include <algorithm>
#include <map>
#include <random>

#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/apply/work_bound.hpp"
#include "protocol/crdt/edit/edit.hpp"
#include "tests/support/doc_checks.hpp"

namespace troupe::braids_test {

using namespace troupe::test;

namespace {

constexpr crdt::client_id author = 2'345'678'901;

/// Makes maps under keys of the root `m`, their ids clock 0 and up.
update_builder maps(std::uint64_t count) {
  update_builder made;
  made.client(author);
  for (std::uint64_t i = 0; i < count; ++i)
    made.type(in_root("m", std::string(1, static_cast<char>('a' + i))), crdt::type_kind::map);
  return made;
}

/// Somebody sets `keys` keys of a map together, again and again; the updates have a value for each.
class dragged_map {
 public:
  explicit dragged_map(std::uint64_t keys, std::uint64_t map = 0) : keys_(keys), map_(map) {}

  update_builder move(crdt::client_id by, std::uint64_t clock) {
    update_builder made;
    made.client(by, clock);
    add_move(made, by, clock);
    return made;
  }
  void add_move(update_builder& to, crdt::client_id by, std::uint64_t clock) {
    for (std::uint64_t key = 0; key < keys_; ++key) {
      const item_place at =
          last_.count(key) != 0
              ? after_value(last_[key])
              : in_type({author, map_}, std::string(1, static_cast<char>('p' + key)));
      to.numbers(at, {static_cast<std::uint8_t>(clock % 64)});
      if (last_.count(key) != 0) to.erase(last_[key].client, last_[key].clock, 1);
      last_[key] = {by, clock + key};
    }
  }

 private:
  std::uint64_t keys_;
  std::uint64_t map_;
  std::map<std::uint64_t, item_id> last_;
};

/// The map `a` of the root `m`, of which `keys` keys were set `moves` times, as yjs writes it.
byte_buffer state_after(std::uint64_t keys, std::uint64_t moves) {
  update_builder state = maps(1);
  for (std::uint64_t i = 0; i < keys * moves; ++i) {
    const std::uint64_t clock = 1 + i;
    const item_place at = i < keys
                              ? in_type({author, 0}, std::string(1, static_cast<char>('p' + i)))
                              : after_value({author, clock - keys});
    if (i < keys * (moves - 1))
      state.deleted(at, 1);
    else
      state.numbers(at, {static_cast<std::uint8_t>((clock - (clock - 1) % keys) % 64)});
  }
  return state.erase(author, 1, keys * (moves - 1)).build();
}

void check_copies(const crdt::doc& of) {
  crdt::doc copy, of_v2, of_pieces;
  must_apply(copy, of.encode_state_as_update());
  CHECK(state_of(copy) == state_of(of));
  REQUIRE(of_v2.apply_update(of.encode_state_as_update({}, crdt::update_format::v2),
                             crdt::update_format::v2));
  crdt::check_invariants(of_v2.contents());
  CHECK(state_of(of_v2) == state_of(of));
  for (const byte_buffer& piece : of.encode_state_in_pieces({}, {.piece = 300, .held_max = 8}))
    must_apply(of_pieces, piece);
  CHECK(of_pieces.snapshot() == of.snapshot());
  CHECK(of_pieces.json() == of.json());
}

}  // namespace

TEST_CASE("tombstones of keys that are set together take one record for each key", "[crdt]") {
  for (const std::uint64_t keys : {2, 3, 7, 16}) {
    constexpr std::uint64_t moves = 150;
    crdt::doc doc, loaded;
    must_apply(doc, maps(1));
    dragged_map map{keys};
    for (std::uint64_t i = 0; i < moves; ++i) must_apply(doc, map.move(author, 1 + i * keys));
    CHECK(state_of(doc) == to_hex(state_after(keys, moves)));
    CHECK(doc.item_count() == 1 + keys * moves);
    CHECK(doc.contents().record_count() == 1 + 2 * keys);
    CHECK(doc.sizes().tombstones == keys * (moves - 1));
    must_apply(loaded, doc.encode_state_as_update());
    CHECK(loaded.contents().record_count() == 1 + 2 * keys);
    check_copies(doc);
  }
}

TEST_CASE("two maps that are dragged together make one braid", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, maps(2));
  dragged_map first{2, 0}, second{1, 1};
  for (std::uint64_t i = 0; i < 20; ++i) {
    update_builder move;
    move.client(author, 2 + 3 * i);
    first.add_move(move, author, 2 + 3 * i);
    second.add_move(move, author, 4 + 3 * i);
    must_apply(doc, move);
  }
  CHECK(doc.contents().record_count() == 2 + 6);
  check_copies(doc);
  SECTION("of which one is deleted") {
    must_apply(doc, update_builder{}.erase(author, 0, 1));
    CHECK(doc.json() == R"({"m":{"b":{"p":61}}})");
    check_copies(doc);
  }
  SECTION("of which both are deleted") {
    must_apply(doc, update_builder{}.erase(author, 0, 2));
    CHECK(doc.json() == R"({"m":{}})");
    CHECK(doc.contents().record_count() == 3);
    check_copies(doc);
  }
}

TEST_CASE("the tombstones of a deleted map become one GC", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, maps(1));
  dragged_map map{2};
  for (std::uint64_t i = 0; i < 20; ++i) must_apply(doc, map.move(author, 1 + 2 * i));
  must_apply(doc, update_builder{}.erase(author, 0, 1));
  CHECK(doc.contents().record_count() == 2);
  CHECK(state_of(doc) == to_hex(update_builder{}
                                    .client(author)
                                    .deleted(in_root("m", "a"), 1)
                                    .gc(40)
                                    .erase(author, 0, 41)
                                    .build()));
  check_copies(doc);
}

TEST_CASE("a tombstone leaves its braid to merge with its neighbour", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, maps(1));
  dragged_map map{2};
  for (std::uint64_t i = 0; i < 10; ++i) must_apply(doc, map.move(author, 1 + 2 * i));
  // The second key only, three times: its tombstones follow each other.
  for (std::uint64_t clock = 21; clock < 24; ++clock)
    must_apply(doc, update_builder{}
                        .client(author, clock)
                        .numbers(after_value({author, clock - 1}), {1})
                        .erase(author, clock - 1, 1));
  update_builder expected = maps(1);
  expected.deleted(in_type({author, 0}, "p"), 1).deleted(in_type({author, 0}, "q"), 1);
  for (std::uint64_t clock = 3; clock < 19; ++clock)
    expected.deleted(after_value({author, clock - 2}), 1);
  expected.numbers(after_value({author, 17}), {19}).deleted(after_value({author, 18}), 3);
  expected.numbers(after_value({author, 22}), {1}).erase(author, 1, 18).erase(author, 20, 3);
  crdt::doc same;
  must_apply(same, expected);
  CHECK(state_of(doc) == state_of(same));
  check_copies(doc);
}

TEST_CASE("tombstones that take turns under one key make no braid", "[crdt]") {
  // No editor writes this. In the order of the key q: 2, 6, 9, 5, 8, 11.
  const auto first_two = update_builder{}
                             .client(author, 1)
                             .deleted(in_type({author, 0}, "p"), 1)
                             .deleted(in_type({author, 0}, "q"), 1)
                             .numbers(after_value({author, 1}), {44});
  update_builder turns;
  turns.client(author, 4)
      .deleted(after_value({author, 1}), 1)
      .deleted(after_value({author, 2}), 1)
      .deleted(after_value({author, 2}), 1)
      .deleted(after_value({author, 4}), 1)
      .deleted(after_value({author, 5}), 1)
      .numbers(after_value({author, 6}), {28})
      .deleted(after_value({author, 7}), 1)
      .numbers(after_value({author, 8}), {24});
  crdt::doc doc;
  must_apply(doc, maps(1));
  must_apply(doc, first_two);
  must_apply(doc, turns);
  CHECK(doc.json() == R"({"m":{"a":{"p":44,"q":24}}})");
  CHECK(doc.contents().record_count() == doc.item_count());
  check_copies(doc);
  must_apply(doc, update_builder{}.erase(author, 0, 1));
  CHECK(doc.json() == R"({"m":{}})");
  check_copies(doc);
}

TEST_CASE("the bound of work knows which tombstones of a braid are neighbours", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, state_after(2, 100));
  const auto steps_of = [&](std::uint64_t origin, std::uint64_t right_origin) {
    item_place at = after_value({author, origin});
    at.right_origin = item_id{author, right_origin};
    const byte_buffer update = update_builder{}.client(7).numbers(at, {1}).build();
    crdt::decoded_update decoded;
    REQUIRE(crdt::decode_update(update, crdt::update_format::v1, {}, decoded));
    return crdt::find_work_bound(doc.contents(), decoded).structs;
  };
  CHECK(steps_of(41, 43) < 10);
  CHECK(steps_of(41, 42) > doc.item_count());  // 42 stands under the other key
}

TEST_CASE("what stands between the tombstones of a key finds its place", "[crdt]") {
  constexpr std::uint64_t moves = 12;
  for (std::uint64_t origin = 1; origin <= 2 * moves; ++origin)
    for (const crdt::client_id other : {crdt::client_id{7}, author + 1}) {
      const auto late = update_builder{}
                            .client(other)
                            .numbers(after_value({author, origin}), {63})
                            .text(before({author, origin}), "x");
      crdt::doc early_one, late_one;
      must_apply(early_one, maps(1));
      must_apply(late_one, maps(1));
      must_apply(early_one, late);  // waits for its origin
      dragged_map map{2}, again{2};
      for (std::uint64_t i = 0; i < moves; ++i) {
        must_apply(early_one, map.move(author, 1 + 2 * i));
        must_apply(late_one, again.move(author, 1 + 2 * i));
      }
      must_apply(late_one, late);
      CHECK(early_one.json() == late_one.json());
      CHECK(early_one.snapshot() == late_one.snapshot());
      CHECK(state_of(early_one) == state_of(late_one));
      check_copies(late_one);
      crdt::doc behind;
      must_apply(behind, maps(1));
      dragged_map some{2};
      for (std::uint64_t i = 0; i < origin / 2; ++i)
        must_apply(behind, some.move(author, 1 + 2 * i));
      must_apply(behind, late_one.encode_state_as_update(behind.state_vector()));
      CHECK(behind.snapshot() == late_one.snapshot());
      CHECK(state_of(behind) == state_of(late_one));
    }
}

TEST_CASE("whoever drags what at once, and whenever that arrives, all see the same", "[crdt]") {
  for (unsigned seed = 0; seed < 150; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random{seed};
    const crdt::client_id ids[] = {author, 300, 4'000'000'000};
    crdt::doc people[3], in_order, late;
    for (crdt::doc* each : {people, people + 1, people + 2, &in_order, &late})
      must_apply(*each, maps(2));
    std::vector<byte_buffer> inboxes[3];
    std::vector<byte_buffer> kept_back;
    const auto read = [&](std::size_t who) {
      for (const byte_buffer& each : inboxes[who]) must_apply(people[who], each);
      inboxes[who].clear();
    };
    const auto change = [&](std::size_t who, auto what) {
      {
        auto edit = people[who].edit(ids[who]);
        REQUIRE(edit);
        what(*edit);
      }
      crdt::check_invariants(people[who].contents());
      const byte_buffer update = people[who].encode_last_change();
      must_apply(in_order, update);
      if (random() % 4 == 0)
        kept_back.push_back(update);
      else
        must_apply(late, update);
      for (std::size_t other = 0; other < 3; ++other)
        if (other != who) inboxes[other].push_back(update);
    };
    for (int drag = 0; drag < 14; ++drag) {
      const std::size_t who = random() % 3;
      if (random() % 2 == 0) read(who);
      std::vector<std::pair<std::uint64_t, std::string>> keys;
      for (const char* const key : {"p", "q", "r"})
        for (const std::uint64_t map : {0, 1})
          if (random() % 3 == 0) keys.emplace_back(map, key);
      for (std::size_t moves = keys.empty() ? 0 : random() % 9; moves > 0; --moves)
        change(who, [&](crdt::doc_edit& edit) {
          for (const auto& [map, key] : keys)  // fails where the map is deleted
            static_cast<void>(edit.set(crdt::type_ref{crdt::struct_id{author, map}}, key,
                                       crdt::value::number(static_cast<double>(random() % 64))));
        });
      if (random() % 40 == 0)
        change(who, [&](crdt::doc_edit& edit) {
          static_cast<void>(edit.remove_key(crdt::type_ref{"m"}, random() % 2 == 0 ? "a" : "b"));
        });
    }
    std::ranges::shuffle(kept_back, random);
    for (const byte_buffer& each : kept_back) must_apply(late, each);
    for (std::size_t who = 0; who < 3; ++who) read(who);
    for (const crdt::doc* each : {people, people + 1, people + 2, &late}) {
      CHECK(each->json() == in_order.json());
      CHECK(each->snapshot() == in_order.snapshot());
    }
    check_copies(in_order);
    check_copies(late);
  }
}

}  // namespace troupe::braids_test
