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
constexpr std::chrono::milliseconds settling{500};
/// What arrives later than this has not arrived, for somebody who watches.
constexpr std::chrono::seconds in_time{1};

/// The clients of each document are spread over the servers of a cluster. Latency runs from the
/// moment at which an update was due, and is told apart by whether writer and receiver are at the
/// same server. Who is where in a document: first the writers, server by server, then the others.
class cross_node final : client_events {
 public:
  explicit cross_node(const options& given)
      : given_(given), probe_(given.server_processes), swarm_(given.where) {}

  report run() {
    add_places();
    for (std::size_t document = 0; document < given_.documents; ++document) add_document(document);
    if (!swarm_.open_all(given_.at_once, joining_max, report_)) return report_;
    swarm_.loop().turn_until([] { return false; }, loop_clock::now() + settling);
    write_and_measure();
    drain(swarm_.loop(), counts_);
    add_latencies();
    check();
    return report_;
  }

 private:
  struct author {
    client* by;
    delivery_book* book;
    std::size_t number;  // in its document
    update_maker maker;
  };

  void add_places() {
    for (const std::vector<std::size_t>* of :
         {&given_.writers_of_server, &given_.readers_of_server}) {
      for (std::size_t server = 0; server < of->size(); ++server)
        server_of_.insert(server_of_.end(), (*of)[server], server);
      if (of == &given_.writers_of_server) writers_ = server_of_.size();
    }
  }

  void add_document(std::size_t document) {
    const delivery_book::shape shape{server_of_.size(), writers_, given_.characters, first_author};
    books_.emplace_back(shape, counts_, same_, window_);
    for (std::size_t i = 0; i < server_of_.size(); ++i) {
      const std::size_t index = document * server_of_.size() + i;
      client& added = swarm_.add(document, index, *this, server_of_[i]);
      if (i >= writers_) continue;
      const auto seed = static_cast<std::uint32_t>(authors_.size() + 1);
      authors_.push_back(
          {&added, &books_.back(), i,
           update_maker{first_author + i, given_.characters, given_.where_to_write, seed}});
    }
  }

  void on_update(client& receiver, byte_view update) override {
    if (!ranges_.read(update)) return report_.fail("a client received an update that is none");
    const std::size_t place = receiver.index() % server_of_.size();
    for (const id_range& range : ranges_.inserted())
      books_[receiver.index() / server_of_.size()].received(
          place, range, swarm_.loop().now(), [](std::size_t) {}, latencies_of(place, range.client));
  }

  /// A foreign client's are counted as such by the book, and never recorded.
  histogram& latencies_of(std::size_t receiver, crdt::client_id by) noexcept {
    const std::size_t writer = by - first_author;
    return writer < writers_ && server_of_[writer] != server_of_[receiver] ? cross_ : same_;
  }

  void write_and_measure() {
    const loop_clock::time_point start = loop_clock::now();
    window_.begin = after(start, given_.warm_up_seconds);
    window_.end = after(window_.begin, given_.seconds);
    pace pace{start, given_.rate, authors_.size()};
    write_until(window_.begin, pace);
    const usage from = probe_.read();
    const delivery_counts before = counts_;
    write_until(window_.end, pace);
    const usage to = probe_.read();
    add_counts(before, from, to);
    report_.add_usage(probe_, from, to);
  }

  void write_until(loop_clock::time_point end, pace& pace) {
    while (loop_clock::now() < end) {
      while (const auto due = pace.next_due(loop_clock::now())) {
        author& by = authors_[due->writer];
        by.by->send_update(by.maker.next());
        by.book->sent(by.number, due->at);
      }
      swarm_.loop().turn(std::min(end, pace.next_moment()));
    }
  }

  void add_counts(const delivery_counts& before, const usage& from, const usage& to) {
    const double seconds = seconds_between(from.at, to.at);
    const auto delivered = static_cast<double>(counts_.delivered - before.delivered);
    const auto sent = static_cast<double>(counts_.sent - before.sent);
    report_.add("connections", static_cast<double>(swarm_.clients().size()));
    report_.add("seconds", seconds);
    report_.add("updates_per_second", sent / seconds);
    report_.add("deliveries_per_second", delivered / seconds);
    if (!probe_.has_server()) return;
    const double cpu = microseconds(to.server_cpu - from.server_cpu);
    report_.add("server_cpu_us_per_delivery", quotient(cpu, delivered));
    report_.add("server_cpu_us_per_update", quotient(cpu, sent));
  }

  void add_latencies() {
    report_.add_latencies("same_node", same_);
    report_.add_latencies("cross_node", cross_);
    const bool is_in_time = missing() == 0 && same_.at(1) <= in_time && cross_.at(1) <= in_time;
    report_.add("arrived_within_1s", is_in_time ? 1 : 0);
  }

  std::uint64_t missing() const {
    std::uint64_t sum = counts_.lost;
    for (const delivery_book& each : books_) sum += each.missing();
    return sum;
  }

  void check() {
    report_.add("updates", static_cast<double>(counts_.sent));
    report_.add("repeated", static_cast<double>(counts_.repeated));
    report_.add("lost", static_cast<double>(missing()));
    report_.add("gaps", static_cast<double>(counts_.gaps));
    if (missing() > 0) report_.fail(std::to_string(missing()) + " deliveries were lost");
    if (counts_.gaps > 0) report_.fail(std::to_string(counts_.gaps) + " gaps in what arrived");
    if (counts_.foreign > 0) report_.fail("updates arrived that nobody sent");
    swarm_.check(report_);
    if (given_.checks_state && !report_.has_failed()) check_state();
  }

  /// A newcomer to the first document must get all that was written there, from each server.
  void check_state() {
    std::vector<const update_maker*> makers;
    for (std::size_t i = 0; i < writers_; ++i) makers.push_back(&authors_[i].maker);
    for (std::size_t server = 0; server < given_.where.servers.size(); ++server)
      check_document(swarm_, 0, makers, report_, server);
  }

  const options& given_;
  usage_probe probe_;
  report report_{"cross"};
  swarm swarm_;
  std::vector<std::size_t> server_of_;  // by place in a document
  std::size_t writers_ = 0;             // of a document
  delivery_counts counts_;
  histogram same_;
  histogram cross_;
  delivery_book::window window_;
  std::deque<delivery_book> books_;
  std::deque<author> authors_;
  update_ranges ranges_;
};

}  // namespace

report run_cross(const options& given) { return std::make_unique<cross_node>(given)->run(); }

}  // namespace troupe::load
