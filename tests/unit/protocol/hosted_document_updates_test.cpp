// How updates are acknowledged where every one of them is, and its client counts them. The rest
// about updates is in hosted_document_test.cpp.
#include <catch2/catch_test_macros.hpp>

#include "protocol/hosted_document.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::hosted_document_updates_test {

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

constexpr session_id alice = 1;
const byte_buffer nothing = hex("0000");

struct counted_bed {
  explicit counted_bed(rights may = rights::all()) { document.on_join({alice, may, nullptr}); }

  /// Returns how many acknowledgements follow from it, once it is stored.
  std::uint32_t says(request_kind kind, const byte_buffer& body, bool is_answer = false) {
    out.clear();
    document.on_request(alice, {kind, dialect::hocuspocus, body, {}, is_answer}, now, out);
    std::uint32_t acknowledged = 0;
    for (const auto& write : out.writes)
      if (write.confirmation) acknowledged += write.confirmation->count;
    return acknowledged;
  }
  void syncs() { says(request_kind::sync, hex("00")); }
  std::uint32_t updates(const byte_buffer& update) { return says(request_kind::update, update); }
  std::uint32_t answers(const byte_buffer& update) {
    return says(request_kind::update, update, true);
  }
  /// The same of a tick some time later.
  std::uint32_t ticks(std::chrono::milliseconds later) {
    out.clear();
    document.ask_again(now += later, out);
    std::uint32_t acknowledged = 0;
    for (const auto& write : out.writes)
      if (write.confirmation) acknowledged += write.confirmation->count;
    return acknowledged;
  }
  std::size_t questions() const {
    std::size_t count = 0;
    for (const auto& each : out.deliveries)
      if (each.what.kind == notice_kind::question) ++count;
    return count;
  }

  hosted_document document{{}};
  document_effects out;
  hosted_document::time_point now{1h};
  editing_client client{5};
};

}  // namespace

TEST_CASE("each update is acknowledged once, whether it brings anything or not", "[acks]") {
  counted_bed bed;
  bed.syncs();
  CHECK(bed.answers(nothing) == 1);
  const byte_buffer update = bed.client.insert_text("t", 0, "a");
  CHECK(bed.updates(update) == 1);
  CHECK(bed.out.writes[0].update.view().size() == update.size());
  CHECK(bed.updates(update) == 1);
  REQUIRE(bed.out.writes.size() == 1);
  CHECK(bed.out.writes[0].update.empty());
  CHECK(bed.updates(nothing) == 1);
  // Nobody but its author waits for it.
  CHECK(bed.out.deliveries.empty());
}

TEST_CASE("what comes between a sync and its answer is acknowledged with the answer", "[acks]") {
  counted_bed bed;
  bed.syncs();
  std::vector<byte_buffer> edits;
  for (int i = 0; i < 3; ++i) edits.push_back(bed.client.insert_text("t", 0, "x"));
  for (const byte_buffer& each : edits) CHECK(bed.updates(each) == 0);
  CHECK(bed.answers(bed.client.doc.encode_state_as_update({})) == 4);
  CHECK(bed.updates(bed.client.insert_text("t", 0, "y")) == 1);
}

TEST_CASE("what comes before the first sync is acknowledged with the answer to it", "[acks]") {
  counted_bed bed;
  CHECK(bed.updates(bed.client.insert_text("t", 0, "x")) == 0);
  CHECK(bed.updates(bed.client.insert_text("t", 1, "y")) == 0);
  bed.syncs();
  // From the sync on the client counts anew.
  CHECK(bed.answers(bed.client.doc.encode_state_as_update({})) == 1);
  CHECK(bed.updates(bed.client.insert_text("t", 0, "z")) == 1);
  CHECK(bed.ticks(1h) == 0);
}

TEST_CASE("what a sync has announced is acknowledged with its answer alone", "[acks]") {
  counted_bed bed;
  std::vector<byte_buffer> before;
  for (int i = 0; i < 3; ++i) before.push_back(bed.client.insert_text("t", 0, "x"));
  // A provider of Hocuspocus that was away: it begins to count with its sync, and sends behind it
  // what it had no time to send.
  const byte_buffer known = bed.client.doc.state_vector().encode();
  CHECK(bed.says(request_kind::sync, known) == 0);
  for (const byte_buffer& each : before) CHECK(bed.updates(each) == 0);
  CHECK(bed.updates(bed.client.insert_text("t", 0, "y")) == 0);
  // That of the answer, and that of the edit behind the sync.
  CHECK(bed.answers(bed.client.doc.encode_state_as_update({})) == 2);
  // Later they count as ever.
  CHECK(bed.updates(before[0]) == 1);
}

TEST_CASE("updates of a client that does not sync are acknowledged a moment later", "[acks]") {
  counted_bed bed;
  CHECK(bed.updates(bed.client.insert_text("t", 0, "x")) == 0);
  CHECK(bed.updates(bed.client.insert_text("t", 1, "y")) == 0);
  CHECK(bed.ticks(500ms) == 0);
  CHECK(bed.ticks(500ms) == 2);
  CHECK(bed.updates(bed.client.insert_text("t", 0, "z")) == 1);
}

TEST_CASE("a sync anew forgets what was owed, as the client does", "[acks]") {
  counted_bed bed;
  bed.syncs();
  CHECK(bed.updates(bed.client.insert_text("t", 0, "x")) == 0);
  bed.syncs();
  CHECK(bed.answers(bed.client.doc.encode_state_as_update({})) == 1);
}

TEST_CASE("while something is missing nothing is acknowledged; its answer settles all", "[acks]") {
  counted_bed bed;
  bed.syncs();
  CHECK(bed.answers(nothing) == 1);
  (void)bed.client.insert_text("t", 0, "lost");
  CHECK(bed.updates(bed.client.insert_text("t", 4, "b")) == 0);
  CHECK(bed.questions() == 1);
  CHECK(bed.updates(bed.client.insert_text("t", 5, "c")) == 0);
  CHECK(bed.questions() == 0);  // it was asked a moment ago
  // Two updates, and an answer that the client does not count.
  CHECK(bed.answers(bed.client.doc.encode_state_as_update({})) == 2);
  CHECK(bed.updates(bed.client.insert_text("t", 0, "d")) == 1);
}

TEST_CASE("another sync is answered, and its answer counts", "[acks]") {
  counted_bed bed;
  bed.syncs();
  CHECK(bed.answers(nothing) == 1);
  bed.syncs();
  CHECK(bed.answers(nothing) == 1);
}

TEST_CASE("what a reader may not write is refused, and what it knows is acknowledged", "[acks]") {
  counted_bed bed{rights{right::read}};
  bed.syncs();
  CHECK(bed.answers(nothing) == 1);
  CHECK(bed.updates(bed.client.insert_text("t", 0, "a")) == 0);
  REQUIRE(bed.out.refusals.size() == 1);
  CHECK(bed.out.refusals[0].part == request_part::update);
  CHECK(bed.out.refusals[0].why.code == errc::forbidden);
  CHECK(bed.updates(nothing) == 1);
}

}  // namespace troupe::hosted_document_updates_test
