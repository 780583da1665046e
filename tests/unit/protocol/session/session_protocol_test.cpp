// How a session comes to its documents and leaves them. What limits it is tested in
// session_limits_test.cpp.
#include "protocol/session/session_protocol.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/protocol/session/session_core_bed.hpp"

namespace troupe::session_protocol_test {

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view sync_x = R"({"type":"sync","docName":"x","messageId":"s1"})";
constexpr std::string_view sync_y = R"({"type":"sync","docName":"y","messageId":"s2"})";
constexpr std::string_view update_x =
    R"({"type":"update","docName":"x","payload":{"update":"AAA="},"messageId":"u1"})";

rights reading_only() {
  rights may;
  may.insert(right::read);
  return may;
}

std::vector<std::string> names_of(const session_protocol& core) {
  std::vector<std::string> names;
  for (const joined_document& each : core.documents()) names.push_back(each.name);
  return names;
}

}  // namespace

// --- the document of the address ---

TEST_CASE("a session asks the authoriser for the document of its address first",
          "[session_protocol]") {
  session_core_bed bed;
  bed.open();
  CHECK(bed.out.authorise == texts{"d"});
  CHECK(bed.out.open.empty());
  CHECK(bed.out.reading == reading_change::pause);
  CHECK(bed.core.documents().begin()->state == join_state::authorising);
  CHECK_FALSE(bed.core.is_opening());
}

TEST_CASE("a session asks the directory once the authoriser has answered, however late",
          "[session_protocol]") {
  session_core_bed bed;
  bed.open();
  bed.now += 1h;
  bed.authorise("d", reading_only());
  REQUIRE(bed.out.open.size() == 1);
  CHECK(bed.out.open[0].first == "d");
  CHECK(bed.out.open[0].second == reading_only());
  CHECK(bed.out.authorise.empty());
  CHECK(bed.is_paused);
  CHECK(bed.core.is_opening());
}

TEST_CASE("a session reads again once its document is open", "[session_protocol]") {
  session_core_bed bed;
  bed.open();
  bed.authorise("d");
  bed.now += 1h;
  bed.opened("d", 9);
  CHECK(bed.out.reading == reading_change::resume);
  CHECK(bed.out.forwards.empty());
  CHECK(bed.out.hears.empty());
  CHECK_FALSE(bed.core.is_opening());
  REQUIRE(bed.core.documents().size() == 1);
  CHECK(bed.core.documents().begin()->id == 9);
  CHECK(bed.core.documents().begin()->state == join_state::joined);

  bed.says_binary("00 00 01 00");
  CHECK(bed.forwards() ==
        std::vector<forwarded>{{9, request_kind::sync, dialect::y_websocket, "00", ""}});
}

TEST_CASE("a session closes when the document of its address is refused", "[session_protocol]") {
  for (const close_reason why : {close_reason::too_many_documents, close_reason::document_failed,
                                 close_reason::server_stopping}) {
    session_core_bed bed;
    bed.open();
    bed.authorise("d");
    bed.refused("d", why);
    CHECK(bed.out.close == why);
    CHECK(bed.out.replies.empty());
    CHECK_FALSE(bed.core.is_opening());
  }
}

TEST_CASE("a session without a document of its address waits for nobody", "[session_protocol]") {
  session_core_bed bed{{}, ""};
  bed.open();
  CHECK(bed.out.empty());
  CHECK(bed.core.documents().size() == 0);
}

// --- documents that a sync names ---

TEST_CASE("a sync that names a document is held until that is open", "[session_protocol]") {
  session_core_bed bed{{}, ""};
  bed.open();
  bed.says(sync_x);
  CHECK(bed.out.authorise == texts{"x"});
  CHECK(bed.out.reading == reading_change::pause);
  CHECK(bed.out.forwards.empty());
  bed.authorise("x", reading_only());
  REQUIRE(bed.out.open.size() == 1);
  CHECK(bed.out.open[0] == std::pair{std::string{"x"}, reading_only()});
  CHECK(bed.is_paused);

  bed.opened("x", 3);
  CHECK(bed.forwards() ==
        std::vector<forwarded>{{3, request_kind::sync, dialect::json, "00", "s1"}});
  REQUIRE(bed.out.hears.size() == 1);
  CHECK(bed.out.hears[0].document == 3);
  CHECK(bed.out.hears[0].in == dialect::json);
  CHECK(bed.out.reading == reading_change::resume);
}

