#include <catch2/catch_test_macros.hpp>

#include "bench/load/update_maker.hpp"
#include "bench/load/update_ranges.hpp"
#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/store/check_invariants.hpp"

namespace troupe::update_maker_test {

namespace {

using troupe::byte_buffer;
using troupe::byte_view;
using troupe::load::placement;
using troupe::load::update_maker;
using troupe::load::update_ranges;

constexpr troupe::crdt::client_id author = 2'345'678'901;

void apply(troupe::crdt::doc& doc, byte_view update) {
  const auto applied = doc.apply_update(update);
  REQUIRE(applied);
  CHECK(applied->is_verbatim);
}

}  // namespace

TEST_CASE("made updates load into the text that their maker tells", "[load]") {
  for (const placement where : {placement::append, placement::scattered}) {
    for (const unsigned characters : {1U, 7U}) {
      update_maker maker{author, characters, where};
      troupe::crdt::doc doc;
      for (int i = 0; i < 500; ++i) apply(doc, maker.next());
      CHECK(maker.clock() == 500 * characters);
      CHECK(doc.text("text") == maker.text());
      CHECK(doc.state_vector().clock_of(author) == maker.clock());
      troupe::crdt::check_invariants(doc.contents());
    }
  }
}

TEST_CASE("an update may hold many insertions", "[load]") {
  update_maker maker{author, 2, placement::scattered, 5};
  troupe::crdt::doc doc;
  apply(doc, maker.next(1000));
  apply(doc, maker.next(1000));
  CHECK(doc.text("text") == maker.text());
  CHECK(maker.text().size() == 4000);
}

TEST_CASE("what is dragged stays two values, with tombstones behind them", "[load]") {
  update_maker maker{author, load::units_of_move, placement::dragged};
  crdt::doc doc;
  for (unsigned i = 1; i <= 100; ++i) {
    const auto applied = doc.apply_update(maker.next());
    REQUIRE(applied.has_value());
    REQUIRE(applied->is_verbatim);
    REQUIRE(maker.clock() == 2 * i);
  }
  CHECK(doc.state_vector().clock_of(author) == 200);
  CHECK(doc.view().contents("text")->key_count == 2);
  CHECK(doc.item_count() == 200);
  CHECK(maker.text() == doc.text("text"));
}

TEST_CASE("scattered insertions do not end up in the order of writing", "[load]") {
  update_maker maker{author, 1, placement::scattered};
  troupe::crdt::doc doc;
  apply(doc, maker.next(2000));
  CHECK(doc.item_count() > 1500);
}

TEST_CASE("authors of one document write in blocks of their own", "[load]") {
  update_maker one{author, 3, placement::scattered, 1};
  update_maker other{author + 1, 3, placement::append, 2};
  troupe::crdt::doc doc;
  for (int i = 0; i < 100; ++i) {
    apply(doc, one.next());
    apply(doc, other.next());
  }
  CHECK(doc.text("text") == one.text() + other.text());
}

TEST_CASE("the ranges of an update are the same by the short way and by the engine's", "[load]") {
  update_ranges ranges;
  update_maker maker{author, 4, placement::append};
  const byte_view first = maker.next();  // in a root: by the engine's
  REQUIRE(ranges.read(first));
  REQUIRE(ranges.inserted().size() == 1);
  CHECK(ranges.inserted()[0].end == 4);
  REQUIRE(ranges.read(maker.next()));  // with a neighbour: the short way
  REQUIRE(ranges.inserted().size() == 1);
  CHECK(ranges.inserted()[0].client == author);
  CHECK(ranges.inserted()[0].begin == 4);
  CHECK(ranges.inserted()[0].end == 8);
  REQUIRE(ranges.read(maker.next(10)));
  REQUIRE(ranges.inserted().size() == 1);
  CHECK(ranges.inserted()[0].begin == 8);
  CHECK(ranges.inserted()[0].end == 48);
  CHECK(ranges.deleted().empty());
}

TEST_CASE("what is no update has no ranges", "[load]") {
  update_ranges ranges;
  update_maker maker{author, 1, placement::append};
  maker.next();
  const byte_view whole = maker.next();
  CHECK_FALSE(ranges.read(whole.first(whole.size() - 1)));
  CHECK(ranges.inserted().empty());
  byte_buffer longer{whole.begin(), whole.end()};
  longer.push_back(0);
  CHECK_FALSE(ranges.read(longer));
  CHECK_FALSE(ranges.read({}));
}

}  // namespace troupe::update_maker_test
