#include "protocol/session/joined_documents.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::joined_documents_test {

namespace {

void open(joined_documents& of, std::string_view name, document_id id) {
  joined_document* const one = of.find(name);
  REQUIRE(one != nullptr);
  one->state = join_state::joined;
  one->id = id;
}

}  // namespace

TEST_CASE("a document that was added waits for the authoriser", "[joined_documents]") {
  joined_documents documents;
  CHECK(documents.size() == 0);
  CHECK_FALSE(documents.is_waiting());
  const joined_document& added = documents.add("a");
  CHECK(added.name == "a");
  CHECK(added.state == join_state::authorising);
  CHECK(added.spoken.empty());
  CHECK(documents.size() == 1);
  CHECK(documents.is_waiting());
  CHECK_FALSE(documents.is_opening());
}

TEST_CASE("documents are waited for until the last is joined", "[joined_documents]") {
  joined_documents documents;
  documents.add("a");
  documents.add("b");
  documents.find("b")->state = join_state::opening;
  CHECK(documents.is_waiting());
  CHECK(documents.is_opening());
  open(documents, "b", 2);
  CHECK(documents.is_waiting());
  CHECK_FALSE(documents.is_opening());
  open(documents, "a", 1);
  CHECK_FALSE(documents.is_waiting());
}

TEST_CASE("a document is found by its name at once and by its number once it is joined",
          "[joined_documents]") {
  joined_documents documents;
  documents.add("a");
  documents.add("b");
  CHECK(documents.find("a")->name == "a");
  CHECK(documents.find("c") == nullptr);
  CHECK(documents.find("") == nullptr);
  CHECK(documents.find(document_id{0}) == nullptr);
  open(documents, "b", 7);
  REQUIRE(documents.find(document_id{7}) != nullptr);
  CHECK(documents.find(document_id{7})->name == "b");
  CHECK(documents.find(document_id{8}) == nullptr);
  documents.find("b")->state = join_state::opening;
  CHECK(documents.find(document_id{7}) == nullptr);
}

TEST_CASE("the others stay when a document is removed", "[joined_documents]") {
  joined_documents documents;
  for (const char* name : {"a", "b", "c"}) documents.add(name);
  open(documents, "c", 3);
  documents.remove(*documents.find("b"));
  CHECK(documents.size() == 2);
  CHECK(documents.find("b") == nullptr);
  REQUIRE(documents.find("a") != nullptr);
  CHECK(documents.find(document_id{3})->name == "c");
  documents.remove(*documents.find("a"));
  CHECK_FALSE(documents.is_waiting());
  documents.remove(*documents.find("c"));
  CHECK(documents.size() == 0);
}

TEST_CASE("what a document holds is handed out once, in order, as it came", "[joined_documents]") {
  joined_documents documents;
  joined_document& one = documents.add("a");
  CHECK(one.take_held().empty());
  {
    const std::string body = "body", message_id = "m";
    one.hold({request_kind::sync, dialect::json, as_bytes(body), message_id});
    one.hold({request_kind::update, dialect::y_websocket, {}, {}});
  }
  const auto held = one.take_held();
  REQUIRE(held.size() == 2);
  const client_request first = held[0].view();
  CHECK(first.kind == request_kind::sync);
  CHECK(first.in == dialect::json);
  CHECK(as_text(first.body) == "body");
  CHECK(first.message_id == "m");
  CHECK(held[1].view().kind == request_kind::update);
  CHECK(held[1].view().body.empty());
  CHECK(held[1].view().message_id.empty());
  CHECK(one.take_held().empty());
  one.hold({});
  CHECK(one.take_held().size() == 1);
}

}  // namespace troupe::joined_documents_test
