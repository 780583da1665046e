// When a client that asks hears that all it has sent is stored.
#include <catch2/catch_test_macros.hpp>

#include "protocol/hosted_document.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::hosted_document_receipts_test {

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

constexpr session_id alice = 1;
const byte_buffer nothing = hex("0000");

struct receipt_bed {
  explicit receipt_bed(rights may = rights::all()) { document.on_join({alice, may, nullptr}); }

  /// Returns the receipts that follow from it once it is stored, as digits; "" if there is none.
  std::string says(request_kind kind, const byte_buffer& body, bool is_answer = false) {
    out.clear();
    document.on_request(alice, {kind, dialect::y_sweet, body, {}, is_answer}, now, out);
    // One at most, or its credit would be given back twice.
    CHECK(out.writes.size() <= 1);
    std::string given;
    for (const auto& write : out.writes)
      if (write.confirmation) given += to_hex(write.confirmation->extra.view());
    return given;
  }
  std::string asks(const char* digits) { return says(request_kind::receipt, hex(digits)); }
  std::string syncs() { return says(request_kind::sync, hex("00")); }
  std::string updates(const byte_buffer& update) { return says(request_kind::update, update); }
  std::string answers(const byte_buffer& update) {
    return says(request_kind::update, update, true);
  }
  std::string edits() { return updates(client.insert_text("t", 0, "x")); }
  byte_buffer all() const { return client.doc.encode_state_as_update({}); }

  hosted_document document{{}};
  document_effects out;
  hosted_document::time_point now{1h};
  editing_client client{5};
};

}  // namespace

TEST_CASE("a receipt is given behind what was sent before it", "[receipts]") {
  receipt_bed bed;
  CHECK(bed.syncs().empty());
  CHECK(bed.answers(nothing).empty());
  CHECK(bed.asks("00") == "00");
  CHECK(bed.edits().empty());
  REQUIRE(bed.out.writes.size() == 1);
  CHECK_FALSE(bed.out.writes[0].confirmation.has_value());
  CHECK(bed.asks("01") == "01");
  // It appends nothing and waits for all that was.
  REQUIRE(bed.out.writes.size() == 1);
  CHECK(bed.out.writes[0].update.empty());
  CHECK(bed.out.deliveries.empty());
}

TEST_CASE("what a client wrote while it was away comes before its receipt", "[receipts]") {
  receipt_bed bed;
  const byte_buffer offline = bed.client.insert_text("t", 0, "offline");
  // As clients send it: the question is asked before the answer to the server's.
  CHECK(bed.syncs().empty());
  CHECK(bed.asks("07").empty());
  CHECK(bed.answers(bed.all()) == "07");
  REQUIRE(bed.out.writes.size() == 1);
  CHECK_FALSE(bed.out.writes[0].update.empty());
  CHECK(bed.answers(nothing).empty());
}

TEST_CASE("of several questions that wait the last is answered", "[receipts]") {
  receipt_bed bed;
  bed.syncs();
  CHECK(bed.asks("01").empty());
  CHECK(bed.edits().empty());
  CHECK(bed.asks("02").empty());
  CHECK(bed.answers(nothing) == "02");
}

TEST_CASE("no receipt is given while something is missing", "[receipts]") {
  receipt_bed bed;
  bed.syncs();
  bed.answers(nothing);
  const byte_buffer first = bed.client.insert_text("t", 0, "a");
  const byte_buffer second = bed.client.insert_text("t", 1, "b");
  CHECK(bed.updates(second).empty());
  CHECK(bed.asks("02").empty());
  CHECK(bed.answers(bed.all()) == "02");
  CHECK(bed.asks("03") == "03");
}

TEST_CASE("a receipt is given once another session has brought what was missing", "[receipts]") {
  receipt_bed bed;
  constexpr session_id bob = 2;
  bed.document.on_join({bob, rights::all(), nullptr});
  bed.syncs();
  bed.answers(nothing);
  const byte_buffer first = bed.client.insert_text("t", 0, "a");
  CHECK(bed.updates(bed.client.insert_text("t", 1, "b")).empty());
  CHECK(bed.asks("02").empty());
  document_effects out;
  bed.document.on_request(bob, {request_kind::update, dialect::y_websocket, first}, bed.now, out);
  REQUIRE_FALSE(bed.document.has_gap());
  CHECK(bed.asks("02") == "02");
}

TEST_CASE("no receipt is given for what was refused, until the client is synced anew",
          "[receipts]") {
  receipt_bed bed{rights{right::read}};
  bed.syncs();
  CHECK(bed.answers(nothing).empty());
  CHECK(bed.asks("00") == "00");
  CHECK(bed.edits().empty());
  CHECK(bed.out.refusals.size() == 1);
  CHECK(bed.asks("01").empty());
  bed.document.on_rights(alice, rights::all(), bed.now);
  // Updates that follow it leave a gap, and it is asked for what it has.
  CHECK(bed.edits().empty());
  CHECK(bed.asks("02").empty());
  bed.syncs();
  CHECK(bed.asks("02").empty());
  CHECK(bed.answers(bed.all()) == "02");
}

TEST_CASE("receipts of one session do not depend on others", "[receipts]") {
  receipt_bed bed;
  constexpr session_id bob = 2;
  bed.document.on_join({bob, rights::all(), nullptr});
  bed.syncs();
  bed.answers(nothing);
  editing_client other{9};
  const byte_buffer first = other.insert_text("t", 0, "a");
  const byte_buffer second = other.insert_text("t", 1, "b");
  document_effects out;
  bed.document.on_request(bob, {request_kind::update, dialect::y_websocket, second}, bed.now, out);
  CHECK(bed.document.has_gap());
  CHECK(bed.asks("05") == "05");
}

}  // namespace troupe::hosted_document_receipts_test
