// What a program that observes a document hears of its changes.
#include "actors/gateway_changes.hpp"

#include <catch2/catch_test_macros.hpp>

#include "net/websocket_frame.hpp"
#include "protocol/dialects/y_websocket_message.hpp"

namespace troupe::gateway_changes_test {

namespace {

constexpr session_id me = 7;

byte_buffer bytes_of(std::string_view text) {
  const byte_view view = as_bytes(text);
  return {view.begin(), view.end()};
}

/// Frames of the y-websocket dialect, one behind the other, as a document delivers them.
shared_slice frames_of(const std::vector<std::pair<sync::message_kind, std::string>>& messages) {
  byte_buffer block;
  for (const auto& [kind, body] : messages) {
    const shared_bytes frame =
        encode_frame(frame_kind::binary, sync::encode_message(kind, bytes_of(body)));
    block.insert(block.end(), frame.view().begin(), frame.view().end());
  }
  return shared_slice{shared_bytes::copy_of(block)};
}

std::vector<std::string> texts(const std::vector<byte_view>& updates) {
  std::vector<std::string> all;
  for (const byte_view each : updates) all.emplace_back(as_text(each));
  return all;
}

using list = std::vector<std::string>;
using enum sync::message_kind;

}  // namespace

TEST_CASE("the updates of deliveries are those for the session", "[gateway]") {
  delivery_list all;
  all.push_back({audience::all, no_session, traffic::content, frames_of({{update, "a"}})});
  all.push_back({audience::one, me, traffic::content, frames_of({{update, "b"}})});
  all.push_back({audience::one, 8, traffic::content, frames_of({{update, "not mine"}})});
  all.push_back(
      {audience::all_but_one, me, traffic::content, frames_of({{update, "mine already"}})});
  all.push_back({audience::all_but_one, 8, traffic::content, frames_of({{update, "c"}})});
  all.push_back({audience::all, no_session, traffic::presence, frames_of({{awareness, "x"}})});
  CHECK(texts(updates_for(me, all)) == list{"a", "b", "c"});
  CHECK(updates_for(me, {}).empty());
}

TEST_CASE("frames lie one behind the other, of any length", "[gateway]") {
  const std::string medium(200, 'm');
  const std::string large(70'000, 'l');
  delivery_list all;
  all.push_back({audience::all, no_session, traffic::content,
                 frames_of({{update, "s"},
                            {sync_step1, "question"},
                            {update, medium},
                            {update, large},
                            {sync_step2, "answer"},
                            {update, ""}})});
  CHECK(texts(updates_for(me, all)) == list{"s", medium, large, ""});
}

TEST_CASE("one piece of news is under way at a time", "[gateway]") {
  change_feed feed{100};
  CHECK_FALSE(feed.take());
  feed.add(bytes_of("a"));
  const auto first = feed.take();
  REQUIRE(first);
  CHECK(first->number == 1);
  CHECK(first->updates == list{"a"});
  CHECK_FALSE(first->has_missed);
  feed.add(bytes_of("b"));
  feed.add(bytes_of("c"));
  CHECK_FALSE(feed.take());
  feed.on_noted(9);
  CHECK_FALSE(feed.take());
  feed.on_noted(1);
  const auto second = feed.take();
  REQUIRE(second);
  CHECK(second->number == 2);
  CHECK(second->updates == list{"b", "c"});
  feed.on_noted(2);
  CHECK_FALSE(feed.take());
}

TEST_CASE("a program that is too slow is told that it has missed something", "[gateway]") {
  change_feed feed{10};
  feed.add(bytes_of("under way"));
  REQUIRE(feed.take());
  feed.add(bytes_of("12345"));
  feed.add(bytes_of("67890"));
  feed.add(bytes_of("!"));
  for (int i = 0; i < 1000; ++i) feed.add(bytes_of("more"));
  feed.on_noted(1);
  const auto news = feed.take();
  REQUIRE(news);
  CHECK(news->updates.empty());
  CHECK(news->has_missed);
  // From then on it hears again.
  feed.add(bytes_of("next"));
  feed.on_noted(2);
  CHECK(feed.take()->updates == list{"next"});
}

TEST_CASE("an update that is larger than all that may wait is missed", "[gateway]") {
  change_feed feed{10};
  feed.add(bytes_of("12345678901"));
  const auto news = feed.take();
  REQUIRE(news);
  CHECK(news->has_missed);
}

}  // namespace troupe::gateway_changes_test
