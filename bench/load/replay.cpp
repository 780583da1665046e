#include <algorithm>
#include <fstream>
#include <iterator>

#include "bench/load/modes.hpp"
#include "bench/load/swarm.hpp"
#include "bench/load/update_ranges.hpp"
#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/wire/update_stream.hpp"

namespace troupe::load {

namespace {

constexpr std::chrono::seconds joining_max{20};
constexpr std::size_t unsent_max = std::size_t{256} << 10;  // bytes that wait in the writer

/// Which clocks of which clients somebody has. Ranges that are known already do not count.
class clock_count {
 public:
  /// Returns how many of these were new.
  std::size_t add(const id_range& range) {
    std::vector<bool>& known = by_client_[range.client];
    if (known.size() < range.end) known.resize(std::max<std::size_t>(range.end, 2 * known.size()));
    std::size_t added = 0;
    for (std::size_t clock = range.begin; clock < range.end; ++clock) {
      added += known[clock] ? 0 : 1;
      known[clock] = true;
    }
    return added;
  }

 private:
  std::unordered_map<crdt::client_id, std::vector<bool>> by_client_;
};

/// One client sends recorded updates as quickly as the server takes them, another receives. It has
/// all of them when it has every clock that they insert and every one that they delete.
class replay final : client_events {
 public:
  explicit replay(const options& given)
      : given_(given), probe_(given.server_processes), swarm_(given.where) {}

  report run() {
    if (!load()) return report_;
    client& writer = swarm_.add(0, 0, *this);
    swarm_.add(0, 1, *this);
    if (!swarm_.open_all(1, joining_max, report_)) return report_;
    const usage from = probe_.read();
    const loop_clock::time_point deadline = after(from.at, given_.seconds);
    const bool is_complete = swarm_.loop().turn_until(
        [&] {
          write_more(writer);
          return received_ == expected_ || has_trouble();
        },
        deadline);
    add_figures(from, probe_.read());
    check(is_complete);
    return report_;
  }

 private:
  bool load() {
    std::ifstream file{given_.file, std::ios::binary};
    bytes_.assign(std::istreambuf_iterator<char>{file}, {});
    const auto read = crdt::read_updates(bytes_, crdt::update_container::stream);
    if (!read) {
      report_.fail("the file is no stream of updates: " + to_string(read.error()));
      return false;
    }
    updates_ = read->updates;
    clock_count inserted;
    clock_count deleted;
    for (const byte_view each : updates_) {
      ranges_.read(each);
      expected_ += count(inserted, deleted);
    }
    return true;
  }

  std::size_t count(clock_count& inserted, clock_count& deleted) {
    std::size_t sum = 0;
    for (const id_range& each : ranges_.inserted()) sum += inserted.add(each);
    for (const id_range& each : ranges_.deleted()) sum += deleted.add(each);
    return sum;
  }

  void write_more(client& writer) {
    while (next_ < updates_.size() && writer.unsent() < unsent_max)
      writer.send_update(updates_[next_++]);
  }

  void on_update(client& by, byte_view update) override {
    if (by.index() == 0) return;  // an echo
    ++messages_;
    if (!ranges_.read(update)) return report_.fail("a client received an update that is none");
    received_ += count(inserted_, deleted_);
    if (given_.checks_state) kept_.emplace_back(update.begin(), update.end());
  }

  bool has_trouble() {
    return std::ranges::any_of(swarm_.clients(),
                               [](const auto& each) { return !each->trouble().empty(); });
  }

  void add_figures(const usage& from, const usage& to) {
    const auto count = static_cast<double>(updates_.size());
    const double seconds = seconds_between(from.at, to.at);
    report_.add("updates", count);
    report_.add("seconds", seconds);
    report_.add("updates_per_second", quotient(count, seconds));
    report_.add("messages_received", static_cast<double>(messages_));
    if (probe_.has_server())
      report_.add("server_cpu_us_per_update",
                  microseconds(to.server_cpu - from.server_cpu) / count);
    report_.add_usage(probe_, from, to);
  }

  void check(bool is_complete) {
    swarm_.check(report_);
    if (!is_complete || received_ != expected_)
      report_.fail("the reader has " + std::to_string(received_) + " of " +
                   std::to_string(expected_) + " insertions and deletions");
    if (report_.has_failed() || !given_.checks_state) return;
    crdt::doc sent;
    crdt::doc received;
    for (const byte_view each : updates_) static_cast<void>(sent.apply_update(each));
    for (const byte_buffer& each : kept_) static_cast<void>(received.apply_update(each));
    if (sent.text("text") != received.text("text"))
      report_.fail("the reader came to another text than the writer");
  }

  const options& given_;
  usage_probe probe_;
  report report_{"replay"};
  swarm swarm_;
  byte_buffer bytes_;
  std::vector<byte_view> updates_;
  std::size_t next_ = 0;  // to be sent
  std::size_t expected_ = 0;
  std::size_t received_ = 0;
  std::size_t messages_ = 0;
  clock_count inserted_;
  clock_count deleted_;
  std::vector<byte_buffer> kept_;
  update_ranges ranges_;
};

}  // namespace

report run_replay(const options& given) { return std::make_unique<replay>(given)->run(); }

}  // namespace troupe::load