TEST_CASE("a session that waits for one document waits for the next, too", "[session_protocol]") {
  session_core_bed bed;
  bed.join_address();
  bed.says_all({sync_x, sync_y});
  CHECK(bed.out.authorise == texts{"x", "y"});
  bed.authorise("y");
  bed.opened("y", 2);
  CHECK(bed.forwards() ==
        std::vector<forwarded>{{2, request_kind::sync, dialect::json, "00", "s2"}});
  CHECK(bed.is_paused);
  bed.authorise("x");
  CHECK(bed.is_paused);
  bed.opened("x", 3);
  CHECK_FALSE(bed.is_paused);
}

TEST_CASE("held syncs are passed on in their order", "[session_protocol]") {
  session_core_bed bed{{}, ""};
  bed.open();
  bed.says_all({sync_x, R"({"type":"sync","docName":"x","messageId":"again",
                            "payload":{"stateVector":"AQEF"}})",
                R"({"type":"sync","docName":"x"})"});
  CHECK(bed.out.authorise == texts{"x"});
  bed.authorise("x");
  bed.opened("x", 3);
  CHECK(bed.forwards() ==
        std::vector<forwarded>{{3, request_kind::sync, dialect::json, "00", "s1"},
                               {3, request_kind::sync, dialect::json, "010105", "again"},
                               {3, request_kind::sync, dialect::json, "00", ""}});
  CHECK(bed.out.forwards.size() == 1);
  CHECK(bed.out.hears.size() == 1);
  bed.says(update_x);
  CHECK(bed.forwards() ==
        std::vector<forwarded>{{3, request_kind::update, dialect::json, "0000", "u1"}});
}

TEST_CASE("a refused document is an error for each sync that asked for it", "[session_protocol]") {
  struct row {
    close_reason why;
    std::string code;
  };
  for (const row& each : {row{close_reason::too_many_documents, "TOO_MANY_DOCUMENTS"},
                          row{close_reason::document_failed, "DOCUMENT_UNAVAILABLE"},
                          row{close_reason::server_stopping, "DOCUMENT_UNAVAILABLE"}}) {
    session_core_bed bed;
    bed.join_address();
    bed.says_all({sync_x, R"({"type":"sync","docName":"x"})"});
    bed.authorise("x");
    bed.refused("x", each.why);
    CHECK(bed.errors() == texts{each.code + " x s1", each.code + " x -"});
    CHECK(bed.out.replies[0].in == dialect::json);
    CHECK_FALSE(bed.out.close);
    CHECK(bed.out.reading == reading_change::resume);
    CHECK(names_of(bed.core) == texts{"d"});

    bed.says(update_x);
    CHECK(bed.errors() == texts{"NOT_JOINED x u1"});
    bed.says(sync_x);
    CHECK(bed.out.authorise == texts{"x"});
  }
}

TEST_CASE("a session joins no more documents than it may, that of its address included",
          "[session_protocol]") {
  session_settings settings;
  settings.documents_max = 2;
  session_core_bed bed{settings};
  bed.join_address();
  bed.join("x", 2);
  bed.says(sync_y);
  CHECK(bed.errors() == texts{"TOO_MANY_DOCUMENTS y s2"});
  CHECK(bed.out.authorise.empty());
  CHECK_FALSE(bed.is_paused);
  bed.says(sync_x);
  CHECK(bed.forwards().size() == 1);

  bed.document_failed(2, close_reason::document_failed);
  bed.says(sync_y);
  CHECK(bed.out.authorise == texts{"y"});
}

