#include "actors/document_output.hpp"

#include <algorithm>
#include <deque>
#include <random>

#include <catch2/catch_test_macros.hpp>

#include "actors/framing.hpp"
#include "protocol/crdt/doc.hpp"
#include "tests/support/actor_node.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::document_output_test {

using sync::message_kind;
using test::payload_of;

namespace {

/// A dialect whose frames are the texts of events and of presence as they are.
class plain_codec final : public dialect_codec {
 public:
  plain_codec() : dialect_codec({.name = "plain", .frames = frame_kind::text}) {}
  result<void> decode(byte_view, decoded_frame&) const override {
    return fail(errc::unknown_message);
  }
  void encode(const notice& what, std::optional<std::string_view>, frame_sink& out) const override {
    const bool has_word = what.kind == notice_kind::event || what.kind == notice_kind::presence;
    if (has_word) out.add({}, what.body.view());
  }
};

dialect plain() {
  static const plain_codec codec;
  static const dialect registered = register_dialect(codec);
  return registered;
}

/// The output of a document "d", filled by what is wanted in frames.
class output_bed {
 public:
  void add(audience to, session_id session, message_kind kind, const byte_buffer& body) {
    const notice_kind of =
        kind == message_kind::awareness ? notice_kind::presence : notice_kind::question;
    output_.add(to, session, dialect::y_websocket,
                {.kind = of, .body = byte_view{body}, .extra = {}});
  }
  void add_update(audience to, session_id session, const byte_buffer& update) {
    output_.add(to, session, dialect::y_websocket,
                {.kind = notice_kind::update, .body = byte_view{update}, .extra = {}});
  }
  void add_text(audience to, session_id session, std::string_view text, traffic what) {
    const notice_kind of = what == traffic::presence ? notice_kind::presence : notice_kind::event;
    output_.add(to, session, plain(), {.kind = of, .body = as_bytes(text), .extra = {}});
  }
  void add_frame(audience, session_id session, const shared_bytes& frame) {
    output_.add_frames(session, dialect::y_websocket, {frame});
  }
  bool empty() const { return output_.empty() && taken_.empty(); }
  /// What has come in one dialect since the last call for that.
  delivery_list take(dialect in) {
    auto fresh = output_.take();
    fresh.for_each([&](dialect each, const delivery_list& deliveries) {
      delivery_list& kept = taken_.in(each);
      kept.insert(kept.end(), deliveries.begin(), deliveries.end());
    });
    return std::exchange(taken_.in(in), {});
  }

 private:
  document_output output_{std::make_shared<const std::string>("d")};
  deliveries_by_dialect taken_;
};

constexpr std::size_t merge_size_max = 4096;
constexpr std::size_t merge_count_max = 4096;

sync::message message_in(const delivery& one) {
  const auto message = sync::decode_message(payload_of(one.frames));
  REQUIRE(message.has_value());
  return *message;
}

std::string text_in(const delivery& one) { return std::string{as_text(payload_of(one.frames))}; }

/// Whether the deliveries lie one behind the other in one piece of memory.
bool are_contiguous(const std::vector<delivery>& deliveries) {
  for (std::size_t i = 1; i < deliveries.size(); ++i) {
    const shared_slice& before = deliveries[i - 1].frames;
    const shared_slice& next = deliveries[i].frames;
    if (before.view().data() + before.size != next.view().data()) return false;
    if (before.bytes.view().data() != next.bytes.view().data()) return false;
  }
  return true;
}

byte_buffer bytes_of(std::string_view text) {
  return {as_bytes(text).begin(), as_bytes(text).end()};
}

}  // namespace

TEST_CASE("a turn without output has no deliveries", "[document_output]") {
  output_bed output;
  CHECK(output.empty());
  CHECK(output.take(dialect::y_websocket).empty());
  CHECK(output.take(plain()).empty());
}

TEST_CASE("what goes in comes out once, in its order, for its receivers", "[document_output]") {
  output_bed output;
  output.add(audience::one, 7, message_kind::sync_step1, test::hex("00"));
  output.add(audience::all, no_session, message_kind::awareness, test::hex("00"));
  output.add_update(audience::all_but_one, 8, bytes_of("update"));
  CHECK_FALSE(output.empty());
  const auto taken = output.take(dialect::y_websocket);
  REQUIRE(taken.size() == 3);
  CHECK(taken[0].to == audience::one);
  CHECK(taken[0].session == 7);
  CHECK(message_in(taken[0]).kind == message_kind::sync_step1);
  CHECK(taken[1].to == audience::all);
  CHECK(message_in(taken[1]).kind == message_kind::awareness);
  CHECK(taken[2].to == audience::all_but_one);
  CHECK(taken[2].session == 8);
  CHECK(message_in(taken[2]).kind == message_kind::update);
  CHECK(as_text(message_in(taken[2]).body) == "update");
  CHECK(output.empty());
  CHECK(output.take(dialect::y_websocket).empty());
}

