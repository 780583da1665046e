// Whose presence is seen, whatever the order in which frames and ends of connections arrive: a
// client on its old and its new connection, another tab of its browser that relays it, and somebody
// who watches, all as y-websocket speaks (support/presence_tab.hpp). Each set of events comes in
// every order in which each connection's own come one after the other, and after each event what
// the watcher sees is compared with what a small model of the connections expects.
#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "protocol/hosted_document.hpp"
#include "tests/support/presence_tab.hpp"

namespace troupe::presence_orders_test {

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

using client_id = sync::awareness::client_id;

constexpr session_id watcher = 1;
constexpr session_id relay = 2;
constexpr session_id old_one = 3;
constexpr session_id new_one = 4;
constexpr client_id watching_client = 79;
constexpr client_id relaying_client = 78;
constexpr client_id roaming_client = 77;
const std::string watching_state = R"({"name":"watcher"})";

/// What a connection does next. Of the relay's, `echo` to `ends_beyond` are about the client.
enum class step : std::uint8_t {
  announce,     ///< The client shows what it shows already; if it is hidden, it shows itself again.
  move,         ///< It shows the next state.
  hide,         ///< It shows nothing more, under its next clock.
  open,         ///< The relay connects and announces its own client.
  echo,         ///< It tells what the client has shown last.
  tells_next,   ///< It tells the client's next state, which it has heard before the server.
  ends,         ///< It tells that the client is gone, under the clock that the client has.
  ends_beyond,  ///< The same under the next one.
  close,
};
using script = std::vector<step>;

/// Who the client and its relay are to the server.
enum class users : std::uint8_t { nobody, same, checked };

struct setting {
  users who = users::nobody;
  /// Others may know the client from elsewhere: the document has just been opened.
  bool is_fresh = false;
  /// The client and the relay hear what the server sends, and answer, before the next event.
  bool hears = false;
};

/// The three connections, by their place in an order.
constexpr std::size_t actors = 3;
constexpr std::array<const char*, actors> actor_names{"old", "new", "relay"};
using scripts = std::array<script, actors>;
using order = std::vector<std::size_t>;

std::string name_of(step one) {
  static constexpr std::array<const char*, 9> names{"announces", "moves",       "hides",
                                                    "opens",     "echoes",      "tells the next",
                                                    "ends",      "ends beyond", "closes"};
  return names.at(static_cast<std::size_t>(one));
}

std::string state_of(unsigned moves) { return R"({"n":)" + std::to_string(moves) + "}"; }

/// The number in a state, which may have been stamped; -1: there is none.
int moves_in(const std::string& state) {
  const std::string before = R"("n":)";
  const auto at = state.find(before);
  return at == std::string::npos ? -1 : std::stoi(state.substr(at + before.size()));
}

/// A connection of the client, as the model knows it.
struct connection {
  session_id session = no_session;
  bool has_begun = false;
  bool is_open = false;
  bool shows = false;  ///< Its last frame had a state,
  unsigned moves = 0;  ///< this one.
  bool has_shown = false;
};

class world {
 public:
  explicit world(const setting& how) : how_(how), now_(how.is_fresh ? 0s : 3600s) {
    watching_.show(watching_state);
    connect(watcher, watching_, hosted_document::time_point{});
    relaying_.show(R"({"name":"relay"})");
    for (unsigned clock = 1; clock < 5; ++clock) roaming_.hide();
    roaming_.show(state_of(0));
    deliver();
  }

  void open_relay() { act_as_relay(step::open); }

  /// What is wrong after it; empty: nothing.
  std::string act(std::size_t actor, const scripts& all) {
    const std::size_t at = at_[actor]++;
    const step what = all.at(actor).at(at);
    if (actor == 2)
      act_as_relay(what);
    else
      act_as_client(actor, what, all);
    deliver();
    std::string found = fault();
    was_seen_ = watching_.states().contains(roaming_client);
    return found;
  }

 private:
  // --- the connections ---

  void act_as_client(std::size_t actor, step what, const scripts& all) {
    connection& by = client_.at(actor);
    by.session = actor == 0 ? old_one : new_one;
    if (actor == 1 && !by.has_begun) begin_anew(all);
    const bool is_first = !std::exchange(by.has_begun, true);
    if (is_first) by.is_open = true;
    if (is_first) join(by.session);
    if (what == step::close) {
      by.is_open = by.shows = false;
      document_.on_leave(by.session, now_);
      return;
    }
    std::optional<frame> sent;
    if (actor == 0 && !under_way_.empty()) {
      sent = under_way_.front();
      under_way_.pop_front();
    } else {
      sent = next_frame(what);
    }
    if (is_first) sync(by.session);
    send_own(by, *sent);
  }

