#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "bench/load/delivery_book.hpp"
#include "bench/load/pace.hpp"

namespace troupe::delivery_book_test {

namespace {

using namespace std::chrono_literals;
using troupe::load::delivery_book;
using troupe::load::delivery_counts;
using troupe::load::histogram;
using troupe::load::id_range;

constexpr troupe::crdt::client_id first_author = 100;

/// A document of three clients, two of which write updates of two characters.
struct document {
  delivery_counts counts;
  histogram latencies;
  delivery_book::window window{delivery_book::time_point{}, delivery_book::time_point::max()};
  delivery_book book{{3, 2, 2, first_author}, counts, latencies, window};
  delivery_book::time_point now{1s};
  std::vector<std::size_t> done;

  void receive(std::size_t receiver, const id_range& range) {
    book.received(receiver, range, now, [this](std::size_t writer) { done.push_back(writer); });
  }
};

}  // namespace

TEST_CASE("latencies of some receivers may be recorded apart", "[load]") {
  document of;
  histogram apart;
  of.book.sent(0, of.now - 5ms);
  of.receive(1, {first_author, 0, 2});
  of.book.received(
      2, {first_author, 0, 2}, of.now + 10ms, [](std::size_t) {}, apart);
  CHECK(of.latencies.total() == 1);
  CHECK(apart.total() == 1);
  CHECK(apart.at(0.5) > of.latencies.at(0.5));
}

TEST_CASE("an update is done once all others have it", "[load]") {
  document of;
  of.book.sent(0, of.now - 5ms);
  of.receive(0, {first_author, 0, 2});  // an echo
  of.receive(1, {first_author, 0, 2});
  CHECK(of.done.empty());
  CHECK(of.book.missing() == 1);
  of.receive(2, {first_author, 0, 2});
  CHECK(of.done == std::vector<std::size_t>{0});
  CHECK(of.counts.delivered == 2);
  CHECK(of.counts.done == 1);
  CHECK(of.book.outstanding(0) == 0);
  CHECK(of.latencies.total() == 2);
}

TEST_CASE("updates count for what they hold, however they are cut", "[load]") {
  document of;
  for (int i = 0; i < 3; ++i) of.book.sent(1, of.now);
  of.receive(0, {first_author + 1, 0, 6});  // joined
  of.receive(2, {first_author + 1, 0, 3});  // cut in the middle of an update
  CHECK(of.counts.delivered == 4);
  of.receive(2, {first_author + 1, 3, 6});
  CHECK(of.counts.delivered == 6);
  CHECK(of.counts.gaps == 0);
  CHECK(of.done.size() == 3);
}

TEST_CASE("what came before is repeated and does not count again", "[load]") {
  document of;
  of.book.sent(0, of.now);
  of.receive(1, {first_author, 0, 2});
  of.receive(1, {first_author, 0, 2});
  CHECK(of.counts.delivered == 1);
  CHECK(of.counts.repeated == 1);
}

TEST_CASE("a gap is noticed, and what it skips is lost", "[load]") {
  document of;
  for (int i = 0; i < 3; ++i) of.book.sent(0, of.now);
  of.receive(1, {first_author, 4, 6});
  CHECK(of.counts.gaps == 1);
  CHECK(of.counts.lost == 2);
  CHECK(of.counts.delivered == 1);
}

TEST_CASE("updates that nobody sent are noticed", "[load]") {
  document of;
  of.receive(2, {first_author + 7, 0, 2});
  of.receive(2, {first_author - 1, 0, 2});
  of.receive(2, {first_author, 0, 2});
  CHECK(of.counts.foreign == 3);
  CHECK(of.counts.delivered == 0);
}

TEST_CASE("latencies are those of updates that were due in the window", "[load]") {
  document of;
  of.window = {of.now, of.now + 1s};
  of.book.sent(0, of.now - 1ms);
  of.book.sent(0, of.now);
  of.now += 4ms;
  of.receive(1, {first_author, 0, 4});
  REQUIRE(of.latencies.total() == 1);
  CHECK(of.latencies.at(0.5) > 3800us);
  CHECK(of.latencies.at(0.5) < 4200us);
}

TEST_CASE("percentiles are off by three per cent at most", "[load]") {
  histogram of;
  for (int i = 1; i <= 100'000; ++i) of.record(std::chrono::microseconds{i});
  const auto is_near = [&](double share, std::chrono::microseconds wanted) {
    return of.at(share) > wanted * 97 / 100 && of.at(share) < wanted * 103 / 100;
  };
  CHECK(is_near(0.5, 50'000us));
  CHECK(is_near(0.99, 99'000us));
  CHECK(is_near(1, 100'000us));
  CHECK(histogram{}.at(0.5) == 0ns);
}

TEST_CASE("an open loop has its own clock", "[load]") {
  const troupe::load::pace::time_point start{};
  troupe::load::pace pace{start, 10, 4};  // a turn each 25 ms
  CHECK_FALSE(pace.next_due(start + 24ms));
  // Late: all turns that were missed follow, each with the moment that it was meant for.
  for (std::size_t i = 0; i < 6; ++i) {
    const auto turn = pace.next_due(start + 160ms);
    REQUIRE(turn);
    CHECK(turn->writer == i % 4);
    CHECK(turn->at == start + 25ms * (i + 1));
  }
  CHECK_FALSE(pace.next_due(start + 160ms));
  CHECK(troupe::load::pace{start, 0, 4}.next_moment() == troupe::load::pace::time_point::max());
}

}  // namespace troupe::delivery_book_test
