#include "protocol/crdt/apply/state_pieces.hpp"

#include <memory>
#include <random>

#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/doc.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/update_builder.hpp"

namespace troupe::state_pieces_test {

using namespace troupe::crdt;
using namespace troupe::test;

namespace {

constexpr piece_sizes small{.piece = 1000, .held_max = 4};

void take(doc& to, const byte_buffer& update) { REQUIRE(to.apply_update(update).has_value()); }

/// Applies the pieces one after the other; returns after how many there is something to see, and
/// checks that the end is the same.
std::size_t load(const doc& from, const std::vector<byte_buffer>& pieces, doc& into) {
  std::size_t first = pieces.size();
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    CAPTURE(i);
    take(into, pieces[i]);
    if (into.item_count() > 0) first = std::min(first, i);
  }
  CHECK(into.pending_size() == from.pending_size());
  CHECK((normal_form(into) == normal_form(from)));
  return first;
}

/// Three clients type behind each other, so that the structs of each refer to those of the others.
void type_in_turns(doc& into, std::size_t letters) {
  item_id last{1, 0};
  take(into, update_builder{}.client(1).text(in_root("t"), "a").build());
  std::array<std::uint64_t, 3> clocks{1, 0, 0};
  for (std::size_t i = 1; i < letters; ++i) {
    const std::size_t who = i % 3;
    take(into, update_builder{}.client(who + 1, clocks[who]).text(after(last), "word ").build());
    last = {who + 1, clocks[who] + 4};
    clocks[who] += 5;
  }
}

}  // namespace

TEST_CASE("a small state is one update", "[state_pieces]") {
  doc document;
  type_in_turns(document, 10);
  const auto pieces = document.encode_state_in_pieces({}, small);
  REQUIRE(pieces.size() == 1);
  CHECK(pieces[0] == document.encode_state_as_update());
}

TEST_CASE("each piece takes effect at once, whoever wrote what", "[state_pieces]") {
  doc document;
  type_in_turns(document, 500);
  const auto pieces = document.encode_state_in_pieces({}, small);
  CHECK(pieces.size() > 5);
  doc reader;
  std::size_t length = 0;
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
    CHECK(pieces[i].size() < 2 * small.piece);
    const auto applied = reader.apply_update(pieces[i]);
    REQUIRE(applied);
    CHECK_FALSE(applied->leaves_gap);
    CHECK(reader.text("t").size() > length);
    length = reader.text("t").size();
  }
  CHECK(pieces.back() == byte_buffer{0, 0});
  CHECK(reader.encode_state_as_update() == document.encode_state_as_update());
}

TEST_CASE("a long text is cut, but never within a character", "[state_pieces]") {
  for (const std::string letter : {"x", "\u00e9", "\xF0\x9F\x98\x80", "a\xF0\x9F\x98\x80"}) {
    CAPTURE(letter);
    std::string text;
    while (text.size() < 10'000) text += letter;
    doc document;
    take(document, update_builder{}.client(1).text(in_root("t"), text).build());
    const auto pieces = document.encode_state_in_pieces({}, small);
    CHECK(pieces.size() > 5);
    doc reader;
    CHECK(load(document, pieces, reader) == 0);
    CHECK(reader.text("t") == text);
  }
}

TEST_CASE("deletions come with what they delete", "[state_pieces]") {
  doc document{{.gc = garbage_collection::off, .limit = {}}};
  type_in_turns(document, 400);
  take(document, update_builder{}.erase(1, 0, 300).erase(2, 100, 50).build());
  const auto pieces = document.encode_state_in_pieces({}, small);
  doc reader{{.gc = garbage_collection::off, .limit = {}}};
  load(document, pieces, reader);
  CHECK(pieces.back() == byte_buffer{0, 0});
}

TEST_CASE("what waits comes last", "[state_pieces]") {
  doc document;
  type_in_turns(document, 400);
  take(document, update_builder{}.client(9).text(after({8, 4}), "waits").build());
  take(document, update_builder{}.erase(8, 0, 3).build());
  const auto pieces = document.encode_state_in_pieces({}, small);
  doc reader;
  load(document, pieces, reader);
  CHECK(reader.pending_size() > 0);
}

TEST_CASE("a difference is cut as well, and brings the deletions of what is known",
          "[state_pieces]") {
  doc document, reader;
  type_in_turns(document, 100);
  take(reader, document.encode_state_as_update());
  std::string text(10'000, 'y');
  take(document, update_builder{}.client(5).text(in_root("u"), text).build());
  take(document, update_builder{}.erase(1, 10, 20).build());
  const auto pieces = document.encode_state_in_pieces(reader.state_vector(), small);
  CHECK(pieces.size() > 5);
  load(document, pieces, reader);
  CHECK(document.encode_state_in_pieces(reader.state_vector(), small).size() == 1);
}

TEST_CASE("a text with formats does not show before it is complete", "[state_pieces]") {
  doc document;
  // Bold begins in front of a text that is written, deleted and written again.
  take(document, update_builder{}
                     .client(1)
                     .format(in_root("t"), "bold", "true")
                     .text(after({1, 0}), "x")
                     .format(after({1, 1}), "bold", "null")
                     .build());
  std::uint64_t clock = 0;
  for (int i = 0; i < 400; ++i, clock += 5)
    take(document,
         update_builder{}
             .client(2, clock)
             .text(clock == 0 ? between({1, 1}, {1, 2}) : between({2, clock - 1}, {1, 2}), "word ")
             .client(3, clock)
             .text(clock == 0 ? in_root("u") : after({2, clock - 1}), "other")
             .build());
  take(document, update_builder{}.erase(1, 1, 1).build());
  const auto pieces = document.encode_state_in_pieces({}, small);
  CHECK(pieces.size() > 2);
  CHECK(pieces.size() <= small.held_max + 3);
  doc reader;
  load(document, pieces, reader);
  CHECK(reader.delta_json("t") == document.delta_json("t"));
}

TEST_CASE("the pieces of any document come to the same document", "[state_pieces]") {
  std::mt19937 random{7};
  for (int round = 0; round < 20; ++round) {
    std::vector<std::unique_ptr<editing_client>> clients;
    for (client_id id = 1; id <= 4; ++id) clients.push_back(std::make_unique<editing_client>(id));
    for (int step = 0; step < 300; ++step) {
      editing_client& who = *clients[random() % clients.size()];
      who.edit_randomly(random);
      doc& other = clients[random() % clients.size()]->doc;
      if (random() % 4 == 0 && &other != &who.doc)
        take(other, who.doc.encode_state_as_update(other.state_vector()));
    }
    doc document;
    for (const auto& each : clients) take(document, each->doc.encode_state_as_update());
    doc reader;
    const piece_sizes tiny{.piece = 300, .held_max = 4};
    load(document, document.encode_state_in_pieces({}, tiny), reader);
    doc late;
    take(late, clients[0]->doc.encode_state_as_update());
    load(document, document.encode_state_in_pieces(late.state_vector(), tiny), late);
  }
}

}  // namespace troupe::state_pieces_test
