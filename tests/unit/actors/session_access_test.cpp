// A session whose rights are changed, narrowed, given back and granted, as its documents hear it.
// What the application answers is tested with real clients (interop/access.test.mjs).
#include <catch2/catch_test_macros.hpp>

#include "tests/support/session_bed.hpp"

namespace troupe::session_access_test {

using namespace std::chrono_literals;
using test::session_bed;

namespace {

const rights reading{right::read};

/// Keeps a change from the start on, and carries it out.
changed_access keep(session_bed& bed, const access_change& what, std::chrono::seconds lasts) {
  REQUIRE(bed.environment->access->add(what, bed.started, bed.started + lasts));
  changed_access changed;
  bed.run([&] { changed = bed.environment->table->change_access(what); });
  return changed;
}

}  // namespace

TEST_CASE("a document hears what a change leaves, and what is back when it has ended",
          "[session][access]") {
  session_bed bed;
  bed.open();
  CHECK(keep(bed, {.document = "other", .may = reading}, 3600s).sessions == 0);
  CHECK(bed.is_quiet<change_rights>());
  CHECK(keep(bed, {.document = "notes", .may = reading}, 3600s).sessions == 1);
  CHECK(bed.next<change_rights>().may == reading);
  bed.second_passes(1s);
  CHECK(bed.is_quiet<change_rights>());
  REQUIRE(bed.environment->access->lift({.document = "notes"}, bed.started + 1s));
  bed.second_passes(2s);
  CHECK(bed.next<change_rights>().may == rights::all());
  CHECK(keep(bed, {.document = "notes", .may = reading}, 5s).sessions == 1);
  CHECK(bed.next<change_rights>().may == reading);
  bed.second_passes(4s);
  CHECK(bed.is_quiet<change_rights>());
  bed.second_passes(5s);
  CHECK(bed.next<change_rights>().may == rights::all());
  bed.second_passes(6s);
  CHECK(bed.is_quiet<change_rights>());
}

TEST_CASE("what several changes leave is told once", "[session][access]") {
  session_bed bed;
  bed.open();
  keep(bed, {.document = "notes", .may = reading}, 3600s);
  CHECK(bed.next<change_rights>().may == reading);
  const access_change more{.document = "notes", .may = rights::all(), .is_grant = true};
  keep(bed, {.user = "", .token_id = "", .document = "notes", .may = reading}, 3600s);
  CHECK(bed.is_quiet<change_rights>());
  keep(bed, more, 3600s);  // in the place of the cap
  CHECK(bed.next<change_rights>().may == rights::all());
}

TEST_CASE("a change for those who are here lasts as long as they do", "[session][access]") {
  session_bed bed;
  bed.open();
  const access_change what{.document = "notes", .may = reading, .is_passing = true};
  bed.run([&] { bed.environment->table->change_access(what); });
  CHECK(bed.next<change_rights>().may == reading);
  keep(bed, {.user = "somebody else"}, 10s);
  bed.second_passes(1s);
  CHECK(bed.is_quiet<change_rights>());
  CHECK(bed.connection->closing == std::nullopt);
}

TEST_CASE("a session is closed for what leaves it nothing", "[session][access]") {
  session_bed bed{{}, "notes", "ada"};
  bed.open();
  CHECK(keep(bed, {.user = "bob"}, 10s).sessions == 0);
  CHECK(keep(bed, {.user = "ada", .may = rights{}}, 10s).sessions == 1);
  CHECK(bed.connection->closing == close_reason::access_revoked);
}

}  // namespace troupe::session_access_test
