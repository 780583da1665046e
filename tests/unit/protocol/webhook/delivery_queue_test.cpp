// The queue of deliveries, driven with a clock of its own.
#include "protocol/webhook/delivery_queue.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::delivery_queue_test {

using namespace troupe::webhook;
using namespace std::chrono_literals;

namespace {

using verdict = delivery_queue::verdict;
using numbers = std::vector<delivery_number>;

struct queue_bed {
  explicit queue_bed(queue_limits limits = {}, retry_rules rules = {}) : queue(limits, rules, 7) {}

  delivery_queue::moment at() const {
    return {std::chrono::steady_clock::time_point{} + now, wall()};
  }
  std::uint64_t wall() const { return static_cast<std::uint64_t>(now.count()) + 1'000'000; }

  delivery_queue::added add(delivery_number number, const std::string& document,
                            event_kind what = event_kind::document_changed,
                            std::vector<std::string> users = {}) {
    delivery one;
    one.number = number;
    one.what.what = what;
    one.what.document = document;
    one.what.by.users = std::move(users);
    one.since = wall();
    return queue.add(one, at());
  }
  delivery_number take() {
    const delivery* const due = queue.take_due(at());
    return due == nullptr ? 0 : due->number;
  }
  numbers take_all() {
    numbers all;
    while (const delivery_number next = take()) all.push_back(next);
    return all;
  }
  delivery_queue::failed fail(delivery_number number) {
    return queue.on_failed(number, "no", at());
  }
  /// Until the next is due; returns it.
  delivery_number wait_for_next() {
    for (int i = 0; i < 100'000; ++i) {
      if (const delivery_number next = take()) return next;
      now += 250ms;
    }
    return 0;
  }

  std::chrono::milliseconds now{0};
  delivery_queue queue;
};

}  // namespace

TEST_CASE("deliveries of a document go one after the other, those of others beside them",
          "[webhook]") {
  queue_bed bed;
  bed.add(1, "a", event_kind::document_opened);
  bed.add(2, "a", event_kind::session_joined);
  bed.add(3, "b", event_kind::document_opened);
  CHECK(bed.take_all() == numbers{1, 3});
  CHECK(bed.queue.in_flight() == 2);
  CHECK(bed.queue.on_delivered(1, bed.at()));
  CHECK_FALSE(bed.queue.on_delivered(1, bed.at()));
  CHECK(bed.take_all() == numbers{2});
  CHECK(bed.queue.on_delivered(3, bed.at()));
  CHECK(bed.queue.on_delivered(2, bed.at()));
  CHECK(bed.queue.size() == 0);
  CHECK(bed.queue.bytes() == 0);
  CHECK(bed.take() == 0);
}

TEST_CASE("only so many deliveries are under way", "[webhook]") {
  queue_limits limits;
  limits.in_flight_max = 2;
  queue_bed bed{limits};
  for (delivery_number i = 1; i <= 4; ++i) bed.add(i, "d" + std::to_string(i));
  CHECK(bed.take_all() == numbers{1, 2});
  bed.queue.on_delivered(1, bed.at());
  CHECK(bed.take_all() == numbers{3});
}

TEST_CASE("a newer change replaces one that waits, and has its authors", "[webhook]") {
  queue_bed bed;
  bed.add(1, "a", event_kind::document_opened);
  CHECK(bed.take() == 1);
  bed.add(2, "a", event_kind::document_changed, {"ada"});
  bed.add(3, "a", event_kind::session_left);
  const auto added = bed.add(4, "a", event_kind::document_changed, {"bob", "ada"});
  CHECK(added.is_taken);
  CHECK(added.replaced == 2);
  CHECK(bed.queue.find(4)->what.by.users == std::vector<std::string>{"ada", "bob"});
  bed.queue.on_delivered(1, bed.at());
  CHECK(bed.take() == 3);
  bed.queue.on_delivered(3, bed.at());
  CHECK(bed.take() == 4);
  // One that is under way is not replaced: it may have arrived.
  CHECK(bed.add(5, "a").replaced == std::nullopt);
  CHECK(bed.take() == 0);
  bed.queue.on_delivered(4, bed.at());
  CHECK(bed.take() == 5);
  bed.queue.on_delivered(5, bed.at());
  CHECK(bed.queue.bytes() == 0);
}

TEST_CASE("a change that failed is replaced by a newer one, which waits as long", "[webhook]") {
  queue_bed bed;
  bed.add(1, "a", event_kind::document_changed, {"ada"});
  CHECK(bed.take() == 1);
  bed.add(2, "a", event_kind::document_changed, {"bob"});
  const auto failed = bed.fail(1);
  CHECK(failed.what == verdict::replaced);
  CHECK(failed.is_first);
  CHECK(failed.newer == 2);
  CHECK(bed.queue.find(1) == nullptr);
  CHECK(bed.queue.find(2)->what.by.users == std::vector<std::string>{"ada", "bob"});
  CHECK(bed.take() == 0);
  CHECK(bed.wait_for_next() == 2);
  CHECK(bed.fail(2).what == verdict::retried);
  const auto before = bed.now;
  CHECK(bed.add(3, "a").replaced == 2);
  CHECK(bed.take() == 0);  // the wait of the one that it replaced
  CHECK(bed.wait_for_next() == 3);
  CHECK(bed.now > before);
  CHECK(bed.queue.find(3)->since == 1'000'000);
  bed.queue.on_delivered(3, bed.at());
  CHECK(bed.queue.bytes() == 0);
}

