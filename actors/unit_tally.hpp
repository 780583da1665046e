// What the sessions of one I/O unit did since the last second, in plain numbers: one thread counts,
// so nothing is atomic on the way of a frame. Once a second the unit hands the numbers to the
// metrics of the node. Pure. Owner: a session_table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "protocol/dialect.hpp"

namespace troupe {

/// Totals of a connection that count for its unit.
struct traffic_count {
  std::uint64_t messages = 0;
  std::uint64_t sent_frames = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;

  traffic_count& operator+=(const traffic_count& more) noexcept {
    messages += more.messages;
    sent_frames += more.sent_frames;
    received_bytes += more.received_bytes;
    sent_bytes += more.sent_bytes;
    return *this;
  }
  bool operator==(const traffic_count&) const = default;
};

/// What of a connection's totals its unit has counted. Their lower halves are enough to find what
/// came since, if less than 4 GiB do between two calls, which are about a second apart.
class reported_traffic {
 public:
  /// What came since the last call.
  traffic_count take_new(const traffic_count& all) noexcept {
    return {since(all.messages, messages_), since(all.sent_frames, sent_frames_),
            since(all.received_bytes, received_bytes_), since(all.sent_bytes, sent_bytes_)};
  }

  /// Whether messages came since.
  bool has_new(std::uint64_t messages) const noexcept {
    return static_cast<std::uint32_t>(messages) != messages_;
  }

 private:
  static std::uint64_t since(std::uint64_t all, std::uint32_t& reported) noexcept {
    const auto now = static_cast<std::uint32_t>(all);
    return now - std::exchange(reported, now);
  }

  std::uint32_t messages_ = 0;
  std::uint32_t sent_frames_ = 0;
  std::uint32_t received_bytes_ = 0;
  std::uint32_t sent_bytes_ = 0;
};

class unit_tally {
 public:
  /// As things are at a second, counted anew at each.
  struct picture {
    std::uint64_t connections = 0;
    std::uint64_t queued_bytes = 0;
    std::array<std::uint64_t, dialect_count_max> sessions{};  ///< By dialect.

    bool operator==(const picture&) const = default;
  };

  /// So many pushes of frames to sessions.
  void add_deliveries(std::uint64_t count) noexcept { deliveries_ += count; }
  /// What a connection did since its last report.
  void add(const traffic_count& more) noexcept { traffic_ += more; }

  /// Begins the picture of this second; then each session adds itself.
  void begin_picture() noexcept { now_ = {}; }
  void add_session(std::uint64_t queued_bytes, dialect_set spoken) noexcept {
    now_.queued_bytes += queued_bytes;
    spoken.for_each([this](dialect each) { ++now_.sessions[index_of(each)]; });
  }
  void end_picture(std::size_t connections) noexcept { now_.connections = connections; }
  const picture& now() const noexcept { return now_; }

  /// What was counted since the last call.
  std::uint64_t take_deliveries() noexcept { return exchange(deliveries_, {}); }
  traffic_count take_traffic() noexcept { return exchange(traffic_, {}); }

 private:
  template <class T>
  static T exchange(T& of, T with) noexcept {
    const T before = of;
    of = with;
    return before;
  }

  traffic_count traffic_;
  std::uint64_t deliveries_ = 0;
  picture now_;
};

}  // namespace troupe
