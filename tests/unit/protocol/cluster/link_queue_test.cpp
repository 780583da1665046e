#include "protocol/cluster/link_queue.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "base/check.hpp"
#include "protocol/cluster/message_joiner.hpp"

namespace troupe::link_queue_test {

using namespace troupe::cluster;

namespace {

using texts = std::vector<std::string>;

/// A queue with small bounds, and the other end of its payloads.
struct queue_bed {
  explicit queue_bed(link_limits of = small()) : limits(of), queue(of) {}

  static link_limits small() {
    link_limits limits;
    limits.payload_bytes_max = 1024;
    limits.chunk_bytes_min = 64;
    limits.message_bytes_max = 20'000;
    limits.queue_bytes_max = 4096;
    limits.control_bytes_max = 1024;
    return limits;
  }

  pushed data(const std::string& document, const std::string& text) {
    return queue.push(shared_bytes::copy_of(as_bytes(text)), traffic_class::data, document);
  }
  pushed presence(const std::string& document, const std::string& text) {
    return queue.push(shared_bytes::copy_of(as_bytes(text)), traffic_class::presence, document);
  }
  pushed control(const std::string& text) {
    return queue.push(shared_bytes::copy_of(as_bytes(text)), traffic_class::control, {});
  }

  /// The messages that the next payload completes.
  texts take() {
    const std::string payload = queue.take_payload();
    CHECK(payload.size() <= limits.payload_bytes_max);
    std::vector<shared_slice> messages;
    REQUIRE(joiner.add(shared_bytes::copy_of(as_bytes(payload)), messages));
    texts all;
    for (const shared_slice& each : messages) all.emplace_back(as_text(each.view()));
    return all;
  }
  texts take_all() {
    texts all;
    while (!queue.empty())
      for (std::string& each : take()) all.push_back(std::move(each));
    return all;
  }
  std::vector<lost_document> lost() { return queue.take_lost(100); }

