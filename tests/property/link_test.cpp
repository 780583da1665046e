// Whatever happens between two nodes, a link delivers what was pushed in order and without a gap,
// or says of which document something was dropped. Two links push random messages at each other
// over a connection that delays and breaks, at ends that are slow. A seed that fails runs again by
// itself: it is named in the message.
#include <array>
#include <deque>
#include <map>
#include <random>
#include <stdexcept>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "protocol/cluster/link.hpp"

namespace troupe::property_link_test {

using namespace std::chrono_literals;
using cluster::batch;
using cluster::loss;
using cluster::pushed;
using cluster::traffic_class;

namespace {

constexpr int documents = 5;

cluster::link_limits small_limits() {
  cluster::link_limits limits;
  limits.payload_bytes_max = 512;
  limits.chunk_bytes_min = 32;
  limits.message_bytes_max = 6000;
  limits.queue_bytes_max = 3000;
  limits.control_bytes_max = 1200;
  limits.credit_bytes = 3000;
  limits.unacknowledged_bytes_max = 4000;
  limits.ack_bytes = 700;
  return limits;
}

void must(bool condition, const char* what) {
  if (!condition) throw std::runtime_error{what};
}

/// A message says what it is, so that its receiver can tell what is missing.
struct content {
  char kind = 'd';
  int document = 0;
  int flow = 0;  // counts how often the flow of the document has begun
  int index = 0;
  int data_before = 0;  // of a presence: how many data messages of the flow came before it
  std::size_t size = 0;

  std::string text() const {
    std::string all(1, kind);
    for (const int field : {document, flow, index, data_before, static_cast<int>(size)})
      all.append(std::to_string(field)).append(1, ',');
    if (all.size() < size) all.append(size - all.size(), static_cast<char>('a' + index % 26));
    return all;
  }
  static content of(const std::string& text) {
    std::array<int, 5> fields{};
    std::size_t at = 1;
    for (int& field : fields) {
      const std::size_t end = text.find(',', at);
      field = std::stoi(text.substr(at, end - at));
      at = end + 1;
    }
    const content parsed{text[0],   fields[0], fields[1],
                         fields[2], fields[3], static_cast<std::size_t>(fields[4])};
    must(parsed.text() == text, "a message has changed on its way");
    return parsed;
  }
};

/// What an end has said, or heard, of a document.
struct flow_state {
  int flow = 0;
  int next = 0;           // index of the next data message
  int presence = 0;       // index of the last presence; grows over all flows
  bool has_lost = false;  // of what was said: data was dropped, and the link has not named it yet
};

struct one_end {
  cluster::link link{small_limits()};
  std::array<flow_state, documents> said;
  std::array<flow_state, documents> heard;
  int control_said = 0;
  int control_heard = 0;
  bool is_stalled = false;  // it does not take what has arrived
};

class two_nodes {
 public:
  explicit two_nodes(unsigned seed) : random_(seed) { connect(); }

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      const std::size_t who = below(2);
      act(who);
      if (below(2) == 0) pump(who);
      check_bounds();
    }
    finish();
  }

  std::uint64_t lost_flows() const { return lost_flows_; }

 private:
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

  void act(std::size_t who) {
    one_end& end = ends_[who];
    const unsigned chance = below(100);
    if (chance < 50)
      say_data(end, static_cast<int>(below(documents)));
    else if (chance < 65)
      say_presence(end, static_cast<int>(below(documents)));
    else if (chance < 70)
      say_control(end);
    else if (chance < 94)
      deliver(who);
    else if (chance < 96)
      end.is_stalled = !end.is_stalled;
    else if (chance < 97)
      end.link.pause();
    else if (chance < 99)
      end.link.resume();
    else
      reconnect();
    now_ += std::chrono::milliseconds{below(8)};
  }

  std::size_t any_size() {
    const unsigned chance = below(1000);
    if (chance < 5) return 6001;  // too large for any link
    if (chance < 25) return 1000 + below(5000);
    if (chance < 100) return 300 + below(600);
    return 20 + below(80);
  }

  void say_data(one_end& end, int document) {
    flow_state& state = end.said[static_cast<std::size_t>(document)];
    const content what{'d', document, state.flow, state.next, 0, any_size()};
    ++state.next;
    const pushed outcome = push(end, what, traffic_class::data);
    must(!state.has_lost || outcome != pushed::queued, "a lost document was taken again");
    if (outcome != pushed::queued) state.has_lost = true;
  }
  void say_presence(one_end& end, int document) {
    flow_state& state = end.said[static_cast<std::size_t>(document)];
    const content what{'p', document, state.flow, ++state.presence, state.next, any_size()};
    const pushed outcome = push(end, what, traffic_class::presence);
    must(!state.has_lost || outcome == pushed::dropped || outcome == pushed::too_large,
         "presence of a lost document was taken");
  }
  void say_control(one_end& end) {
    const content what{'c', 0, 0, end.control_said, 0, 20 + below(300)};
    if (push(end, what, traffic_class::control) == pushed::queued) ++end.control_said;
  }
  pushed push(one_end& end, const content& what, traffic_class of) {
    return end.link.push(shared_bytes::copy_of(as_bytes(what.text())), of,
                         of == traffic_class::control ? "" : std::to_string(what.document));
  }

  /// Sends what the link gives, and begins anew what it has lost.
  void pump(std::size_t who) {
    one_end& end = ends_[who];
    while (auto next = end.link.next_batch(now_)) post(who, *std::move(next));
    if (auto ack = end.link.take_ack(now_)) post(who, *std::move(ack));
    for (const auto& lost : end.link.take_lost(1 + below(3))) {
      const int document = std::stoi(lost.document);
      flow_state& state = end.said[static_cast<std::size_t>(document)];
      must(state.has_lost == (lost.what == loss::data), "a loss was named that was none");
      if (lost.what == loss::data) {
        begin_flow(state);
        ++lost_flows_;
        say_data(end, document);
      }
      say_presence(end, document);
    }
  }

