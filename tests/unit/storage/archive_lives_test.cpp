// What other nodes know of a document, and copies that they keep: adopt and forget, the same for
// the store in memory and those on disk and in PostgreSQL, which remember it when they are opened
// again.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/postgres_server.hpp"
#include "tests/support/storage_bed.hpp"

namespace troupe::archive_lives_test {

using namespace troupe::storage;
using test::append_to;
using test::load_from;
using test::stored_texts;
using test::write_checkpoint;

namespace {

class memory_bed : public test::memory_bed {
 public:
  void reopen() {}
};

class disk_bed {
 public:
  rocksdb_backend& operator*() { return *bed_; }
  rocksdb_backend* operator->() { return &*bed_; }
  void reopen() { bed_.open(); }

 private:
  test::rocksdb_bed bed_;
};

/// The generation that a load shows; 0 where it shows nothing; nothing: it was removed.
template <class Bed>
std::optional<std::uint64_t> loaded_generation(Bed& store, const std::string& document) {
  const auto loaded = store->load(document);
  if (loaded) return loaded->generation;
  CHECK(loaded.error().code == errc::document_removed);
  return std::nullopt;
}

/// Asks only.
template <class Bed>
std::uint64_t generation_of(Bed& store, const std::string& document) {
  const auto known = store->adopt(document, 0);
  REQUIRE(known.has_value());
  return *known;
}

}  // namespace

#define LIVES(name)                                                                                \
  TEMPLATE_TEST_CASE(name, "[storage][cluster]", memory_bed, disk_bed, test::postgres_bed)

TEST_CASE("a generation orders what may have become of a document", "[storage][cluster]") {
  const bool yes = true;
  const bool no = false;
  CHECK(document_generation(1, no, no) == 2);
  CHECK(document_generation(1, yes, no) == 3);
  CHECK(document_generation(1, yes, yes) == 4);
  CHECK(document_generation(2, no, no) == 4);
  CHECK(document_generation(2, yes, no) == 5);
}

LIVES("the generation of a document counts its lives and removals") {
  TestType store;
  CHECK(generation_of(store, "d") == 0);
  REQUIRE(append_to(*store, "d", 1, {"u1"}));
  CHECK(generation_of(store, "d") == 2);
  CHECK(loaded_generation(store, "d") == 2);
  REQUIRE(store->remove("d"));
  CHECK(generation_of(store, "d") == 3);
  REQUIRE(store->admit("d"));
  CHECK(generation_of(store, "d") == 4);
  CHECK(loaded_generation(store, "d") == 4);
  store.reopen();
  CHECK(generation_of(store, "d") == 4);
  REQUIRE(append_to(*store, "d", 1, {"v1"}));
  CHECK(generation_of(store, "d") == 4);
  store.reopen();
  CHECK(generation_of(store, "d") == 4);
  CHECK(loaded_generation(store, "d") == 4);
}

LIVES("a removal at another node removes what is stored") {
  TestType store;
  REQUIRE(append_to(*store, "d", 1, {"u1", "u2"}));
  REQUIRE(write_checkpoint(*store, "d", 1, "state"));
  REQUIRE(store->add_version("d", {"named", false, 2, as_bytes("state")}));
  REQUIRE(append_to(*store, "other", 1, {"o1"}));
  CHECK(store->adopt("d", 3) == 3);
  for (int i = 0; i < 2; ++i) {
    CHECK(loaded_generation(store, "d") == std::nullopt);
    CHECK(generation_of(store, "d") == 3);
    CHECK(store->info("d")->value().is_removed);
    CHECK(store->list_versions({"d"})->versions.empty());
    CHECK(load_from(*store, "other") == stored_texts{"", {"o1"}, 1});
    store.reopen();
  }
  const auto written = append_to(*store, "d", 3, {"late"});
  REQUIRE_FALSE(written);
  CHECK(written.error().code == errc::document_removed);
}

LIVES("a removal of a document that was never stored here counts as well") {
  TestType store;
  CHECK(store->adopt("d", 3) == 3);
  store.reopen();
  CHECK(loaded_generation(store, "d") == std::nullopt);
  CHECK(generation_of(store, "d") == 3);
}

LIVES("a later life at another node begins empty here") {
  TestType store;
  REQUIRE(append_to(*store, "d", 1, {"u1"}));
  CHECK(store->adopt("d", 4) == 4);
  for (int i = 0; i < 2; ++i) {
    CHECK(loaded_generation(store, "d") == 4);
    CHECK(load_from(*store, "d") == stored_texts{});
    store.reopen();
  }
  REQUIRE(append_to(*store, "d", 1, {"v1"}));
  store.reopen();
  CHECK(load_from(*store, "d") == stored_texts{"", {"v1"}, 1});
  CHECK(loaded_generation(store, "d") == 4);
}

LIVES("several lives may have passed meanwhile") {
  TestType store;
  REQUIRE(append_to(*store, "d", 1, {"u1"}));
  CHECK(store->adopt("d", 9) == 9);
  store.reopen();
  CHECK(generation_of(store, "d") == 9);
  CHECK(store->adopt("d", 12) == 12);
  store.reopen();
  CHECK(generation_of(store, "d") == 12);
  REQUIRE(append_to(*store, "d", 1, {"v1"}));
  CHECK(loaded_generation(store, "d") == 12);
  REQUIRE(store->remove("d"));
  CHECK(generation_of(store, "d") == 13);
}

LIVES("what is older than what is known changes nothing") {
  TestType store;
  REQUIRE(store->adopt("d", 6));
  REQUIRE(append_to(*store, "d", 1, {"u1"}));
  for (const std::uint64_t older : {0, 2, 3, 5, 6}) {
    CHECK(store->adopt("d", older) == 6);
    CHECK(load_from(*store, "d") == stored_texts{"", {"u1"}, 1});
  }
  CHECK(store->adopt("d", 7) == 7);
  CHECK(store->adopt("d", 6) == 7);
  CHECK(loaded_generation(store, "d") == std::nullopt);
}

LIVES("the first life of a document needs no entry") {
  TestType store;
  CHECK(store->adopt("d", 2) == 0);
  CHECK(store->adopt("d", 1) == 0);
  CHECK(store->info("d") == std::nullopt);
}

LIVES("what was adopted passes verification and is listed as removed") {
  TestType store;
  REQUIRE(append_to(*store, "d", 1, {"u1"}));
  REQUIRE(store->adopt("d", 3));
  REQUIRE(store->adopt("e", 4));
  const auto report = store->verify({});
  REQUIRE(report.has_value());
  CHECK(report->damages.empty());
  CHECK(store->list({})->documents.empty());
  document_query all;
  all.with_removed = true;
  CHECK(store->list(all)->documents.size() == 2);
}

// --- copies that other nodes keep ---

LIVES("a copy that is forgotten was never there") {
  TestType store;
  REQUIRE(append_to(*store, "d", 1, {"u1", "u2", "u3"}));
  REQUIRE(write_checkpoint(*store, "d", 2, "state"));
  REQUIRE(append_to(*store, "other", 1, {"o1"}));
  CHECK(store->forget("d") == true);
  for (int i = 0; i < 2; ++i) {
    CHECK(load_from(*store, "d") == stored_texts{});
    CHECK(loaded_generation(store, "d") == 0);
    CHECK(store->info("d") == std::nullopt);
    CHECK(store->raw("d", 1'000'000)->pieces.empty());
    CHECK(load_from(*store, "other") == stored_texts{"", {"o1"}, 1});
    store.reopen();
  }
  REQUIRE(append_to(*store, "d", 1, {"again"}));
  CHECK(load_from(*store, "d") == stored_texts{"", {"again"}, 1});
  CHECK(store->verify({})->damages.empty());
}

LIVES("a copy with a version that somebody named is not forgotten") {
  TestType store;
  REQUIRE(append_to(*store, "d", 1, {"u1"}));
  for (int i = 0; i < 300; ++i) REQUIRE(store->add_version("d", {"", true, 1, as_bytes("state")}));
  REQUIRE(store->add_version("d", {"named", false, 1, as_bytes("state")}));
  CHECK(store->forget("d") == false);
  CHECK(load_from(*store, "d") == stored_texts{"", {"u1"}, 1});
  CHECK(store->list_versions({"d", 0, 1000})->versions.size() == 301);
  REQUIRE(store->remove_version("d", 301));
  CHECK(store->forget("d") == true);
  store.reopen();
  CHECK(store->list_versions({"d"})->versions.empty());
}

LIVES("a version without a label that somebody made keeps its copy, too") {
  TestType store;
  REQUIRE(append_to(*store, "d", 1, {"u1"}));
  REQUIRE(store->add_version("d", {"", false, 1, as_bytes("state")}));
  CHECK(store->forget("d") == false);
}

LIVES("a tombstone is not forgotten, nor what is not there") {
  TestType store;
  CHECK(store->forget("d") == false);
  REQUIRE(append_to(*store, "d", 1, {"u1"}));
  REQUIRE(store->remove("d"));
  CHECK(store->forget("d") == false);
  CHECK(generation_of(store, "d") == 3);
  REQUIRE(store->admit("d"));
  CHECK(store->forget("d") == false);
  CHECK(generation_of(store, "d") == 4);
}

LIVES("versions of a copy that was forgotten are numbered anew") {
  TestType store;
  REQUIRE(append_to(*store, "d", 1, {"u1"}));
  REQUIRE(store->add_version("d", {"", true, 1, as_bytes("state")}));
  REQUIRE(store->forget("d") == true);
  store.reopen();
  REQUIRE(append_to(*store, "d", 1, {"v1"}));
  const auto made = store->add_version("d", {"", true, 1, as_bytes("state")});
  REQUIRE(made.has_value());
  CHECK(made->number == 1);
  CHECK(as_text((**store->read_version("d", 1)).state.view()) == "state");
}

LIVES("a copy of a later life that was forgotten is in no life that is known here") {
  TestType store;
  REQUIRE(store->adopt("d", 4));
  REQUIRE(append_to(*store, "d", 1, {"v1"}));
  CHECK(store->forget("d") == true);
  CHECK(generation_of(store, "d") == 0);
  CHECK(store->adopt("d", 4) == 4);
  store.reopen();
  CHECK(load_from(*store, "d") == stored_texts{});
}

}  // namespace troupe::archive_lives_test
