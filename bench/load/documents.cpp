#include <algorithm>

#include "bench/load/modes.hpp"
#include "bench/load/swarm.hpp"
#include "bench/load/update_ranges.hpp"
#include "protocol/crdt/wire/state_vector.hpp"

namespace troupe::load {

namespace {

constexpr std::chrono::seconds answer_max{30};

/// Writes documents, some at the same time, as many as the time allows: connect, join, write, ask
/// the server for the last piece of what was written, leave. A Yjs document takes the clocks of a
/// client in their order only, so a server that answers with the last piece has all of them.
class documents final : client_events {
 public:
  explicit documents(const options& given)
      : given_(given), probe_(given.server_processes), swarm_(given.where) {}

  report run() {
    const usage from = probe_.read();
    end_ = after(from.at, given_.seconds);
    const bool is_complete = swarm_.loop().turn_until(
        [this] {
          begin_more();
          return is_stopped_ || (under_way_.empty() && loop_clock::now() >= end_) ||
                 done_ == given_.documents;
        },
        end_ + answer_max);
    if (!is_complete) report_.fail("the server did not answer in time");
    add_figures(from, probe_.read());
    return report_;
  }

 private:
  struct writing {
    loop_clock::time_point begun;
    crdt::clock_type last_piece = 0;  // where it begins
    crdt::clock_type end = 0;
  };

  void begin_more() {
    if (loop_clock::now() >= end_) return;
    while (under_way_.size() < given_.at_once && begun_ < given_.documents) {
      client& added = swarm_.add(begun_, begun_, *this);
      under_way_.emplace(begun_++, writing{loop_clock::now()});
      added.open();
    }
    for (const auto& [index, ignored] : under_way_) stop_if_in_trouble(*swarm_.clients()[index]);
  }

  void stop_if_in_trouble(const client& by) {
    if (by.trouble().empty()) return;
    report_.fail("a client had trouble: " + by.trouble());
    is_stopped_ = true;
  }

  void on_joined(client& by, byte_view) override {
    update_maker maker{first_author + by.index(), static_cast<unsigned>(given_.piece),
                       placement::append};
    writing& of = under_way_.at(by.index());
    while (maker.clock() < given_.size) {
      of.last_piece = maker.clock();
      by.send_update(maker.next());
    }
    of.end = maker.clock();
    crdt::state_vector all_but_last;
    all_but_last.add(maker.author(), of.last_piece);
    by.ask_for_state(all_but_last.encode());
  }

  void on_state(client& by, byte_view update) override {
    if (!ranges_.read(update)) return report_.fail("a client received an update that is none");
    const writing& of = under_way_.at(by.index());
    const bool has_last = std::ranges::any_of(ranges_.inserted(), [&](const id_range& each) {
      return each.begin <= of.last_piece && each.end == of.end;
    });
    if (!has_last) report_.fail("the server lacks what was written before it was asked");
    is_stopped_ = is_stopped_ || !has_last;
    times_.record(loop_clock::now() - of.begun);
    under_way_.erase(by.index());
    by.leave();
    ++done_;
  }

  void add_figures(const usage& from, const usage& to) {
    const auto done = static_cast<double>(done_);
    report_.add("documents", done);
    report_.add("documents_per_second", quotient(done, seconds_between(from.at, to.at)));
    report_.add_latencies("document", times_);
    if (probe_.has_server()) {
      const double cpu = microseconds(to.server_cpu - from.server_cpu);
      const auto grown =
          static_cast<double>(to.server_memory) - static_cast<double>(from.server_memory);
      report_.add("server_cpu_ms_per_document", quotient(cpu / 1e3, done));
      report_.add("server_kb_per_document", quotient(grown / 1e3, done));
    }
    report_.add_usage(probe_, from, to);
  }

  const options& given_;
  usage_probe probe_;
  report report_{"documents"};
  swarm swarm_;
  loop_clock::time_point end_;
  std::unordered_map<std::size_t, writing> under_way_;
  histogram times_;
  update_ranges ranges_;
  std::size_t begun_ = 0;
  std::size_t done_ = 0;
  bool is_stopped_ = false;
};

}  // namespace

report run_documents(const options& given) { return std::make_unique<documents>(given)->run(); }

}  // namespace troupe::load
