#include "bench/load/modes.hpp"
#include "bench/load/swarm.hpp"
#include "bench/load/update_ranges.hpp"

namespace troupe::load {

namespace {

constexpr std::chrono::seconds joining_max{180};
/// As in `documents`, which wrote them.

/// One client a document, all of which connect at once, as after a restart of the server; a client
/// is back when it has all that was written. What comes first may lack some: servers exist that
/// answer before they have loaded the document.
class comeback final : client_events {
 public:
  explicit comeback(const options& given)
      : given_(given), probe_(given.server_processes), swarm_(given.where), had_(given.documents) {}

  report run() {
    for (std::size_t i = 0; i < given_.documents; ++i) swarm_.add(i, i, *this);
    const usage from = probe_.read();
    begun_ = from.at;
    const bool have_joined = swarm_.open_all(given_.documents, joining_max, report_);
    if (have_joined)
      swarm_.loop().turn_until([&] { return back_ == given_.documents; },
                               after(begun_, given_.seconds));
    const usage to = probe_.read();
    if (have_joined && back_ < given_.documents)
      report_.fail(std::to_string(given_.documents - back_) + " clients did not get all");
    swarm_.check(report_);
    report_.add("clients", static_cast<double>(back_));
    report_.add("seconds", seconds_between(from.at, to.at));
    report_.add_latencies("return", times_);
    if (probe_.has_server())
      report_.add("server_cpu_ms_per_client",
                  quotient(microseconds(to.server_cpu - from.server_cpu) / 1e3,
                           static_cast<double>(back_)));
    report_.add_usage(probe_, from, to);
    return report_;
  }

 private:
  void on_joined(client& by, byte_view state) override { on_update(by, state); }

  void on_update(client& by, byte_view update) override {
    if (!ranges_.read(update)) return report_.fail("a client received an update that is none");
    crdt::clock_type& had = had_[by.index()];
    if (had >= given_.size) return;
    for (const id_range& range : ranges_.inserted())
      if (range.client == first_author + by.index() && range.begin <= had)
        had = std::max(had, range.end);
    if (had < given_.size) return;
    ++back_;
    times_.record(loop_clock::now() - begun_);
  }

  const options& given_;
  usage_probe probe_;
  report report_{"return"};
  swarm swarm_;
  loop_clock::time_point begun_;
  std::vector<crdt::clock_type> had_;  // the clock up to which a client has its document
  std::size_t back_ = 0;
  histogram times_;
  update_ranges ranges_;
};

}  // namespace

report run_return(const options& given) { return std::make_unique<comeback>(given)->run(); }

}  // namespace troupe::load
