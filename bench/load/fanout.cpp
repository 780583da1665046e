#include <algorithm>

#include "bench/load/delivery_book.hpp"
#include "bench/load/drain.hpp"
#include "bench/load/modes.hpp"
#include "bench/load/pace.hpp"
#include "bench/load/state_check.hpp"
#include "bench/load/swarm.hpp"

namespace troupe::load {

namespace {

constexpr std::chrono::seconds joining_max{60};
constexpr std::chrono::milliseconds settling{200};

class fanout final : client_events {
 public:
  explicit fanout(const options& given)
      : given_(given), probe_(given.server_processes), swarm_(given.where) {}

  report run() {
    add_clients();
    if (!swarm_.open_all(given_.at_once, joining_max, report_)) return report_;
    swarm_.loop().turn_until([] { return false; }, loop_clock::now() + settling);
    write_and_measure();
    drain(swarm_.loop(), counts_);
    report_.add_latencies("latency", latencies_);
    check();
    return report_;
  }

 private:
  struct author {
    client* by;
    delivery_book* book;
    std::size_t number;  // in its document
    update_maker maker;
    bool is_ready = false;  // in ready_
  };

  void on_update(client& receiver, byte_view update) override {
    if (!ranges_.read(update)) return report_.fail("a client received an update that is none");
    const std::size_t document = receiver.index() / given_.clients;
    for (const id_range& range : ranges_.inserted())
      books_[document].received(
          receiver.index() % given_.clients, range, swarm_.loop().now(),
          [&](std::size_t writer) { make_ready(document * given_.writers + writer); });
  }

  void add_clients() {
    const delivery_book::shape shape{given_.clients, given_.writers, given_.characters,
                                     first_author};
    for (std::size_t document = 0; document < given_.documents; ++document) {
      books_.emplace_back(shape, counts_, latencies_, window_);
      for (std::size_t i = 0; i < given_.clients; ++i) {
        client* const carrier =
            given_.shares_connections && document > 0 ? swarm_.clients()[i].get() : nullptr;
        client& added = swarm_.add(document, document * given_.clients + i, *this, 0, carrier);
        if (i >= given_.writers) continue;
        const auto seed = static_cast<std::uint32_t>(authors_.size() + 1);
        authors_.push_back(
            {&added, &books_.back(), i,
             update_maker{first_author + i, given_.characters, given_.where_to_write, seed}});
      }
    }
  }

  void write_and_measure() {
    const loop_clock::time_point start = loop_clock::now();
    window_.begin = after(start, given_.warm_up_seconds);
    window_.end = after(window_.begin, given_.seconds);
    is_writing_ = true;
    pace pace{start, given_.rate, authors_.size()};
    if (given_.rate == 0)
      for (std::size_t i = 0; i < authors_.size(); ++i) make_ready(i);
    write_until(window_.begin, pace);
    const usage from = probe_.read();
    const delivery_counts before = counts_;
    write_until(window_.end, pace);
    const usage to = probe_.read();
    is_writing_ = false;
    report_counts(before, from, to);
    report_.add_usage(probe_, from, to);
  }

  void write_until(loop_clock::time_point end, pace& pace) {
    while (loop_clock::now() < end) {
      if (given_.rate == 0)
        refill();
      else
        while (const auto due = pace.next_due(loop_clock::now()))
          write(authors_[due->writer], due->at);
      swarm_.loop().turn(std::min(end, pace.next_moment()));
    }
  }

  void make_ready(std::size_t which) {
    if (!is_writing_ || given_.rate != 0 || authors_[which].is_ready) return;
    authors_[which].is_ready = true;
    ready_.push_back(which);
  }

  /// Closed loop: whoever has fewer updates under way than allowed writes more.
  void refill() {
    const loop_clock::time_point now = loop_clock::now();
    for (const std::size_t which : ready_) {
      author& each = authors_[which];
      each.is_ready = false;
      while (each.book->outstanding(each.number) < given_.outstanding) write(each, now);
    }
    ready_.clear();
  }

  void write(author& by, loop_clock::time_point due) {
    by.by->send_update(by.maker.next());
    by.book->sent(by.number, due);
  }

  void report_counts(const delivery_counts& before, const usage& from, const usage& to) {
    const double seconds = seconds_between(from.at, to.at);
    const auto delivered = static_cast<double>(counts_.delivered - before.delivered);
    const auto sent = static_cast<double>(counts_.sent - before.sent);
    const std::size_t connections =
        given_.shares_connections ? given_.clients : swarm_.clients().size();
    report_.add("connections", static_cast<double>(connections));
    report_.add("seconds", seconds);
    report_.add("updates_per_second", sent / seconds);
    report_.add("deliveries_per_second", delivered / seconds);
    if (!probe_.has_server()) return;
    const double cpu = microseconds(to.server_cpu - from.server_cpu);
    report_.add("server_cpu_us_per_delivery", quotient(cpu, delivered));
    report_.add("server_cpu_us_per_update", quotient(cpu, sent));
  }

  void check() {
    std::uint64_t missing = counts_.lost;
    for (const delivery_book& each : books_) missing += each.missing();
    report_.add("updates", static_cast<double>(counts_.sent));
    report_.add("repeated", static_cast<double>(counts_.repeated));
    report_.add("lost", static_cast<double>(missing));
    report_.add("gaps", static_cast<double>(counts_.gaps));
    if (missing > 0) report_.fail(std::to_string(missing) + " deliveries were lost");
    if (counts_.gaps > 0) report_.fail(std::to_string(counts_.gaps) + " gaps in what arrived");
    report_.add("of_others", static_cast<double>(counts_.foreign));
    if (counts_.foreign > 0 && !given_.allows_others)
      report_.fail("updates arrived that nobody sent");
    swarm_.check(report_);
    if (given_.checks_state && !report_.has_failed()) check_state();
  }

  /// A newcomer to the first document must get all that was written there.
  void check_state() {
    std::vector<const update_maker*> makers;
    for (std::size_t i = 0; i < given_.writers; ++i) makers.push_back(&authors_[i].maker);
    check_document(swarm_, 0, makers, report_);
  }

  const options& given_;
  usage_probe probe_;
  report report_{"fanout"};
  swarm swarm_;
  delivery_counts counts_;
  histogram latencies_;
  delivery_book::window window_;
  std::deque<delivery_book> books_;
  std::deque<author> authors_;
  std::vector<std::size_t> ready_;
  update_ranges ranges_;
  bool is_writing_ = false;
};

}  // namespace

report run_fanout(const options& given) { return std::make_unique<fanout>(given)->run(); }

}  // namespace troupe::load
