// A document that indexes its chains at once and one that never does: whatever arrives, in whatever
// order, both put it into the same place.
#include "protocol/crdt/apply/ordered_place.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/store/check_invariants.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/update_builder.hpp"

namespace troupe::ordered_place_test {

using namespace troupe::test;

namespace {

constexpr std::size_t at_once = 0;
constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

crdt::doc_settings indexed(std::size_t long_scan_steps) {
  crdt::doc_settings settings;
  settings.limit.long_scan_steps = long_scan_steps;
  return settings;
}

/// Two documents that get the same updates.
struct twins {
  crdt::doc with{indexed(at_once)};
  crdt::doc without{indexed(never)};
  std::size_t updates_with_index = 0;

  void apply(const byte_buffer& update) {
    REQUIRE(with.apply_update(update));
    REQUIRE(without.apply_update(update));
    updates_with_index += with.contents().order() != nullptr;
    REQUIRE(without.contents().order() == nullptr);
  }

  void must_be_equal() const {
    crdt::check_invariants(with.contents());
    crdt::check_invariants(without.contents());
    REQUIRE(with.encode_state_as_update() == without.encode_state_as_update());
    REQUIRE(normal_form(with) == normal_form(without));
  }
};

/// Clients that edit the same few places at once and hear of each other now and then.
std::vector<byte_buffer> dense_edits(std::mt19937& random, std::size_t count) {
  const crdt::client_id ids[] = {77, 5, (std::uint64_t{1} << 52) + 3, 4'000'000'000, 300, 6};
  std::vector<std::unique_ptr<editing_client>> clients;
  for (const crdt::client_id id : ids)
    clients.push_back(
        std::make_unique<editing_client>(id, indexed(random() % 2 ? at_once : never)));
  std::vector<byte_buffer> made;
  const auto one_of = [&]() -> editing_client& { return *clients[random() % clients.size()]; };
  const auto hear = [&](editing_client& who, const editing_client& of) {
    REQUIRE(who.doc.apply_update(of.doc.encode_state_as_update(who.doc.state_vector())));
  };
  for (std::size_t i = 0; i < count; ++i) {
    editing_client& who = one_of();
    const std::size_t length = who.length("text");
    switch (random() % 10) {
      case 0: made.push_back(who.edit_randomly(random)); break;
      case 1: hear(who, one_of()); break;
      case 2:
        if (length > 3) made.push_back(who.remove("text", random() % (length - 2), 2));
        break;
      case 3: made.push_back(who.insert_text("text", length, "end")); break;
      case 4: made.push_back(who.set_key("map", "key", static_cast<int>(i % 50))); break;
      default:
        made.push_back(who.insert_text("text", std::min<std::size_t>(length, random() % 4),
                                       random() % 2 ? "x" : "yz"));
    }
  }
  return made;
}

/// Insertions between ids that no editor would name together.
std::vector<byte_buffer> senseless_edits(std::mt19937& random, std::size_t count) {
  constexpr std::size_t authors = 6;
  std::vector<std::uint64_t> clocks(authors, 2);
  std::vector<byte_buffer> made;
  update_builder first;
  for (std::size_t i = 0; i < authors; ++i) first.client(10 + i).text(in_root("text"), "ab");
  made.push_back(first.build());
  const auto any_id = [&] {
    const std::size_t author = random() % authors;
    return item_id{10 + author, random() % clocks[author]};
  };
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t author = random() % authors;
    const item_place place = random() % 8 == 0   ? before(any_id())
                             : random() % 3 == 0 ? after(any_id())
                                                 : between(any_id(), any_id());
    update_builder update;
    update.client(10 + author, clocks[author]).text(place, "xyz");
    if (random() % 12 == 0) update.erase(10 + author, random() % clocks[author], 2);
    clocks[author] += 3;
    made.push_back(update.build());
  }
  return made;
}

}  // namespace

TEST_CASE("an index finds the place that a walk finds, whatever order dense edits come in",
          "[crdt][property]") {
  const unsigned seed = GENERATE(Catch::Generators::range(1u, 41u));
  CAPTURE(seed);
  std::mt19937 random{seed};
  std::vector<byte_buffer> updates = dense_edits(random, 250);
  std::string expected;
  std::size_t updates_with_index = 0;
  for (int round = 0; round < 4; ++round) {
    twins both;
    for (std::size_t i = 0; i < updates.size(); ++i) {
      both.apply(updates[i]);
      if (i % 16 == 0) both.must_be_equal();
    }
    both.must_be_equal();
    updates_with_index += both.updates_with_index;
    if (round == 0) expected = normal_form(both.with);
    CHECK(normal_form(both.with) == expected);
    if (round == 0)
      std::ranges::reverse(updates);
    else
      std::ranges::shuffle(updates, random);
  }
  CHECK(updates_with_index > updates.size() / 4);
}

TEST_CASE("an index gives way to a walk where insertions make no sense", "[crdt][property]") {
  const unsigned seed = GENERATE(Catch::Generators::range(1u, 41u));
  CAPTURE(seed);
  std::mt19937 random{seed};
  const std::vector<byte_buffer> updates = senseless_edits(random, 120);
  twins both;
  for (const byte_buffer& update : updates) {
    both.apply(update);
    both.must_be_equal();
  }
}

}  // namespace troupe::ordered_place_test
