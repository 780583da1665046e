// How an actor receives the answer to a request that it has sent to another server: as a message to
// itself, with a status and a body or why there is no answer.
#pragma once

#include <utility>

#include "net/http_client.hpp"

namespace troupe {

/// Puts the outcome of a request into a message with `status`, `body` and `why`.
template <class Answered>
Answered with_outcome(Answered message, result<http_reply> answer) {
  if (answer) {
    message.status = answer->status;
    message.body = std::move(answer->body);
  } else {
    message.why = to_string(answer.error());
  }
  return message;
}

}  // namespace troupe
