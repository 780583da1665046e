// How an operator sees and changes what is logged, while the node runs: pages of the admin listener
// (docs/admin.md#log). Pure: requests in, answers out.
#pragma once

#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "actors/log_levels.hpp"
#include "net/http_message.hpp"

namespace troupe::admin {

/// What is logged now.
struct describe_log {};

/// What is to be logged from now on. Components that are not named obey the level again.
struct log_change {
  std::optional<log_severity> level;  ///< Nothing: that of before.
  log_choice with;                    ///< Its exceptions.

  log_choice applied_to(const log_choice& before) const {
    log_choice after = with;
    after.level = level.value_or(before.level);
    return after;
  }
};

/// {"level": "info", "levels": {"troupe.store": "debug"}}; one of them may be missing. The error is
/// the answer 400.
tl::expected<log_change, http_answer> read_log_change(const http_request& request);

/// The level, and that of each component.
http_answer show_log(const log_choice& now);

/// For the log: "level info, troupe.store=debug".
std::string describe(const log_choice& what);

}  // namespace troupe::admin