TEST_CASE("answers for a document that the session does not know are ignored",
          "[session_protocol]") {
  for (const std::string document : {"", "d"}) {
    session_core_bed bed{{}, document};
    bed.open();
    bed.authorise("nowhere");
    CHECK(bed.out.empty());
    bed.opened("nowhere", 5);
    CHECK(bed.out.empty());
    bed.refused("nowhere", close_reason::document_failed);
    CHECK(bed.out.empty());
    bed.handled(5, {1, 1});
    CHECK(bed.out.empty());
    bed.document_failed(5, close_reason::document_failed);
    CHECK(bed.out.empty());
    CHECK_FALSE(bed.core.is_opening());
  }
}

// --- several documents on one connection ---

TEST_CASE("the requests of one read go to each document as one batch", "[session_protocol]") {
  session_core_bed bed;
  bed.join_address();
  bed.join("x", 2);
  bed.join("y", 3);
  bed.says_all({R"({"type":"update","docName":"y","payload":1,"messageId":"a"})",
                R"({"type":"update","docName":"x","payload":2,"messageId":"b"})",
                R"({"type":"update","docName":"y","payload":3})", R"({"type":"sync"})"});
  CHECK(bed.out.forwards.size() == 3);
  CHECK(bed.forwards() == std::vector<forwarded>{{3, request_kind::event, dialect::json, "31", "a"},
                                                 {3, request_kind::event, dialect::json, "33", ""},
                                                 {2, request_kind::event, dialect::json, "32", "b"},
                                                 {1, request_kind::sync, dialect::json, "00", ""}});
  bed.happens([&] { bed.core.on_frames_end(bed.input, bed.out); });
  CHECK(bed.out.empty());
}

TEST_CASE("a session hears a document in each dialect that it has spoken to it, from then on",
          "[session_protocol]") {
  session_core_bed bed;
  bed.join_address();
  bed.join("x", 2);
  CHECK(bed.core.spoken() == dialect_set{dialect::json});
  bed.says_binary("03");
  REQUIRE(bed.out.hears.size() == 1);
  CHECK(bed.out.hears[0].document == 1);
  CHECK(bed.out.hears[0].in == dialect::y_websocket);
  CHECK(bed.core.spoken() == both_dialects);
  bed.says_binary("03");
  CHECK(bed.out.hears.empty());
  bed.says(R"({"type":"sync"})");
  REQUIRE(bed.out.hears.size() == 1);
  CHECK(bed.out.hears[0].document == 1);
  CHECK(bed.out.hears[0].in == dialect::json);
  bed.says(R"({"type":"sync"})");
  CHECK(bed.out.hears.empty());
}

TEST_CASE("a dialect that joins by a sync needs one, even where another dialect has joined",
          "[session_protocol]") {
  session_core_bed bed;
  bed.join_address();
  bed.says_binary("00 00 01 00");
  bed.says(R"({"type":"presence","payload":1,"messageId":"p"})");
  CHECK(bed.errors() == texts{"NOT_JOINED d p"});
  CHECK(bed.out.forwards.empty());
  bed.says(update_x);
  CHECK(bed.errors() == texts{"NOT_JOINED x u1"});
}

TEST_CASE("a message without a document is refused where the address has none",
          "[session_protocol]") {
  session_core_bed bed{{}, ""};
  bed.open();
  bed.says(R"({"type":"sync","messageId":"m"})");
  CHECK(bed.errors() == texts{"NOT_JOINED - m"});
  CHECK_FALSE(bed.out.close);
  CHECK(bed.out.authorise.empty());
}

// --- documents that fail ---

TEST_CASE("the session closes when the document of its address fails", "[session_protocol]") {
  session_core_bed bed;
  bed.join_address();
  bed.says_binary("03");
  bed.document_failed(1, close_reason::document_failed);
  CHECK(bed.out.close == close_reason::document_failed);
  CHECK(bed.out.replies.empty());
}

