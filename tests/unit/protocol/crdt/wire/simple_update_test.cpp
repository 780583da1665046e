// The quick way of an update that holds one text or one deletion: whatever arrives, it must do what
// the long way does. The long way is taken when the count in front is written longer than needed.
#include "protocol/crdt/wire/simple_update.hpp"

#include <random>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/doc_checks.hpp"
#include "tests/support/test_data.hpp"

namespace troupe::simple_update_test {

using namespace troupe::test;
using crdt::simple_update;

namespace {

/// The same update, but none that is read in one go.
byte_buffer the_long_way(byte_view update) {
  byte_buffer longer(update.begin(), update.end());
  if (longer.empty() || longer[0] >= 0x80) return longer;
  longer[0] |= 0x80;
  longer.insert(longer.begin() + 1, 0);
  return longer;
}

/// Two documents that get the same updates on the two ways.
struct two_ways {
  crdt::doc quick, slow;
  std::size_t refused = 0;

  explicit two_ways(crdt::garbage_collection gc = crdt::garbage_collection::on)
      : quick({gc, {}}), slow({gc, {}}) {}

  void apply(byte_view update) {
    INFO("update " << to_hex(update));
    const auto a = quick.apply_update(update);
    const auto b = slow.apply_update(the_long_way(update));
    REQUIRE(a.has_value() == b.has_value());
    if (a) {
      CHECK(a->changed == b->changed);
      CHECK(a->is_verbatim == b->is_verbatim);
      CHECK(a->has_parked == b->has_parked);
      CHECK(to_hex(quick.encode_last_change()) == to_hex(slow.encode_last_change()));
    } else {
      ++refused;
      CHECK(to_string(a.error().code) == to_string(b.error().code));
    }
    crdt::check_invariants(quick.contents());
  }

  void compare() const {
    CHECK(state_of(quick) == state_of(slow));
    CHECK(quick.snapshot() == slow.snapshot());
    CHECK(quick.json() == slow.json());
    CHECK(quick.item_count() == slow.item_count());
  }
};

constexpr crdt::client_id authors[] = {1, 300, 2'345'678'901, (crdt::client_id{1} << 53) - 1};

/// A text, mostly one character; up to eighty where it is not.
std::string any_text(std::mt19937& random) {
  const std::string characters[] = {"a", "b", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
  std::string text;
  const unsigned count = random() % 8 != 0 ? 1 : random() % 80;
  for (unsigned i = 0; i < count; ++i) text += characters[random() % 5];
  return text;
}

/// One update by an author who knows more or less what there is.
update_builder any_update(std::mt19937& random, const crdt::doc& in) {
  const auto author = [&] { return authors[random() % 4]; };
  const auto id = [&](crdt::client_id of) {
    const crdt::clock_type clock = clock_of(in, of);
    return item_id{of, random() % 3 != 0 && clock > 0 ? clock - 1 : random() % (clock + 2)};
  };
  update_builder made;
  if (random() % 3 == 0) {
    const item_id first = id(author());
    return made.erase(first.client, first.clock, random() % 8 != 0 ? 1 : random() % 6);
  }
  const crdt::client_id own = author();
  const crdt::clock_type clock = clock_of(in, own);
  made.client(own, random() % 16 != 0 ? clock : random() % (clock + 4));
  if (clock == 0 && random() % 2 == 0) return made.text(in_root("text"), any_text(random));
  const item_id origin = id(random() % 2 == 0 ? own : author());
  item_place place = after(origin);
  if (random() % 2 == 0) place.right_origin = id(author());
  place.has_key_flag = random() % 50 == 0;
  if (random() % 10 == 0) return made.deleted(place, 1);
  return made.text(place, any_text(random));
}

/// The bytes at the beginning of each line of the first fenced block of a page.
byte_buffer first_bytes_of(const std::string& path) {
  const auto page = read_file(std::string{TROUPE_SOURCE_DIR} + "/" + path);
  REQUIRE(page);
  const std::string text{as_text(*page)};
  const std::size_t begin = text.find("```\n") + 4;
  std::istringstream block{text.substr(begin, text.find("```", begin) - begin)};
  byte_buffer bytes;
  for (std::string line; std::getline(block, line);) {
    std::istringstream words{line};
    for (std::string word; words >> word && word.size() == 2 &&
                           word.find_first_not_of("0123456789abcdef") == std::string::npos;)
      bytes.push_back(static_cast<std::uint8_t>(std::stoul(word, nullptr, 16)));
  }
  return bytes;
}

}  // namespace

TEST_CASE("the keystroke of the page about the paths of a struct takes the fast path", "[crdt]") {
  const byte_buffer update = first_bytes_of("protocol/crdt/apply/README.md");
  CHECK(update.size() == 10);
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(1).text(in_root("t"), "ab"));
  simple_update simple;
  CHECK(simple.read(update, doc.contents().clients()) == simple_update::kind::text);
  CHECK(must_apply(doc, update).is_verbatim);
  CHECK(doc.text("t") == "abc");
  CHECK(doc.item_count() == 1);
}

TEST_CASE("texts and deletions on the quick way do what they do on the long way", "[crdt]") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 random{seed};
    two_ways docs{seed % 4 == 0 ? crdt::garbage_collection::off : crdt::garbage_collection::on};
    for (int step = 0; step < 150; ++step) docs.apply(any_update(random, docs.slow).build());
    docs.compare();
  }
}