  static void begin_flow(flow_state& state) {
    ++state.flow;
    state.next = 0;
    state.has_lost = false;
  }

  struct in_flight {
    cluster::link::time_point due;
    batch what;
  };
  void post(std::size_t from, batch what) {
    auto due = now_ + std::chrono::milliseconds{below(30)};
    if (!wires_[from].empty()) due = std::max(due, wires_[from].back().due);
    wires_[from].push_back({due, std::move(what)});
  }

  void deliver(std::size_t to) {
    one_end& end = ends_[to];
    std::deque<in_flight>& wire = wires_[1 - to];
    while (!end.is_stalled && !wire.empty() && wire.front().due <= now_) {
      const auto got = end.link.on_batch(wire.front().what, now_);
      must(got.has_value() && !got->is_stale, "a batch was refused");
      for (const shared_slice& each : got->messages)
        hear(end, content::of(std::string{as_text(each.view())}));
      last_delivered_ = wire.front().what;
      wire.pop_front();
    }
  }

  static void hear(one_end& end, const content& what) {
    if (what.kind == 'c') {
      must(what.index == end.control_heard++, "control has a gap");
      return;
    }
    flow_state& state = end.heard[static_cast<std::size_t>(what.document)];
    if (what.kind == 'p') {
      must(what.index > state.presence, "presence came back");
      must(what.data_before == 0 || (state.flow == what.flow && state.next >= what.data_before),
           "presence has overtaken data");
      state.presence = what.index;
      return;
    }
    if (what.flow != state.flow) {
      must(what.flow > state.flow && what.index == 0, "a flow began in its middle");
      state.flow = what.flow;
      state.next = 0;
    }
    must(what.index == state.next++, "data has a gap");
  }

  void connect() {
    ++epoch_;
    for (one_end& end : ends_) {
      end.link.open(epoch_);
      for (flow_state& state : end.said) begin_flow(state);
      end.control_said = end.control_heard = 0;
    }
  }
  void reconnect() {
    for (one_end& end : ends_) end.link.close();
    for (auto& wire : wires_) wire.clear();
    must(ends_[0].link.push(shared_bytes::copy_of(as_bytes("x")), traffic_class::data, "0") ==
             pushed::closed,
         "a closed link has taken something");
    connect();
    if (last_delivered_.epoch == 0) return;
    for (one_end& end : ends_)
      must(end.link.on_batch(last_delivered_, now_)->is_stale, "an old batch was taken");
  }

  void check_bounds() const {
    const cluster::link_limits limits = small_limits();
    for (std::size_t who = 0; who < 2; ++who) {
      const auto figures = ends_[who].link.figures(now_);
      must(figures.queued_bytes <= limits.queue_bytes_max + limits.control_bytes_max +
                                       limits.message_bytes_max + cluster::waiting_overhead_bytes,
           "the queue is above its bound");
      must(figures.unacknowledged_bytes <= limits.credit_bytes, "the credit was overdrawn");
      must(figures.incomplete_bytes <= limits.message_bytes_max, "a message is above its bound");
      must(figures.lost_documents <= documents, "a document is lost twice");
      std::size_t under_way = 0;
      for (const in_flight& each : wires_[who])
        if (!each.what.payload.empty()) under_way += each.what.payload.size();
      must(under_way <= limits.credit_bytes, "more is under way than the credit");
    }
  }

  /// Once nobody says anything new, everything arrives.
  void finish() {
    for (one_end& end : ends_) {
      end.is_stalled = false;
      end.link.resume();
    }
    const auto is_quiet = [this](std::size_t who) {
      const auto figures = ends_[who].link.figures(now_);
      return figures.queued_bytes + figures.unacknowledged_bytes + figures.lost_documents == 0;
    };
    for (int round = 0; !(is_quiet(0) && is_quiet(1)); ++round) {
      must(round < 10'000, "the links do not come to rest");
      now_ += 20ms;
      for (const std::size_t who : {0, 1}) {
        deliver(who);
        pump(who);
      }
      check_bounds();
    }
    for (const std::size_t who : {0, 1}) {
      const one_end& from = ends_[who];
      const one_end& to = ends_[1 - who];
      must(from.control_said == to.control_heard, "control is missing");
      for (std::size_t i = 0; i < documents; ++i) {
        const flow_state& said = from.said[i];
        const flow_state& heard = to.heard[i];
        must(!said.has_lost, "a loss was never named");
        must(said.next == 0 || (said.flow == heard.flow && said.next == heard.next),
             "data is missing");
      }
    }
  }

  std::mt19937 random_;
  cluster::link::time_point now_{};
  cluster::link_epoch epoch_ = 0;
  std::array<one_end, 2> ends_;
  std::array<std::deque<in_flight>, 2> wires_;
  batch last_delivered_;
  std::uint64_t lost_flows_ = 0;
};

}  // namespace

TEST_CASE("a link has no gaps, whatever the connection and the other end do",
          "[cluster][link][property]") {
  std::uint64_t lost_flows = 0;
  for (unsigned seed = 1; seed <= 4'000; ++seed) {
    two_nodes nodes{seed};
    try {
      nodes.run(400);
    } catch (const std::exception& broken) {
      FAIL("seed " << seed << ": " << broken.what());
    }
    lost_flows += nodes.lost_flows();
  }
  CHECK(lost_flows > 1'000);  // the bounds were reached
}

}  // namespace troupe::property_link_test
