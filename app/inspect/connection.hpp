// A connection to the inspector of a node, over CAF's network layer, with an actor system of its
// own. Whatever the other side does, or is, each call ends within a few seconds. Thread: the one
// that has made it.
#pragma once

#include <memory>

#include "app/inspect/command.hpp"

namespace troupe {

/// Connects and greets. Fails with request_failed, where the detail says what is wrong: nothing
/// listens, it is no node of troupe, it speaks another version, it does not answer.
/// Requires: no other actor system runs in the process, which ends by std::_Exit: after a time-out
/// threads of CAF are left, since they may never end.
result<std::unique_ptr<asked_inspector>> connect_to_inspector(const inspect_target& target);

}  // namespace troupe
