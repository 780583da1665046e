// A number of clients and the loop they live in: what every mode starts with. Clients are spread
// over documents; opening them is bounded in how many are under way at once and in time.
#pragma once

#include <deque>
#include <memory>

#include "bench/load/client.hpp"
#include "bench/load/report.hpp"

namespace troupe::load {

class swarm {
 public:
  explicit swarm(target where) : where_(std::move(where)) {}

  /// Adds a client that is not open yet, of one of the servers. The name of its document ends with
  /// this number. `carrier`: whose connection it uses; null: it has its own.
  client& add(std::size_t document, std::size_t index, client_events& events,
              std::size_t server = 0, client* carrier = nullptr);

  /// Opens all clients that are not open yet; returns once they have joined. A client that cannot
  /// join is a failure of `out`, and then the result is false.
  bool open_all(std::size_t at_once, std::chrono::seconds at_most, report& out);

  /// Notes the trouble of every client in `out`.
  void check(report& out) const;

  std::string name_of(std::size_t document) const;

  event_loop& loop() noexcept { return loop_; }
  std::deque<std::unique_ptr<client>>& clients() noexcept { return clients_; }

 private:
  target where_;
  event_loop loop_;
  std::deque<std::unique_ptr<client>> clients_;
  std::size_t opened_ = 0;
};

/// Lets this process have as many open files as the system allows it.
void raise_open_files();

}  // namespace troupe::load
