// What a session makes of the JSON dialect: joining, requests, and the mistakes it answers itself.
#include <catch2/catch_test_macros.hpp>

#include "actors/session.hpp"
#include "tests/support/session_bed.hpp"

namespace troupe::session_json_test {

using test::error_codes;
using test::session_bed;
using json_value = nlohmann::json;
using codes = std::vector<std::string>;

namespace {

const std::string empty_update = R"({"type":"update","payload":{"update":"AAA="}})";

std::string update_for(const std::string& document) {
  return json_value{{"type", "update"}, {"docName", document}, {"payload", {{"update", "AAA="}}}}
      .dump();
}

std::string sync_of(const std::string& document, const std::string& message_id = "m") {
  return json_value{{"type", "sync"}, {"docName", document}, {"messageId", message_id}}.dump();
}

}  // namespace

TEST_CASE("a sync joins the document of the address, and goes on to it", "[session]") {
  session_bed bed;
  bed.open();
  bed.says(R"({"type":"sync","messageId":"join"})");
  const auto heard = bed.next_request();
  CHECK(heard.in == dialect::json);
  CHECK(heard.kind == request_kind::sync);
  CHECK(heard.message_id == "join");
  bed.says(empty_update);
  CHECK(bed.next_request().kind == request_kind::update);
  CHECK(bed.texts().empty());
}

TEST_CASE("a session joins documents as its user", "[session]") {
  const auto user_joining = [](const std::string& user) {
    session_bed bed{{}, "notes", user};
    bed.connect();
    const open_document asked = bed.answer_open(1);
    REQUIRE(asked.join);
    CHECK(asked.join->who.may == rights::all());
    return user_of(asked.join->who.who);
  };
  CHECK(user_joining("").empty());
  CHECK(user_joining("ada") == "ada");
}

TEST_CASE("what needs a joined document is refused before the sync", "[session]") {
  session_bed bed;
  bed.open();
  for (const std::string& frame :
       {empty_update, update_for("other"), std::string{R"({"type":"presence","payload":{}})"}}) {
    bed.says(frame);
    CHECK(error_codes(bed.texts()) == codes{"NOT_JOINED"});
  }
  bed.says(R"({"type":"update","docName":"other","messageId":"x","payload":{"update":"AAA="}})");
  const auto told = bed.texts();
  REQUIRE(told.size() == 1);
  CHECK(told[0].at("docName") == "other");
  CHECK(told[0].at("payload").at("messageId") == "x");
  CHECK(bed.has_no_request());
  CHECK(bed.environment->metrics->refused(request_error::not_joined).value() == 4);
}

TEST_CASE("a frame that is no request is answered, and the session goes on", "[session]") {
  session_bed bed;
  bed.open();
  bed.says("{");
  bed.says(R"({"type":"sync","messageId":1})");
  bed.says(R"({"type":"what","messageId":"x"})");
  const auto told = bed.texts();
  CHECK(error_codes(told) == codes(3, "INVALID_MESSAGE"));
  CHECK(told[2].at("payload").at("messageId") == "x");
  bed.says(R"({"type":"sync","payload":{"stateVector":"gICA"}})");
  CHECK(error_codes(bed.texts()) == codes{"INVALID_UPDATE"});
  CHECK_FALSE(bed.connection->closing);
  bed.says(R"({"type":"sync"})");
  bed.next_request();
}

TEST_CASE("a text that is too large is skipped and told", "[session]") {
  session_bed bed;
  bed.open();
  bool goes_on = false;
  bed.run([&] { goes_on = bed.connection->client_says_too_much(frame_kind::text); });
  CHECK(goes_on);
  CHECK(error_codes(bed.texts()) == codes{"MESSAGE_TOO_LARGE"});
}

TEST_CASE("a session joins further documents, and each hears its own", "[session]") {
  session_bed bed;
  bed.open();
  bed.says(sync_of("other"));
  CHECK(bed.connection->is_paused);  // nothing overtakes the join
  bed.says(update_for("other"));
  CHECK(bed.answer_open(2).name == "other");
  CHECK(bed.next_request(2).kind == request_kind::sync);
  CHECK(bed.next_request(2).kind == request_kind::update);
  CHECK(bed.has_no_request(1));
  // A second sync needs no second join.
  bed.says(sync_of("other"));
  CHECK(bed.next_request(2).kind == request_kind::sync);
}

TEST_CASE("an address without a document is joined by name only", "[session]") {
  session_bed bed{{}, ""};
  bed.connect();
  bed.says(R"({"type":"sync","messageId":"x"})");
  const auto told = bed.texts();
  CHECK(error_codes(told) == codes{"NOT_JOINED"});
  CHECK_FALSE(told.at(0).contains("docName"));
  bed.join("notes", 1);
  bed.next_request(1);
  bed.says({sync::encode_message(sync::message_kind::update, as_bytes("a"))});
  CHECK(bed.connection->closing == close_reason::no_document);
}

TEST_CASE("one session may join so many documents", "[session]") {
  session_settings settings;
  settings.documents_max = 2;
  session_bed bed{settings};
  bed.open();
  bed.join("second", 2);
  bed.says(sync_of("third", "3"));
  const auto told = bed.texts();
  CHECK(error_codes(told) == codes{"TOO_MANY_DOCUMENTS"});
  CHECK(told.at(0).at("docName") == "third");
  CHECK_FALSE(bed.connection->is_paused);
}

TEST_CASE("a document that cannot be joined is told by name, and reading goes on", "[session]") {
  session_bed bed;
  bed.open();
  const std::vector<std::pair<close_reason, std::string>> refusals{
      {close_reason::too_many_documents, "TOO_MANY_DOCUMENTS"},
      {close_reason::server_stopping, "DOCUMENT_UNAVAILABLE"}};
  for (const auto& [why, code] : refusals) {
    bed.says(sync_of("other", "again"));
    bed.refuse_open(why);
    const auto told = bed.texts();
    CHECK(error_codes(told) == codes{code});
    CHECK(told.at(0).at("docName") == "other");
    CHECK(told.at(0).at("payload").at("messageId") == "again");
    CHECK_FALSE(bed.connection->is_paused);
  }
  bed.join("other", 2);
  bed.next_request(2);
}

TEST_CASE("a session that ends while it joins leaves that document, too", "[session]") {
  session_bed bed;
  bed.open();
  bed.says(sync_of("other"));
  bed.run([&] { bed.connection->end(close_reason::peer_closed); });
  bed.answer_open(2);
  bed.wait_until_ended();
  bed.next<leave_document>(1);
  bed.next<leave_document>(2);
  CHECK(bed.has_no_request(2));
}

TEST_CASE("a further document that fails is told, can be joined again, and closes nothing",
          "[session]") {
  session_bed bed;
  bed.open();
  bed.join("other", 2);
  bed.next_request(2);
  bed.run([&] { bed.environment->table->close_subscribers(2, close_reason::document_failed); });
  const auto told = bed.texts();
  CHECK(error_codes(told) == codes{"DOCUMENT_UNAVAILABLE"});
  CHECK(told.at(0).at("docName") == "other");
  CHECK_FALSE(bed.connection->closing);
  bed.says(update_for("other"));
  CHECK(error_codes(bed.texts()) == codes{"NOT_JOINED"});
  bed.join("other", 3);
  CHECK(bed.next_request(3).kind == request_kind::sync);
}

TEST_CASE("a session leaves a document, which hears of it, and goes on", "[session]") {
  session_bed bed;
  bed.open();
  bed.join("other", 2);
  bed.next_request(2);
  bed.has_handled(2, question_weight, 1);
  bed.deliver(2, dialect::json, traffic::content, R"({"n":1})");
  bed.says(R"({"type":"leave","docName":"other","messageId":"l"})");
  CHECK(bed.next_request(2).kind == request_kind::leave);
  CHECK(bed.connection->is_paused);
  bed.texts();
  bed.has_handled(2, 1, 0);
  const json_value ack{{"type", "ack"}, {"docName", "other"}, {"payload", {{"messageId", "l"}}}};
  CHECK(bed.texts() == std::vector<json_value>{ack});
  CHECK(bed.next<leave_document>(2).session == session_bed::id);
  CHECK_FALSE(bed.connection->is_paused);
  CHECK_FALSE(bed.connection->closing);
  bed.deliver(2, dialect::json, traffic::content, R"({"n":2})");
  CHECK(bed.texts().empty());
  bed.join("other", 2);
  CHECK(bed.next_request(2).kind == request_kind::sync);
}

TEST_CASE("broadcasts in JSON begin with the answer to the sync", "[session]") {
  session_bed bed;
  bed.open();
  bed.says(R"({"type":"sync"})");
  bed.deliver(1, dialect::json, traffic::content, R"({"n":1})");
  CHECK(bed.texts().empty());
  deliver_batch answer;
  answer.document = 1;
  answer.in(dialect::json)
      .push_back(
          {audience::one, session_bed::id, traffic::content,
           shared_slice{encode_frame(frame_kind::text, as_bytes(std::string_view{R"({"n":2})"}))}});
  bed.run([&] { bed.environment->table->deliver(answer); });
  bed.deliver(1, dialect::json, traffic::content, R"({"n":3})");
  CHECK(bed.texts() == std::vector<json_value>{{{"n", 2}}, {{"n", 3}}});
}

TEST_CASE("one socket speaks both dialects in the order in which it spoke", "[session]") {
  session_bed bed;
  bed.open();
  bed.says(R"({"type":"sync"})");
  bed.next_request();
  const byte_buffer update = sync::encode_message(sync::message_kind::update, as_bytes("one"));
  const std::string_view text = empty_update;
  bed.run([&] {
    bed.connection->client_says({{frame_kind::binary, update},
                                 {frame_kind::text, {text.begin(), text.end()}},
                                 {frame_kind::binary, update}});
  });
  std::vector<std::string> heard;
  for (int i = 0; i < 3; ++i)
    heard.emplace_back(bed.next_request().in == dialect::json ? "json" : "binary");
  CHECK(bed.has_no_request());
  CHECK(heard == std::vector<std::string>{"binary", "json", "binary"});
}

}  // namespace troupe::session_json_test