TEST_CASE("a failed delivery is tried again later and later, and given up after a day",
          "[webhook]") {
  queue_bed bed;
  bed.add(1, "a", event_kind::document_opened);
  bed.add(2, "a", event_kind::document_closed);
  unsigned attempts = 0;
  delivery_queue::failed last;
  std::chrono::milliseconds longest{0};
  for (auto before = bed.now; bed.wait_for_next() == 1; before = bed.now) {
    longest = std::max(longest, bed.now - before);
    ++attempts;
    last = bed.fail(1);
    CHECK(last.is_first == (attempts == 1 && last.what == verdict::retried));
    if (last.what != verdict::retried) break;
  }
  CHECK(last.what == verdict::given_up);
  REQUIRE(last.dead.has_value());
  CHECK(last.dead->attempts == attempts);
  CHECK(last.dead->why == "no");
  CHECK(bed.now >= 24h);
  CHECK(bed.now < 25h);
  CHECK(attempts > 40);  // the wait is at most half an hour
  CHECK(attempts < 400);
  CHECK(longest <= 30min + 250ms);
  CHECK(longest > 10min);
  // The order is kept, so the next of the document goes now, after a moment of its own.
  CHECK(bed.take() == 2);
  CHECK(bed.queue.dead().size() == 1);
}

TEST_CASE("dead deliveries can be tried again, one or all", "[webhook]") {
  retry_rules rules;
  rules.give_up_after = 0ms;
  queue_bed bed{{}, rules};
  for (delivery_number i = 1; i <= 3; ++i) {
    bed.add(i, "d" + std::to_string(i), event_kind::document_deleted);
    CHECK(bed.take() == i);
    CHECK(bed.fail(i).what == verdict::given_up);
    bed.queue.on_delivered(i, bed.at());
  }
  bed.now += 1h;
  auto again = bed.queue.replay(2, bed.at());
  REQUIRE(again.size() == 1);
  CHECK(again[0].what.number == 2);
  CHECK(again[0].what.since == bed.wall());
  CHECK(bed.take() == 2);
  CHECK(bed.queue.on_delivered(2, bed.at()));
  CHECK(bed.queue.replay(2, bed.at()).empty());
  CHECK(bed.queue.replay(std::nullopt, bed.at()).size() == 2);
  CHECK(bed.queue.dead().empty());
  CHECK(bed.take_all() == numbers{1, 3});
}

TEST_CASE("of too many dead deliveries the oldest is forgotten", "[webhook]") {
  retry_rules rules;
  rules.give_up_after = 0ms;
  queue_limits limits;
  limits.dead_max = 2;
  queue_bed bed{limits, rules};
  for (delivery_number i = 1; i <= 3; ++i) {
    bed.add(i, "a", event_kind::document_deleted);
    CHECK(bed.take() == i);
    CHECK(bed.fail(i).forgotten == (i == 3 ? std::optional<delivery_number>{1} : std::nullopt));
  }
  CHECK(bed.queue.dead().size() == 2);
}

TEST_CASE("the queue takes so many deliveries, and so many bytes of them", "[webhook]") {
  queue_limits limits;
  limits.count_max = 2;
  queue_bed few{limits};
  CHECK(few.add(1, "a").is_taken);
  CHECK(few.add(2, "b").is_taken);
  CHECK_FALSE(few.add(3, "c").is_taken);
  CHECK(few.add(4, "b").is_taken);  // in the place of the one that it replaces
  limits.count_max = 100;
  limits.bytes_max = 1000;
  queue_bed small{limits};
  CHECK_FALSE(small.add(1, std::string(1000, 'x')).is_taken);
  CHECK(small.add(2, std::string(500, 'x')).is_taken);
  CHECK_FALSE(small.add(3, std::string(499, 'y')).is_taken);
  CHECK(small.take() == 2);
  small.queue.on_delivered(2, small.at());
  CHECK(small.queue.bytes() == 0);
}

TEST_CASE("while nothing arrives one delivery at a time is tried, and all go once it is back",
          "[webhook]") {
  queue_bed bed;
  for (delivery_number i = 1; i <= 50; ++i) bed.add(i, "d" + std::to_string(i));
  for (const delivery_number each : bed.take_all()) bed.fail(each);
  for (int i = 0; i < 500; ++i) {
    const delivery_number next = bed.wait_for_next();
    REQUIRE(next != 0);
    CHECK(bed.take() == 0);  // while this one is under way
    bed.fail(next);
  }
  CHECK(bed.queue.failures_in_row() >= 500);
  const delivery_number first = bed.wait_for_next();
  CHECK(bed.queue.on_delivered(first, bed.at()));
  CHECK(bed.queue.failures_in_row() == 0);
  std::size_t delivered = 1;
  for (const auto back = bed.now; bed.now <= back + 11s; bed.now += 250ms)
    for (const delivery_number each : bed.take_all())
      delivered += bed.queue.on_delivered(each, bed.at());
  CHECK(delivered == 50);
}

TEST_CASE("the wait before another attempt doubles up to half an hour, and is random in it",
          "[webhook]") {
  const retry_rules rules;
  constexpr std::uint64_t most = ~std::uint64_t{0};
  CHECK(retry_delay(rules, 1, 0) == retry_delay_min);
  CHECK(retry_delay(rules, 1, 1999) == 2000ms);
  CHECK(retry_delay(rules, 2, 3999) == 4000ms);
  CHECK(retry_delay(rules, 5, 31'999) == 32s);
  CHECK(retry_delay(rules, 1'000'000, 1'799'999) == 30min);
  for (unsigned i = 1; i < 40; ++i) {
    CHECK(retry_delay(rules, i, most) <= 30min);
    CHECK(retry_delay(rules, i, most - i) >= retry_delay_min);
  }
}

}  // namespace troupe::delivery_queue_test