TEST_CASE("presence is marked as such, in both dialects", "[document_output]") {
  output_bed output;
  output.add(audience::all, no_session, message_kind::awareness, test::hex("00"));
  output.add(audience::all, no_session, message_kind::sync_step1, test::hex("00"));
  output.add_text(audience::all, no_session, "p", traffic::presence);
  output.add_text(audience::all, no_session, "c", traffic::content);
  const auto binary = output.take(dialect::y_websocket);
  const auto json = output.take(plain());
  CHECK(binary[0].what == traffic::presence);
  CHECK(binary[1].what == traffic::content);
  CHECK(json[0].what == traffic::presence);
  CHECK(json[1].what == traffic::content);
}

TEST_CASE("each dialect has its own frames", "[document_output]") {
  output_bed output;
  output.add_text(audience::one, 1, "{\"a\":1}", traffic::content);
  output.add(audience::one, 2, message_kind::sync_step1, test::hex("00"));
  output.add_text(audience::all, no_session, "{\"b\":2}", traffic::content);
  const auto json = output.take(plain());
  REQUIRE(json.size() == 2);
  CHECK(text_in(json[0]) == "{\"a\":1}");
  CHECK(text_in(json[1]) == "{\"b\":2}");
  CHECK(json[0].frames.view()[0] == 0x81);
  CHECK_FALSE(output.empty());
  const auto binary = output.take(dialect::y_websocket);
  REQUIRE(binary.size() == 1);
  CHECK(binary[0].frames.view()[0] == 0x82);
  CHECK(binary[0].session == 2);
  CHECK(output.empty());
}

TEST_CASE("the frames of a turn lie one behind the other", "[document_output]") {
  output_bed output;
  for (session_id session = 1; session <= 50; ++session) {
    output.add_update(audience::all_but_one, session, byte_buffer(session * 7, 'u'));
    output.add(audience::one, session, message_kind::awareness, test::hex("00"));
    output.add_text(audience::all, no_session, std::string(session * 11, 't'), traffic::content);
  }
  const auto binary = output.take(dialect::y_websocket);
  const auto json = output.take(plain());
  CHECK(binary.size() == 100);
  CHECK(json.size() == 50);
  CHECK(are_contiguous(binary));
  CHECK(are_contiguous(json));
  for (session_id session = 1; session <= 50; ++session) {
    CHECK(message_in(binary[2 * session - 2]).body.size() == session * 7);
    CHECK(text_in(json[session - 1]).size() == session * 11);
  }
}

TEST_CASE("a large frame has memory of its own and keeps its place", "[document_output]") {
  output_bed output;
  output.add_text(audience::all, no_session, "before", traffic::content);
  output.add_text(audience::all, no_session, std::string(own_memory_min - 1, 's'),
                  traffic::content);
  output.add_text(audience::all, no_session, std::string(own_memory_min, 'l'), traffic::content);
  output.add_text(audience::all, no_session, "behind", traffic::content);
  const auto taken = output.take(plain());
  REQUIRE(taken.size() == 4);
  CHECK(text_in(taken[0]) == "before");
  CHECK(text_in(taken[2]) == std::string(own_memory_min, 'l'));
  CHECK(text_in(taken[3]) == "behind");
  CHECK(are_contiguous({taken[0], taken[1], taken[3]}));
  CHECK(taken[2].frames.bytes.size() == taken[2].frames.size);
}

TEST_CASE("a frame that was encoded before is shared as it is", "[document_output]") {
  output_bed output;
  const shared_bytes frame = encode_frame(frame_kind::binary, test::hex("00 01 02 00 00"));
  output.add_update(audience::all_but_one, 3, bytes_of("first"));
  output.add_frame(audience::one, 9, frame);
  const auto taken = output.take(dialect::y_websocket);
  REQUIRE(taken.size() == 2);
  CHECK(message_in(taken[0]).kind == message_kind::update);
  CHECK(taken[1].frames.view().data() == frame.view().data());
  CHECK(taken[1].frames.size == frame.size());
  CHECK(taken[1].session == 9);
}

// --- updates ---

TEST_CASE("updates of one sender that follow each other are merged into one", "[document_output]") {
  output_bed output;
  test::editing_client client{5};
  std::size_t size = 0;
  for (int i = 0; i < 20; ++i) {
    const byte_buffer update = client.insert_text("text", static_cast<std::size_t>(i), "x");
    size += update.size();
    output.add_update(audience::all_but_one, 1, update);
  }
  const auto taken = output.take(dialect::y_websocket);
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].to == audience::all_but_one);
  CHECK(taken[0].session == 1);
  const auto message = message_in(taken[0]);
  CHECK(message.kind == message_kind::update);
  CHECK(message.body.size() < size / 3);
  crdt::doc seen;
  REQUIRE(seen.apply_update(message.body));
  CHECK(seen.text("text") == std::string(20, 'x'));
}

TEST_CASE("a lone update passes as it is", "[document_output]") {
  output_bed output;
  output.add_update(audience::all, no_session, bytes_of("not even an update"));
  const auto taken = output.take(dialect::y_websocket);
  REQUIRE(taken.size() == 1);
  CHECK(as_text(message_in(taken[0]).body) == "not even an update");
}

