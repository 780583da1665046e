// A third dialect that exists in this file only: sessions, documents and the session table serve it
// without knowing it. Its frames are lines of text, "sync 00", "update 0000", "event hello", with
// bytes as hexadecimal digits and a message id behind a '#'.
#include <map>

#include <catch2/catch_test_macros.hpp>

#include "protocol/dialects/dialects.hpp"
#include "protocol/session/session_protocol.hpp"
#include "tests/support/actor_node.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::toy_dialect_test {

using test::actor_node;
using texts = std::vector<std::string>;

namespace {

class toy_codec final : public dialect_codec {
 public:
  toy_codec()
      : dialect_codec({.name = "toy",
                       .frames = frame_kind::text,
                       .joins = joining::by_address,
                       .has_errors = true}) {}

  result<void> decode(byte_view frame, decoded_frame& into) const override {
    into.clear();
    std::string_view line = as_text(frame);
    if (const auto mark = line.rfind('#'); mark != std::string_view::npos) {
      into.message_id = line.substr(mark + 1);
      line = line.substr(0, mark);
    }
    const std::size_t space = line.find(' ');
    const std::string word{line.substr(0, space)};
    const std::string_view rest =
        space == std::string_view::npos ? std::string_view{} : line.substr(space + 1);
    static const std::map<std::string, request_kind> words{{"sync", request_kind::sync},
                                                           {"update", request_kind::update},
                                                           {"event", request_kind::event}};
    const auto kind = words.find(word);
    if (kind == words.end()) return fail(errc::unknown_message, "'" + word + "'");
    into.kind = kind->second;
    into.own_body = into.kind == request_kind::event
                        ? byte_buffer{as_bytes(rest).begin(), as_bytes(rest).end()}
                        : test::hex(rest);
    into.body = into.own_body;
    return {};
  }

  void encode(const notice& what, std::optional<std::string_view>, frame_sink& out) const override {
    const std::string body = what.kind == notice_kind::event
                                 ? std::string{as_text(what.body.view())}
                                 : test::to_hex(what.body.view());
    const std::string id{as_text(what.extra.view())};
    const auto say = [&](const std::string& line) { out.add({}, as_bytes(line)); };
    switch (what.kind) {
      case notice_kind::state: return say("state " + body);
      case notice_kind::update: return say("update " + body);
      case notice_kind::event: return say("event " + body);
      case notice_kind::ack: return say("stored #" + id);
      case notice_kind::error: return say("error " + std::string{describe(what.error).code});
      default: return;
    }
  }
};

dialect toy() {
  static const toy_codec codec;
  static const dialect registered = register_dialect(codec);
  return registered;
}

byte_buffer line(std::string_view text) { return {as_bytes(text).begin(), as_bytes(text).end()}; }

/// The next frames in the toy dialect.
texts next_lines(actor_node& node) {
  for (;;) {
    const deliver_batch batch = node.next_batch();
    texts lines;
    for (const delivery& each : batch.in(toy()))
      lines.emplace_back(as_text(test::payload_of(each.frames)));
    if (!lines.empty()) return lines;
  }
}

}  // namespace

TEST_CASE("a document serves a dialect that only this test knows", "[actors][dialects]") {
  actor_node node;
  const auto document = node.open("d", 1);
  REQUIRE(document);
  REQUIRE(node.open("d", 2));
  node.say(*document, 1, {{toy(), line("sync 00")}});
  CHECK(next_lines(node) == texts{"state 0000"});

  // An update of a y-websocket client arrives in the toy dialect, too.
  test::editing_client client{5};
  const byte_buffer update = client.insert_text("text", 0, "hello");
  node.send(*document, 2, sync::message_kind::update, update);
  CHECK(next_lines(node) == texts{"update " + test::to_hex(update)});

  // And the other way round, with an acknowledgement once it is stored.
  const byte_buffer more = client.insert_text("text", 5, "!");
  node.backend->close_gate();
  node.say(*document, 1, {{toy(), line("update " + test::to_hex(more) + "#7")}});
  bool has_reached_the_other = false;
  while (!has_reached_the_other)
    for (const delivery& each : node.next_deliveries())
      has_reached_the_other |= each.to == audience::all_but_one && each.session == 1;
  node.backend->open_gate();
  texts heard;
  while (heard.empty() || heard.back() != "stored #7")
    for (const std::string& each : next_lines(node)) heard.push_back(each);

  node.say(*document, 1, {{toy(), line("update ff")}});
  CHECK(next_lines(node) == texts{"error INVALID_UPDATE"});
  node.say(*document, 2, {{toy(), line("event 1")}});
  CHECK(next_lines(node) == texts{"event 1"});
}

TEST_CASE("a session core speaks a dialect that only this test knows", "[session][dialects]") {
  const session_settings settings;
  session_input input;
  session_effects out;
  const route way{"d", nullptr, rights::all(),
                  dialect_set{dialect::y_websocket} | dialect_set{toy()}};
  session_protocol core{7, way, settings, {}};
  core.on_open({}, out);
  core.on_authorised("d", rights::all(), {}, out);
  core.on_opened("d", 1, {}, input, out);
  out.clear();

  core.on_frame(frame_kind::text, line("sync 00#a"), {}, input, out);
  core.on_frame(frame_kind::text, line("nonsense"), {}, input, out);
  core.on_frames_end(input, out);
  REQUIRE(out.hears.size() == 1);
  CHECK(out.hears[0].in == toy());
  REQUIRE(out.forwards.size() == 1);
  CHECK(out.forwards[0].first == 1);
  const client_request heard = out.forwards[0].second.at(0);
  CHECK(heard.kind == request_kind::sync);
  CHECK(heard.in == toy());
  CHECK(heard.message_id == "a");
  REQUIRE(out.replies.size() == 1);
  CHECK(out.replies[0].in == toy());
  CHECK(out.replies[0].what.error == request_error::invalid_message);
  CHECK_FALSE(out.close);
}

}  // namespace troupe::toy_dialect_test
