// The one place that knows which CAF this is. What changed between 0.18 and 1.x (hosting, sending,
// monitoring, logging) is spelled here; the actors use these names. Hosting on an I/O thread is in
// net/io_actor.hpp.
#pragma once

#include <concepts>
#include <exception>
#include <string>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/error.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/logger.hpp>
#include <caf/result.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/log_levels.hpp"

namespace troupe {

/// One line through CAF's logger, if the level of its component allows it (log_levels.hpp); the
/// component follows from the file of the caller. The logger's ring blocks when full: not for every
/// frame. Foreign bytes in it are made printable (base/printable.hpp). Thread: any that CAF knows
/// (its workers, io_units, main after the system is up); elsewhere nothing is written.
void log_line(log_severity severity, const std::string& text, const char* file = __builtin_FILE());

/// The same for a text that is only put together if the level may be on: `text()` is a string.
template <std::invocable Text>
void log_line(log_severity severity, Text&& text, const char* file = __builtin_FILE()) {
  if (levels_of_process().may_allow(severity))
    log_line(severity, std::string{std::forward<Text>(text)()}, file);
}

/// The same for a line that may not be due: an empty one is none.
inline void log_if_due(log_severity severity, const std::string& line,
                       const char* file = __builtin_FILE()) {
  if (!line.empty()) log_line(severity, line, file);
}

/// Sends a message from an actor. Local sends cannot fail; a dead receiver drops the message.
template <class Self, class Receiver, class... Parts>
void tell(Self* self, const Receiver& receiver, Parts&&... parts) {
  self->send(receiver, std::forward<Parts>(parts)...);
}

/// As tell(), after a delay. CAF's clock is made for a few timers a node, not for one a session.
template <class Self, class Receiver, class Delay, class... Parts>
void tell_later(Self* self, const Receiver& receiver, Delay delay, Parts&&... parts) {
  self->delayed_send(receiver, delay, std::forward<Parts>(parts)...);
}

/// Sends a message from outside of any actor.
template <class Receiver, class... Parts>
void tell_anonymously(const Receiver& receiver, Parts&&... parts) {
  caf::anon_send(receiver, std::forward<Parts>(parts)...);
}

/// Makes `self` receive a down message when `watched` ends. Only from above: an actor that watches
/// one which outlives it keeps its memory.
template <class Self, class Watched>
void watch(Self* self, const Watched& watched) {
  self->monitor(watched);
}

/// An exception in a handler ends the actor, with the text as reason, instead of CAF's note on
/// stdout.
template <class Self>
void end_on_exception(Self* self) {
  self->set_exception_handler([self](std::exception_ptr& thrown) -> caf::error {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      log_line(log_severity::error, std::string{self->name()} + ": " + error.what());
      return caf::make_error(caf::sec::runtime_error, std::string{error.what()});
    } catch (...) {
      return caf::make_error(caf::sec::runtime_error, "unknown exception");
    }
  });
}

}  // namespace troupe
