// What the writer remembers of documents, without a database.
#include "storage/postgresql/known_documents.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/storage_bed.hpp"

namespace troupe::known_documents_test {

using namespace troupe::storage;
using namespace troupe::storage::postgresql;
using test::append_of;

namespace {

planned_document written(const std::string& name, sequence last, std::uint64_t life = 1) {
  planned_document of;
  of.name = name;
  of.meta.id = id_of(name);
  of.meta.counted = last;
  of.meta.life = life;
  return of;
}

document_meta stored(sequence last, std::uint64_t life = 1) { return written("", last, life).meta; }

/// The number that an append to a document would get; nothing: it is not known.
std::optional<sequence> next_of(const known_documents& all, const std::string& name) {
  write_plan plan{1, {}};
  if (!all.recall({{id_of(name), name}}, plan)) return std::nullopt;
  REQUIRE(plan.add(append_of(name, next_number, {"u"}),
                   [](const claimed_record&) { return std::nullopt; }));
  return plan.records().front().number;
}

}  // namespace

TEST_CASE("a document is known once it was written, and not behind a failure",
          "[storage][postgresql]") {
  known_documents all;
  CHECK_FALSE(next_of(all, "a"));
  all.note_read("a", stored(3));
  CHECK_FALSE(next_of(all, "a"));
  all.note_written(written("a", 4));
  CHECK(next_of(all, "a") == 5);
  all.note_failure();
  CHECK_FALSE(next_of(all, "a"));
  // The batch that failed may be there all the same.
  all.note_read("a", stored(5));
  all.note_written(written("a", 6));
  CHECK(next_of(all, "a") == 7);
}

TEST_CASE("a document that others write is asked for each time", "[storage][postgresql]") {
  known_documents all;
  all.note_written(written("a", 4));
  all.note_written(written("b", 1));
  all.note_read("a", stored(5));
  all.note_written(written("a", 6));
  CHECK_FALSE(next_of(all, "a"));
  CHECK(next_of(all, "b") == 2);
}

TEST_CASE("another life of a document is not another writer", "[storage][postgresql]") {
  known_documents all;
  all.note_written(written("a", 4));
  all.note_read("a", stored(0, 2));
  all.note_written(written("a", 1, 2));
  CHECK(next_of(all, "a") == 2);
}

TEST_CASE("what is remembered is bounded", "[storage][postgresql]") {
  known_documents all;
  for (std::size_t i = 0; i < known_documents::documents_max; ++i)
    all.note_written(written("n" + std::to_string(i), 1));
  all.note_written(written("n0", 2));
  CHECK(next_of(all, "n1") == 2);
  all.note_written(written("a", 1));
  CHECK_FALSE(next_of(all, "n1"));
  CHECK(next_of(all, "a") == 2);
}

}  // namespace troupe::known_documents_test
