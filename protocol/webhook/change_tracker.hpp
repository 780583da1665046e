// Which documents have changed and are not yet announced, and when that is due: once nobody has
// edited for a while, or some time after the first edit. Where several nodes store a document, all
// track its change and one announces it; the others keep theirs until they know that it will be.
// Pure; times come from the caller.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "protocol/cluster/node_uuid.hpp"
#include "protocol/webhook/event.hpp"

namespace troupe::webhook {

/// A change under the number and the id with which it is stored as announced.
struct tracked_change {
  std::uint64_t number = 0;
  event what;
  std::uint64_t since = 0;  ///< Being delivered since then (see delivery); 0: since it happened.
};

/// Another node has stored all of a change, and with it its own announcement of it.
struct stored_elsewhere {
  cluster::node_uuid by;
  std::chrono::steady_clock::time_point since;
};

/// What a node does with a change that is due.
enum class duty : std::uint8_t {
  announce,
  wait,   ///< It is for another node to announce; it is looked at again later.
  leave,  ///< The other node will have done so.
};

class change_tracker {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  struct settings {
    std::chrono::milliseconds debounce{2'000};
    std::chrono::milliseconds max_delay{10'000};
    std::size_t documents_max = 100'000;
  };

  /// A change that waits is looked at again so often.
  static constexpr std::chrono::milliseconds wait_interval{1'000};

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

  /// All that has changed so far is stored by this node, too. Forgotten with the next change.
  void note_stored_elsewhere(const std::string& document, const cluster::node_uuid& by,
                             time_point now);

  /// There is nothing to be said of it any more; returns the number of its announcement.
  std::optional<std::uint64_t> forget(const std::string& document);

  struct due_change {
    tracked_change what;
    bool is_left = false;  ///< To another node.
  };
  /// Decides about a change of this document. Null: nobody else has said to have it.
  using decision = std::function<duty(const std::string& document, const stored_elsewhere*)>;
  /// The next change that is due and does not wait; it is not tracked any more.
  std::optional<due_change> take_due(time_point now, const decision& decide);

  /// One after the other, whether or not it is due; nothing when there are no more.
  std::optional<tracked_change> take_any();

 private:
  struct entry {
    tracked_change what;
    time_point first;
    time_point last;
    unsigned holds = 0;
    std::optional<stored_elsewhere> elsewhere = {};
  };
  using entries = std::unordered_map<std::string, entry>;

  time_point due_of(const entry& of) const noexcept;
  tracked_change take(entries::iterator at);

  const settings settings_;
  entries changes_;
  std::multimap<time_point, std::string> looks_;  // each once, no later than it is due
};

}  // namespace troupe::webhook
