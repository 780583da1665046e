// What a document tells others: whether an update can be passed on as it is, what the last one
// changed, what a state vector lacks; and the limits within which it takes updates in.
#include <random>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/doc_checks.hpp"
#include "tests/support/test_data.hpp"

namespace troupe::doc_change_test {

using namespace troupe::test;
using crdt::type_kind;

namespace {

/// Two documents: one takes updates in, the other only hears what the first tells of them.
struct doc_and_peer {
  crdt::doc doc;
  crdt::doc peer;

  /// Passes on what a server would: the update itself if it is verbatim, else the last change.
  crdt::applied_update apply(const byte_buffer& update) {
    const crdt::applied_update applied = must_apply(doc, update);
    const byte_buffer change = doc.encode_last_change();
    if (!applied.changed) {
      CHECK(to_hex(change) == "0000");
      return applied;
    }
    crdt::doc other;  // as the peer, but it hears the change in any case
    must_apply(other, peer.encode_state_as_update());
    must_apply(other, change);
    must_apply(peer, applied.is_verbatim ? update : change);
    check_same(peer);
    check_same(other);
    return applied;
  }
  crdt::applied_update apply(const update_builder& update) { return apply(update.build()); }

  /// What waits here is told to nobody, so only the rest can be the same.
  void check_same(const crdt::doc& told) const {
    CHECK(told.state_vector() == doc.state_vector());
    CHECK(told.text("t") == doc.text("t"));
    CHECK(told.map_json("m") == doc.map_json("m"));
    CHECK(told.array_json("a") == doc.array_json("a"));
    if (doc.pending_size() == 0 && told.pending_size() == 0) CHECK(state_of(told) == state_of(doc));
  }
};

std::string last_change(const crdt::doc& of) { return to_hex(of.encode_last_change()); }

}  // namespace

TEST_CASE("an update that is wholly new is verbatim and is the last change", "[crdt]") {
  doc_and_peer both;
  const byte_buffer first = update_builder{}.client(1).text(in_root("t"), "abc").build();
  CHECK(both.apply(first).is_verbatim);
  CHECK(last_change(both.doc) == to_hex(first));
  const byte_buffer second =
      update_builder{}.client(1, 3).text(after({1, 2}), "de").erase(1, 0, 1).build();
  CHECK(both.apply(second).is_verbatim);
  CHECK(last_change(both.doc) == to_hex(second));
}

TEST_CASE("the last change holds only what was new in an update", "[crdt]") {
  doc_and_peer both;
  both.apply(update_builder{}.client(1).text(in_root("t"), "abc"));
  const auto applied = both.apply(
      update_builder{}.client(1).text(in_root("t"), "abcde").client(2).text(in_root("u"), "x"));
  CHECK(applied.changed);
  CHECK_FALSE(applied.is_verbatim);
  CHECK(last_change(both.doc) == "02"
                                 "010200"
                                 "040101750178"
                                 "010103"
                                 "84010202"
                                 "6465"
                                 "00");
}

TEST_CASE("the last change of an update that was known is empty", "[crdt]") {
  doc_and_peer both;
  const byte_buffer update = update_builder{}.client(1).text(in_root("t"), "abc").build();
  both.apply(update);
  CHECK_FALSE(both.apply(update).changed);
  CHECK(last_change(both.doc) == "0000");
}

TEST_CASE("the last change holds what an update woke up", "[crdt]") {
  doc_and_peer both;
  CHECK_FALSE(
      both.apply(update_builder{}.client(2).text(after({1, 0}), "b").erase(1, 1, 1)).changed);
  const auto woken = both.apply(update_builder{}.client(1).text(in_root("t"), "ac"));
  CHECK(woken.changed);
  CHECK_FALSE(woken.is_verbatim);
  CHECK(both.peer.text("t") == "ab");
}

TEST_CASE("the last change leaves out what had to wait", "[crdt]") {
  doc_and_peer both;
  const auto applied = both.apply(
      update_builder{}.client(1).text(in_root("t"), "a").client(2).text(after({3, 0}), "b"));
  CHECK(applied.changed);
  CHECK(applied.has_parked);
  CHECK_FALSE(applied.is_verbatim);
  CHECK(last_change(both.doc) == "01"
                                 "010100"
                                 "040101740161"
                                 "00");
}

TEST_CASE("the last change tells deletions that follow from a map entry", "[crdt]") {
  doc_and_peer both;
  both.apply(update_builder{}.client(1).numbers(in_root("m", "k"), {1}));
  CHECK(both.apply(update_builder{}.client(2).numbers(after_value({1, 0}), {2})).is_verbatim);
  CHECK(last_change(both.doc) == "01"
                                 "010200"
                                 "a80100017d02"
                                 "01"
                                 "01010001");
}

TEST_CASE("the last change tells what was deleted with a type", "[crdt]") {
  doc_and_peer both;
  both.apply(update_builder{}
                 .client(1)
                 .type(in_root("m", "o"), type_kind::map)
                 .numbers(in_type({1, 0}, "k"), {1})
                 .client(2)
                 .numbers(in_type({1, 0}, "l"), {2}));
  both.apply(update_builder{}.erase(1, 0, 1));
  CHECK(last_change(both.doc) == "00"
                                 "02"
                                 "02010001"
                                 "01010002");
}

TEST_CASE("the last change shows an item that was collected at once as what it became", "[crdt]") {
  doc_and_peer both;
  both.apply(update_builder{}.client(1).type(in_root("m", "o"), type_kind::map));
  both.apply(update_builder{}.erase(1, 0, 1));
  both.apply(update_builder{}.client(2).numbers(in_type({1, 0}, "late"), {1}));
  CHECK(last_change(both.doc) == "01"
                                 "0102000001"
                                 "01"
                                 "02010001");
}

TEST_CASE("the last change has skips between the parts that filled holes", "[crdt]") {
  doc_and_peer both;
  both.apply(update_builder{}.client(1, 2).gc(2));
  both.apply(update_builder{}.client(1).gc(6));
  CHECK(last_change(both.doc) == "01"
                                 "030100"
                                 "0002"
                                 "0a02"
                                 "0002"
                                 "01"
                                 "0102"
                                 "0002"
                                 "0402");
}

TEST_CASE("an update with structs that are dropped is not verbatim", "[crdt]") {
  // A client would keep the empty struct, and it would share its clock with the next one.
  doc_and_peer both;
  const auto applied =
      both.apply(update_builder{}.client(1).text(in_root("t"), "").text(in_root("t"), "a").gc(0));
  CHECK(applied.changed);
  CHECK_FALSE(applied.is_verbatim);
  CHECK(last_change(both.doc) == "01"
                                 "010100"
                                 "040101740161"
                                 "00");
}

TEST_CASE("an update with two blocks of one client is not verbatim", "[crdt]") {
  // yjs 13 keeps only the last of them, and the rest waits in the client for ever.
  doc_and_peer both;
  const auto applied = both.apply(
      update_builder{}.client(1).text(in_root("t"), "ab").client(1, 2).text(after({1, 1}), "cd"));
  CHECK(applied.changed);
  CHECK_FALSE(applied.is_verbatim);
  CHECK(last_change(both.doc) == "01"
                                 "010100"
                                 "0401017404"
                                 "61626364"
                                 "00");
}

TEST_CASE("the last change brings a peer along through a whole history", "[crdt]") {
  doc_and_peer both;
  const std::vector<update_builder> history{
      update_builder{}.client(1).text(in_root("t"), "hello world"),
      update_builder{}.client(2).text(between({1, 4}, {1, 5}), ","),
      update_builder{}.client(2, 1).text(after({2, 0}), "\xF0\x9F\x98\x80"),
      update_builder{}.erase(2, 1, 1),  // half of a pair
      update_builder{}.client(1).text(in_root("t"), "hello world!").erase(1, 0, 2),
      update_builder{}.client(3).type(in_root("m", "o"), type_kind::array),
      update_builder{}.client(4).numbers(in_type({3, 0}), {1, 2, 3}),
      update_builder{}.client(5).text(after({6, 3}), "waits"),
      update_builder{}.client(6).text(before({1, 2}), "wakes").erase(3, 0, 1),
      update_builder{}.client(4).numbers(in_type({3, 0}), {1, 2, 3}).numbers(after({4, 2}), {4}),
      update_builder{}.client(7, 4).numbers(in_root("a"), {9}),
      update_builder{}.client(7).numbers(in_root("a"), {5}).skip(1).gc(2).erase(7, 4, 2),
  };
  for (std::size_t i = 0; i < history.size(); ++i) {
    CAPTURE(i);
    both.apply(history[i]);
  }
  CHECK(both.doc.text("t") == both.peer.text("t"));
}

TEST_CASE("an update for a state vector brings its owner up to date", "[crdt]") {
  for (const char* name : {"text_format", "nested_types", "many_clients", "text_split_surrogates",
                           "concurrent_edit_and_delete", "any_values", "xml"}) {
    CAPTURE(name);
    const auto whole = read_file(std::string{TROUPE_GOLDEN_DIR "/"} + name + ".v1.bin");
    REQUIRE(whole);
    crdt::doc doc;
    must_apply(doc, *whole);
    const auto entries = doc.state_vector().entries();
    for (const auto& [client, clock] : entries)
      for (crdt::clock_type from = 0; from <= clock; ++from) {
        crdt::state_vector known;
        for (const auto& entry : entries)
          known.add(entry.client, entry.client == client ? from : entry.clock);
        known.sort();
        // Whoever knows the rest already knows it all after this.
        crdt::doc other;
        must_apply(other, doc.encode_state_as_update());
        CHECK_FALSE(must_apply(other, doc.encode_state_as_update(known)).changed);
      }
    CHECK(to_hex(doc.encode_state_as_update(doc.state_vector())).starts_with("00"));
  }
}

// --- limits ---

TEST_CASE("doc takes in as many clients as its limit says and no more", "[crdt]") {
  crdt::limits limit;
  limit.clients_max = 3;
  crdt::doc doc{{crdt::garbage_collection::on, limit}};
  must_apply(doc,
             update_builder{}.client(1).text(in_root("t"), "a").client(2).text(in_root("t"), "b"));
  check_rejected(doc, update_builder{}.client(3).gc(1).client(4).gc(1), errc::too_many_clients);
  check_rejected(doc, update_builder{}.client(3).text(after({4, 0}), "x"), errc::too_many_clients);
  check_rejected(doc, update_builder{}.erase(3, 0, 1).erase(4, 0, 1), errc::too_many_clients);
  must_apply(doc, update_builder{}.client(3).gc(1));
  check_rejected(doc, update_builder{}.client(4).gc(1), errc::too_many_clients);
  must_apply(doc, update_builder{}.client(1, 1).text(after({1, 0}), "c"));
}

TEST_CASE("doc rejects an update that would have to wait beyond the limit", "[crdt]") {
  crdt::limits limit;
  limit.pending_size_max = 1000;
  crdt::doc doc{{crdt::garbage_collection::on, limit}};
  must_apply(doc, update_builder{}.client(1).text(in_root("t"), "a"));
  const std::string large(2000, 'x');
  check_rejected(doc, update_builder{}.client(2).text(after({3, 0}), large), errc::pending_limit);
  check_rejected(
      doc,
      update_builder{}.client(1, 1).text(after({1, 0}), large).client(2).text(after({3, 0}), "x"),
      errc::pending_limit);
  // What need not wait is taken in whatever its size, and so is what it needs itself.
  must_apply(
      doc,
      update_builder{}.client(2).text(after({4, 0}), large).client(4).text(after({1, 0}), large));
  CHECK(doc.pending_size() == 0);
}

TEST_CASE("doc keeps waiting structs within the limit through many small updates", "[crdt]") {
  crdt::limits limit;
  limit.pending_size_max = 10'000;
  crdt::doc doc{{crdt::garbage_collection::on, limit}};
  bool was_rejected = false;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const auto applied =
        doc.apply_update(update_builder{}.client(2, 2 * i).text(after({1, i}), "x").build());
    if (!applied) {
      was_rejected = true;
      REQUIRE(applied.error().code == errc::pending_limit);
    }
    REQUIRE(doc.pending_size() <= limit.pending_size_max);
  }
  CHECK(was_rejected);
  // What was missing can still come, and room is made by it.
  must_apply(doc, update_builder{}.client(1).text(in_root("t"), std::string(1000, 'y')));
  CHECK(doc.pending_size() == 0);
}

