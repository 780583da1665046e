// One question to many actors, one answer of all their parts: how an actor lists what others hold.
#pragma once

#include <memory>
#include <utility>

#include <caf/typed_response_promise.hpp>

#include "actors/caf_compat.hpp"

namespace troupe {

/// Asks each of the receivers; `add(answer, part)` takes their parts together as they come. The
/// message that is being handled is answered when the last has answered or failed; who failed has
/// no part.
template <class Answer, class Self, class Receivers, class Question, class Add>
caf::typed_response_promise<Answer> gather(Self* self, const Receivers& receivers,
                                           const Question& question, Add add) {
  auto promise = self->template make_response_promise<Answer>();
  const auto all = std::make_shared<Answer>();
  // One more than there are receivers, so that none at all are answered, too.
  const auto missing = std::make_shared<std::size_t>(receivers.size() + 1);
  auto finish = [promise, all, missing]() mutable {
    if (--*missing == 0) promise.deliver(std::move(*all));
  };
  for (const auto& receiver : receivers)
    self->request(receiver, caf::infinite, question)
        .then(
            [all, add, finish](const Answer& part) mutable {
              add(*all, part);
              finish();
            },
            [finish](const caf::error&) mutable { finish(); });
  finish();
  return promise;
}

}  // namespace troupe
