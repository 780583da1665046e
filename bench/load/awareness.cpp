#include <algorithm>
#include <deque>
#include <utility>

#include "bench/load/delivery_book.hpp"
#include "bench/load/drain.hpp"
#include "bench/load/modes.hpp"
#include "bench/load/pace.hpp"
#include "bench/load/swarm.hpp"
#include "bench/load/update_maker.hpp"
#include "bench/load/update_ranges.hpp"
#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::load {

namespace {

constexpr std::chrono::seconds joining_max{60};
constexpr std::chrono::milliseconds settling{200};

/// Every client sends its presence again and again. States replace each other, so a server may
/// leave out one that a later one follows: whoever has a state counts as having all before it. The
/// last state of each client must reach all others. Format: varUint count, then varUint client,
/// varUint clock, varString JSON each. Source: y-protocols 1.0 awareness.js.
///
/// With echoes, clients send back what is new to them, as y-websocket does; then each shows itself
/// before it hears of others. With edits, the first client of each document also writes: presence
/// must not delay that.
class awareness final : client_events {
 public:
  explicit awareness(const options& given)
      : given_(given), probe_(given.server_processes), swarm_(given.where) {}

  report run() {
    for (std::size_t document = 0; document < given_.documents; ++document) {
      const delivery_book::shape shape{given_.clients, given_.clients, 1, first_author};
      books_.emplace_back(shape, counts_, latencies_, window_);
      const delivery_book::shape edits{given_.clients, 1, 1, first_author};
      edit_books_.emplace_back(edits, edit_counts_, edit_latencies_, window_);
      makers_.emplace_back(first_author, 1U, placement::append);
      for (std::size_t i = 0; i < given_.clients; ++i)
        swarm_.add(document, document * given_.clients + i, *this);
    }
    clocks_.resize(swarm_.clients().size());
    heard_.resize(swarm_.clients().size() * given_.clients);
    if (!swarm_.open_all(given_.at_once, joining_max, report_)) return report_;
    if (given_.echoes)
      for (std::size_t i = 0; i < clocks_.size(); ++i) move(i, loop_clock::now());
    swarm_.loop().turn_until([] { return false; }, loop_clock::now() + settling);
    move_and_measure();
    drain(swarm_.loop(), counts_);
    drain(swarm_.loop(), edit_counts_);
    check();
    return report_;
  }

 private:
  void move_and_measure() {
    const loop_clock::time_point start = loop_clock::now();
    window_.begin = after(start, given_.warm_up_seconds);
    window_.end = after(window_.begin, given_.seconds);
    pace pace{start, given_.rate, swarm_.clients().size()};
    edit_pace_ = load::pace{start, given_.edit_rate, given_.documents};
    move_until(window_.begin, pace);
    const usage from = probe_.read();
    const delivery_counts before = counts_;
    const std::uint64_t entries_before = entries_;
    move_until(window_.end, pace);
    const usage to = probe_.read();
    add_figures(before, entries_ - entries_before, from, to);
    report_.add_usage(probe_, from, to);
  }

  void move_until(loop_clock::time_point end, pace& pace) {
    while (loop_clock::now() < end) {
      while (const auto due = pace.next_due(loop_clock::now())) move(due->writer, due->at);
      while (const auto due = edit_pace_.next_due(loop_clock::now())) edit(due->writer, due->at);
      swarm_.loop().turn(std::min({end, pace.next_moment(), edit_pace_.next_moment()}));
    }
  }

