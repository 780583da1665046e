// Updates that cause more work than they may: refused whole, or left for later.
#include "protocol/crdt/apply/work_bound.hpp"

#include <limits>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/store/check_invariants.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/update_builder.hpp"

namespace troupe::work_bound_test {

using namespace troupe::test;

namespace {

/// Without an index, so that walks are long.
crdt::doc_settings with_budget(std::uint64_t steps) {
  crdt::doc_settings settings;
  settings.limit.long_scan_steps = std::numeric_limits<std::size_t>::max();
  settings.limit.update_steps_max = steps;
  return settings;
}

byte_buffer base() { return update_builder{}.client(1).text(in_root("text"), "ab").build(); }

/// `count` insertions behind the "a", each in front of the one before.
byte_buffer insertions(crdt::client_id author, std::size_t count) {
  update_builder update;
  update.client(author).text(between({1, 0}, {1, 1}), "x");
  for (std::size_t i = 1; i < count; ++i) update.text(between({1, 0}, {author, i - 1}), "x");
  return update.build();
}

crdt::work_bound bound_of(const crdt::doc& doc, const byte_buffer& update) {
  crdt::decoded_update decoded;
  REQUIRE(crdt::decode_update(update, crdt::update_format::v1, {}, decoded));
  const crdt::work_bound found = crdt::find_work_bound(doc.contents(), decoded);
  const crdt::work_bound quick = crdt::quick_work_bound(doc.contents(), decoded);
  CHECK(found.structs <= quick.structs + decoded.structs.size());
  return found;
}

}  // namespace

TEST_CASE("an update that takes more steps than allowed is refused, and the document is as it was",
          "[crdt]") {
  crdt::doc doc{with_budget(500)};
  crdt::doc twin{with_budget(500)};
  const byte_buffer waiting =
      update_builder{}.client(7, 3).text(after({5, 59}), "w").erase(5, 2, 3).build();
  for (crdt::doc* each : {&doc, &twin}) {
    REQUIRE(each->apply_update(base()));
    REQUIRE(each->apply_update(insertions(9, 20)));
    REQUIRE(each->apply_update(waiting));
  }
  const byte_buffer state = doc.encode_state_as_update();
  const auto pending_size = doc.pending_size();

  byte_buffer update = insertions(10, 60);
  const auto refused = doc.apply_update(update);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::too_complex);
  crdt::check_invariants(doc.contents());
  CHECK(doc.encode_state_as_update() == state);
  CHECK(doc.pending_size() == pending_size);
  CHECK(doc.state_vector() == twin.state_vector());
  CHECK(normal_form(doc) == normal_form(twin));

  // What comes later finds nothing of it.
  for (crdt::doc* each : {&doc, &twin}) {
    REQUIRE(each->apply_update(insertions(5, 4)));
    REQUIRE(each->apply_update(update_builder{}.client(9, 20).text(after({1, 1}), "end").build()));
    REQUIRE(each->apply_update(update_builder{}.erase(9, 3, 5).build()));
  }
  CHECK(doc.encode_state_as_update() == twin.encode_state_as_update());
  CHECK(normal_form(doc) == normal_form(twin));
}

TEST_CASE("the last update that fits is taken, the first that does not is refused", "[crdt]") {
  const auto outcome = [](std::uint64_t steps) {
    crdt::doc doc{with_budget(steps)};
    REQUIRE(doc.apply_update(base()));
    REQUIRE(doc.apply_update(insertions(9, 10)));
    return doc
        .apply_update(update_builder{}
                          .client(10)
                          .text(between({1, 0}, {1, 1}), "x")
                          .text(between({1, 0}, {1, 1}), "y")
                          .build())
        .has_value();
  };
  std::uint64_t needed = 0;
  while (!outcome(needed)) ++needed;
  CHECK(needed > 10);
  CHECK(needed < 30);
  CHECK(outcome(needed + 1));
}

TEST_CASE("with its index a document takes what would be too much to walk", "[crdt]") {
  crdt::doc_settings settings;
  settings.limit.update_steps_max = 20'000;
  crdt::doc doc{settings};
  REQUIRE(doc.apply_update(base()));
  REQUIRE(doc.apply_update(insertions(9, 600)));
  REQUIRE(doc.apply_update(insertions(10, 600)));
  CHECK(doc.text("text").size() == 1202);
}

