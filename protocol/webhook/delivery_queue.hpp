// The deliveries that wait, are under way or were given up: which goes next, when a failed one is
// tried again, which a newer one replaces. Bounded in number and bytes. It sends and stores
// nothing: its owner carries out what it decides. Pure; times and chance come from the caller.
//
// What always holds: of one document at most one delivery is under way, and they go in the order in
// which they were added, so one that fails holds back those behind it. Of a document at most one
// change waits that is not under way. While the receiver does not answer, one delivery at a time
// finds out whether it does again.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "protocol/webhook/event.hpp"
#include "protocol/webhook/retry.hpp"

namespace troupe::webhook {

/// Orders deliveries; each has its own.
using delivery_number = std::uint64_t;

struct delivery {
  delivery_number number = 0;
  event what;
  std::uint64_t since = 0;  ///< Being delivered since then: milliseconds since 1970 (UTC).
};

/// A delivery that was given up.
struct dead_delivery {
  delivery what;
  unsigned attempts = 0;  ///< In this process.
  std::string why;
};

struct queue_limits {
  std::size_t count_max = 100'000;
  std::size_t bytes_max = 64 * 1024 * 1024;  ///< Of names and details.
  std::size_t dead_max = 1'000;              ///< Then the oldest is forgotten.
  std::size_t in_flight_max = 8;
};

class delivery_queue {
 public:
  /// One moment on both clocks: that of waits, and that of what outlives the process.
  struct moment {
    std::chrono::steady_clock::time_point now;
    std::uint64_t wall_ms = 0;
  };

  delivery_queue(queue_limits limits, retry_rules rules, std::uint64_t seed)
      : limits_(limits), rules_(rules), random_(seed) {}

  struct added {
    bool is_taken = true;  ///< Else there is no room, and it is forgotten.
    std::optional<delivery_number> replaced;
  };
  /// A change replaces one of the same document that waits, and is then also by its authors.
  added add(delivery one, moment at);

  /// One that was given up before.
  void add_dead(dead_delivery one);

  /// The next that is due; it is under way until one of the functions below is called. Null: none.
  /// Valid until the next call.
  const delivery* take_due(moment at);

  /// Returns whether it was under way.
  bool on_delivered(delivery_number number, moment at);

  /// It need not be delivered any more; that says nothing about the receiver.
  void forget(delivery_number number, moment at);

  enum class verdict : std::uint8_t { unknown, retried, replaced, given_up };
  struct failed {
    verdict what = verdict::unknown;
    bool is_first = false;                     ///< Its first attempt has failed.
    std::optional<dead_delivery> dead;         ///< If given up.
    std::optional<delivery_number> newer;      ///< The change that replaces it.
    std::optional<delivery_number> forgotten;  ///< The oldest dead one, to make room.
  };
  /// `replaced`: a newer change of the same document waits, and has its authors now.
  failed on_failed(delivery_number number, const std::string& why, moment at);

  struct replayed {
    delivery what;  ///< As it is now.
    std::optional<delivery_number> replaced;
  };
  /// Tries dead ones again, one or all, as far as there is room.
  std::vector<replayed> replay(std::optional<delivery_number> which, moment at);

  const delivery* find(delivery_number number) const;
  /// Those that wait or are under way.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& [number, each] : entries_) visit(each.what);
  }
  const std::map<delivery_number, dead_delivery>& dead() const noexcept { return dead_; }
  std::size_t size() const noexcept { return entries_.size(); }  ///< Without dead ones.
  std::size_t bytes() const noexcept { return bytes_; }
  std::size_t in_flight() const noexcept { return in_flight_; }
  unsigned failures_in_row() const noexcept { return failures_in_row_; }
  /// Of the one that was added first; 0: there is none.
  std::uint64_t oldest_since() const;

 private:
  struct entry {
    delivery what;
    unsigned attempts = 0;
    bool is_under_way = false;
    std::optional<std::chrono::steady_clock::time_point> due = {};  // nothing: behind another
  };
  using entries = std::map<delivery_number, entry>;

  std::uint64_t next_random() noexcept;
  static void inherit(const delivery& from, delivery& to);
  std::optional<entry> take_waiting_change(const std::string& document, moment at);
  std::optional<delivery_number> find_newer_change(const entry& than) const;
  void set_due(entry& of, std::chrono::steady_clock::time_point due);
  void remove(entries::iterator at, moment when);
  void begin_head(const std::string& document, moment at);
  void hurry(moment at);
  failed give_up(entries::iterator at, const std::string& why, moment when);

  const queue_limits limits_;
  const retry_rules rules_;
  std::uint64_t random_;
  entries entries_;
  std::unordered_map<std::string, std::deque<delivery_number>> by_document_;
  std::set<std::pair<std::chrono::steady_clock::time_point, delivery_number>> due_;
  std::map<delivery_number, dead_delivery> dead_;
  std::size_t bytes_ = 0;
  std::size_t in_flight_ = 0;
  unsigned failures_in_row_ = 0;
};

}  // namespace troupe::webhook
