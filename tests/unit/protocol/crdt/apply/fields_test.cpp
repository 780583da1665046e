// Maps, arrays and types in types, which have paths into the store of their own: whatever comes, a
// few structs in one go, each of them as decode_update() reads it, and all of them in one update
// must make the same document. The long way of an update is taken when the count in front is
// written longer than needed.
#include <map>
#include <random>

#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/wire/update_tools.hpp"
#include "protocol/crdt/wire/value_update.hpp"
#include "tests/support/doc_checks.hpp"

namespace troupe::fields_test {

using namespace troupe::test;
using crdt::value_update;

namespace {

constexpr crdt::client_id authors[] = {1, 300, 2'345'678'901};

byte_buffer the_long_way(byte_view update) {
  byte_buffer longer(update.begin(), update.end());
  longer[0] |= 0x80;
  longer.insert(longer.begin() + 1, 0);
  return longer;
}

/// Encoded `any` values, one each; the last ones are none that a fast path reads.
const byte_buffer values[] = {{125, 7},
                              {120},
                              {126},
                              {119, 2, 'o', 'k'},
                              {119, 2, 0xC3, 0xA9},
                              {123, 64, 9, 33, 251, 84, 68, 45, 24},
                              {125, 0x80, 1},
                              {119, 0},
                              {118, 1, 1, 'a', 125, 1},
                              {117, 2, 120, 121}};

/// People who set keys of maps, insert into arrays and make types in both, mostly as an editor
/// would, now and then with something outdated.
class random_author {
 public:
  explicit random_author(unsigned seed) : random_(seed) {}

  byte_buffer next() {
    update_builder made;
    const std::size_t author = random_() % 3;
    client_ = authors[author];
    made.client(client_, clocks_[author]);
    replaced_.clear();
    const unsigned count = 1 + (random_() % 3 == 0 ? random_() % 12 : random_() % 2);
    for (unsigned i = 0; i < count; ++i) {
      own_ = {client_, clocks_[author]++};
      add_struct(made);
    }
    for (const item_id id : replaced_)
      if (random_() % 16 != 0) made.erase(id.client, id.clock, 1);
    if (random_() % 24 == 0) {
      const std::size_t other = random_() % 3;
      made.erase(authors[other], random_() % (clocks_[other] + 2), 1 + random_() % 3);
    }
    return made.build();
  }

 private:
  void add_struct(update_builder& to) {
    const unsigned what = random_() % 8;
    if (what < 5) {
      const bool in_a_map = !maps_.empty() && random_() % 4 != 0;
      const std::size_t map = in_a_map ? 1 + random_() % maps_.size() : 0;
      // Of some maps there are many keys, so that they are in the index.
      const std::string key = "k" + std::to_string(random_() % (map % 3 == 0 ? 40 : 5));
      std::vector<item_id>& history = histories_[{map, key}];
      item_place at = map == 0 ? in_root("m", key) : in_type(maps_[map - 1], key);
      if (!history.empty()) {
        const bool is_current = random_() % 12 != 0;
        const item_id id = is_current ? history.back() : history[random_() % history.size()];
        at = after_value(id);
        replaced_.push_back(id);
      }
      history.push_back(own_);
      if (what == 0) return add_type(to, at, maps_);
      if (what == 1 && random_() % 4 == 0) return to.deleted(at, 1), void();
      return to.any(at, 1, values[random_() % std::size(values)]), void();
    }
    const bool in_an_array = !arrays_.empty() && random_() % 3 == 0;
    const std::size_t array = in_an_array ? 1 + random_() % arrays_.size() : 0;
    std::vector<item_id>& elements = elements_[array];
    item_place at = array == 0 ? in_root("a") : in_type(arrays_[array - 1]);
    if (!elements.empty()) {
      const std::size_t before =
          random_() % 3 == 0 ? random_() % elements.size() : elements.size() - 1;
      at = after(elements[before]);
      if (before + 1 < elements.size()) at.right_origin = elements[before + 1];
      elements.insert(elements.begin() + static_cast<std::ptrdiff_t>(before) + 1, own_);
    } else {
      elements.push_back(own_);
    }
    if (what == 5) return add_type(to, at, random_() % 2 == 0 ? maps_ : arrays_);
    if (what == 6) return to.text(at, "x"), void();
    to.any(at, 1, values[random_() % std::size(values)]);
  }

  void add_type(update_builder& to, const item_place& at, std::vector<item_id>& list) {
    const bool is_map = &list == &maps_;
    if (is_map || random_() % 2 == 0)
      to.type(at, is_map ? crdt::type_kind::map : crdt::type_kind::array);
    else
      to.element(at, crdt::type_kind::xml_element, "P");
    list.push_back(own_);
  }

  std::mt19937 random_;
  crdt::client_id client_ = 0;
  item_id own_;
  std::array<std::uint64_t, 3> clocks_{};
  std::vector<item_id> maps_, arrays_, replaced_;
  std::map<std::pair<std::size_t, std::string>, std::vector<item_id>> histories_;
  std::map<std::size_t, std::vector<item_id>> elements_;
};

byte_buffer drag() {
  return update_builder{}
      .client(300, 2)
      .any(after_value({1, 1}), 1, values[5])
      .any(after_value({1, 2}), 1, values[0])
      .erase(1, 1, 2)
      .build();
}

}  // namespace

TEST_CASE("a drag is read in one go, and cut anywhere it is not", "[crdt]") {
  crdt::client_lookup known;
  known.find_or_add(1);
  known.find_or_add(300);
  const byte_buffer update = drag();
  value_update read;
  REQUIRE(read.read(update, known));
  REQUIRE(read.values().size() == 2);
  CHECK(read.client() == 1);
  CHECK(read.values()[0].content_bytes().size() == 9);
  CHECK(read.values()[1].clock == 3);
  CHECK(read.values()[1].origin == crdt::unit_id{0, 2});
  REQUIRE(read.deleted().size() == 1);
  CHECK(read.deleted()[0].range == crdt::clock_range{1, 2});
  for (std::size_t size = 0; size < update.size(); ++size)
    CHECK_FALSE(value_update{}.read(byte_view{update}.first(size), known));
  byte_buffer longer = update;
  longer.push_back(0);
  CHECK_FALSE(value_update{}.read(longer, known));
  CHECK_FALSE(value_update{}.read(update, crdt::client_lookup{}));
}

TEST_CASE("a count of deletions that cannot be is refused at once", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(0).numbers(in_root("m", "k"), {1}));
  must_apply(doc, update_builder{}.client(1).numbers(in_root("m", "l"), {1}));
  const std::string value = "01 01 01 01 a8 01 00 01 7d 01 ";
  // 2^48 clients, or ranges, of which the bytes of the first would be zeros: an id, and no range.
  for (const std::string_view deleted : {"ff ff ff ff ff ff 3f", "01 00 ff ff ff ff ff ff 3f"}) {
    const byte_buffer update = hex(value + std::string{deleted});
    CHECK_FALSE(value_update{}.read(update, doc.contents().clients()));
    const auto applied = doc.apply_update(update);
    REQUIRE_FALSE(applied.has_value());
    CHECK(applied.error().code == errc::truncated);
  }
  CHECK(doc.json() == R"({"m":{"k":1,"l":1}})");
}

TEST_CASE("a drag takes effect as it is and leaves tombstones of one unit", "[crdt]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}
                      .client(1)
                      .type(in_root("m", "s"), crdt::type_kind::map)
                      .numbers(in_type({1, 0}, "x"), {1})
                      .numbers(in_type({1, 0}, "y"), {2}));
  must_apply(doc, update_builder{}.client(300).numbers(in_root("a"), {1, 2}));
  CHECK(must_apply(doc, drag()).is_verbatim);
  CHECK(to_hex(doc.encode_last_change()) == to_hex(drag()));
  CHECK(doc.json() == R"({"a":[1,2],"m":{"s":{"x":3.141592653589793,"y":7}}})");
  CHECK_FALSE(must_apply(doc, drag()).changed);
}

