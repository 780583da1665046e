// What a batch means for stored documents, without a database.
#include "storage/postgresql/write_plan.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/storage_bed.hpp"

namespace troupe::write_plan_test {

using namespace troupe::storage;
using namespace troupe::storage::postgresql;
using test::append_of;

namespace {

constexpr time_ms now = 1'700'000'000'000;

write_plan plan_with(const std::string& name, const document_meta& meta, bool is_damaged = false) {
  write_plan plan{now, [is_damaged](const std::string&, generation) { return is_damaged; }};
  document_meta known = meta;
  known.id = id_of(name);
  plan.know(name, known);
  return plan;
}

document_meta meta_of(sequence counted) {
  document_meta meta;
  meta.counted = meta.log_records = counted;
  return meta;
}

std::optional<std::string_view> nothing_stored(const claimed_record&) { return std::nullopt; }

const planned_document& only_document(const write_plan& plan) {
  REQUIRE(plan.documents().size() == 1);
  return plan.documents().begin()->second;
}

}  // namespace

TEST_CASE("documents of a batch are named once, in the order of their ids",
          "[storage][postgresql]") {
  batch what;
  for (const char* const name : {"c", "a", "b", "a"})
    what.appends.push_back(append_of(name, next_number, {"u"}));
  what.appends.push_back(append_of("nothing", next_number, {}));
  what.checkpoints = {{"d", 1, {}}};
  const auto names = documents_of(what);
  REQUIRE(names.size() == 4);
  for (const auto& [id, name] : names) CHECK(id == id_of(name));
}

TEST_CASE("an append continues the numbers of its document", "[storage][postgresql]") {
  write_plan plan = plan_with("a", meta_of(4));
  REQUIRE(plan.add(append_of("a", 5, {"u5"}), nothing_stored));
  REQUIRE(plan.add(append_of("a", next_number, {"u6", "u7"}), nothing_stored));
  REQUIRE(plan.records().size() == 3);
  CHECK(plan.records()[2].number == 7);
  const planned_document& of = only_document(plan);
  CHECK_FALSE(of.is_new);
  CHECK_FALSE(of.is_rewritten);
  CHECK(of.records == 3);
  CHECK(of.bytes == 6);
  CHECK(of.meta.counted == 7);
  CHECK(of.meta.changed_at == now);
}

TEST_CASE("what is claimed to be stored is compared with what is", "[storage][postgresql]") {
  const auto again = append_of("a", 3, {"u3", "u4", "u5"});
  const auto stored = [](const claimed_record& which) -> std::optional<std::string_view> {
    return which.number == 3 ? "u3" : "u4";
  };
  write_plan plan = plan_with("a", meta_of(4));
  CHECK(plan.claimed_by({again, append_of("new", 1, {"u"})}) ==
        std::vector<claimed_record>{{id_of("a"), 3}, {id_of("a"), 4}});
  REQUIRE(plan.add(again, stored));
  CHECK(plan.records().size() == 1);
  write_plan other = plan_with("a", meta_of(4));
  CHECK(other.add(append_of("a", 4, {"x"}), stored).error().code == errc::storage_conflict);
  write_plan gone = plan_with("a", meta_of(4));
  CHECK(gone.add(again, nothing_stored).error().code == errc::storage_conflict);
}

TEST_CASE("a document begins its first life, or the one after a removal", "[storage][postgresql]") {
  write_plan fresh{now, [](const std::string&, generation) { return false; }};
  REQUIRE(fresh.add(append_of("a", 1, {"u"}), nothing_stored));
  CHECK(only_document(fresh).is_new);
  CHECK(only_document(fresh).meta.life == 1);
  document_meta removed;
  removed.is_removed = true;
  removed.life = 3;
  write_plan refused = plan_with("a", removed);
  CHECK(refused.add(append_of("a", 1, {"u"}), nothing_stored).error().code ==
        errc::document_removed);
  removed.is_admitted = true;
  write_plan admitted = plan_with("a", removed);
  REQUIRE(admitted.add(append_of("a", 1, {"u"}), nothing_stored));
  const planned_document& of = only_document(admitted);
  CHECK_FALSE(of.is_new);
  CHECK(of.is_rewritten);
  CHECK(of.meta.life == 4);
  CHECK_FALSE(of.meta.is_removed);
}

TEST_CASE("a checkpoint drops the one before the newest, and the log up to the newest",
          "[storage][postgresql]") {
  document_meta meta = meta_of(9);
  meta.newest = 4;
  meta.covers = 6;
  meta.previous = 3;
  meta.previous_covers = 2;
  write_plan plan = plan_with("a", meta);
  REQUIRE(plan.add({"a", 9, test::bytes_of("s9")}));
  REQUIRE(plan.checkpoints().size() == 1);
  const planned_checkpoint& made = plan.checkpoints()[0];
  CHECK(made.dropped == 3);
  CHECK(made.dropped_up_to == 6);
  CHECK(made.of == 5);
  CHECK(only_document(plan).meta.previous == 4);
  CHECK(only_document(plan).meta.previous_covers == 6);
  // What covers less changes nothing.
  REQUIRE(plan.add({"a", 8, test::bytes_of("s8")}));
  CHECK(plan.checkpoints().size() == 1);
}

TEST_CASE("a damaged checkpoint goes before the one that the document was read from",
          "[storage][postgresql]") {
  document_meta meta = meta_of(9);
  meta.newest = 4;
  meta.covers = 6;
  meta.previous = 3;
  meta.previous_covers = 2;
  write_plan plan = plan_with("a", meta, true);
  REQUIRE(plan.add({"a", 9, test::bytes_of("s9")}));
  CHECK(plan.checkpoints()[0].dropped == 4);
  CHECK(plan.checkpoints()[0].dropped_up_to == 0);
  CHECK(only_document(plan).meta.previous == 3);
}

}  // namespace troupe::write_plan_test