TEST_CASE("updates are merged with no others' and not across another message",
          "[document_output]") {
  output_bed output;
  test::editing_client one{1}, two{2};
  output.add_update(audience::all_but_one, 1, one.insert_text("text", 0, "a"));
  output.add_update(audience::all_but_one, 1, one.insert_text("text", 1, "b"));
  output.add_update(audience::all_but_one, 2, two.insert_text("text", 0, "c"));
  output.add_update(audience::one, 2, two.insert_text("text", 1, "d"));
  output.add(audience::all, no_session, message_kind::awareness, test::hex("00"));
  output.add_update(audience::one, 2, two.insert_text("text", 2, "e"));
  const auto taken = output.take(dialect::y_websocket);
  REQUIRE(taken.size() == 5);
  CHECK(taken[0].session == 1);
  CHECK(taken[1].session == 2);
  CHECK(taken[1].to == audience::all_but_one);
  CHECK(taken[2].to == audience::one);
  CHECK(taken[3].what == traffic::presence);
  CHECK(taken[4].to == audience::one);
  CHECK(are_contiguous(taken));
}

TEST_CASE("a text of the other dialect does not part two updates", "[document_output]") {
  output_bed output;
  test::editing_client client{5};
  output.add_update(audience::all_but_one, 1, client.insert_text("text", 0, "a"));
  output.add_text(audience::all_but_one, 1, "{}", traffic::content);
  output.add_update(audience::all_but_one, 1, client.insert_text("text", 1, "b"));
  CHECK(output.take(plain()).size() == 1);
  CHECK(output.take(dialect::y_websocket).size() == 1);
}

TEST_CASE("updates that cannot be merged pass one by one", "[document_output]") {
  output_bed output;
  output.add_update(audience::all, no_session, bytes_of("one"));
  output.add_update(audience::all, no_session, bytes_of("two"));
  const auto taken = output.take(dialect::y_websocket);
  REQUIRE(taken.size() == 2);
  CHECK(as_text(message_in(taken[0]).body) == "one");
  CHECK(as_text(message_in(taken[1]).body) == "two");
}

TEST_CASE("a large update is not merged", "[document_output]") {
  output_bed output;
  test::editing_client client{5};
  output.add_update(audience::all, no_session, client.insert_text("text", 0, "a"));
  const byte_buffer large = client.insert_text("text", 1, std::string(merge_size_max, 'b'));
  output.add_update(audience::all, no_session, large);
  output.add_update(audience::all, no_session, client.insert_text("text", 2, "c"));
  const auto taken = output.take(dialect::y_websocket);
  REQUIRE(taken.size() == 3);
  CHECK(std::ranges::equal(message_in(taken[1]).body, large));
}

TEST_CASE("updates with halves of surrogate pairs are not merged", "[document_output]") {
  // Their author holds the pair, the others two replacements, until it hears each of its updates.
  output_bed output;
  test::editing_client client{5};
  for (const char* piece : {"a", "\uFFFD", "\uFFFD", "b", "c"})
    output.add_update(audience::one, 1, client.insert_text("text", 0, piece));
  const auto deliveries = output.take(dialect::y_websocket);
  REQUIRE(deliveries.size() == 4);  // the last two are merged
  crdt::doc seen;
  for (const delivery& one : deliveries) REQUIRE(seen.apply_update(message_in(one).body));
  CHECK(seen.text("text") == "cb\uFFFD\uFFFDa");
}

TEST_CASE("only so many updates are merged at once", "[document_output]") {
  output_bed output;
  test::editing_client client{5};
  for (std::size_t i = 0; i <= merge_count_max; ++i)
    output.add_update(audience::all, no_session, client.insert_text("text", i, "x"));
  const auto taken = output.take(dialect::y_websocket);
  REQUIRE(taken.size() == 2);
  crdt::doc seen;
  for (const delivery& one : taken) REQUIRE(seen.apply_update(message_in(one).body));
  CHECK(seen.text("text").size() == merge_count_max + 1);
}

TEST_CASE("who applies what comes out has what went in, whoever sent it",
          "[document_output][property]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    output_bed output;
    std::deque<test::editing_client> clients;
    for (crdt::client_id id = 1; id <= 3; ++id) clients.emplace_back(id);
    crdt::doc direct, seen;
    for (int turn = 0; turn < 5; ++turn) {
      for (int edit = 0; edit < 30; ++edit) {
        const std::size_t who = random() % clients.size();
        const byte_buffer update = clients[who].edit_randomly(random);
        REQUIRE(direct.apply_update(update));
        output.add_update(audience::all_but_one, who, update);
      }
      for (const delivery& one : output.take(dialect::y_websocket))
        REQUIRE(seen.apply_update(message_in(one).body));
    }
    CHECK(test::normal_form(seen) == test::normal_form(direct));
  }
}

}  // namespace troupe::document_output_test
