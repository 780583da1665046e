// A state that is folded and one that never is, side by side.
#include "protocol/foldable_state.hpp"

#include <algorithm>
#include <random>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/read/snapshot.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/hex_bytes.hpp"
#include "tests/support/update_builder.hpp"

namespace troupe::foldable_state_test {

using test::editing_client;
using test::hex;
using test::in_root;
using test::update_builder;

namespace {

byte_buffer text_update(crdt::client_id client, const std::string& text) {
  return update_builder{}.client(client).text(in_root("t"), text).build();
}

/// Text that no compression makes much smaller.
std::string noise(std::size_t size) {
  std::mt19937 random{7};
  std::string text;
  while (text.size() < size) text.push_back(static_cast<char>(' ' + random() % 95));
  return text;
}

/// The state vector of a client that has an earlier part of what `all` names.
crdt::state_vector earlier(const crdt::state_vector& all, std::mt19937& random) {
  crdt::state_vector known;
  for (const auto& [client, clock] : all.entries())
    if (const auto part = static_cast<crdt::clock_type>(random() % (clock + 1)); part > 0)
      known.add(client, part);
  known.sort();
  return known;
}

void check_same_answers(const foldable_state& folded, const foldable_state& decoded,
                        std::mt19937& random) {
  CHECK(folded.encode_whole() == decoded.encode_whole());
  CHECK(folded.encode_state_vector() == decoded.encode_state_vector());
  CHECK(folded.has_gap() == decoded.has_gap());
  const auto all = *crdt::state_vector::decode(decoded.encode_state_vector());
  CHECK(folded.encode_difference(all) == decoded.encode_difference(all));
  CHECK(folded.encode_in_pieces({}) == decoded.encode_in_pieces({}));
  for (int i = 0; i < 3; ++i) {
    const crdt::state_vector known = earlier(all, random);
    CHECK(folded.encode_difference(known) == decoded.encode_difference(known));
    CHECK(folded.encode_in_pieces(known) == decoded.encode_in_pieces(known));
  }
}

}  // namespace

TEST_CASE("a folded state gives the answers of a decoded one, whatever was edited", "[fold]") {
  for (const auto gc : {crdt::garbage_collection::on, crdt::garbage_collection::off}) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
      CAPTURE(seed);
      std::mt19937 random{seed};
      foldable_state folding{{gc, {}}};
      foldable_state decoded{{gc, {}}};
      editing_client first{5};
      editing_client second{9};
      for (int step = 0; step < 40; ++step) {
        editing_client& by = random() % 2 == 0 ? first : second;
        const byte_buffer update = by.edit_randomly(random);
        (&by == &first ? second : first).doc.apply_update(update).value();
        REQUIRE(folding.decoded().apply_update(update));
        REQUIRE(decoded.decoded().apply_update(update));
        CHECK(folding.fold());
        REQUIRE(folding.is_folded());
        check_same_answers(folding, decoded, random);
        REQUIRE(folding.is_folded());
      }
      CHECK(folding.decoded().json() == decoded.decoded().json());
      CHECK_FALSE(folding.is_folded());
    }
  }
}

TEST_CASE("a state without garbage collection keeps what was deleted while it is folded",
          "[fold]") {
  foldable_state state{{crdt::garbage_collection::off, {}}};
  editing_client writer{5, {crdt::garbage_collection::off, {}}};
  REQUIRE(state.decoded().apply_update(writer.insert_text("t", 0, "as it was")));
  const crdt::snapshot before = state.decoded().snapshot();
  REQUIRE(state.decoded().apply_update(writer.remove("t", 0, 6)));
  REQUIRE(state.fold());
  CHECK(state.decoded().text("t") == "was");
  CHECK(state.decoded().view_at(before).text("t") == "as it was");
}

TEST_CASE("a state does not fold while anything waits in it", "[fold]") {
  foldable_state state{{}};
  editing_client writer{5};
  const byte_buffer first = writer.insert_text("t", 0, "a");
  const byte_buffer second = writer.insert_text("t", 1, "b");
  REQUIRE(state.decoded().apply_update(second));
  REQUIRE(state.pending_size() > 0);
  CHECK_FALSE(state.fold());
  CHECK_FALSE(state.is_folded());
  REQUIRE(state.decoded().apply_update(first));
  CHECK(state.fold());
  CHECK(state.decoded().text("t") == "ab");
  CHECK(state.fold());
  CHECK_FALSE(state.fold());  // it is folded
}

