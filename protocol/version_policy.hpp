// When the server makes a version of a document by itself, and which of these it removes again: the
// older they are, the farther apart those that stay. What people have made stays until they remove
// it. Pure; times come from the caller.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/fifo.hpp"

namespace troupe {

struct version_rules {
  bool is_enabled = true;  ///< Else the server makes none by itself, and removes none.
  /// So long after a change a version is made, if none is due already.
  std::chrono::milliseconds interval{std::chrono::minutes{10}};
  /// How long all stay; then the last of each hour; then the last of each day (UTC).
  std::chrono::milliseconds keep_all{std::chrono::hours{1}};
  std::chrono::milliseconds keep_hourly{std::chrono::hours{24}};
  std::chrono::milliseconds keep_daily{std::chrono::hours{24 * 30}};
  /// Of both kinds; the oldest that the server made go first.
  std::size_t max_per_document = 200;
};

/// A version as far as it matters how long it stays. Times in milliseconds since 1970 (UTC).
struct version_age {
  std::uint64_t number = 0;
  std::uint64_t created_at = 0;
  bool is_automatic = false;
};

/// The numbers of those that go, ascending. The newest two that the server made stay whatever their
/// age: the last state before a long pause is the one that is asked for. Requires: `all` ascends by
/// number.
std::vector<std::uint64_t> find_outdated(std::span<const version_age> all, std::uint64_t now,
                                         const version_rules& rules);

/// Which documents have changed, and when a version of each is due. Notes each once until its
/// version is due, so it is as large as the number of documents that change within the interval.
class version_schedule {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using name = std::shared_ptr<const std::string>;

  /// A document that changes while so many are noted is noted at a later change.
  static constexpr std::size_t documents_max = 100'000;

  explicit version_schedule(std::chrono::milliseconds interval) : interval_(interval) {}

  /// Requires: `now` never goes back.
  void note_change(const name& document, time_point now);

  /// The next document of which a version is due; null: none. It is forgotten.
  name take_due(time_point now);

  std::size_t size() const noexcept { return noted_.size(); }

 private:
  struct entry {
    time_point due;
    name document;
  };
  struct hash {
    std::size_t operator()(const name& of) const noexcept { return std::hash<std::string>{}(*of); }
  };
  struct equal {
    bool operator()(const name& a, const name& b) const noexcept { return *a == *b; }
  };

  std::chrono::milliseconds interval_;
  std::unordered_set<name, hash, equal> noted_;
  fifo<entry> waiting_;  // by the time when they are due
};

}  // namespace troupe
