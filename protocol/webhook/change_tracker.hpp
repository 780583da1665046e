// Which documents have changed and are not yet announced, and when that is due: once nobody has
// edited for a while, or some time after the first edit. Pure; times come from the caller.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "protocol/webhook/event.hpp"

namespace troupe::webhook {

/// A change under the number and the id with which it is stored as announced.
struct tracked_change {
  std::uint64_t number = 0;
  event what;
};

class change_tracker {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  struct settings {
    std::chrono::milliseconds debounce{2'000};
    std::chrono::milliseconds max_delay{10'000};
    std::size_t documents_max = 100'000;
  };

  explicit change_tracker(settings with) : settings_(with) {}

  bool contains(const std::string& document) const { return changes_.contains(document); }
  bool is_full() const noexcept { return changes_.size() >= settings_.documents_max; }
  std::size_t size() const noexcept { return changes_.size(); }

  /// A document has changed that is not tracked. Requires: there is room.
  void begin(tracked_change first, time_point now);

  /// A tracked document has changed again.
  void note(const std::string& document, const authors& by, time_point now);

  /// While a document is held its change does not become due.
  void hold(const std::string& document);
  void release(const std::string& document);

  /// The next change that is due; it is not tracked any more.
  std::optional<tracked_change> take_due(time_point now);

  /// One after the other, whether or not it is due; nothing when there are no more.
  std::optional<tracked_change> take_any();

 private:
  struct entry {
    tracked_change what;
    time_point first;
    time_point last;
    unsigned holds = 0;
  };
  using entries = std::unordered_map<std::string, entry>;

  time_point due_of(const entry& of) const noexcept;
  std::optional<tracked_change> take(entries::iterator at);

  const settings settings_;
  entries changes_;
  std::multimap<time_point, std::string> looks_;  // each once, no later than it is due
};

}  // namespace troupe::webhook