  /// What the client has sent on its old connection is under way; it knows nobody else.
  void begin_anew(const scripts& all) {
    for (std::size_t at = at_[0]; at < all[0].size(); ++at)
      if (all[0][at] != step::close) under_way_.push_back(next_frame(all[0][at]));
    roaming_.forget_others();
  }

  struct frame {
    presence_entry entry;
    unsigned moves;
  };

  frame next_frame(step what) {
    const bool was_told = std::exchange(is_told_, false);
    if (what == step::hide)
      roaming_.hide();
    else if (what == step::move && !was_told)
      roaming_.show(state_of(++moves_));
    else if (!roaming_.is_shown())
      roaming_.show(state_of(moves_));
    return {roaming_.entry_of(roaming_client), moves_};
  }

  const connection& last_connection() const { return client_[client_[1].has_begun ? 1 : 0]; }
  connection& last_connection() { return client_[client_[1].has_begun ? 1 : 0]; }

  void send_own(connection& by, const frame& what) {
    by.shows = what.entry.state != "null";
    by.has_shown = by.has_shown || by.shows;
    by.moves = what.moves;
    // What the relay has told already, it may own as before.
    if (what.entry.clock > watching_.clock_of(roaming_client))
      is_haunted_ = is_haunted_ && !by.shows;
    send(by.session, {what.entry});
  }

  void act_as_relay(step what) {
    if (what == step::open) {
      relay_is_open_ = true;
      return connect(relay, relaying_, now_);
    }
    if (what == step::close) {
      relay_is_open_ = false;
      return document_.on_leave(relay, now_);
    }
    if (what == step::tells_next && roaming_.is_shown()) {
      roaming_.show(state_of(++moves_));
      is_told_ = true;
    }
    presence_entry told = roaming_.entry_of(roaming_client);
    if (what == step::ends || what == step::ends_beyond) told.state = "null";
    if (what == step::ends_beyond) ++told.clock;
    // It tells something new of a client that its last connection does not show.
    const bool is_news = told.state != "null" && told.clock > watching_.clock_of(roaming_client);
    if (is_news && !last_connection().shows) is_haunted_ = true;
    relaying_.hear(encode_presence({told}));
    send(relay, {told});
  }

  // --- the server ---

  void join(session_id session) {
    identity who;
    if (session != watcher && how_.who != users::nobody) {
      who.user = "ada";
      who.is_checked = how_.who == users::checked;
    }
    document_.on_join({session, rights::all(), std::make_shared<const identity>(who)});
  }

  void connect(session_id session, const presence_tab& tab, hosted_document::time_point at) {
    join(session);
    sync(session);
    ask(session, request_kind::presence, encode_presence({tab.entry_of(tab.own())}), at);
  }

  void sync(session_id session) { ask(session, request_kind::sync, {byte_buffer{0}}, now_); }
  void send(session_id from, const std::vector<presence_entry>& entries) {
    ask(from, request_kind::presence, encode_presence(entries), now_);
  }
  void ask(session_id from, request_kind kind, const byte_buffer& body,
           hosted_document::time_point at) {
    document_effects out;
    document_.on_request(from, {kind, dialect::y_websocket, body, {}}, at, out);
    note(out);
  }

  void note(const document_effects& out) {
    for (const auto& each : out.deliveries) {
      if (each.what.kind != notice_kind::presence) continue;
      for (const byte_buffer& piece : each.what.pieces)
        heard_.push_back({each.to, each.session, piece});
      const byte_view body = each.what.body.view();
      heard_.push_back({each.to, each.session, {body.begin(), body.end()}});
    }
  }

  /// Until nobody has anything to say.
  void deliver() {
    for (int rounds = 0; rounds < 100; ++rounds) {
      document_effects out;
      document_.end_turn(out);
      note(out);
      if (heard_.empty()) return;
      for (const heard& each : std::exchange(heard_, {})) deliver(each);
    }
    is_restless_ = true;
  }

  struct heard {
    audience to;
    session_id session;
    byte_buffer update;
  };

