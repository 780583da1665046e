// Which lines are logged: a level for each component, chosen at the start (log.level, log.levels)
// and changed while the node runs (PUT /api/v1/log). It stands in front of CAF's logger, whose own
// verbosity is fixed when it starts. Thread: any; a level that is off costs one load.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/errc.hpp"

namespace troupe {

/// From few lines to many.
enum class log_severity : std::uint8_t { error, warning, info, debug };

std::string_view to_string(log_severity level) noexcept;
std::optional<log_severity> find_severity(std::string_view name) noexcept;

/// Who logs. The component of a line follows from the file that it stands in.
enum class log_component : std::uint8_t {
  caf,  ///< The actor library, about itself.
  access,
  admin,
  cluster,
  directory,
  document,
  node,
  session,
  store,
  versions,
  webhooks,
};
inline constexpr std::size_t log_component_count =
    static_cast<std::size_t>(log_component::webhooks) + 1;

/// As it stands in lines and in log.levels: "troupe.store". Static storage.
std::string_view to_string(log_component which) noexcept;
std::optional<log_component> find_component(std::string_view name) noexcept;
/// That of a source file: "actors/store_reader.cpp" is of troupe.store.
log_component component_of_file(std::string_view path) noexcept;

/// What an operator chooses.
struct log_choice {
  log_severity level = log_severity::info;
  /// For components with another one than the rest.
  std::array<std::optional<log_severity>, log_component_count> exceptions{};

  /// What counts for a component. At info, lines of CAF would bury ours, so of these only warnings
  /// are shown unless they are asked for.
  log_severity of(log_component which) const noexcept;
  bool operator==(const log_choice&) const = default;
};

/// Reads "troupe.store=debug". Fails with invalid_config: the detail says what is allowed.
result<void> add_exception(std::string_view text, log_choice& to);

class log_levels {
 public:
  log_levels() { choose({}); }

  bool allows(log_severity level, log_component which) const noexcept {
    return level <= levels_[static_cast<std::size_t>(which)].load(std::memory_order_relaxed);
  }
  /// Whether any component logs this; to be asked before a line is put together.
  bool may_allow(log_severity level) const noexcept {
    return level <= highest_.load(std::memory_order_relaxed);
  }

  void choose(const log_choice& what);
  log_choice chosen() const;

 private:
  std::array<std::atomic<log_severity>, log_component_count> levels_;
  std::atomic<log_severity> highest_{log_severity::info};
  mutable std::mutex mutex_;  // guards chosen_
  log_choice chosen_;
};

/// Those of this process, which has one logger.
log_levels& levels_of_process();

}  // namespace troupe
