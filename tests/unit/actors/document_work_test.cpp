#include "actors/document_work.hpp"

#include <stdexcept>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/update_builder.hpp"

namespace troupe::document_work_test {

namespace {

using sessions = std::vector<session_id>;

std::unique_ptr<hosted_document> make_document() {
  return std::make_unique<hosted_document>(crdt::doc_settings{});
}

session_id session_of(const document_work::input& one) {
  return std::get<leave_document>(one).session;
}

/// Work whose pieces are numbers. What is lent waits in `lent`.
struct lending_work {
  std::vector<std::shared_ptr<lent_document>> lent;
  document_work work{make_document(), [this](std::shared_ptr<lent_document> one) {
                       lent.push_back(std::move(one));
                     }};
  sessions handled;

  void push(session_id number) { work.push(leave_document{number}); }
  void handle_waiting() {
    work.handle_waiting([this](document_work::input& one) {
      handled.push_back(session_of(one));
      return true;
    });
  }
  /// As a worker would.
  void do_lent_work() {
    const auto one = lent.back();
    lent.pop_back();
    one->work(*one->state, one->effects);
    work.on_returned(*one);
  }
};

const byte_buffer hello =
    test::update_builder{}.client(1).text(test::in_root("t"), "hello").build();

}  // namespace

TEST_CASE("nothing is handled before the document is loaded", "[document_work]") {
  lending_work bed;
  bed.push(1);
  CHECK(bed.work.has_waiting());
  bed.handle_waiting();
  CHECK(bed.handled.empty());
  CHECK_FALSE(bed.work.has_begun());
  bed.work.begin();
  CHECK(bed.work.has_begun());
  bed.handle_waiting();
  CHECK(bed.handled == sessions{1});
  CHECK_FALSE(bed.work.has_waiting());
}

TEST_CASE("what waits is handled in its order, once", "[document_work]") {
  lending_work bed;
  bed.work.begin();
  for (session_id i = 1; i <= 200; ++i) bed.push(i);
  bed.handle_waiting();
  REQUIRE(bed.handled.size() == 200);
  CHECK(std::ranges::is_sorted(bed.handled));
  bed.handle_waiting();
  CHECK(bed.handled.size() == 200);
}

TEST_CASE("handling does nothing within itself, but what is pushed meanwhile follows",
          "[document_work]") {
  lending_work bed;
  bed.work.begin();
  bed.push(1);
  bed.push(2);
  int depth = 0;
  bed.work.handle_waiting([&](document_work::input& one) {
    CHECK(depth == 0);
    ++depth;
    const session_id number = session_of(one);
    bed.handled.push_back(number);
    if (number == 1) {
      bed.push(3);
      bed.handle_waiting();
    }
    --depth;
    return true;
  });
  CHECK(bed.handled == sessions{1, 2, 3});
}

TEST_CASE("light work is done at once, heavy work too where nobody can be lent to",
          "[document_work]") {
  document_work alone{make_document(), {}};
  CHECK_FALSE(alone.can_lend());
  for (const weight how : {weight::light, weight::heavy}) {
    sessions steps;
    alone.run(
        how, [&](hosted_document&, document_effects&) { steps.push_back(1); },
        [&] { steps.push_back(2); });
    CHECK(steps == sessions{1, 2});
    CHECK(alone.state() != nullptr);
  }

  lending_work bed;
  CHECK(bed.work.can_lend());
  bool is_done = false;
  bed.work.run(
      weight::light,
      [](hosted_document& of, document_effects& out) {
        of.on_update(origin::of_server(), hello, out);
      },
      [&] { is_done = true; });
  CHECK(is_done);
  CHECK(bed.lent.empty());
  CHECK(bed.work.effects().writes.size() == 1);
  CHECK(bed.work.state()->state().text("t") == "hello");
}

TEST_CASE("heavy work goes away with the state and comes back with it", "[document_work]") {
  lending_work bed;
  const hosted_document* const state = bed.work.state();
  bool is_done = false;
  bed.work.run(
      weight::heavy,
      [](hosted_document& of, document_effects& out) {
        of.on_update(origin::of_server(), hello, out);
      },
      [&] {
        CHECK(bed.work.state() == state);
        CHECK(bed.work.effects().writes.size() == 1);
        is_done = true;
      });
  CHECK(bed.work.state() == nullptr);
  REQUIRE(bed.lent.size() == 1);
  CHECK(bed.lent[0]->state.get() == state);
  CHECK_FALSE(is_done);
  CHECK(bed.work.effects().empty());
  bed.do_lent_work();
  CHECK(is_done);
  CHECK(bed.work.state()->state().text("t") == "hello");
}

TEST_CASE("what comes while the state is lent waits for it", "[document_work]") {
  lending_work bed;
  bed.work.begin();
  bed.push(1);
  bed.push(2);
  bool was_lent = false;
  // The first is handled in two steps, with work elsewhere between them.
  const auto handle = [&](document_work::input& one) {
    bed.handled.push_back(session_of(one));
    if (std::exchange(was_lent, true)) return true;
    bed.work.run(
        weight::heavy, [](hosted_document&, document_effects&) {}, [] {});
    return false;
  };
  bed.work.handle_waiting(handle);
  CHECK(bed.handled == sessions{1});
  bed.push(3);
  bed.work.handle_waiting(handle);
  CHECK(bed.handled == sessions{1});
  bed.do_lent_work();
  bed.work.handle_waiting(handle);
  CHECK(bed.handled == sessions{1, 1, 2, 3});
  CHECK_FALSE(bed.work.has_waiting());
}

TEST_CASE("what comes after lent work may lend again", "[document_work]") {
  lending_work bed;
  sessions steps;
  const auto work = [](hosted_document&, document_effects&) {};
  bed.work.run(weight::heavy, work, [&] {
    steps.push_back(1);
    bed.work.run(weight::heavy, work, [&] { steps.push_back(2); });
  });
  bed.do_lent_work();
  CHECK(steps == sessions{1});
  CHECK(bed.work.state() == nullptr);
  bed.do_lent_work();
  CHECK(steps == sessions{1, 2});
  CHECK(bed.work.state() != nullptr);
}

TEST_CASE("work that throws is not followed by what comes after it", "[document_work]") {
  lending_work bed;
  bool is_done = false;
  const auto fails = [](hosted_document&, document_effects&) { throw std::runtime_error{"why"}; };
  CHECK_THROWS_AS(bed.work.run(weight::light, fails, [&] { is_done = true; }), std::runtime_error);
  CHECK_FALSE(is_done);
  CHECK(bed.work.state() != nullptr);
  bed.work.run(weight::heavy, fails, [&] { is_done = true; });
  REQUIRE(bed.lent.size() == 1);
  CHECK_THROWS_AS(bed.do_lent_work(), std::runtime_error);
  CHECK_FALSE(is_done);
}

TEST_CASE("an input whose handling throws is not lost without a sound", "[document_work]") {
  lending_work bed;
  bed.work.begin();
  bed.push(1);
  bed.push(2);
  CHECK_THROWS_AS(bed.work.handle_waiting(
                      [](document_work::input&) -> bool { throw std::runtime_error{"why"}; }),
                  std::runtime_error);
  CHECK(bed.work.has_waiting());
}

TEST_CASE("work that is stopped handles nothing more", "[document_work]") {
  lending_work bed;
  bed.work.begin();
  bed.push(1);
  bed.work.stop(caf::error{});
  CHECK(bed.work.state() == nullptr);
  CHECK_FALSE(bed.work.can_lend());
  bed.handle_waiting();
  CHECK(bed.handled.empty());
}

TEST_CASE("releasing memory keeps state and what waits", "[document_work]") {
  lending_work bed;
  bed.work.begin();
  bed.work.run(
      weight::light,
      [](hosted_document& of, document_effects& out) {
        of.on_update(origin::of_server(), hello, out);
      },
      [] {});
  bed.push(1);
  bed.work.release_memory();
  CHECK(bed.work.state()->state().text("t") == "hello");
  bed.handle_waiting();
  CHECK(bed.handled == sessions{1});
  bed.work.run(
      weight::heavy, [](hosted_document&, document_effects&) {}, [] {});
  bed.work.release_memory();
  bed.do_lent_work();
  CHECK(bed.work.state()->state().text("t") == "hello");
}

TEST_CASE("a large update, and a difference to a large state, is heavy work", "[document_work]") {
  const auto weight_of_request = [](request_kind kind, const byte_buffer& body, std::size_t state) {
    return weight_of(client_request{kind, dialect::json, body, {}}, state);
  };
  const byte_buffer newcomer{0}, returning{1, 1, 5};
  const byte_buffer small(heavy_update_bytes - 1), large(heavy_update_bytes);
  CHECK(weight_of_request(request_kind::update, small, heavy_state_bytes) == weight::light);
  CHECK(weight_of_request(request_kind::update, large, 0) == weight::heavy);
  CHECK(weight_of_request(request_kind::sync, returning, heavy_state_bytes - 1) == weight::light);
  CHECK(weight_of_request(request_kind::sync, returning, heavy_state_bytes) == weight::heavy);
  CHECK(weight_of_request(request_kind::sync, newcomer, heavy_state_bytes) == weight::light);
  CHECK(weight_of_request(request_kind::query_presence, {}, heavy_state_bytes) == weight::light);
  CHECK(weight_of(7, 8) == weight::light);
  CHECK(weight_of(8, 8) == weight::heavy);
}

TEST_CASE("work that is stopped forgets what waits", "[actors]") {
  document_work work{std::make_unique<hosted_document>(crdt::doc_settings{}), {}};
  work.push(leave_document{1});
  work.stop(caf::error{});
  CHECK_FALSE(work.has_waiting());
}

}  // namespace troupe::document_work_test