TEST_CASE("doc counts waiting deletions against the limit too", "[crdt]") {
  crdt::limits limit;
  limit.pending_size_max = 10'000;
  crdt::doc doc{{crdt::garbage_collection::on, limit}};
  SECTION("in many updates") {
    for (std::uint64_t i = 0; i < 1000; ++i) {
      const auto applied = doc.apply_update(update_builder{}.erase(1, 2 * i, 1).build());
      if (!applied) REQUIRE(applied.error().code == errc::pending_limit);
    }
  }
  SECTION("in one update") {
    lib0::encoder out;
    out.write_bytes(hex("00 01 01"));
    out.write_var_uint(2000);
    for (std::uint64_t i = 0; i < 2000; ++i) {
      out.write_var_uint(2 * i);
      out.write_var_uint(1);
    }
    const auto applied = doc.apply_update(out.view());
    if (!applied) REQUIRE(applied.error().code == errc::pending_limit);
  }
  CHECK(doc.pending_size() <= limit.pending_size_max);
}

TEST_CASE("doc bounds structs that wait for each other in circles", "[crdt]") {
  crdt::limits limit;
  limit.pending_size_max = 10'000;
  crdt::doc doc{{crdt::garbage_collection::on, limit}};
  for (std::uint64_t i = 0; i < 500; ++i) {
    const auto applied = doc.apply_update(update_builder{}
                                              .client(1, 2 * i)
                                              .text(after({2, 2 * i}), "x")
                                              .client(2, 2 * i)
                                              .text(after({1, 2 * i}), "y")
                                              .build());
    if (!applied) REQUIRE(applied.error().code == errc::pending_limit);
  }
  CHECK(doc.pending_size() <= limit.pending_size_max);
}