TEST_CASE("an update is deferred if it might take more steps than there are for now", "[crdt]") {
  crdt::doc doc;
  REQUIRE(doc.apply_update(base()));
  REQUIRE(doc.apply_update(insertions(9, 50)));
  const byte_buffer state = doc.encode_state_as_update();
  const byte_buffer update = insertions(10, 3);
  const auto deferred = doc.apply_update(update, crdt::update_format::v1, 100);
  REQUIRE(deferred);
  CHECK(deferred->is_deferred);
  CHECK_FALSE(deferred->changed);
  CHECK(doc.encode_state_as_update() == state);
  const auto applied = doc.apply_update(update, crdt::update_format::v1, 1'000);
  REQUIRE(applied);
  CHECK_FALSE(applied->is_deferred);
  CHECK(applied->changed);
}

TEST_CASE("a short deletion of much is deferred, a keystroke is not", "[crdt]") {
  crdt::doc doc;
  REQUIRE(doc.apply_update(
      update_builder{}.client(1).type(in_root("list"), crdt::type_kind::array).build()));
  update_builder children;
  children.client(2).numbers(in_type({1, 0}), {1});
  for (std::uint64_t i = 1; i < 100; ++i) children.numbers(before({2, i - 1}), {1});
  REQUIRE(doc.apply_update(children.build()));
  REQUIRE(doc.apply_update(update_builder{}.client(3).text(in_root("text"), "ab").build()));
  const auto is_deferred = [&](const byte_buffer& update) {
    const auto applied = doc.apply_update(update, crdt::update_format::v1, 300);
    REQUIRE(applied);
    return applied->is_deferred;
  };
  CHECK_FALSE(is_deferred(update_builder{}.client(3, 2).text(after({3, 1}), "c").build()));
  CHECK_FALSE(is_deferred(update_builder{}.erase(3, 1, 1).build()));
  CHECK(is_deferred(update_builder{}.erase(1, 0, 1).build()));
}

TEST_CASE("what follows its own author, or stands between neighbours, needs no search", "[crdt]") {
  crdt::doc doc;
  REQUIRE(doc.apply_update(base()));
  REQUIRE(doc.apply_update(insertions(9, 30)));
  CHECK(bound_of(doc, update_builder{}.client(1, 2).text(after({1, 1}), "cd").build()).all() == 0);
  CHECK(bound_of(doc, update_builder{}
                          .client(5)
                          .text(after({1, 1}), "c")
                          .numbers(after({5, 0}), {1, 2})
                          .text(after({5, 2}), "d")
                          .build())
            .all() == 0);
  CHECK(
      bound_of(doc, update_builder{}.client(5).text(between({9, 1}, {9, 0}), "c").build()).all() ==
      0);
  CHECK(bound_of(doc, update_builder{}.client(5).text(between({1, 0}, {1, 1}), "c").build())
            .structs >= 30);
}

TEST_CASE("the bound is never below the steps that are taken", "[crdt][property]") {
  const unsigned seed = GENERATE(Catch::Generators::range(1u, 21u));
  CAPTURE(seed);
  std::mt19937 random{seed};
  editing_client first{10}, second{9};
  // A budget of 0 makes a copy for whatever is not sure to take no step, and refuses it if it does.
  crdt::doc none{with_budget(0)}, enough;
  for (int i = 0; i < 120; ++i) {
    editing_client& who = random() % 2 == 0 ? first : second;
    const byte_buffer update = who.edit_randomly(random);
    const byte_buffer before = none.encode_state_as_update();
    const auto applied = none.apply_update(update);
    if (!applied) {
      CHECK(applied.error().code == errc::too_complex);
      REQUIRE(none.encode_state_as_update() == before);
      crdt::check_invariants(none.contents());
    }
    REQUIRE(enough.apply_update(update));
  }
  // What was refused is still missing; with a budget it is taken.
  crdt::doc healed;
  REQUIRE(healed.apply_update(none.encode_state_as_update()));
  REQUIRE(healed.apply_update(enough.encode_state_as_update()));
  CHECK(normal_form(healed) == normal_form(enough));
}

}  // namespace troupe::work_bound_test
