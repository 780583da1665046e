// Many insertions at one place: what a search remembers from the one before must not change where
// anything goes.
#include "protocol/crdt/apply/conflict_scan.hpp"

#include <algorithm>
#include <random>

#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/store/check_invariants.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::conflict_scan_test {

namespace {

struct id {
  crdt::client_id client = 0;
  crdt::clock_type clock = 0;
};

/// An update with one string of `author`, between two ids of the root "t".
byte_buffer insertion(id author, id left, const id* right, std::string_view text) {
  lib0::encoder out;
  out.write_var_uint(1);
  out.write_var_uint(1);
  out.write_var_uint(author.client);
  out.write_var_uint(author.clock);
  out.write_uint8(right != nullptr ? 0xc4 : 0x84);
  out.write_var_uint(left.client);
  out.write_var_uint(left.clock);
  if (right != nullptr) {
    out.write_var_uint(right->client);
    out.write_var_uint(right->clock);
  }
  out.write_var_string(text);
  out.write_var_uint(0);
  return out.take();
}

/// A first string in a root.
byte_buffer beginning(crdt::client_id client, crdt::clock_type clock, std::string_view root) {
  lib0::encoder out;
  out.write_var_uint(1);
  out.write_var_uint(1);
  out.write_var_uint(client);
  out.write_var_uint(clock);
  out.write_uint8(0x04);
  out.write_var_uint(1);
  out.write_var_string(root);
  out.write_var_string("ab");
  out.write_var_uint(0);
  return out.take();
}

/// Insertions at one place by many, some of them behind another's, some at the end of the text.
std::vector<byte_buffer> make_insertions(std::mt19937& random, unsigned count) {
  const id a{1, 0}, b{1, 1};
  std::vector<byte_buffer> made;
  for (unsigned i = 0; i < count; ++i) {
    const id author{100 + 3 * i, 0};
    switch (random() % 8) {
      case 0: {  // behind the first character of an earlier one's word
        const id other{100 + 3 * (random() % (i + 1)), 0};
        made.push_back(other.client == author.client ? insertion(author, a, &b, "xyz")
                                                     : insertion(author, other, nullptr, "c"));
        break;
      }
      case 1: made.push_back(insertion(author, a, nullptr, "pq")); break;
      case 2: made.push_back(insertion(author, b, nullptr, "e")); break;
      default: made.push_back(insertion(author, a, &b, "xyz"));
    }
  }
  return made;
}

std::string text_after(const std::vector<byte_buffer>& updates, bool with_others_between) {
  crdt::doc doc;
  REQUIRE(doc.apply_update(beginning(1, 0, "t")).has_value());
  crdt::clock_type clock = 0;
  for (const byte_buffer& update : updates) {
    REQUIRE(doc.apply_update(update).has_value());
    // Another insertion elsewhere, so that no search continues the one before.
    if (with_others_between) REQUIRE(doc.apply_update(beginning(9'999, clock, "o")).has_value());
    clock += 2;
  }
  crdt::check_invariants(doc.contents());
  CHECK(doc.pending_size() == 0);
  return doc.text("t");
}

}  // namespace

TEST_CASE("many insertions at one place end in one order, whatever the order of arrival",
          "[crdt]") {
  for (const unsigned seed : {1u, 2u, 3u, 4u, 5u, 6u}) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    std::vector<byte_buffer> updates = make_insertions(random, 150);
    const std::string expected = text_after(updates, true);
    CHECK(text_after(updates, false) == expected);
    std::ranges::reverse(updates);
    CHECK(text_after(updates, false) == expected);
    for (int round = 0; round < 5; ++round) {
      std::ranges::shuffle(updates, random);
      CHECK(text_after(updates, false) == expected);
      CHECK(text_after(updates, true) == expected);
    }
  }
}

TEST_CASE("a search that may be continued begins behind the sibling with the next lower id",
          "[crdt]") {
  crdt::conflict_scan scan;
  const crdt::conflict_scan::place here{1, {2, 3}, {4, 5}}, there{1, {2, 4}, {4, 5}};
  CHECK(scan.begin(here, 50, 10) == crdt::none);
  scan.end(50, 7, 11);
  CHECK(scan.begin(here, 40, 11) == crdt::none);
  scan.end(40, 8, 12);
  CHECK(scan.begin(here, 60, 12) == 7);
  CHECK(scan.has_seen(7));
  CHECK_FALSE(scan.is_open(7));
  scan.visit(9);
  CHECK(scan.is_open(9));
  scan.pass();
  CHECK_FALSE(scan.is_open(9));
  scan.end(60, 10, 13);
  CHECK(scan.begin(here, 45, 13) == 8);
  CHECK(scan.begin(here, 45, 14) == crdt::none);  // something else happened meanwhile
  CHECK_FALSE(scan.has_seen(7));
  scan.end(45, 11, 15);
  CHECK(scan.begin(there, 60, 15) == crdt::none);
}

TEST_CASE("a merge that the next change undoes gives the store its revision back", "[crdt]") {
  crdt::struct_store store;
  const crdt::client_index client = store.client_for(1);
  crdt::struct_view view;
  view.kind = crdt::content_kind::string;
  view.is_ascii = true;
  view.length = view.content_size = 3;
  view.content = as_bytes("abc").data();
  const crdt::item_handle left = store.add_item(client, view, 0, 3);
  store.link_after(left, store.type_at(store.root_for("t")).sequence, crdt::none);
  store.index_struct(left);

  const crdt::item_handle right = store.split(left, 1);
  const auto apart = store.revision();
  REQUIRE(store.merge_with_left(right) == left);
  const auto together = store.revision();
  CHECK(together != apart);
  CHECK(store.split(left, 1) == right);
  CHECK(store.revision() == apart);

  REQUIRE(store.merge_with_left(right) == left);  // another merge, another revision
  CHECK(store.revision() != together);
  CHECK(store.split(left, 2) == right);  // elsewhere
  const auto elsewhere = store.revision();
  CHECK(elsewhere != apart);
  CHECK(elsewhere != together);
}

}  // namespace troupe::conflict_scan_test
