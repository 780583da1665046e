#include "protocol/session/input_gatherer.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

namespace troupe::input_gatherer_test {

namespace {

constexpr session_id alice = 1;
constexpr session_id bob = 2;

client_request request(std::string_view body, std::string_view message_id = {},
                       request_kind kind = request_kind::update, dialect in = dialect::json) {
  return {kind, in, as_bytes(body), message_id};
}

/// "document: body#id body#id" for each batch.
std::vector<std::string> take_all(input_gatherer& input, session_id session) {
  std::vector<std::string> batches;
  input.take_all(session, [&](document_id document, const request_batch& batch) {
    std::string& text = batches.emplace_back(std::to_string(document) + ':');
    for (std::size_t i = 0; i < batch.entries.size(); ++i) {
      const client_request one = batch.at(i);
      text.append(" ").append(as_text(one.body)).append("#").append(one.message_id);
    }
  });
  return batches;
}

using batches = std::vector<std::string>;

}  // namespace

TEST_CASE("a gatherer makes one batch per document, in the order of their first requests",
          "[input_gatherer]") {
  input_gatherer input;
  CHECK(take_all(input, alice).empty());
  input.add(alice, 9, request("a", "1"));
  input.add(alice, 4, request("b"));
  input.add(alice, 9, request("c", "2"));
  input.add(alice, 4, request("", "3"));
  input.add(alice, 5, request(""));
  CHECK(take_all(input, alice) == batches{"9: a#1 c#2", "4: b# #3", "5: #"});
  CHECK(take_all(input, alice).empty());
}

TEST_CASE("a gathered request is what it was, when its own bytes are gone", "[input_gatherer]") {
  input_gatherer input;
  {
    std::string body(5000, 'x');
    std::string message_id(128, 'm');
    input.add(alice, 1, request(body, message_id, request_kind::event, dialect::y_websocket));
    body.assign(5000, 'y');
    message_id.assign(128, 'n');
  }
  request_batch kept;
  input.take_all(alice, [&](document_id, request_batch batch) { kept = std::move(batch); });
  input.add(alice, 1, request(std::string(6000, 'z')));
  const client_request one = kept.at(0);
  CHECK(one.kind == request_kind::event);
  CHECK(one.in == dialect::y_websocket);
  CHECK(as_text(one.body) == std::string(5000, 'x'));
  CHECK(one.message_id == std::string(128, 'm'));
}

TEST_CASE("what another session has left is dropped", "[input_gatherer]") {
  input_gatherer input;
  input.add(alice, 1, request("left"));
  input.add(alice, 2, request("left, too"));
  input.add(bob, 2, request("mine"));
  CHECK(take_all(input, bob) == batches{"2: mine#"});
  CHECK(take_all(input, alice).empty());
}

TEST_CASE("a session gets nothing of what another has left", "[input_gatherer]") {
  input_gatherer input;
  input.add(alice, 1, request("left"));
  CHECK(take_all(input, bob).empty());
  CHECK(take_all(input, no_session).empty());
  CHECK(take_all(input, alice) == batches{"1: left#"});
}

TEST_CASE("a gatherer forgets the documents of one read in the next", "[input_gatherer]") {
  input_gatherer input;
  for (document_id document = 1; document <= 20; ++document)
    input.add(alice, document, request("first"));
  CHECK(take_all(input, alice).size() == 20);
  input.add(alice, 7, request("second"));
  CHECK(take_all(input, alice) == batches{"7: second#"});
  input.add(bob, 3, request("third"));
  input.add(bob, 7, request("fourth"));
  CHECK(take_all(input, bob) == batches{"3: third#", "7: fourth#"});
}

}  // namespace troupe::input_gatherer_test
