// How a session leaves a document and stays connected.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/protocol/session/session_core_bed.hpp"

namespace troupe::session_leave_test {

using namespace troupe::test;

namespace {

constexpr std::string_view sync_x = R"({"type":"sync","docName":"x","messageId":"s1"})";
constexpr std::string_view update_x =
    R"({"type":"update","docName":"x","payload":{"update":"AAA="},"messageId":"u1"})";
constexpr std::string_view leave_d = R"({"type":"leave","messageId":"l1"})";
constexpr std::string_view leave_x = R"({"type":"leave","docName":"x","messageId":"l1"})";

/// The acknowledgements of the last event: "document message-id".
texts acks(const session_core_bed& bed) {
  texts all;
  for (const session_effects::reply& each : bed.out.replies)
    if (each.what.kind == notice_kind::ack)
      all.push_back(each.document.value_or("-") + ' ' +
                    std::string{as_text(each.what.extra.view())});
  return all;
}

texts names_of(const session_protocol& core) {
  texts names;
  for (const joined_document& each : core.documents()) names.push_back(each.name);
  return names;
}

/// A session with two documents: d of its address, as 1, and x, as 2; in JSON.
struct leaving_bed : session_core_bed {
  explicit leaving_bed(session_settings with = {}) : session_core_bed(with) {
    join_address();
    says(R"({"type":"sync"})");
    handled(1, {question_weight, 1});
    join("x", 2);
  }
};

}  // namespace

TEST_CASE("a session leaves a document once that has handled what came before",
          "[session_protocol]") {
  leaving_bed bed;
  bed.says_all({update_x, leave_x});
  CHECK(bed.forwards() ==
        std::vector<forwarded>{{2, request_kind::update, dialect::json, "0000", "u1"},
                               {2, request_kind::leave, dialect::json, "", "l1"}});
  CHECK(bed.is_paused);  // nothing overtakes a leave
  CHECK(acks(bed).empty());
  CHECK_FALSE(bed.out.leaves);
  // The leave is handled at once, the update when it is stored.
  bed.handled(2, {1, 0});
  CHECK(bed.out.empty());
  bed.handled(2, {1, 2});
  CHECK(acks(bed) == texts{"x l1"});
  CHECK(bed.out.leaves == document_id{2});
  CHECK(bed.out.reading == reading_change::resume);
  CHECK(names_of(bed.core) == texts{"d"});
}

TEST_CASE("a leave without an id is done in silence", "[session_protocol]") {
  leaving_bed bed;
  bed.says(R"({"type":"leave","docName":"x"})");
  bed.handled(2, {1, 0});
  CHECK(bed.out.replies.empty());
  CHECK(bed.out.leaves == document_id{2});
}

TEST_CASE("a document that was left needs a new sync", "[session_protocol]") {
  leaving_bed bed;
  bed.says(leave_x);
  bed.handled(2, {1, 0});
  bed.says(update_x);
  CHECK(bed.errors() == texts{"NOT_JOINED x u1"});
  bed.says(leave_x);
  CHECK(bed.errors() == texts{"NOT_JOINED x l1"});
  bed.says(sync_x);
  CHECK(bed.out.authorise == texts{"x"});
  bed.authorise("x");
  bed.opened("x", 2);
  REQUIRE(bed.out.hears.size() == 1);
  CHECK(bed.out.hears[0].document == 2);
  CHECK(bed.forwards().size() == 1);
}

TEST_CASE("only what was joined can be left", "[session_protocol]") {
  session_core_bed bed;
  bed.join_address();
  bed.says(leave_x);
  CHECK(bed.errors() == texts{"NOT_JOINED x l1"});
  CHECK(bed.detail() == "there is nothing to leave");
  // The document of the address is open, but not joined in this dialect.
  bed.says_binary("03");
  bed.says(leave_d);
  CHECK(bed.errors() == texts{"NOT_JOINED d l1"});
  CHECK_FALSE(bed.is_paused);
  CHECK(bed.out.forwards.empty());
}

TEST_CASE("what comes between a leave and its end is refused", "[session_protocol]") {
  leaving_bed bed;
  bed.says_all({leave_x, update_x, sync_x, leave_x});
  CHECK(bed.errors() == texts{"NOT_JOINED x u1", "NOT_JOINED x s1", "NOT_JOINED x l1"});
  CHECK(bed.forwards().size() == 1);
  bed.handled(2, {1, 0});
  CHECK(bed.out.leaves == document_id{2});
}

TEST_CASE("the document of the address can be left and joined again", "[session_protocol]") {
  leaving_bed bed;
  bed.says(leave_d);
  bed.handled(1, {1, 0});
  CHECK(acks(bed) == texts{"d l1"});
  CHECK(bed.out.leaves == document_id{1});
  CHECK(names_of(bed.core) == texts{"x"});
  // It does not concern the session any more.
  bed.document_failed(1, close_reason::document_failed);
  CHECK(bed.out.empty());
  bed.says(R"({"type":"sync"})");
  CHECK(bed.out.authorise == texts{"d"});
}

TEST_CASE("a dialect that joins by address comes back to a document that was left",
          "[session_protocol]") {
  leaving_bed bed;
  bed.says(leave_d);
  bed.handled(1, {1, 0});
  bed.says_binary("03");
  CHECK(bed.out.authorise == texts{"d"});
  bed.authorise("d");
  bed.opened("d", 1);
  REQUIRE(bed.out.hears.size() == 1);
  CHECK(bed.out.hears[0].in == dialect::y_websocket);
  CHECK(bed.forwards() ==
        std::vector<forwarded>{{1, request_kind::query_presence, dialect::y_websocket, "", ""}});
}

TEST_CASE("the document of the address keeps its place while it is left", "[session_protocol]") {
  session_settings settings;
  settings.documents_max = 2;
  leaving_bed bed{settings};
  bed.says(leave_d);
  bed.handled(1, {1, 0});
  bed.says(R"({"type":"sync","docName":"y","messageId":"s2"})");
  CHECK(bed.errors() == texts{"TOO_MANY_DOCUMENTS y s2"});
  bed.says_binary("03");
  CHECK(bed.out.authorise == texts{"d"});
}

TEST_CASE("a session that leaves in one dialect stays in another", "[session_protocol]") {
  leaving_bed bed;
  bed.says_binary("03");
  bed.handled(1, {question_weight, 0});
  bed.says(leave_d);
  bed.handled(1, {1, 0});
  CHECK(acks(bed) == texts{"d l1"});
  CHECK_FALSE(bed.out.leaves);
  REQUIRE(bed.out.no_longer_hears);
  CHECK(bed.out.no_longer_hears->document == 1);
  CHECK(bed.out.no_longer_hears->in == dialect::json);
  CHECK(bed.out.reading == reading_change::resume);
  bed.says(R"({"type":"presence","payload":1,"messageId":"p"})");
  CHECK(bed.errors() == texts{"NOT_JOINED d p"});
  bed.says_binary("03");
  CHECK(bed.forwards().size() == 1);
  CHECK(bed.out.hears.empty());
  bed.says(R"({"type":"sync"})");
  REQUIRE(bed.out.hears.size() == 1);
  CHECK(bed.out.hears[0].in == dialect::json);
}

TEST_CASE("a document that fails while it is left has been left", "[session_protocol]") {
  leaving_bed bed;
  bed.says_all({update_x, leave_x});
  bed.document_failed(2, close_reason::document_failed);
  CHECK(bed.errors() == texts{"DOCUMENT_UNAVAILABLE x -"});
  CHECK(acks(bed) == texts{"x l1"});
  CHECK(bed.out.leaves == document_id{2});
  CHECK(bed.out.reading == reading_change::resume);
}

TEST_CASE("a session that ends while it leaves decides nothing more", "[session_protocol]") {
  leaving_bed bed;
  bed.says(leave_x);
  bed.core.on_closed();
  bed.handled(2, {1, 0});
  CHECK(bed.out.empty());
}

}  // namespace troupe::session_leave_test