  void deliver(const heard& what) {
    const auto is_for = [&](session_id one) {
      return what.to == audience::all || (what.to == audience::one) == (what.session == one);
    };
    if (is_for(watcher)) answer(watcher, watching_.hear(what.update));
    connection& last = last_connection();
    const bool is_for_client = last.is_open && is_for(last.session);
    if (!how_.hears) {
      if (is_for_client) note_call(what.update);
      return;
    }
    if (relay_is_open_ && is_for(relay)) answer(relay, relaying_.hear(what.update));
    if (is_for_client) answer_as_client(last, what.update);
  }
  /// The client would show itself again, or count on from there, if it heard that.
  void note_call(byte_view update) {
    sync::for_each_entry(update, [&](const sync::awareness_entry& each) {
      if (each.client != roaming_client || !roaming_.is_shown()) return;
      const bool is_end = each.state == "null" && each.clock == roaming_.clock();
      if (is_end || each.clock > roaming_.clock()) is_called_ = true;
    });
  }
  void answer(session_id from, const std::vector<presence_entry>& echo) {
    if (!echo.empty()) send(from, echo);
  }
  void answer_as_client(connection& by, byte_view update) {
    const bool was_shown = roaming_.is_shown();
    const auto echo = roaming_.hear(update);
    for (const presence_entry& each : echo) {
      if (each.client != roaming_client) continue;
      by.shows = each.state != "null";
      by.has_shown = by.has_shown || by.shows;
      if (by.shows) is_haunted_ = false;
      const bool is_older = moves_in(each.state) < static_cast<int>(moves_);
      if (by.shows && (!was_shown || is_older)) has_lost_state_ = true;
    }
    answer(by.session, echo);
  }

  // --- what is expected ---

  std::string fault() const {
    if (is_restless_) return "nobody comes to rest";
    if (has_lost_state_) return "the client takes what it showed before for what it shows";
    std::string found = fault_of_client();
    if (found.empty()) found = fault_of_others();
    if (found.empty()) found = fault_of_server();
    return found;
  }

  /// While both connections are open it may be seen as it was on the old one, which is not known to
  /// be dead; so may a client that hides itself on the new one.
  std::string fault_of_client() const {
    const bool is_seen = watching_.states().contains(roaming_client);
    const connection& living = last_connection();
    const bool has_gone = !client_[0].is_open && !client_[1].is_open;
    const bool has_shown = client_[0].has_shown || client_[1].has_shown;
    if (has_gone && has_shown && !is_haunted_ && is_seen) return "a client that is gone is seen";
    if (!living.is_open || !living.shows) return {};
    if (!is_seen && was_seen_) return "the living client is taken away";
    if (!is_seen && !is_called_) return "the living client is not seen";
    if (!is_seen || is_called_ || (client_[0].is_open && client_[1].is_open)) return {};
    const int moves = moves_in(watching_.states().at(roaming_client));
    if (moves < static_cast<int>(living.moves)) return "an older state of the client is seen";
    if (moves > static_cast<int>(moves_)) return "a state that nobody has shown is seen";
    return {};
  }

  std::string fault_of_others() const {
    const auto& seen = watching_.states();
    if (relay_is_open_ && !seen.contains(relaying_client)) return "the relay is not seen";
    if (!relay_is_open_ && seen.contains(relaying_client)) return "a relay that is gone is seen";
    const bool is_shown = watching_.is_shown() && seen.at(watching_client) == watching_state;
    return is_shown ? "" : "the watcher lost what it shows";
  }

  std::string fault_of_server() const {
    const sync::awareness& presence = document_.presence();
    const session_id owner = presence.owner_of(roaming_client);
    if (owner == relay || owner == watcher) return "the client belongs to who relays it";
    if (presence.owner_of(watching_client) != watcher) return "the watcher has lost its client";
    auto shown = presence.shown();
    std::sort(shown.begin(), shown.end());
    std::vector<client_id> seen;
    for (const auto& [client, state] : watching_.states()) seen.push_back(client);
    return shown == seen ? "" : "the watcher sees others than the server shows";
  }

