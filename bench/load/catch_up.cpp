#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "bench/load/modes.hpp"
#include "bench/load/swarm.hpp"
#include "bench/load/update_maker.hpp"
#include "bench/load/update_ranges.hpp"

namespace troupe::load {

namespace {

constexpr std::chrono::seconds joining_max{60};
constexpr std::size_t outstanding_max = 100;

/// A document with a writer and a reader at the first server and a reader at each other one. Says
/// `joined`, and writes when a line comes in; says `written` once the first server has passed all
/// on to its own reader; when the next line comes in, the links are whole again, and the time runs
/// until all readers have everything.
class catch_up final : client_events {
 public:
  explicit catch_up(const options& given)
      : given_(given),
        probe_(given.server_processes),
        swarm_(given.where),
        maker_(first_author, given.characters, placement::append) {}

  report run() {
    swarm_.add(0, 0, *this);
    for (std::size_t server = 0; server < given_.where.servers.size(); ++server)
      swarm_.add(0, swarm_.clients().size(), *this, server);
    positions_.resize(swarm_.clients().size());
    if (!swarm_.open_all(given_.at_once, joining_max, report_)) return report_;
    write();
    if (wait([this] { return least_from(1) == maker_.clock(); }, "the first update arrives"))
      write_apart() && come_together();
    swarm_.check(report_);
    return report_;
  }

 private:
  static constexpr std::size_t near_reader = 1;
  static constexpr std::size_t first_far_reader = 2;

  bool write_apart() {
    if (!next_line("joined")) return false;
    for (std::size_t i = 0; i < given_.updates; ++i) {
      if (!wait([this] { return under_way() < outstanding_max; }, "the server goes on"))
        return false;
      write();
    }
    if (!wait([this] { return under_way() == 0; }, "the reader beside the writer has all"))
      return false;
    const crdt::clock_type far = least_from(first_far_reader);
    report_.add("arrived_while_cut",
                static_cast<double>((far - given_.characters) / given_.characters));
    return next_line("written");
  }

  bool come_together() {
    const usage from = probe_.read();
    if (given_.nudges) write();
    wait([this] { return least_from(first_far_reader) == maker_.clock(); }, "all readers have all");
    const usage to = probe_.read();
    const crdt::clock_type missing = maker_.clock() - least_from(first_far_reader);
    report_.add("updates", static_cast<double>(given_.updates));
    report_.add("missing", static_cast<double>(missing / given_.characters));
    report_.add("catch_up_ms", 1e3 * seconds_between(from.at, to.at));
    report_.add_usage(probe_, from, to);
    return missing == 0;
  }

  void write() { swarm_.clients()[0]->send_update(maker_.next()); }

  /// Updates that the reader beside the writer lacks.
  std::size_t under_way() const {
    return (maker_.clock() - positions_[near_reader]) / given_.characters;
  }

  crdt::clock_type least_from(std::size_t client) const {
    return *std::ranges::min_element(positions_.begin() + static_cast<std::ptrdiff_t>(client),
                                     positions_.end());
  }

  template <class Done>
  bool wait(Done&& is_done, const char* what) {
    if (swarm_.loop().turn_until(is_done, after(loop_clock::now(), given_.seconds))) return true;
    report_.fail(std::string{"waited in vain until "}.append(what));
    return false;
  }

  /// Says a word and waits for a line, whatever it says, while clients go on answering.
  bool next_line(const char* word) {
    std::fprintf(stderr, "%s\n", word);
    return wait([] { return reads_line(); }, "a line comes in");
  }

  static bool reads_line() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::poll(&input, 1, 0) <= 0) return false;
    std::array<char, 64> line;
    return ::read(STDIN_FILENO, line.data(), line.size()) > 0;
  }

  void on_update(client& receiver, byte_view update) override {
    if (!ranges_.read(update)) return report_.fail("a client received an update that is none");
    crdt::clock_type& position = positions_[receiver.index()];
    for (const id_range& range : ranges_.inserted())
      if (range.client == first_author && range.begin <= position)
        position = std::max(position, range.end);
  }

  const options& given_;
  usage_probe probe_;
  report report_{"catch_up"};
  swarm swarm_;
  update_maker maker_;
  std::vector<crdt::clock_type> positions_;  // by client: the next clock
  update_ranges ranges_;
};

}  // namespace

report run_catch_up(const options& given) { return std::make_unique<catch_up>(given)->run(); }

}  // namespace troupe::load
