#include "actors/gather.hpp"

#include <future>
#include <mutex>

#include <caf/actor_cast.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/actor_node.hpp"

namespace troupe::gather_test {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds patience{10};

/// Hubs that answer, fail, are gone or never answer, and an actor that asks them.
class gather_bed {
 public:
  ~gather_bed() {
    for (const hub_actor& each : hubs) caf::anon_send_exit(each, caf::exit_reason::kill);
  }

  void add_answering(std::size_t count) {
    add([count](const list_sessions& which) {
      listed_sessions part;
      part.count = count + which.limit;
      return part;
    });
  }
  void add_failing() {
    add([](const list_sessions&) -> caf::result<listed_sessions> {
      return caf::make_error(caf::sec::runtime_error);
    });
  }
  void add_silent() {
    const auto kept = std::make_shared<caf::typed_response_promise<listed_sessions>>();
    const auto one = node.system().spawn([kept](caf::event_based_actor* self) -> caf::behavior {
      return {[self, kept](const list_sessions&) -> caf::result<listed_sessions> {
        *kept = self->make_response_promise<listed_sessions>();
        return *kept;
      }};
    });
    hubs.push_back(caf::actor_cast<hub_actor>(one));
  }
  void add_gone() {
    add_answering(0);
    caf::anon_send_exit(hubs.back(), caf::exit_reason::kill);
    caf::scoped_actor waiter{node.system()};
    waiter->wait_for(hubs.back());
  }

  struct answer {
    std::size_t sum;
    std::size_t late;
  };
  /// What all parts come to. `within`: the patience of the actor that asks.
  template <class Patience>
  answer ask(Patience within) {
    std::promise<answer> done;
    node.system().spawn([&, within](caf::event_based_actor* self) {
      gather_then(
          self, hubs, list_sessions{}, std::size_t{1'000'000}, within,
          [](std::size_t& all, const listed_sessions& part) { all += part.count; },
          [&](std::size_t all, std::size_t late) {
            done.set_value({all, late});
          });
    });
    auto future = done.get_future();
    REQUIRE(future.wait_for(patience) == std::future_status::ready);
    return future.get();
  }

  test::actor_node node;
  std::vector<hub_actor> hubs;

 private:
  template <class Handler>
  void add(Handler handler) {
    const auto one = node.system().spawn(
        [handler](caf::event_based_actor*) -> caf::behavior { return {handler}; });
    hubs.push_back(caf::actor_cast<hub_actor>(one));
  }
};

constexpr std::size_t base = 1'000'000;
constexpr std::size_t asked = page_size_default;  // each part shows that it got the question

}  // namespace

TEST_CASE("a question to nobody is answered at once", "[gather]") {
  gather_bed bed;
  const auto got = bed.ask(caf::infinite);
  CHECK(got.sum == base);
  CHECK(got.late == 0);
}

TEST_CASE("an answer has the parts of all receivers", "[gather]") {
  gather_bed bed;
  for (std::size_t i = 1; i <= 50; ++i) bed.add_answering(i);
  const auto got = bed.ask(caf::infinite);
  CHECK(got.sum == base + 50 * 51 / 2 + 50 * asked);
  CHECK(got.late == 0);
}

TEST_CASE("a receiver that fails has no part and is not late", "[gather]") {
  gather_bed bed;
  bed.add_failing();
  bed.add_answering(3);
  bed.add_gone();
  bed.add_answering(4);
  for (const auto& got : {bed.ask(caf::infinite), bed.ask(caf::timespan{patience})}) {
    CHECK(got.sum == base + 7 + 2 * asked);
    CHECK(got.late == 0);
  }
}

TEST_CASE("receivers that all fail leave the answer as it was", "[gather]") {
  gather_bed bed;
  bed.add_failing();
  bed.add_gone();
  CHECK(bed.ask(caf::infinite).sum == base);
}

TEST_CASE("a receiver that does not answer in time is late", "[gather]") {
  gather_bed bed;
  bed.add_silent();
  bed.add_silent();
  const auto got = bed.ask(caf::timespan{1ms});
  CHECK(got.sum == base);
  CHECK(got.late == 2);
}

TEST_CASE("an actor answers with what it has gathered", "[gather]") {
  gather_bed bed;
  bed.add_answering(3);
  bed.add_failing();
  bed.add_answering(4);
  const auto all = bed.node.system().spawn([&](caf::event_based_actor* self) -> caf::behavior {
    return {[self, hubs = bed.hubs](const list_sessions& which) {
      return gather(
          self, hubs, which, listed_sessions{},
          [](listed_sessions& sum, const listed_sessions& part) { sum.count += part.count; });
    }};
  });
  caf::scoped_actor client{bed.node.system()};
  for (int i = 0; i < 2; ++i)
    client->request(all, patience, list_sessions{.document = {}, .limit = 100})
        .receive([](const listed_sessions& got) { CHECK(got.count == 207); },
                 [](const caf::error& why) { FAIL(caf::to_string(why)); });
  client->send_exit(all, caf::exit_reason::kill);
}

}  // namespace troupe::gather_test