TEST_CASE("a folded state knows of a clock that is missing below others", "[fold]") {
  // Client 9 has sent its second insertion, which follows nothing of its first.
  foldable_state folding{{}};
  foldable_state decoded{{}};
  const byte_buffer behind_gap = update_builder{}.client(9, 2).text(in_root("t"), "later").build();
  for (foldable_state* each : {&folding, &decoded})
    REQUIRE(each->decoded().apply_update(behind_gap));
  REQUIRE(decoded.has_gap());
  REQUIRE(decoded.pending_size() == 0);
  REQUIRE(folding.fold());
  std::mt19937 random{1};
  check_same_answers(folding, decoded, random);
  CHECK_FALSE(folding.knows_folded(hex("00 01 09 00")));
  CHECK(folding.decoded().text("t") == "later");
  CHECK(folding.has_gap());
}

TEST_CASE("a folded state knows the updates that say nothing new", "[fold]") {
  foldable_state state{{}};
  editing_client writer{5};
  REQUIRE(state.decoded().apply_update(writer.insert_text("t", 0, "hello")));
  const byte_buffer removal = writer.remove("t", 1, 2);
  REQUIRE(state.decoded().apply_update(removal));
  CHECK_FALSE(state.knows_folded(hex("00 00")));  // it is decoded
  REQUIRE(state.fold());
  CHECK(state.knows_folded(hex("00 00")));
  CHECK(state.knows_folded(hex("00 01 05 01 01 02")));
  CHECK(state.knows_folded(writer.doc.encode_state_as_update(writer.doc.state_vector())));
  for (const char* other : {"", "00", "00 01 05 01 01 03", "00 01 05 01 02 02", "00 01 06 01 01 02",
                            "01 01 05 01 01 02", "00 01 05 01 01 02 00"}) {
    CAPTURE(other);
    CHECK_FALSE(state.knows_folded(hex(other)));
  }
  CHECK(state.is_folded());
}

TEST_CASE("a state is compressed where that saves, and else shares the bytes that it was given",
          "[fold]") {
  foldable_state plain{{}};
  REQUIRE(plain.decoded().apply_update(text_update(5, std::string(20'000, 'x'))));
  const byte_buffer whole = plain.encode_whole();
  REQUIRE(plain.fold(shared_bytes::copy_of(whole)));
  CHECK(plain.folded_size() < 200);
  CHECK(plain.encode_whole() == whole);

  foldable_state dense{{}};
  std::string noisy;
  std::mt19937 random{3};
  while (noisy.size() < 20'000) {
    // Characters of two bytes use most of their bits.
    noisy.push_back(static_cast<char>(0xC4 + random() % 16));
    noisy.push_back(static_cast<char>(0x80 + random() % 64));
  }
  REQUIRE(dense.decoded().apply_update(text_update(5, noisy)));
  const shared_bytes given = shared_bytes::copy_of(dense.encode_whole());
  REQUIRE(dense.fold(given));
  CHECK(std::ranges::equal(dense.encode_whole(), given.view()));
  CHECK(dense.decoded().text("t") == noisy);
}

TEST_CASE("a folded state that is large goes out in pieces", "[fold]") {
  foldable_state folding{{}};
  foldable_state decoded{{}};
  for (crdt::client_id client = 1; client <= 4; ++client)
    for (foldable_state* each : {&folding, &decoded})
      REQUIRE(each->decoded().apply_update(text_update(client, noise(400'000))));
  REQUIRE(folding.fold());
  const auto check_pieces = [&](const std::vector<byte_buffer>& pieces, crdt::doc& reader) {
    CHECK(pieces.size() > 1);
    for (const byte_buffer& piece : pieces) REQUIRE(reader.apply_update(piece));
    CHECK((reader.encode_state_as_update() == decoded.encode_whole()));
  };
  crdt::doc newcomer;
  check_pieces(folding.encode_in_pieces({}), newcomer);
  crdt::doc half;
  REQUIRE(half.apply_update(text_update(4, noise(400'000))));
  check_pieces(folding.encode_in_pieces(half.state_vector()), half);
  CHECK(folding.is_folded());
}

TEST_CASE("the figures of a folded state are those that it had", "[fold]") {
  crdt::doc_settings settings;
  settings.limit.clients_max = 2;
  foldable_state state{settings};
  REQUIRE(state.decoded().apply_update(text_update(5, "a")));
  REQUIRE(state.decoded().apply_update(text_update(6, "b")));
  const auto before = state.describe();
  CHECK(before.client_count == 2);
  CHECK(before.is_nearly_full);
  REQUIRE(state.fold());
  CHECK(state.describe().client_count == before.client_count);
  CHECK(state.describe().size_in_memory == before.size_in_memory);
  CHECK(state.describe().is_nearly_full);
  CHECK_FALSE(state.decoded().apply_update(text_update(7, "c")));  // the limits are the same
}

}  // namespace troupe::foldable_state_test
