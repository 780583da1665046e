// What the inspector gathers, and how it becomes answers: one gather for all who ask within a
// second, and of many rows those that come first. Pure; time is passed in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/operator_view.hpp"

namespace troupe::inspection {

using clock = std::chrono::steady_clock;

/// Whoever asks while another answer is younger than this receives that one.
inline constexpr std::chrono::seconds freshness{1};
/// Askers that wait for one gather.
inline constexpr std::size_t askers_max = 256;

/// Lets all who ask within a second share what one gather brings.
template <class Gathered>
class shared_gather {
 public:
  using time_point = clock::time_point;
  /// Receives what was gathered, and when.
  using asker = std::function<void(const Gathered&, time_point)>;

  enum class verdict : std::uint8_t {
    answered,
    waits,    ///< For a gather that continues.
    begins,   ///< It waits, too; the caller begins to gather.
    refused,  ///< Too many wait.
  };

  verdict ask(time_point now, asker who) {
    if (newest_ && now - taken_ < freshness) {
      who(*newest_, taken_);
      return verdict::answered;
    }
    if (askers_.size() >= askers_max) return verdict::refused;
    askers_.push_back(std::move(who));
    return std::exchange(is_gathering_, true) ? verdict::waits : verdict::begins;
  }

  /// All is gathered.
  void finish(Gathered all, time_point now) {
    is_gathering_ = false;
    newest_ = std::move(all);
    taken_ = now;
    answer(*newest_, now);
  }

  /// Those who wait are answered with what there is; the gather continues.
  void answer(const Gathered& part, time_point now) {
    for (const asker& each : std::exchange(askers_, {})) each(part, now);
  }

  bool has_askers() const noexcept { return !askers_.empty(); }
  const std::optional<Gathered>& newest() const noexcept { return newest_; }
  time_point taken() const noexcept { return taken_; }

  void clear() {
    askers_.clear();
    newest_.reset();
  }

 private:
  std::optional<Gathered> newest_;
  time_point taken_{};
  std::vector<asker> askers_;
  bool is_gathering_ = false;
};

/// A session, and the unit that has it.
struct surveyed_session {
  session_load load;
  std::size_t unit = 0;
};

struct gathered_sessions {
  std::vector<surveyed_session> sessions;
  bool is_partial = false;
};

struct gathered_documents {
  std::vector<document_info> documents;
  std::vector<std::string> silent;  ///< Those that have not answered in time.
  std::size_t count = 0;
  bool is_partial = false;
};

/// The first of them, as many as are asked for: the largest, or where `order` is a name or an id
/// the least. Unknown orders count as the first one. Of those that weigh the same the older come
/// first.
std::vector<surveyed_session> first_of(const gathered_sessions& all, std::uint8_t order,
                                       std::size_t limit);
std::vector<document_info> first_of(const gathered_documents& all, std::uint8_t order,
                                    std::size_t limit);

}  // namespace troupe::inspection
