// Which removals of documents have yet to reach the disks of their keepers, where somebody waits
// for that: an operator who has removed one, or a sweep that brings it to the keepers of another
// list, since a copy that was away meanwhile might come back there. A keeper that has not confirmed
// is notified again and again, until enough have or the time is up; who lacks it then is left to
// the sweep. Its message is a generation (peer_generation), and it is confirmed by
// peer_generation_stored. Owner: the directory. Pure: time is passed in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "protocol/cluster/replica.hpp"

namespace troupe::cluster {

class generation_spread {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Keepers are notified again so often.
  static constexpr std::chrono::milliseconds tell_interval{1'000};

  /// The document has this generation here, of which the keepers, which are others, have been
  /// notified; `needed` of them are to confirm it by `deadline`. Replaces what was begun for the
  /// document.
  void begin(const std::string& document, std::uint64_t generation, std::vector<peer_id> keepers,
             std::size_t needed, time_point now, time_point deadline);

  /// A keeper has this generation on its disk.
  void on_stored(peer_id by, const std::string& document, std::uint64_t generation);

  struct notice {
    std::string document;
    std::uint64_t generation = 0;
    std::vector<peer_id> to;
  };
  /// Who is to be notified again now, where not enough have it.
  std::vector<notice> take_due(time_point now);

  struct outcome {
    std::string document;
    std::uint64_t generation = 0;
    bool is_stored = false;        ///< Else time is up.
    std::vector<peer_id> missing;  ///< Those that have not confirmed.
  };
  /// For what nobody has to wait any longer: enough have stored it, or time is up. Once for each.
  std::vector<outcome> take_ended(time_point now);

  struct remainder {
    std::string document;
    std::vector<peer_id> missing;
  };
  /// Those of which enough keepers have confirmed it, but these have not until time was up.
  std::vector<remainder> take_left_behind(time_point now);

  bool contains(const std::string& document) const { return spreading_.contains(document); }
  bool empty() const noexcept { return spreading_.empty(); }

 private:
  struct spreading {
    std::uint64_t generation = 0;
    std::vector<peer_id> missing;
    std::size_t needed = 0;
    time_point told_at;
    time_point deadline;
    bool is_reported = false;  // as stored by enough
  };

  std::map<std::string, spreading> spreading_;
};

}  // namespace troupe::cluster
