#include "actors/newcomer_state.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/update_builder.hpp"

namespace troupe::newcomer_state_test {

namespace {

std::vector<shared_slice> frames(std::string_view text) {
  return {shared_bytes::copy_of(as_bytes(text))};
}

std::string text_of(const std::vector<shared_slice>* found) {
  return found == nullptr ? "none" : std::string{as_text(found->at(0).view())};
}

}  // namespace

TEST_CASE("frames are found for their dialect at their version only", "[newcomer_state]") {
  newcomer_state state;
  CHECK(state.find(dialect::json, 0) == nullptr);
  CHECK(as_text(state.keep(dialect::json, 4, frames("json 4"))[0].view()) == "json 4");
  CHECK(text_of(state.find(dialect::json, 4)) == "json 4");
  CHECK(state.find(dialect::json, 3) == nullptr);
  CHECK(state.find(dialect::json, 5) == nullptr);
  CHECK(state.find(dialect::y_websocket, 4) == nullptr);
}

TEST_CASE("each dialect has frames of its own", "[newcomer_state]") {
  newcomer_state state;
  state.keep(dialect::json, 4, frames("json"));
  state.keep(dialect::y_websocket, 4, frames("binary"));
  CHECK(text_of(state.find(dialect::json, 4)) == "json");
  CHECK(text_of(state.find(dialect::y_websocket, 4)) == "binary");
  state.keep(dialect::json, 4, frames("json again"));
  CHECK(text_of(state.find(dialect::json, 4)) == "json again");
  CHECK(text_of(state.find(dialect::y_websocket, 4)) == "binary");
}

TEST_CASE("frames of an older version go when newer ones come", "[newcomer_state]") {
  newcomer_state state;
  state.keep(dialect::json, 4, frames("old"));
  const shared_slice still_sent = state.find(dialect::json, 4)->at(0);
  state.keep(dialect::y_websocket, 5, frames("new"));
  CHECK(state.find(dialect::json, 4) == nullptr);
  CHECK(text_of(state.find(dialect::y_websocket, 5)) == "new");
  CHECK(as_text(still_sent.view()) == "old");
}

TEST_CASE("frames that nobody asks for are dropped at the second tick", "[newcomer_state]") {
  newcomer_state state;
  state.on_tick();
  state.keep(dialect::json, 4, frames("j"));
  state.on_tick();
  CHECK(state.find(dialect::json, 4) != nullptr);
  state.on_tick();
  CHECK(state.find(dialect::json, 4) != nullptr);
  state.on_tick();
  state.on_tick();
  CHECK(state.find(dialect::json, 4) == nullptr);
}

TEST_CASE("asking for what is not known keeps nothing", "[newcomer_state]") {
  newcomer_state state;
  state.keep(dialect::json, 4, frames("j"));
  state.on_tick();
  CHECK(state.find(dialect::json, 5) == nullptr);
  CHECK(state.find(dialect::y_websocket, 4) == nullptr);
  state.on_tick();
  CHECK(state.find(dialect::json, 4) == nullptr);
}

TEST_CASE("frames can be forgotten at once", "[newcomer_state]") {
  newcomer_state state;
  state.keep(dialect::json, 4, frames("j"));
  state.clear();
  CHECK(state.find(dialect::json, 4) == nullptr);
  state.clear();
  state.keep(dialect::json, 4, frames("k"));
  CHECK(text_of(state.find(dialect::json, 4)) == "k");
}

TEST_CASE("the whole state is encoded as the answer to the sync of a session that has nothing",
          "[newcomer_state]") {
  hosted_document document{crdt::doc_settings{}};
  REQUIRE(
      document.load(test::update_builder{}.client(1).text(test::in_root("t"), "hello").build()));
  const auto binary = newcomer_state::encode(document, dialect::y_websocket, "d");
  CHECK(binary.size() == 2);
  const auto text = newcomer_state::encode(document, dialect::json, "d");
  REQUIRE(text.size() == 1);
  CHECK(as_text(text[0].view()).find(R"("docName":"d")") != std::string_view::npos);
}

}  // namespace troupe::newcomer_state_test