TEST_CASE("another document that fails is an error, and the session leaves it",
          "[session_protocol]") {
  session_core_bed bed;
  bed.join_address();
  bed.join("x", 2);
  bed.join("y", 3);
  bed.document_failed(2, close_reason::document_failed);
  CHECK(bed.errors() == texts{"DOCUMENT_UNAVAILABLE x -"});
  CHECK(bed.out.leaves == document_id{2});
  CHECK_FALSE(bed.out.close);
  CHECK(names_of(bed.core) == texts{"d", "y"});

  bed.document_failed(2, close_reason::document_failed);
  CHECK(bed.out.empty());
  bed.says(update_x);
  CHECK(bed.errors() == texts{"NOT_JOINED x u1"});
  bed.join("x", 4);
  bed.says(update_x);
  CHECK(bed.forwards() ==
        std::vector<forwarded>{{4, request_kind::update, dialect::json, "0000", "u1"}});
}

TEST_CASE("a document that fails gives back the credit that it holds", "[session_protocol]") {
  session_core_bed bed{unlimited()};
  bed.join_address();
  bed.join("x", 2);
  bed.says_all({sync_x, sync_x, sync_x, sync_x});
  CHECK(bed.is_paused);
  bed.document_failed(2, close_reason::document_failed);
  CHECK(bed.out.reading == reading_change::resume);
}

TEST_CASE("requests of a read for a document that fails in it go nowhere", "[session_protocol]") {
  session_core_bed bed;
  bed.join_address();
  bed.join("x", 2);
  bed.frame(frame_kind::text, as_bytes(update_x));
  bed.document_failed(2, close_reason::document_failed);
  bed.happens([&] { bed.core.on_frames_end(bed.input, bed.out); });
  CHECK(bed.out.forwards.empty());
}

TEST_CASE("a document that is not yet joined cannot fail", "[session_protocol]") {
  session_core_bed bed;
  bed.open();
  bed.document_failed(0, close_reason::document_failed);
  CHECK(bed.out.empty());
  bed.authorise("d");
  bed.document_failed(0, close_reason::document_failed);
  CHECK(bed.out.empty());
}

// --- the connection ends ---

TEST_CASE("a session that ends while the directory opens a document has joined it all the same",
          "[session_protocol]") {
  for (const bool is_address : {true, false}) {
    session_core_bed bed{{}, is_address ? "x" : ""};
    bed.open();
    if (!is_address) bed.says(sync_x);
    bed.authorise("x");
    bed.core.on_closed();
    CHECK(bed.core.is_closed());
    CHECK(bed.core.is_opening());
    bed.opened("x", 3);
    CHECK(bed.out.empty());
    CHECK_FALSE(bed.core.is_opening());
  }
}

TEST_CASE("a session that ends while the directory opens a document may be refused it",
          "[session_protocol]") {
  for (const bool is_address : {true, false}) {
    session_core_bed bed{{}, is_address ? "x" : ""};
    bed.open();
    if (!is_address) bed.says(sync_x);
    bed.authorise("x");
    bed.core.on_closed();
    bed.refused("x", close_reason::too_many_documents);
    CHECK(bed.out.empty());
    CHECK_FALSE(bed.core.is_opening());
  }
}

TEST_CASE("a session that ends while it is authorised waits for no directory",
          "[session_protocol]") {
  session_core_bed bed;
  bed.open();
  bed.core.on_closed();
  CHECK(bed.core.is_closed());
  CHECK_FALSE(bed.core.is_opening());
}

TEST_CASE("a session that has ended decides nothing about time and credit", "[session_protocol]") {
  session_core_bed bed{with_rate(1, 1)};
  bed.join_address();
  bed.says_binary("00 02 02 0000");
  CHECK(bed.is_paused);
  bed.core.on_closed();
  CHECK_FALSE(bed.core.is_opening());
  bed.now += 1h;
  bed.wake();
  CHECK(bed.out.empty());
  bed.second(1h);
  CHECK(bed.out.empty());
  bed.handled(1, {1, 2});
  CHECK(bed.out.empty());
}

TEST_CASE("a session that is idle takes little: ten thousand are held at once",
          "[session_protocol]") {
  STATIC_CHECK(sizeof(session_protocol) <= 192);
  STATIC_CHECK(sizeof(joined_document) <= 96);
}

}  // namespace troupe::session_protocol_test