TEST_CASE("doc bounds structs that wait for what an update skips", "[crdt]") {
  crdt::limits limit;
  limit.pending_size_max = 10'000;
  crdt::doc doc{{crdt::garbage_collection::on, limit}};
  for (std::uint64_t i = 0; i < 500; ++i) {
    const auto applied = doc.apply_update(update_builder{}
                                              .client(1)
                                              .gc(1)
                                              .skip(2'000)
                                              .gc(1)
                                              .client(2, 2 * i)
                                              .text(after({1, 1 + i}), "x")
                                              .build());
    if (!applied) REQUIRE(applied.error().code == errc::pending_limit);
  }
  CHECK(doc.pending_size() <= limit.pending_size_max);
}

TEST_CASE("doc at its limit still takes in an update that brings all it needs", "[crdt]") {
  crdt::limits limit;
  limit.pending_size_max = 0;
  crdt::doc doc{{crdt::garbage_collection::on, limit}};
  // Back and forth between two clients, out of order, with deletions of what it brings itself.
  must_apply(doc, update_builder{}
                      .client(1)
                      .text(in_root("t"), "a")
                      .text(after({2, 0}), "c")
                      .type(in_root("m", "k"), type_kind::map)
                      .client(2)
                      .text(after({1, 0}), "b")
                      .text(between({1, 1}, {3, 0}), "d")
                      .numbers(in_type({1, 2}, "n"), {1})
                      .client(3, 0)
                      .text(after({1, 1}), "e")
                      .skip(5)
                      .text(after({3, 0}), "f")
                      .erase(3, 6, 1)
                      .erase(1, 0, 2));
  CHECK(doc.text("t") == "bde");
  CHECK(doc.map_json("m") == R"({"k":{"n":1}})");
  CHECK(doc.pending_size() == 0);
  check_rejected(doc, update_builder{}.erase(3, 5, 2), errc::pending_limit);
  check_rejected(doc, update_builder{}.client(4).text(after({3, 1}), "x"), errc::pending_limit);
  check_rejected(doc, update_builder{}.client(4).gc(1).erase(4, 0, 2), errc::pending_limit);
  must_apply(doc, update_builder{}.client(4).gc(2).erase(4, 0, 2));
}

TEST_CASE("doc at its limit rejects exactly the updates of which something would wait", "[crdt]") {
  crdt::limits nothing_waits;
  nothing_waits.pending_size_max = 0;
  std::mt19937 random{12};
  std::size_t accepted_count = 0, rejected_count = 0;
  for (int round = 0; round < 400; ++round) {
    crdt::doc strict{{crdt::garbage_collection::on, nothing_waits}};
    for (int step = 0; step < 12; ++step) {
      const auto any_id = [&] { return item_id{random() % 4, random() % 6}; };
      update_builder update;
      for (crdt::client_id client = 0; client < 4; ++client) {
        if (random() % 3 == 0) continue;
        const std::uint64_t start = random() % 5;
        update.client(client, start);
        for (std::uint64_t clock = start, end = start + random() % 3; clock <= end; ++clock) {
          item_id left = any_id(), right = any_id();
          left.client = left.client == client ? (client + 1) % 4 : left.client;
          right.client = right.client == client ? (client + 1) % 4 : right.client;
          switch (random() % 6) {
            case 0: update.text(after(left), "x"); break;
            case 1: update.text(between(left, right), "y"); break;
            case 2: update.gc(1); break;
            case 3: update.skip(1); break;
            default: update.text(in_root("t"), "z"); break;
          }
        }
      }
      if (random() % 3 == 0) update.erase(random() % 4, random() % 5, 1 + random() % 3);
      const byte_buffer bytes = update.build();
      INFO("state " << state_of(strict) << " update " << to_hex(bytes));

      crdt::doc lenient;
      must_apply(lenient, strict.encode_state_as_update());
      const crdt::applied_update applied = must_apply(lenient, bytes);
      const std::string before = state_of(strict);
      const auto accepted = strict.apply_update(bytes);
      if (accepted) {
        ++accepted_count;
        REQUIRE_FALSE(applied.has_parked);
        REQUIRE(strict.pending_size() == 0);
        REQUIRE(state_of(strict) == state_of(lenient));
      } else {
        ++rejected_count;
        REQUIRE(accepted.error().code == errc::pending_limit);
        REQUIRE(applied.has_parked);
        REQUIRE(state_of(strict) == before);
      }
    }
  }
  CHECK(accepted_count > 200);
  CHECK(rejected_count > 200);
}

TEST_CASE("doc forgets the clients of an update that it rejects", "[crdt]") {
  crdt::limits limit;
  limit.clients_max = 2;
  limit.pending_size_max = 0;
  crdt::doc doc{{crdt::garbage_collection::on, limit}};
  check_rejected(doc, update_builder{}.client(8).text(after({9, 0}), "x"), errc::pending_limit);
  must_apply(doc, update_builder{}.client(1).text(in_root("t"), "a"));
  must_apply(doc, update_builder{}.client(2).text(after({1, 0}), "b"));
  CHECK(doc.text("t") == "ab");
}

}  // namespace troupe::doc_change_test