  setting how_;
  hosted_document::time_point now_;
  hosted_document document_{crdt::doc_settings{}, 7};
  std::vector<heard> heard_;
  presence_tab watching_{watching_client};
  presence_tab relaying_{relaying_client};
  presence_tab roaming_{roaming_client};
  std::array<connection, 2> client_;
  std::array<std::size_t, actors> at_{};
  std::deque<frame> under_way_;  // on the old connection
  unsigned moves_ = 0;           // of the client
  bool is_told_ = false;         // the last one, by the relay alone
  bool was_seen_ = false;        // the client, after the last event
  bool is_called_ = false;       // see note_call()
  bool is_haunted_ = false;      // the relay has told something new of a client that is gone
  bool relay_is_open_ = false;
  bool has_lost_state_ = false;
  bool is_restless_ = false;
};

std::string text_of(const order& in, const scripts& all, std::size_t upto) {
  std::array<std::size_t, actors> at{};
  std::string text;
  for (std::size_t i = 0; i <= upto && i < in.size(); ++i) {
    const std::size_t actor = in[i];
    text += std::string{text.empty() ? "" : ", "} + actor_names[actor] + " " +
            name_of(all[actor][at[actor]++]);
  }
  return text;
}

struct outcome {
  std::size_t orders = 0;
  std::size_t events = 0;
  std::map<std::string, std::pair<std::size_t, std::string>> faults;  // how often; the shortest
};

void play(const order& in, const scripts& all, const setting& how, outcome& result) {
  world one{how};
  const script& relaying = all[2];
  if (relaying.empty() || relaying.front() != step::open) one.open_relay();
  ++result.orders;
  for (std::size_t i = 0; i < in.size(); ++i) {
    ++result.events;
    const std::string fault = one.act(in[i], all);
    if (fault.empty()) continue;
    auto& [count, shortest] = result.faults[fault];
    const std::string text = text_of(in, all, i);
    if (++count == 1 || text.size() < shortest.size()) shortest = text;
    return;
  }
}

/// All orders of these scripts.
void play_all(const scripts& all, const setting& how, outcome& result) {
  order in;
  for (std::size_t actor = 0; actor < actors; ++actor)
    in.insert(in.end(), all[actor].size(), actor);
  do play(in, all, how, result);
  while (std::next_permutation(in.begin(), in.end()));
}

using enum step;
const std::vector<script> client_scripts{{},
                                         {announce},
                                         {announce, close},
                                         {announce, move},
                                         {move},
                                         {move, close},
                                         {announce, move, close},
                                         {announce, hide},
                                         {announce, hide, close},
                                         {announce, hide, announce},
                                         {announce, move, move}};
// A relay that does not open was there before.
const std::vector<script> relay_scripts{{},
                                        {echo},
                                        {tells_next},
                                        {ends},
                                        {ends_beyond},
                                        {close},
                                        {echo, ends},
                                        {echo, close},
                                        {tells_next, close},
                                        {tells_next, ends},
                                        {tells_next, ends_beyond},
                                        {ends, echo},
                                        {ends, close},
                                        {ends_beyond, tells_next},
                                        {ends_beyond, close},
                                        {open},
                                        {open, echo},
                                        {open, tells_next},
                                        {open, ends},
                                        {open, ends_beyond},
                                        {open, close},
                                        {open, echo, close},
                                        {open, tells_next, close},
                                        {open, ends, close}};

/// All orders of all sets with at most so many events, among them one of the client.
outcome play_sets(std::size_t events_max, const setting& how) {
  outcome result;
  for (const script& first : client_scripts)
    for (const script& second : client_scripts)
      for (const script& third : relay_scripts) {
        const std::size_t of_client = first.size() + second.size();
        if (of_client > 0 && of_client + third.size() <= events_max)
          play_all({first, second, third}, how, result);
      }
  return result;
}

std::string report(const outcome& result) {
  std::string text;
  for (const auto& [fault, found] : result.faults)
    text += std::to_string(found.first) + " times " + fault + ", as after: " + found.second + "\n";
  return text;
}

constexpr std::size_t orders_of_four = 3'476;
constexpr std::size_t orders_of_six = 65'716;

void check(std::size_t events_max, std::size_t orders, const setting& how) {
  INFO("users " << static_cast<int>(how.who) << ", fresh " << how.is_fresh << ", hears "
                << how.hears);
  const outcome result = play_sets(events_max, how);
  CHECK(report(result) == "");
  CHECK(result.orders == orders);
}

}  // namespace

TEST_CASE("who is there is seen and who is gone is not, in every order of up to four events",
          "[sync]") {
  const users who = GENERATE(users::nobody, users::same, users::checked);
  const bool is_fresh = GENERATE(false, true);
  const bool hears = GENERATE(false, true);
  check(4, orders_of_four, {who, is_fresh, hears});
}

TEST_CASE("who is there is seen and who is gone is not, in every order of up to six events",
          "[sync]") {
  check(6, orders_of_six, {users::nobody, false, true});
  check(6, orders_of_six, {users::same, true, false});
}

// Half a minute without sanitizers; by hand: troupe_tests "[orders]".
TEST_CASE("so it is whoever they are, in every order of up to six events", "[orders][.]") {
  const users who = GENERATE(users::nobody, users::same, users::checked);
  const bool is_fresh = GENERATE(false, true);
  const bool hears = GENERATE(false, true);
  check(6, orders_of_six, {who, is_fresh, hears});
}

}  // namespace troupe::presence_orders_test
