#include "base/fifo.hpp"
#include "bench/load/modes.hpp"
#include "bench/load/swarm.hpp"
#include "bench/load/update_ranges.hpp"

namespace troupe::load {

namespace {

constexpr std::chrono::seconds joining_max{60};
constexpr std::chrono::seconds answer_max{10};
constexpr std::chrono::milliseconds settling{300};

/// One client a document keeps so many updates under way that the server has not confirmed: by the
/// echo of y-websocket, or by Hocuspocus's message. What a confirmation means is the server's: with
/// troupe the update is on the disk.
class confirmed final : client_events {
 public:
  explicit confirmed(const options& given)
      : given_(given), probe_(given.server_processes), swarm_(given.where) {}

  report run() {
    for (std::size_t i = 0; i < given_.documents; ++i) {
      client& added = swarm_.add(i, i, *this);
      writers_.push_back({&added,
                          update_maker{first_author + i, given_.characters, placement::append,
                                       static_cast<std::uint32_t>(i + 1)},
                          {},
                          0});
    }
    if (!swarm_.open_all(given_.at_once, joining_max, report_)) return report_;
    // Hocuspocus confirms the answer to its question for the client's state, too.
    swarm_.loop().turn_until([] { return false; }, loop_clock::now() + settling);
    is_writing_ = true;
    const loop_clock::time_point begin = after(loop_clock::now(), given_.warm_up_seconds);
    const loop_clock::time_point end = after(begin, given_.seconds);
    write_until(begin);
    is_measuring_ = true;
    const usage from = probe_.read();
    write_until(end);
    is_measuring_ = false;
    const usage to = probe_.read();
    const bool is_complete = swarm_.loop().turn_until(
        [this] {
          for (const writer& each : writers_)
            if (!each.sent.empty()) return false;
          return true;
        },
        loop_clock::now() + answer_max);
    if (!is_complete) report_.fail("updates were not confirmed");
    swarm_.check(report_);
    report_.add("confirmed", static_cast<double>(count_));
    report_.add("confirmed_per_second",
                quotient(static_cast<double>(count_), seconds_between(from.at, to.at)));
    report_.add_latencies("confirmation", times_);
    if (probe_.has_server())
      report_.add(
          "server_cpu_us_per_update",
          quotient(microseconds(to.server_cpu - from.server_cpu), static_cast<double>(count_)));
    report_.add_usage(probe_, from, to);
    return report_;
  }

 private:
  struct writer {
    client* by;
    update_maker maker;
    fifo<loop_clock::time_point> sent;  // those that are not confirmed
    crdt::clock_type confirmed;
  };

  void write_until(loop_clock::time_point end) {
    while (loop_clock::now() < end) {
      const loop_clock::time_point now = loop_clock::now();
      for (writer& each : writers_)
        while (each.sent.size() < given_.outstanding) {
          each.by->send_update(each.maker.next());
          each.sent.push_back(now);
        }
      swarm_.loop().turn(end);
    }
  }

  void confirm(writer& of) {
    if (of.sent.empty()) return report_.fail("more was confirmed than was sent");
    if (is_measuring_) {
      times_.record(swarm_.loop().now() - of.sent.front());
      ++count_;
    }
    of.sent.pop_front();
  }

  void on_confirmed(client& by) override {
    if (is_writing_) confirm(writers_[by.index()]);
  }

  /// An echo may be of several updates.
  void on_update(client& by, byte_view update) override {
    if (given_.where.dialect == protocol::hocuspocus) return;
    if (!ranges_.read(update)) return report_.fail("a client received an update that is none");
    writer& of = writers_[by.index()];
    for (const id_range& range : ranges_.inserted()) {
      if (range.client != of.maker.author()) continue;
      for (; of.confirmed < range.end; of.confirmed += given_.characters) confirm(of);
    }
  }

  const options& given_;
  usage_probe probe_;
  report report_{"confirmed"};
  swarm swarm_;
  std::deque<writer> writers_;
  histogram times_;
  update_ranges ranges_;
  std::uint64_t count_ = 0;
  bool is_writing_ = false;
  bool is_measuring_ = false;
};

}  // namespace

report run_confirmed(const options& given) { return std::make_unique<confirmed>(given)->run(); }

}  // namespace troupe::load