TEST_CASE("typing, and deleting backwards and forwards, takes the quick way", "[crdt]") {
  two_ways docs;
  docs.apply(update_builder{}.client(300).text(in_root("text"), "start").build());
  crdt::clock_type clock = 5;
  const auto is_simple = [&](const byte_buffer& update) {
    simple_update simple;
    return simple.read(update, docs.quick.contents().clients()) != simple_update::kind::other;
  };
  const auto apply = [&](const update_builder& made) {
    const byte_buffer update = made.build();
    CHECK(is_simple(update));
    docs.apply(update);
  };
  for (int i = 0; i < 300; ++i, ++clock)
    apply(update_builder{}.client(300, clock).text(between({300, clock - 1}, {300, 2}), "x"));
  for (int i = 0; i < 200; ++i) apply(update_builder{}.erase(300, --clock, 1));
  for (crdt::clock_type i = 10; i < 60; ++i) apply(update_builder{}.erase(300, i, 1));
  docs.compare();
  CHECK_FALSE(is_simple(update_builder{}.erase(299, 0, 1).build()));
  CHECK_FALSE(is_simple(update_builder{}.client(299).text(after({300, 1}), "x").build()));
  CHECK_FALSE(is_simple(update_builder{}.client(300, 305).text(after({300, 305}), "x").build()));
  CHECK_FALSE(is_simple(update_builder{}.client(300, 305).text(after({300, 1}), "").build()));
}

TEST_CASE("a simple update that is wrong at any byte is refused as on the long way", "[crdt]") {
  const byte_buffer seeds[] = {
      update_builder{}.client(2'345'678'901, 3).text(after({2'345'678'901, 2}), "x").build(),
      update_builder{}.client(1, 2).text(between({300, 0}, {300, 1}), "\xF0\x9F\x98\x80!").build(),
      update_builder{}.client(300, 2).text(after({1, 1}), "a longer text, of two words").build(),
      update_builder{}.erase(300, 0, 1).build(),
      update_builder{}.erase(2'345'678'901, 1, 2).build(),
  };
  const auto fill = [](two_ways& docs) {
    docs.apply(update_builder{}.client(300).text(in_root("text"), "ab").build());
    docs.apply(update_builder{}.client(1).text(after({300, 0}), "cd").build());
    docs.apply(update_builder{}.client(2'345'678'901).text(before({300, 0}), "efg").build());
  };
  std::size_t refused = 0;
  for (const byte_buffer& seed : seeds) {
    for (std::size_t size = 0; size <= seed.size(); ++size) {
      two_ways docs;
      fill(docs);
      docs.apply(byte_view{seed}.first(size));
      docs.compare();
    }
    for (std::size_t at = 0; at < seed.size(); ++at) {
      for (const int byte :
           {0x00, 0x01, 0x02, 0x04, 0x24, 0x44, 0x7f, 0x80, 0x81, 0x84, 0xc4, 0xff}) {
        two_ways docs;
        fill(docs);
        byte_buffer changed = seed;
        changed[at] = static_cast<std::uint8_t>(byte);
        docs.apply(changed);
        docs.compare();
        refused += docs.refused;
      }
    }
  }
  CHECK(refused > 500);
}

TEST_CASE("clocks at their limit do not take the quick way beyond it", "[crdt]") {
  two_ways docs;
  docs.apply(update_builder{}.client(1).text(in_root("text"), "a").build());
  docs.apply(update_builder{}.client(1, 1).gc(crdt::clock_max - 4).build());
  for (int i = 0; i < 4; ++i)
    docs.apply(
        update_builder{}.client(1, crdt::clock_max - 3 + i).text(after({1, 0}), "b").build());
  for (const std::uint64_t length : {2ull, 4ull, 1ull << 33, 1ull << 52})
    docs.apply(update_builder{}.erase(1, crdt::clock_max - 2, length).build());
  docs.compare();
}

}  // namespace troupe::simple_update_test
