// The one translation between our close reasons and CAF's errors, so that a request can be answered
// with the reason for which its session shall be closed.
#pragma once

#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>

#include "base/close_reason.hpp"

namespace troupe {

inline caf::error to_caf_error(close_reason reason) {
  return caf::make_error(caf::sec::runtime_error, static_cast<std::uint8_t>(reason));
}

/// The reason in an error made by to_caf_error; document_failed for any other error.
inline close_reason to_close_reason(const caf::error& error) {
  const caf::message& context = error.context();
  if (error == caf::sec::runtime_error && context.match_elements<std::uint8_t>())
    return static_cast<close_reason>(context.get_as<std::uint8_t>(0));
  return close_reason::document_failed;
}

/// Whether an actor that has ended with this has failed.
inline bool is_failure(const caf::error& end) {
  return end && end != caf::exit_reason::user_shutdown;
}

}  // namespace troupe
