// A PostgreSQL store that several nodes write: what they see of each other, that each batch is
// there once, and which nodes run.
#include <chrono>
#include <set>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include "storage/postgresql/backend.hpp"
#include "tests/support/cutting_proxy.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/storage_bed.hpp"

namespace troupe::postgresql_shared_test {

using namespace std::chrono_literals;
using namespace troupe::storage;
using test::append_of;
using test::cutting_proxy;
using test::load_from;
using test::postgres_bed;
using test::postgres_server;
using test::write_checkpoint;

namespace {

using store = std::unique_ptr<postgresql_backend>;

node_row node_of(std::uint8_t number) {
  node_row row{{}, "c", "n" + std::to_string(number), "10.0.0." + std::to_string(number) + ":1"};
  row.id.fill(number);
  return row;
}

/// Tables that several nodes write.
class shared_bed {
 public:
  shared_bed() { tables.settings.access = postgresql_access::shared; }
  store open(std::uint8_t number) {
    postgresql_settings settings = tables.settings;
    settings.node = node_of(number).id;
    auto opened = postgresql_backend::open(settings);
    REQUIRE(opened);
    REQUIRE((*opened)->note_present(node_of(number), 15s));
    return *std::move(opened);
  }

  postgres_bed tables;
};

result<void> append_by(store& to, const std::string& document, std::uint64_t origin,
                       const std::vector<std::string>& updates, std::uint64_t generation = 0) {
  batch what;
  what.appends = {append_of(document, next_number, updates)};
  what.appends.front().origin = origin;
  what.appends.front().generation = generation;
  return to->write(what);
}

std::vector<std::string> texts_of(const log_news& news) {
  std::vector<std::string> texts;
  for (const shared_slice& each : news.updates) texts.emplace_back(as_text(each.view()));
  return texts;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a node sees what others have written behind what it knows",
          "[storage][postgresql][shared]") {
  shared_bed bed;
  store one = bed.open(1);
  store other = bed.open(2);
  REQUIRE(append_by(one, "a", 1, {"u1", "u2"}));
  REQUIRE(append_by(other, "a", 2, {"v3"}));
  REQUIRE(append_by(one, "a", 1, {"u4"}));
  REQUIRE(append_by(other, "b", 2, {"w1"}));
  const auto seen = one->look({{"a", 2, 0, 1}, {"never stored", 0, 0, 1}, {"b", 1, 0, 1}});
  REQUIRE(seen);
  REQUIRE(seen->size() == 3);
  // Its own it has without reading it.
  CHECK(texts_of(seen->at(0)) == texts{"v3"});
  CHECK(seen->at(0).known == 4);
  CHECK_FALSE(seen->at(0).has_more);
  CHECK(seen->at(0).generation == 2);
  CHECK(seen->at(0).log_bytes == 8);
  CHECK(seen->at(1).generation == 0);
  CHECK(texts_of(seen->at(2)).empty());
  CHECK(seen->at(2).known == 1);
  CHECK_FALSE(one->look({{"a", 9, 0, 1}})->front().has_more);
}

TEST_CASE("a checkpoint that a node has not read comes whole, with the log behind it",
          "[storage][postgresql][shared]") {
  shared_bed bed;
  store one = bed.open(1);
  store other = bed.open(2);
  REQUIRE(append_by(one, "a", 1, {"u1", "u2"}));
  const auto loaded = other->load("a");
  REQUIRE(loaded);
  CHECK(loaded->checkpoint_number == 0);
  REQUIRE(write_checkpoint(*one, "a", 2, "s2, and more"));
  REQUIRE(append_by(one, "a", 1, {"u3"}));
  const auto seen = other->look({{"a", 2, 0, 2}});
  REQUIRE(seen);
  CHECK(texts_of(seen->front()) == texts{"s2, and more", "u3"});
  CHECK(seen->front().known == 3);
  CHECK(seen->front().checkpoint_number == 1);
  CHECK(seen->front().covers == 2);
  CHECK(seen->front().checkpoint_size == 12);
  const auto again = other->look({{"a", 3, 1, 2}});
  CHECK(texts_of(again->front()).empty());
  CHECK(other->load("a")->checkpoint_number == 1);
}

TEST_CASE("a look is bounded, and says so", "[storage][postgresql][shared]") {
  shared_bed bed;
  store one = bed.open(1);
  std::vector<std::string> updates;
  for (int i = 0; i < 300; ++i) updates.push_back("u" + std::to_string(i));
  REQUIRE(append_by(one, "a", 1, updates));
  const auto first = one->look({{"a", 0, 0, 7}});
  REQUIRE(first);
  CHECK(first->front().known == 256);
  CHECK(first->front().has_more);
  const auto second = one->look({{"a", 256, 0, 7}});
  CHECK(second->front().known == 300);
  CHECK_FALSE(second->front().has_more);
  CHECK(texts_of(second->front()).back() == "u299");
}

TEST_CASE("what was written for an earlier life of a document does not come into the next one",
          "[storage][postgresql][shared]") {
  shared_bed bed;
  store one = bed.open(1);
  store other = bed.open(2);
  REQUIRE(append_by(one, "a", 1, {"u1"}, 2));
  REQUIRE(other->remove("a"));
  CHECK(one->look({{"a", 1, 0, 1}})->front().generation == 3);
  CHECK(append_by(one, "a", 1, {"u2"}, 2).error().code == errc::document_removed);
  REQUIRE(other->admit("a"));
  CHECK(append_by(one, "a", 1, {"u2"}, 2).error().code == errc::document_removed);
  REQUIRE(append_by(other, "a", 2, {"v1"}, 4));
  batch late;
  late.checkpoints = {{"a", 1, test::bytes_of("s1"), 2}};
  CHECK(one->write(late).error().code == errc::document_removed);
  CHECK(load_from(*one, "a").updates == texts{"v1"});
}

TEST_CASE("a node that remembers a document writes it right, whatever others do with it",
          "[storage][postgresql][shared]") {
  shared_bed bed;
  store one = bed.open(1);
  store other = bed.open(2);
  for (const char* const update : {"u1", "u2", "u3"}) REQUIRE(append_by(one, "a", 1, {update}));
  REQUIRE(append_by(other, "a", 2, {"v4"}));
  REQUIRE(append_by(one, "a", 1, {"u5"}));
  REQUIRE(append_by(one, "b", 1, {"w1", "w2"}));
  // A part of a batch alone is never there.
  REQUIRE(append_by(other, "b", 2, {"x3"}));
  batch both;
  both.appends = {append_of("b", next_number, {"w4"}), append_of("c", next_number, {"y1"})};
  REQUIRE(one->write(both));
  REQUIRE(one->write(both));
  CHECK(load_from(*one, "a").updates == texts{"u1", "u2", "u3", "v4", "u5"});
  CHECK(load_from(*one, "b").updates == texts{"w1", "w2", "x3", "w4", "w4"});
  CHECK(load_from(*one, "c").updates == texts{"y1", "y1"});
  // Behind a checkpoint of the other, and in another life.
  REQUIRE(write_checkpoint(*other, "c", 2, "s2"));
  REQUIRE(append_by(one, "c", 1, {"y3"}));
  CHECK(load_from(*other, "c") == test::stored_texts{"s2", {"y3"}, 3});
  REQUIRE(other->remove("c"));
  CHECK(append_by(one, "c", 1, {"y4"}).error().code == errc::document_removed);
  REQUIRE(other->admit("c"));
  REQUIRE(append_by(one, "c", 1, {"z1"}));
  CHECK(load_from(*one, "c") == test::stored_texts{"", {"z1"}, 1});
  CHECK(one->verify({})->damages_in_total == 0);
}

TEST_CASE("whoever wants the tables alone is refused while nodes share them",
          "[storage][postgresql][shared]") {
  shared_bed bed;
  store one = bed.open(1);
  postgresql_settings alone = bed.tables.settings;
  alone.access = postgresql_access::alone;
  const auto refused = postgresql_backend::open(alone);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::store_in_use);
  one.reset();
  REQUIRE(postgresql_backend::open(alone));
}

TEST_CASE("a batch of which it is not known whether it is there is written once",
          "[storage][postgresql][shared][faults]") {
  const postgres_bed needed;
  cutting_proxy proxy{postgres_server::shared().socket_folder()};
  int cut_off = 0;
  int there_before = 0;
  constexpr std::size_t appends = 8;
  constexpr std::uint64_t never = 1'000'000;
  for (std::uint64_t nth = 1; nth <= 20; ++nth) {
    proxy.cut_at(never, cutting_proxy::moment::before, cutting_proxy::span::once);
    shared_bed bed;
    bed.tables.settings.connection.url = proxy.url();
    bed.tables.settings.connection.statement_timeout = 2s;
    store one = bed.open(1);
    proxy.cut_at(nth, nth % 2 == 0 ? cutting_proxy::moment::before : cutting_proxy::moment::behind,
                 cutting_proxy::span::once);
    batch what;
    for (std::size_t i = 0; i < appends; ++i) {
      what.appends.push_back(append_of("a", next_number, {"u" + std::to_string(i)}));
      const auto written = one->write(what);
      if (written) {
        what.appends.clear();
        continue;
      }
      ++cut_off;
      proxy.heal();
      for (int tries = 0; !one->recover(); ++tries) {
        REQUIRE(tries < 100);
        std::this_thread::sleep_for(20ms);
      }
      if (load_from(*one, "a").updates.size() == i + 1) ++there_before;
    }
    if (!what.appends.empty()) REQUIRE(one->write(what));
    proxy.heal();
    const auto stored = load_from(*one, "a").updates;
    CHECK(std::set<std::string>(stored.begin(), stored.end()).size() == appends);
    CHECK(stored.size() == appends);
  }
  CHECK(cut_off > 8);
  CHECK(there_before > 0);
}

TEST_CASE("nodes see which others of their cluster run", "[storage][postgresql][shared]") {
  shared_bed bed;
  store one = bed.open(1);
  store other = bed.open(2);
  node_row stranger = node_of(3);
  stranger.cluster = "another";
  REQUIRE(one->note_present(stranger, 15s));
  const auto all = one->note_present(node_of(1), 15s);
  REQUIRE(all);
  CHECK(*all == std::vector<node_row>{node_of(1), node_of(2)});
  REQUIRE(other->note_gone(node_of(2).id));
  CHECK(one->note_present(node_of(1), 15s)->size() == 1);
  // One that says nothing is forgotten.
  REQUIRE(other->note_present(node_of(2), 15s));
  std::this_thread::sleep_for(30ms);
  CHECK(*one->note_present(node_of(1), 20ms) == std::vector<node_row>{node_of(1)});
}

}  // namespace troupe::postgresql_shared_test
