// Clients that come back while their old connection is not known to be dead: without a user, as
// every y-websocket client is by default, and where access is checked.
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "protocol/hosted_document.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::hosted_document_claims_test {

using namespace std::chrono_literals;

namespace {

using client_id = sync::awareness::client_id;
using sessions = std::vector<session_id>;

constexpr session_id watcher = 1;
constexpr session_id old_one = 2;
constexpr session_id new_one = 3;
constexpr client_id own = 77;
const hosted_document::time_point start{1h};

struct shown_entry {
  client_id client;
  std::uint64_t clock;
  std::string state;
};

byte_buffer update_of(const std::vector<shown_entry>& entries) {
  lib0::encoder out;
  out.write_var_uint(entries.size());
  for (const shown_entry& one : entries) {
    out.write_var_uint(one.client);
    out.write_var_uint(one.clock);
    out.write_var_string(one.state);
  }
  return out.take();
}

/// A document with y-websocket sessions, and the effects of the last event.
struct bed {
  hosted_document document{crdt::doc_settings{}, 7};
  document_effects out;

  bed() {
    join(watcher);
    // Presence was shown long ago, so that nobody knows a client of the document from elsewhere.
    ask(watcher, request_kind::presence, update_of({}), {});
  }

  void join(session_id one, const std::string& user = {}, bool is_checked = false) {
    identity who{user};
    who.is_checked = is_checked;
    document.on_join({one, rights::all(), std::make_shared<const identity>(who)});
    out.clear();
    ask(one, request_kind::query_presence, {});
  }
  void ask(session_id from, request_kind kind, byte_view body,
           hosted_document::time_point now = start) {
    out.clear();
    document.on_request(from, {kind, dialect::y_websocket, body, {}}, now, out);
  }
  void show(session_id from, std::uint64_t clock, const std::string& state,
            hosted_document::time_point now = start, client_id client = own) {
    ask(from, request_kind::presence, update_of({{client, clock, state}}), now);
  }
  /// What the end of the turn brings: for one session, or for all (no_session), in order.
  std::vector<std::pair<session_id, byte_buffer>> end_turn() {
    out.clear();
    document.end_turn(out);
    std::vector<std::pair<session_id, byte_buffer>> heard;
    for (const auto& each : out.deliveries) {
      const byte_view body = each.what.body.view();
      heard.emplace_back(each.session, byte_buffer{body.begin(), body.end()});
    }
    return heard;
  }
  std::string state() const { return std::string{document.presence().state_of(own)}; }
};

using heard_frames = std::vector<std::pair<session_id, byte_buffer>>;

/// The heir hears that it is gone before all hear of it.
heard_frames handover(std::uint64_t clock, const std::string& state) {
  return {{new_one, update_of({{own, clock, "null"}})},
          {no_session, update_of({{own, clock, state}})}};
}

}  // namespace

TEST_CASE("a client without a user is shown at once when its old connection is cleared away",
          "[document]") {
  bed host;
  host.join(old_one);
  host.join(new_one);
  host.show(old_one, 5, "0");
  const auto moves = GENERATE(0U, 1U, 29U);
  host.show(new_one, 5, "0", start + 1s);
  CHECK(host.out.to_probe == sessions{old_one});
  for (std::uint64_t move = 1; move <= moves; ++move)
    host.show(new_one, 5 + move, std::to_string(move), start + 1s);
  CHECK(host.out.to_probe.empty() == (moves > 0));
  CHECK(host.state() == "0");
  host.end_turn();
  host.document.on_leave(old_one, start + 2s);
  CHECK(host.document.has_gathered());
  const std::uint64_t clock = moves == 0 ? 6 : 5 + moves;
  CHECK(host.end_turn() == handover(clock, std::to_string(moves)));
  host.show(new_one, clock + 1, "9", start + 2s);
  CHECK(host.end_turn() == heard_frames{{no_session, update_of({{own, clock + 1, "9"}})}});
  CHECK(host.end_turn().empty());
  host.document.on_leave(new_one, start + 3s);
  CHECK(host.state() == "null");
}

TEST_CASE("a client without a user takes over from a session that gives no sign of life",
          "[document]") {
  bed host;
  host.join(old_one);
  host.join(new_one);
  host.show(old_one, 5, "0");
  host.document.on_silent(old_one, start);  // nobody has asked
  host.show(new_one, 6, "1", start + 1s);
  host.end_turn();
  const bool speaks = GENERATE(true, false);
  if (speaks) host.ask(old_one, request_kind::query_presence, {}, start + 2s);
  host.document.on_silent(old_one, start + 2s);
  CHECK(host.state() == (speaks ? "0" : "1"));
  if (speaks) {
    CHECK(host.end_turn().empty());
    return;
  }
  CHECK(host.end_turn() == handover(6, "1"));
  host.show(new_one, 7, "2", start + 2s);
  host.document.on_leave(old_one, start + 60s);
  CHECK(host.state() == "2");
}

TEST_CASE("a session that is claimed again and again is probed now and then", "[document]") {
  bed host;
  host.join(old_one);
  host.join(new_one);
  host.show(old_one, 5, "0");
  host.show(new_one, 6, "1");
  CHECK(host.out.to_probe == sessions{old_one});
  host.show(new_one, 7, "2", start + 4999ms);
  CHECK(host.out.to_probe.empty());
  host.show(new_one, 8, "3", start + 5s);
  CHECK(host.out.to_probe == sessions{old_one});
}

TEST_CASE("only the same user takes over from a session that is there", "[document]") {
  bed host;
  host.join(old_one, "ada");
  const std::string user = GENERATE("ada", "bob", "");
  host.join(new_one, user);
  host.show(old_one, 5, "0");
  host.show(new_one, 6, "1");
  CHECK(host.out.to_probe.empty());
  host.document.on_silent(old_one, start);
  CHECK(host.state() == (user == "ada" ? "1" : "0"));
  // Whoever it is, is shown when that one has gone.
  host.document.on_leave(old_one, start);
  CHECK(host.state() == "1");
}

TEST_CASE("a session without the right to presence leaves its client to who claims it",
          "[document]") {
  bed host;
  host.join(old_one);
  host.join(new_one);
  host.show(old_one, 5, "0");
  host.show(new_one, 6, "1");
  host.end_turn();
  host.document.on_rights(old_one, rights{}, start);
  CHECK(host.end_turn() == handover(6, "1"));
}

TEST_CASE("who has left meanwhile hears of no handover", "[document]") {
  bed host;
  host.join(old_one);
  host.join(new_one);
  host.show(old_one, 5, "0");
  host.show(new_one, 6, "1");
  host.end_turn();
  host.document.on_leave(old_one, start);
  host.document.on_leave(new_one, start);
  CHECK(host.end_turn() == heard_frames{{no_session, update_of({{own, 6, "null"}})}});
}

TEST_CASE("where access is checked a session shows nobody but itself", "[document]") {
  bed host;
  const bool is_checked = GENERATE(true, false);
  host.join(new_one, "mallory", is_checked);
  const auto strangers = update_of({{1001, 1, "1"}, {1002, 1, "2"}});
  host.ask(new_one, request_kind::presence, strangers);
  CHECK(host.out.left_out.size() == (is_checked ? 1 : 0));
  CHECK(host.document.presence().knows(1001) != is_checked);
  host.show(new_one, 1, "3");
  CHECK(host.state() == "3");
  host.document.on_leave(new_one, start);
  CHECK_FALSE(host.document.presence().has_states());
}

}  // namespace troupe::hosted_document_claims_test
