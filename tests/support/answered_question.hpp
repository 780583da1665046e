// The other end of a question between actors: a test that stands in the place of the one asked.
#pragma once

#include <chrono>

#include <caf/scoped_actor.hpp>
#include <catch2/catch_test_macros.hpp>

namespace troupe::test {

/// Answers the next question of this kind that `as` is asked; returns the question.
template <class Question, class Answer>
Question answer_next(caf::scoped_actor& as, Answer with) {
  Question asked;
  as->receive(
      [&](const Question& question) {
        asked = question;
        return with;
      },
      caf::after(std::chrono::seconds{10}) >> [] { FAIL("it was not asked"); });
  return asked;
}

}  // namespace troupe::test
