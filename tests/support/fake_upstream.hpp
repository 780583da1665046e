// The server that a node replaces, played by the test: it hears which documents are asked for, and
// answers each when the test says so.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <caf/typed_event_based_actor.hpp>
#include <catch2/catch_test_macros.hpp>

#include "actors/interfaces.hpp"

namespace troupe::test {

/// A document that is asked for, and how to answer.
struct upstream_question {
  std::string document;
  std::function<void(fetched_document)> answer;
};

class fake_upstream {
 public:
  /// The actor that takes the place of `upstream`; the fake outlives it.
  std::function<upstream_actor(caf::actor_system&)> spawner() {
    return [this](caf::actor_system& in) { return in.spawn<actor_class>(this); };
  }

  /// Waits until a document is asked for.
  upstream_question next() {
    std::unique_lock lock{mutex_};
    const auto patience = std::chrono::seconds{10};
    REQUIRE(asked_.wait_for(lock, patience, [this] { return !questions_.empty(); }));
    upstream_question first = std::move(questions_.front());
    questions_.erase(questions_.begin());
    return first;
  }
  bool is_asked() {
    const std::lock_guard lock{mutex_};
    return !questions_.empty();
  }

  static fetched_document found(const std::vector<byte_buffer>& updates) {
    fetched_document got;
    for (const byte_buffer& each : updates) got.updates.push_back(shared_bytes::copy_of(each));
    return got;
  }
  static fetched_document failed() {
    return {{}, failure{errc::request_failed, "nobody is there"}};
  }

 private:
  class actor_class final : public upstream_actor::base {
   public:
    actor_class(caf::actor_config& config, fake_upstream* at)
        : upstream_actor::base(config), at_(at) {}

   protected:
    behavior_type make_behavior() override {
      return {[this](const fetch_document& which) -> caf::result<fetched_document> {
        auto promise = make_response_promise<fetched_document>();
        at_->ask({which.name,
                  [promise](fetched_document got) mutable { promise.deliver(std::move(got)); }});
        return promise;
      }};
    }

   private:
    fake_upstream* at_;
  };

  void ask(upstream_question one) {
    const std::lock_guard lock{mutex_};
    questions_.push_back(std::move(one));
    asked_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable asked_;
  std::vector<upstream_question> questions_;
};

}  // namespace troupe::test
