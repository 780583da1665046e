// A document that is full of client ids, or of contents: what it still takes, and from whom.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/doc_checks.hpp"

namespace troupe::doc_limits_test {

using namespace troupe::test;

namespace {

/// So many clients from `first` on, each with a collected unit.
byte_buffer many_clients(crdt::client_id first, std::size_t count) {
  update_builder update;
  for (std::size_t i = 0; i < count; ++i) update.client(first + i).gc(1);
  return update.build();
}

std::string outcome_of(crdt::doc& doc, const byte_buffer& update, crdt::sender_usage& by) {
  const auto applied = doc.apply_update(update, by);
  return applied ? "taken" : to_string(applied.error());
}

}  // namespace

TEST_CASE("a sender brings a history of any size, until the document is nearly full of clients",
          "[crdt]") {
  crdt::limits limit;
  limit.clients_max = 100;
  limit.new_clients_max = 3;
  crdt::doc doc{{crdt::garbage_collection::on, limit}};
  crdt::sender_usage first, second, third;
  CHECK(outcome_of(doc, many_clients(1, 80), first) == "taken");
  CHECK(first.new_clients == 80);
  CHECK(doc.is_nearly_full());
  const std::string refused =
      "too_many_clients: new client ids of one sender, limits.max_new_client_ids of a document "
      "that is nearly full of them is 3";
  CHECK(outcome_of(doc, many_clients(81, 1), first) == refused);
  CHECK(outcome_of(doc, many_clients(81, 4), second) == refused);
  CHECK(outcome_of(doc, many_clients(81, 2), second) == "taken");
  CHECK(outcome_of(doc, many_clients(83, 2), second) == refused);
  CHECK(outcome_of(doc, many_clients(83, 1), second) == "taken");
  CHECK(second.new_clients == 3);
  // Whoever brings nothing new is not concerned.
  CHECK(outcome_of(doc, doc.encode_state_as_update(), first) == "taken");
  CHECK(outcome_of(doc, update_builder{}.client(1, 1).gc(1).build(), first) == "taken");
  for (crdt::client_id id = 84; id <= 100; ++id) {
    crdt::sender_usage other;
    REQUIRE(outcome_of(doc, many_clients(id, 1), other) == "taken");
  }
  CHECK(outcome_of(doc, many_clients(101, 1), third) ==
        "too_many_clients: client ids of the document, limits.max_client_ids is 100");
  // The server itself is no sender who could use up what others need.
  crdt::doc other{{crdt::garbage_collection::on, limit}};
  must_apply(other, many_clients(1, 100));
}

TEST_CASE("a history of 100,000 clients comes back from its client, and a million fit", "[crdt]") {
  crdt::doc doc;
  crdt::sender_usage newcomer, owner;
  CHECK(outcome_of(doc, many_clients(2'000'000, 1), newcomer) == "taken");
  CHECK(outcome_of(doc, many_clients(1, 100'000), owner) == "taken");
  CHECK(doc.client_count() == 100'001);
  CHECK_FALSE(doc.is_nearly_full());
  const std::size_t per_client = doc.memory() / doc.client_count();
  INFO(per_client << " bytes in memory per client");
  CHECK(per_client < 600);
  // The figure that the limit counts is close to what is allocated.
  CHECK(doc.size_in_memory() > doc.memory() * 6 / 10);
  CHECK(doc.size_in_memory() < doc.memory() * 16 / 10);
}

TEST_CASE("a document that is full takes deletions and what it knows, but no insertions",
          "[crdt]") {
  crdt::limits limit;
  limit.document_size_max = 20'000;
  crdt::doc doc{{crdt::garbage_collection::on, limit}};
  const byte_buffer known =
      update_builder{}.client(1).text(in_root("t"), std::string(15'000, 'x')).build();
  must_apply(doc, known);
  CHECK_FALSE(doc.is_nearly_full());
  const update_builder second =
      update_builder{}.client(1, 15'000).text(after({1, 14'999}), std::string(6'000, 'y'));
  check_rejected(doc, second, errc::document_full);
  CHECK(doc.apply_update(second.build()).error().detail ==
        "limits.max_document_size is 20000 bytes; contents can only be deleted");
  must_apply(doc,
             update_builder{}.client(1, 15'000).text(after({1, 14'999}), std::string(2'500, 'y')));
  CHECK(doc.is_nearly_full());
  for (crdt::clock_type clock = 17'500; doc.apply_update(
           update_builder{}.client(1, clock).text(after({1, clock - 1}), "z").build());)
    REQUIRE(++clock < 30'000);
  check_rejected(doc, update_builder{}.client(2).text(in_root("t"), "a"), errc::document_full);
  CHECK_FALSE(must_apply(doc, known).changed);
  CHECK(must_apply(doc, update_builder{}.erase(1, 10, 12'000)).changed);
  CHECK_FALSE(doc.is_nearly_full());
  must_apply(doc, update_builder{}.client(2).text(in_root("t"), "a"));
}

TEST_CASE("a document that was stored larger than its limit is read and can be emptied", "[crdt]") {
  crdt::limits limit;
  limit.document_size_max = 3'000;
  crdt::doc doc{{crdt::garbage_collection::on, limit}};
  std::vector<crdt::repaired_struct> repaired;
  REQUIRE(doc.load_update(
      update_builder{}.client(1).text(in_root("t"), std::string(5'000, 'x')).build(), repaired));
  CHECK(doc.text("t").size() == 5'000);
  check_rejected(doc, update_builder{}.client(1, 5'000).text(after({1, 4'999}), "y"),
                 errc::document_full);
  must_apply(doc, update_builder{}.erase(1, 0, 5'000));
  must_apply(doc, update_builder{}.client(2).text(in_root("t"), "again"));
  CHECK(doc.text("t") == "again");
}

TEST_CASE("many names, keys and types count for the size of a document", "[crdt]") {
  crdt::doc doc;
  const std::size_t empty = doc.size_in_memory();
  update_builder update;
  update.client(1);
  for (int i = 0; i < 100; ++i)
    update.type(in_root("map", std::string(1000, 'k') + std::to_string(i)), crdt::type_kind::map);
  must_apply(doc, update);
  CHECK(doc.size_in_memory() - empty > 100 * (1000 + sizeof(crdt::item)));
}

}  // namespace troupe::doc_limits_test