TEST_CASE("values in one go, one by one, and all in one update make the same document", "[crdt]") {
  for (unsigned seed = 1; seed <= 120; ++seed) {
    CAPTURE(seed);
    const auto gc = seed % 4 == 0 ? crdt::garbage_collection::off : crdt::garbage_collection::on;
    random_author author{seed};
    crdt::doc quick{{gc, {}}}, slow{{gc, {}}}, at_once{{gc, {}}}, loaded{{gc, {}}};
    std::vector<byte_buffer> updates;
    for (int step = 0; step < 120; ++step) {
      updates.push_back(author.next());
      INFO("update " << to_hex(updates.back()));
      const auto a = quick.apply_update(updates.back());
      const auto b = slow.apply_update(the_long_way(updates.back()));
      REQUIRE(a.has_value());
      REQUIRE(b.has_value());
      REQUIRE(a->changed == b->changed);
      REQUIRE(a->has_parked == b->has_parked);
      REQUIRE(to_hex(quick.encode_last_change()) == to_hex(slow.encode_last_change()));
      crdt::check_invariants(quick.contents());
    }
    REQUIRE(state_of(quick) == state_of(slow));
    REQUIRE(quick.item_count() == slow.item_count());
    const std::vector<byte_view> all{updates.begin(), updates.end()};
    must_apply(at_once, *crdt::merge_updates(all));
    must_apply(loaded, quick.encode_state_as_update());
    for (const crdt::doc* const other : {&at_once, &loaded}) {
      REQUIRE(other->json() == quick.json());
      REQUIRE(other->snapshot() == quick.snapshot());
    }
    const auto v2 = crdt::convert_update(quick.encode_state_as_update(), crdt::update_format::v1,
                                         crdt::update_format::v2);
    REQUIRE(v2);
    crdt::doc converted{{gc, {}}};
    REQUIRE(converted.apply_update(*v2, crdt::update_format::v2));
    REQUIRE(converted.json() == quick.json());
  }
}

}  // namespace troupe::fields_test
