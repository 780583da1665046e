// One question to many actors, one answer of all their parts: how an actor lists what others hold;
// and one question that another actor answers.
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <caf/sec.hpp>
#include <caf/typed_response_promise.hpp>

#include "actors/caf_compat.hpp"

namespace troupe {

/// The second parameter of a function: the type of the part that an `add` takes.
template <class Add>
struct part_of_add : part_of_add<decltype(&Add::operator())> {};
template <class Class, class All, class Part>
struct part_of_add<void (Class::*)(All, const Part&) const> {
  using type = Part;
};

/// Asks each of the receivers; `add(all, part)` adds their parts to `all` as they come.
/// `finish(all, late)` is called when the last has answered or failed, at once if there are none. A
/// receiver that failed has no part; `late` is how many did not answer within `patience`.
template <class Self, class Receivers, class Question, class All, class Patience, class Add,
          class Finish>
void gather_then(Self* self, const Receivers& receivers, const Question& question, All all,
                 Patience patience, Add add, Finish finish) {
  using part = typename part_of_add<Add>::type;
  const auto sum = std::make_shared<All>(std::move(all));
  // One more than there are receivers, so that none at all are answered, too.
  const auto missing = std::make_shared<std::size_t>(receivers.size() + 1);
  const auto late = std::make_shared<std::size_t>(0);
  auto finish_one = [sum, missing, late, finish]() mutable {
    if (--*missing == 0) finish(std::move(*sum), *late);
  };
  for (const auto& receiver : receivers)
    self->request(receiver, patience, question)
        .then(
            [sum, add, finish_one](const part& one) mutable {
              add(*sum, one);
              finish_one();
            },
            [late, finish_one](const caf::error& why) mutable {
              *late += why == caf::sec::request_timeout;
              finish_one();
            });
  finish_one();
}

/// The same for an actor that answers the message it is handling with the parts that there are.
template <class Self, class Receivers, class Question, class All, class Add>
caf::typed_response_promise<All> gather(Self* self, const Receivers& receivers,
                                        const Question& question, All all, Add add) {
  // Shared, as GCC 12 sees CAF use a copy of it behind its end, where it does not.
  const auto promise = std::make_shared<caf::typed_response_promise<All>>(
      self->template make_response_promise<All>());
  gather_then(self, receivers, question, std::move(all), caf::infinite, add,
              [promise](All answer, std::size_t) { promise->deliver(std::move(answer)); });
  return *promise;
}

/// Passes a question on, and the answer back. `if_ended`: the answer for one who has ended before,
/// which is an error otherwise.
template <class Self, class Receiver, class Question, class Answer>
void pass_on(Self* self, const Receiver& to, const Question& question,
             caf::typed_response_promise<Answer> promise,
             std::optional<std::type_identity_t<Answer>> if_ended = std::nullopt) {
  self->request(to, caf::infinite, question)
      .then([promise](const Answer& answer) mutable { promise.deliver(answer); },
            [promise, if_ended](const caf::error& why) mutable {
              if (if_ended && why == caf::sec::request_receiver_down)
                return promise.deliver(*if_ended);
              promise.deliver(why);
            });
}

}  // namespace troupe