  void move(std::size_t who, loop_clock::time_point due) {
    const std::size_t in_document = who % given_.clients;
    const std::uint64_t clock = ++clocks_[who];  // servers ignore a first state with clock 0
    lib0::encoder out{160};
    out.write_var_uint(1);
    out.write_var_uint(first_author + in_document);
    out.write_var_uint(clock);
    out.write_var_string(R"({"user":{"name":"Client )" + std::to_string(in_document) +
                         R"(","color":"#30bced"},"cursor":{"anchor":)" + std::to_string(clock) +
                         R"(,"head":)" + std::to_string(clock) + "}}");
    swarm_.clients()[who]->send_awareness(out.view());
    books_[who / given_.clients].sent(in_document, due);
  }

  void edit(std::size_t document, loop_clock::time_point due) {
    swarm_.clients()[document * given_.clients]->send_update(makers_[document].next());
    edit_books_[document].sent(0, due);
  }

  void on_update(client& receiver, byte_view update) override {
    if (!ranges_.read(update)) return report_.fail("a client received an update that is none");
    for (const id_range& range : ranges_.inserted())
      edit_books_[receiver.index() / given_.clients].received(
          receiver.index() % given_.clients, range, swarm_.loop().now(), [](std::size_t) {});
  }

  void on_awareness(client& receiver, byte_view update) override {
    entries_to_echo_ = 0;
    echo_.clear();
    lib0::decoder in{update};
    const std::uint64_t count = in.read_count(3, "clients");
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
      const std::uint64_t client = in.read_var_uint();
      const std::uint64_t clock = in.read_var_uint();
      const byte_view state = in.read_var_bytes();
      if (!in.ok() || clock == 0 || as_text(state) == "null") continue;
      take(receiver, client, clock);
      if (given_.echoes && is_new(receiver, client, clock)) add_echo(client, clock, state);
    }
    if (entries_to_echo_ > 0) send_echo(receiver);
    if (!in.ok()) report_.fail("a client received an awareness update that is none");
  }

  bool is_new(const client& receiver, crdt::client_id of, std::uint64_t clock) {
    const std::size_t who = of - first_author;
    if (who >= given_.clients || who == receiver.index() % given_.clients) return false;
    std::uint64_t& known = heard_[receiver.index() * given_.clients + who];
    return std::exchange(known, std::max(known, clock)) < clock;
  }

  void add_echo(crdt::client_id of, std::uint64_t clock, byte_view state) {
    ++entries_to_echo_;
    echo_.write_var_uint(of);
    echo_.write_var_uint(clock);
    echo_.write_var_bytes(state);
  }

  void send_echo(client& from) {
    lib0::encoder out{echo_.view().size() + 4};
    out.write_var_uint(entries_to_echo_);
    out.write_bytes(echo_.view());
    from.send_awareness(out.view());
    ++echoes_;
  }

  void take(const client& receiver, crdt::client_id of, std::uint64_t clock) {
    const std::size_t document = receiver.index() / given_.clients;
    const std::size_t in_document = receiver.index() % given_.clients;
    if (of == first_author + in_document) return;  // its own echo
    ++entries_;
    // Everything up to this clock; the book leaves out what the receiver has already.
    books_[document].received(in_document, {of, 0, static_cast<crdt::clock_type>(clock)},
                              swarm_.loop().now(), [](std::size_t) {});
  }

  void add_figures(const delivery_counts& before, std::uint64_t entries, const usage& from,
                   const usage& to) {
    const double seconds = seconds_between(from.at, to.at);
    const auto delivered = static_cast<double>(counts_.delivered - before.delivered);
    report_.add("connections", static_cast<double>(swarm_.clients().size()));
    report_.add("states_per_second", static_cast<double>(counts_.sent - before.sent) / seconds);
    report_.add("deliveries_per_second", delivered / seconds);
    report_.add("entries_per_delivery", quotient(static_cast<double>(entries), delivered));
    if (given_.echoes) report_.add("echoes", static_cast<double>(echoes_));
    if (given_.edit_rate > 0) report_.add("edits", static_cast<double>(edit_counts_.sent));
    if (!probe_.has_server()) return;
    report_.add("server_cpu_us_per_delivery",
                quotient(microseconds(to.server_cpu - from.server_cpu), delivered));
  }

  void check() {
    report_.add_latencies("latency", latencies_);
    report_.add_latencies("edit_latency", edit_latencies_);
    check_edits();
    std::uint64_t missing = 0;
    for (const delivery_book& each : books_) missing += each.missing();
    report_.add("lost", static_cast<double>(missing));
    if (missing > 0) report_.fail(std::to_string(missing) + " deliveries of presence were lost");
    if (counts_.foreign > 0) report_.fail("presence arrived that nobody sent");
    swarm_.check(report_);
  }

  void check_edits() {
    if (given_.edit_rate == 0) return;
    std::uint64_t missing = edit_counts_.lost;
    for (const delivery_book& each : edit_books_) missing += each.missing();
    report_.add("lost_edits", static_cast<double>(missing));
    if (missing > 0) report_.fail(std::to_string(missing) + " deliveries of edits were lost");
    if (edit_counts_.foreign > 0) report_.fail("edits arrived that nobody made");
  }

  const options& given_;
  usage_probe probe_;
  report report_{"awareness"};
  swarm swarm_;
  delivery_counts counts_;
  histogram latencies_;
  delivery_book::window window_;
  std::deque<delivery_book> books_;
  std::vector<std::uint64_t> clocks_;
  std::uint64_t entries_ = 0;

  delivery_counts edit_counts_;
  histogram edit_latencies_;
  std::deque<delivery_book> edit_books_;
  std::deque<update_maker> makers_;  // of the first client of each document
  pace edit_pace_{{}, 0, 1};
  update_ranges ranges_;

  std::vector<std::uint64_t> heard_;  // by receiver, then client: the last clock
  lib0::encoder echo_{160};           // the entries of the one that is made
  std::size_t entries_to_echo_ = 0;
  std::uint64_t echoes_ = 0;
};

}  // namespace

report run_awareness(const options& given) { return std::make_unique<awareness>(given)->run(); }

}  // namespace troupe::load
