#include "protocol/cluster/link.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/check.hpp"

namespace troupe::cluster_link_test {

using namespace troupe::cluster;
using namespace std::chrono_literals;
using std::nullopt;
// The C library has a function of this name.
using cluster_link = troupe::cluster::link;

namespace {

using texts = std::vector<std::string>;

shared_bytes message(const std::string& text) { return shared_bytes::copy_of(as_bytes(text)); }

/// Two ends, and a clock.
struct link_bed {
  explicit link_bed(link_limits limits = {}) : a(limits), b(limits) {
    a.open(7);
    b.open(7);
  }

  texts received_by(cluster_link& end, const batch& one) {
    const auto got = end.on_batch(one, now);
    REQUIRE(got.has_value());
    CHECK_FALSE(got->is_stale);
    texts all;
    for (const shared_slice& each : got->messages) all.emplace_back(as_text(each.view()));
    return all;
  }
  batch batch_of(cluster_link& end, const std::string& text) {
    end.push(message(text), traffic_class::data, "plan");
    return end.next_batch(now).value();
  }
  errc failure_of(cluster_link& end, const batch& one) {
    const auto got = end.on_batch(one, now);
    REQUIRE_FALSE(got.has_value());
    return got.error().code;
  }

  cluster_link::time_point now{};
  cluster_link a;
  cluster_link b;
};

}  // namespace

TEST_CASE("messages of one end come out at the other", "[cluster][link]") {
  link_bed bed;
  CHECK(bed.a.next_batch(bed.now) == nullopt);
  bed.a.push(message("one"), traffic_class::data, "plan");
  bed.a.push(message("two"), traffic_class::data, "plan");
  const batch first = bed.a.next_batch(bed.now).value();
  CHECK(first.epoch == 7);
  CHECK(first.sequence == 1);
  CHECK(first.acknowledged == 0);
  CHECK(bed.received_by(bed.b, first) == texts{"one", "two"});
  CHECK(bed.batch_of(bed.a, "three").sequence == 2);
}

TEST_CASE("a closed link takes nothing and ignores what comes", "[cluster][link]") {
  link_bed bed;
  const batch first = bed.batch_of(bed.a, "one");
  bed.b.close();
  CHECK_FALSE(bed.b.is_open());
  CHECK(bed.b.push(message("x"), traffic_class::data, "plan") == pushed::closed);
  CHECK(bed.b.next_batch(bed.now) == nullopt);
  CHECK(bed.b.on_batch(first, bed.now)->is_stale);
  bed.b.open(8);
  CHECK(bed.b.on_batch(first, bed.now)->is_stale);
  CHECK(bed.b.ack_due() == nullopt);
}

TEST_CASE("an epoch begins with nothing of the one before", "[cluster][link]") {
  link_bed bed;
  bed.batch_of(bed.a, "one");
  bed.a.push(message("waits"), traffic_class::data, "plan");
  bed.a.push(message(std::string(100'000'000, 'x')), traffic_class::data, "huge");
  CHECK(bed.a.figures(bed.now).lost_documents == 1);
  bed.a.open(8);
  bed.b.open(8);
  const link_figures figures = bed.a.figures(bed.now);
  CHECK(figures.queued_bytes == 0);
  CHECK(figures.unacknowledged_bytes == 0);
  CHECK(figures.lost_documents == 0);
  CHECK(figures.sent_batches == 1);  // counted on
  CHECK(figures.dropped_bytes == 100'000'000);
  const batch first = bed.batch_of(bed.a, "two");
  CHECK(first.sequence == 1);
  CHECK(bed.received_by(bed.b, first) == texts{"two"});
}

TEST_CASE("a batch that is missing or repeated fails", "[cluster][link]") {
  link_bed bed;
  const batch first = bed.batch_of(bed.a, "one");
  const batch second = bed.batch_of(bed.a, "two");
  CHECK(bed.failure_of(bed.b, second) == errc::out_of_sequence);
  bed.received_by(bed.b, first);
  CHECK(bed.failure_of(bed.b, first) == errc::out_of_sequence);
  batch ack{7, 2, 0, {}};
  CHECK(bed.failure_of(bed.b, ack) == errc::out_of_sequence);
  ack.sequence = 1;
  CHECK(bed.received_by(bed.b, ack).empty());
}

TEST_CASE("an acknowledgement of what was never sent fails", "[cluster][link]") {
  link_bed bed;
  bed.batch_of(bed.a, "one");
  CHECK(bed.failure_of(bed.a, {7, 0, 2, {}}) == errc::out_of_sequence);
  CHECK(bed.received_by(bed.a, {7, 0, 1, {}}).empty());
  CHECK(bed.failure_of(bed.a, {7, 0, 0, {}}) == errc::out_of_sequence);  // goes back
}

TEST_CASE("a payload above its limit and pieces of nonsense fail", "[cluster][link]") {
  link_bed bed;
  CHECK(bed.failure_of(bed.b, {7, 1, 0, std::string(262'145, 'x')}) == errc::number_too_large);
  CHECK(bed.failure_of(bed.b, {7, 1, 0, "\x03x"}) == errc::out_of_sequence);
}

TEST_CASE("a batch in the other direction acknowledges by the way", "[cluster][link]") {
  link_bed bed;
  bed.received_by(bed.b, bed.batch_of(bed.a, "one"));
  bed.received_by(bed.b, bed.batch_of(bed.a, "two"));
  CHECK(bed.a.figures(bed.now).unacknowledged_batches == 2);
  const batch answer = bed.batch_of(bed.b, "yes");
  CHECK(answer.acknowledged == 2);
  bed.received_by(bed.a, answer);
  CHECK(bed.a.figures(bed.now).unacknowledged_bytes == 0);
  CHECK(bed.b.ack_due() == nullopt);
}

TEST_CASE("an acknowledgement goes by itself after a while", "[cluster][link]") {
  link_bed bed;
  CHECK(bed.b.ack_due() == nullopt);
  bed.received_by(bed.b, bed.batch_of(bed.a, "one"));
  CHECK(bed.b.ack_due() == bed.now + 50ms);
  bed.now += 30ms;
  bed.received_by(bed.b, bed.batch_of(bed.a, "two"));
  CHECK(bed.b.take_ack(bed.now) == nullopt);
  bed.now += 20ms;
  const batch ack = bed.b.take_ack(bed.now).value();
  CHECK(ack == batch{7, 0, 2, {}});
  CHECK(bed.b.take_ack(bed.now) == nullopt);
  bed.received_by(bed.a, ack);
  CHECK(bed.a.figures(bed.now).unacknowledged_batches == 0);
  CHECK(bed.a.ack_due() == nullopt);  // nobody acknowledges an acknowledgement
}

TEST_CASE("an acknowledgement goes at once when much has come", "[cluster][link]") {
  link_bed bed;
  bed.received_by(bed.b, bed.batch_of(bed.a, std::string(150'000, 'x')));
  CHECK(bed.b.take_ack(bed.now) == nullopt);
  bed.received_by(bed.b, bed.batch_of(bed.a, std::string(150'000, 'x')));
  CHECK(bed.b.take_ack(bed.now)->acknowledged == 2);
}

TEST_CASE("no more is under way than the credit", "[cluster][link]") {
  link_bed bed;
  for (int i = 0; i < 70; ++i)
    bed.a.push(message(std::string(100'000, 'x')), traffic_class::data, "plan");
  std::vector<batch> under_way;
  while (auto next = bed.a.next_batch(bed.now)) under_way.push_back(*std::move(next));
  CHECK(under_way.size() == 15);
  CHECK(bed.a.figures(bed.now).unacknowledged_bytes <= 4 * 1024 * 1024);
  bed.received_by(bed.b, under_way[0]);
  bed.received_by(bed.b, under_way[1]);
  bed.received_by(bed.a, bed.b.take_ack(bed.now).value());
  CHECK(bed.a.next_batch(bed.now).has_value());
  CHECK(bed.a.next_batch(bed.now).has_value());
  CHECK(bed.a.next_batch(bed.now) == nullopt);
}

TEST_CASE("small batches use credit up as well", "[cluster][link]") {
  link_bed bed;
  std::size_t sent = 0;
  for (; sent < 100'000; ++sent) {
    bed.a.push(message("x"), traffic_class::data, "plan");
    if (!bed.a.next_batch(bed.now)) break;
  }
  CHECK(sent < 16'384);
  CHECK(sent > 10'000);
}

TEST_CASE("a link that is paused acknowledges nothing until it resumes", "[cluster][link]") {
  link_bed bed;
  bed.b.pause();
  bed.received_by(bed.b, bed.batch_of(bed.a, std::string(262'000, 'x')));
  bed.now += 1s;
  CHECK(bed.b.ack_due() == nullopt);
  CHECK(bed.batch_of(bed.b, "yes").acknowledged == 0);
  bed.b.resume();
  CHECK(bed.b.take_ack(bed.now)->acknowledged == 1);
}

TEST_CASE("an end that overdraws any credit is given up", "[cluster][link]") {
  link_limits generous;
  generous.credit_bytes = 100 * 1024 * 1024;
  link_bed bed{generous};
  bed.b.pause();
  std::size_t taken = 0;
  for (bool is_fine = true; is_fine && taken < 300; taken += is_fine ? 1 : 0)
    is_fine = bed.b.on_batch(bed.batch_of(bed.a, std::string(262'000, 'x')), bed.now).has_value();
  CHECK(taken == 255);
}

TEST_CASE("a link says how far the other end lags", "[cluster][link]") {
  link_bed bed;
  CHECK(bed.a.figures(bed.now).lag == 0ms);
  const batch first = bed.batch_of(bed.a, "one");
  bed.now += 2s;
  bed.batch_of(bed.a, "two");
  CHECK(bed.a.figures(bed.now).lag == 2s);
  bed.received_by(bed.b, first);
  bed.now += 50ms;
  bed.received_by(bed.a, bed.b.take_ack(bed.now).value());
  CHECK(bed.a.figures(bed.now).lag == 50ms);
  CHECK(bed.b.figures(bed.now).acks == 1);
  CHECK(bed.b.figures(bed.now).received_batches == 1);
}

TEST_CASE("a message in chunks crosses the link within the credit", "[cluster][link]") {
  link_bed bed;
  const std::string huge = std::string(6'000'000, 'h') + "end";
  REQUIRE(bed.a.push(message(huge), traffic_class::data, "plan") == pushed::queued);
  texts all;
  while (all.empty()) {
    while (const auto next = bed.a.next_batch(bed.now))
      for (std::string& each : bed.received_by(bed.b, *next)) all.push_back(std::move(each));
    if (all.empty()) CHECK(bed.b.figures(bed.now).incomplete_bytes == huge.size());
    bed.now += 50ms;
    if (const auto ack = bed.b.take_ack(bed.now)) bed.received_by(bed.a, *ack);
  }
  CHECK(all == texts{huge});
}

TEST_CASE("limits that cannot work are a mistake of ours", "[cluster][link]") {
  link_limits limits;
  limits.credit_bytes = limits.payload_bytes_max;
  CHECK_THROWS_AS(cluster_link{limits}, broken_promise);
}

}  // namespace troupe::cluster_link_test