  link_limits limits;
  link_queue queue;
  message_joiner joiner{limits.message_bytes_max};
};

std::ptrdiff_t place_of(const texts& in, const std::string& text) {
  return std::find(in.begin(), in.end(), text) - in.begin();
}

}  // namespace

TEST_CASE("small messages leave together, each document's in order", "[cluster][link]") {
  queue_bed bed;
  CHECK(bed.queue.take_payload().empty());
  bed.data("a", "a1");
  bed.data("b", "b1");
  bed.data("a", "a2");
  CHECK(bed.queue.queued_messages() == 3);
  CHECK(bed.take() == texts{"a1", "a2", "b1"});
  CHECK(bed.queue.empty());
  CHECK(bed.queue.queued_messages() == 0);
}

TEST_CASE("control leaves ahead of everything", "[cluster][link]") {
  queue_bed bed;
  bed.data("a", "a1");
  bed.presence("a", "p");
  bed.control("c1");
  bed.control("c2");
  CHECK(bed.take() == texts{"c1", "c2", "a1", "p"});
}

TEST_CASE("control is bounded and never dropped silently", "[cluster][link]") {
  queue_bed bed;
  CHECK(bed.control(std::string(1024, 'c')) == pushed::too_large);  // not with its header
  CHECK(bed.control(std::string(900, 'c')) == pushed::queued);
  CHECK(bed.control(std::string(100, 'c')) == pushed::overfull);
  CHECK(bed.take().size() == 1);
  CHECK(bed.control(std::string(100, 'c')) == pushed::queued);
}

TEST_CASE("a presence replaces the one that waits, and overtakes nothing", "[cluster][link]") {
  queue_bed bed;
  CHECK(bed.presence("a", "p1") == pushed::queued);
  bed.data("a", "a1");
  CHECK(bed.presence("a", "p2") == pushed::replaced);
  bed.data("a", "a2");
  CHECK(bed.presence("b", "p3") == pushed::queued);
  CHECK(bed.take() == texts{"a1", "p2", "a2", "p3"});
  CHECK(bed.queue.counted().replaced_messages == 1);
  CHECK(bed.queue.counted().dropped_messages == 0);
}

TEST_CASE("a large message leaves in chunks, between which others pass", "[cluster][link]") {
  queue_bed bed;
  const std::string large(10'000, 'l');
  bed.data("a", large);
  bed.data("a", "a2");
  CHECK(bed.take().empty());
  bed.control("c");
  bed.data("b", "b");
  CHECK(bed.take() == texts{"c", "b"});
  CHECK(bed.joiner.waiting_bytes() == large.size());
  const texts rest = bed.take_all();
  CHECK(rest == texts{large, "a2"});
  CHECK(bed.joiner.waiting_bytes() == 0);
}

TEST_CASE("a large message keeps half of each payload for itself", "[cluster][link]") {
  queue_bed bed;
  bed.data("a", std::string(5'000, 'l'));
  bed.take();
  std::size_t payloads = 0;
  for (bool is_done = false; !is_done && payloads < 100; ++payloads) {
    while (bed.queue.queued_messages() < 20) bed.data("b", std::string(100, 'b'));
    const texts some = bed.take();
    is_done = std::count(some.begin(), some.end(), std::string(5'000, 'l')) == 1;
    CHECK(some.size() >= (is_done ? 1 : 4));
  }
  CHECK(payloads <= 9);
}

TEST_CASE("several large messages go one after the other, and all documents on",
          "[cluster][link]") {
  queue_bed bed;
  for (const char* const each : {"a", "b", "c"}) {
    bed.data(each, std::string(each) + std::string(1'100, 'l'));
    bed.data(each, std::string(each) + "2");
  }
  bed.data("d", "d1");
  const texts all = bed.take_all();
  CHECK(all.size() == 7);
  for (const char* const each : {"a", "b", "c"})
    CHECK(place_of(all, std::string(each) + "2") >
          place_of(all, std::string(each) + std::string(1'100, 'l')));
  CHECK(place_of(all, "d1") == 0);
}

TEST_CASE("a busy document gives its turn on", "[cluster][link]") {
  link_limits limits;
  queue_bed bed{limits};
  for (int i = 0; i < 1000; ++i) bed.data("busy", std::string(1'000, 'x'));
  bed.data("quiet", "q");
  const texts first = bed.take();
  CHECK(place_of(first, "q") <= 17);
}

TEST_CASE("data without room takes what waits of its document with it", "[cluster][link]") {
  queue_bed bed;
  for (int i = 0; i < 10; ++i) bed.data("a", std::string(200, 'a'));
  CHECK(bed.data("b", std::string(1'000, 'b')) == pushed::queued);
  CHECK(bed.data("b", "b2") == pushed::queued);
  CHECK(bed.data("b", std::string(1'000, 'b')) == pushed::dropped);
  CHECK(bed.queue.counted().dropped_messages == 3);
  CHECK(bed.queue.counted().dropped_bytes == 2'002);
  CHECK(bed.queue.lost_documents() == 1);
  // There is room again, but nobody has been told.
  CHECK(bed.data("b", "b4") == pushed::dropped);
  CHECK(bed.presence("b", "p") == pushed::dropped);
  CHECK(bed.lost().empty());
  bed.take();
  bed.take();
  CHECK(bed.queue.queued_bytes() <= 2048);
  CHECK(bed.lost() == std::vector<lost_document>{{"b", loss::data}});
  CHECK(bed.lost().empty());
  CHECK(bed.data("b", "b5") == pushed::queued);
  const texts rest = bed.take_all();
  CHECK(place_of(rest, "b5") == std::ssize(rest) - 1);
  CHECK(std::count(rest.begin(), rest.end(), "b4") == 0);
}

TEST_CASE("presence is dropped before data", "[cluster][link]") {
  queue_bed bed;
  for (int i = 0; i < 3; ++i) bed.data("a", std::string(1'000, 'a'));
  CHECK(bed.presence("b", std::string(500, 'p')) == pushed::queued);
  CHECK(bed.presence("c", std::string(500, 'p')) == pushed::dropped);
  CHECK(bed.data("d", std::string(500, 'd')) == pushed::queued);
  CHECK(bed.queue.counted().dropped_bytes == 1'000);
  CHECK(bed.presence("b", "small") == pushed::dropped);
  CHECK(bed.data("b", "b") == pushed::queued);  // only presence is lost
  CHECK(bed.take_all().size() == 5);
  CHECK(bed.lost() == std::vector<lost_document>{{"c", loss::presence}, {"b", loss::presence}});
  CHECK(bed.presence("b", "p") == pushed::queued);
}

TEST_CASE("a message that is partly sent is finished although its document is lost",
          "[cluster][link]") {
  queue_bed bed;
  const std::string large(1'500, 'l');
  bed.data("a", large);
  bed.data("a", "a2");
  CHECK(bed.take().empty());
  for (int i = 0; i < 10; ++i) bed.data("b", std::string(140, 'b'));
  CHECK(bed.data("a", std::string(1'000, 'x')) == pushed::dropped);
  const texts rest = bed.take_all();
  CHECK(std::count(rest.begin(), rest.end(), large) == 1);
  CHECK(std::count(rest.begin(), rest.end(), "a2") == 0);
  CHECK(bed.lost() == std::vector<lost_document>{{"a", loss::data}});
}

TEST_CASE("messages larger than the queue are taken, as many as one may be large",
          "[cluster][link]") {
  queue_bed bed;
  CHECK(bed.data("a", std::string(20'001, 'x')) == pushed::too_large);
  CHECK(bed.presence("p", std::string(20'001, 'x')) == pushed::too_large);
  CHECK(bed.lost() == std::vector<lost_document>{{"a", loss::data}, {"p", loss::presence}});
  CHECK(bed.data("a", std::string(20'000, 'x')) == pushed::queued);
  CHECK(bed.data("b", std::string(2'100, 'y')) == pushed::dropped);
  CHECK(bed.data("c", "c") == pushed::queued);
  CHECK(bed.lost().empty());
  CHECK(bed.take_all().size() == 2);
  CHECK(bed.lost() == std::vector<lost_document>{{"b", loss::data}});
}

TEST_CASE("a large presence leaves in chunks as well", "[cluster][link]") {
  queue_bed bed;
  const std::string large(3'000, 'p');
  bed.presence("a", large);
  bed.data("a", "a1");
  CHECK(bed.take().empty());
  CHECK(bed.presence("a", "p2") == pushed::queued);  // not replaced: the other is on its way
  CHECK(bed.take_all() == texts{large, "a1", "p2"});
}

TEST_CASE("documents are named as lost a few at a time, the longest lost first",
          "[cluster][link]") {
  queue_bed bed;
  bed.data("full", std::string(2'000, 'x'));
  bed.data("full", std::string(1'900, 'x'));
  for (const char* const each : {"c", "a", "b"}) bed.data(each, std::string(200, 'y'));
  bed.take_all();
  CHECK(bed.queue.take_lost(2) == std::vector<lost_document>{{"c", loss::data}, {"a", loss::data}});
  CHECK(bed.queue.has_lost());
  CHECK(bed.queue.take_lost(2) == std::vector<lost_document>{{"b", loss::data}});
  CHECK_FALSE(bed.queue.has_lost());
}

TEST_CASE("a queue that is cleared has forgotten all", "[cluster][link]") {
  queue_bed bed;
  bed.data("a", std::string(5'000, 'x'));
  bed.take();
  bed.presence("b", "p");
  bed.control("c");
  bed.data("c", std::string(30'000, 'x'));
  bed.queue.clear();
  bed.joiner.clear();
  CHECK(bed.queue.empty());
  CHECK(bed.queue.queued_messages() == 0);
  CHECK_FALSE(bed.queue.has_lost());
  CHECK(bed.queue.take_payload().empty());
  bed.data("a", "a");
  CHECK(bed.take() == texts{"a"});
}

TEST_CASE("an empty message is a mistake of ours", "[cluster][link]") {
  queue_bed bed;
  CHECK_THROWS_AS(bed.data("a", ""), broken_promise);
}

}  // namespace troupe::link_queue_test
