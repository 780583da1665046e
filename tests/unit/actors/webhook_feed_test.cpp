// What is announced with which batch, and what the sender takes.
#include "actors/webhook_feed.hpp"

#include <catch2/catch_test_macros.hpp>

#include "actors/document_reporter.hpp"
#include "storage/memory_backend.hpp"
#include "tests/support/storage_bed.hpp"

namespace troupe::webhook_feed_test {

using namespace troupe::test;
using webhook::event_kind;

namespace {

webhook::event_set all_events() {
  webhook::event_set all;
  for (std::size_t i = 0; i < webhook::event_kind_count; ++i)
    all.insert(static_cast<event_kind>(i));
  return all;
}

/// A store that fails on request, below the one that announces.
struct failing_backend final : storage::backend {
  result<storage::stored_document> load(const std::string& document) override {
    return memory->load(document);
  }
  result<void> write(const storage::batch& what) override {
    ++writes;
    last_announced = what.announcements.size();
    if (during) during();
    if (fails) return fail(errc::disk_full, "the test says so");
    return memory->write(what);
  }

  std::shared_ptr<storage::memory_backend> memory = std::make_shared<storage::memory_backend>();
  std::function<void()> during;
  std::size_t last_announced = 0;
  int writes = 0;
  bool fails = false;
};

struct feed_bed {
  explicit feed_bed(webhook::event_set events = all_events(), std::size_t documents_max = 1000) {
    webhook_feed::settings settings;
    settings.events = events;
    settings.changes = {std::chrono::milliseconds{0}, std::chrono::milliseconds{0}, documents_max};
    settings.noted_max = 3;
    feed = std::make_shared<webhook_feed>(settings, below->memory, 0);
    store = std::make_unique<announcing_backend>(below, feed);
  }

  result<void> write(const std::string& document, const std::string& user = {}) {
    storage::batch batch;
    batch.appends = {append_of(document, storage::next_number, {"u"})};
    if (!user.empty())
      batch.appends[0].by = std::make_shared<const storage::append_credits>(
          storage::append_credits{{user}, {"importer"}});
    return store->write(batch);
  }
  std::vector<storage::announcement> stored() {
    return below->memory->announcements({})->announcements;
  }

  std::shared_ptr<failing_backend> below = std::make_shared<failing_backend>();
  std::shared_ptr<webhook_feed> feed;
  std::unique_ptr<announcing_backend> store;
};

}  // namespace

TEST_CASE("the first change of a document is announced in its batch, the next ones are not",
          "[webhook]") {
  feed_bed bed;
  REQUIRE(bed.write("a", "ada"));
  CHECK(bed.below->last_announced == 1);
  REQUIRE(bed.write("a", "bob"));
  CHECK(bed.below->last_announced == 0);
  REQUIRE(bed.write("b"));
  REQUIRE(bed.stored().size() == 2);
  const auto taken = bed.feed->take();
  REQUIRE(taken.stored.size() == 2);
  const auto& a = taken.stored[0].what.document == "a" ? taken.stored[0] : taken.stored[1];
  CHECK(a.what.by.users == std::vector<std::string>{"ada", "bob"});
  CHECK(a.what.by.origins == std::vector<std::string>{"importer"});
  CHECK(a.number == bed.stored()[0].number);
  CHECK(a.what.id == bed.stored()[0].id);
  CHECK(to_delivery(bed.stored()[0])->what.document == "a");
  // What was taken may be on its way, so the next change is announced again.
  REQUIRE(bed.write("a"));
  CHECK(bed.below->last_announced == 1);
  CHECK(bed.stored().size() == 3);
  CHECK(bed.stored()[2].id != bed.stored()[0].id);
}

TEST_CASE("one batch announces each of its documents once", "[webhook]") {
  feed_bed bed;
  storage::batch batch;
  batch.appends = {append_of("a", 1, {"u"}), append_of("b", 1, {"u"}), append_of("a", 2, {"u"}),
                   append_of("c", 1, {})};
  batch.checkpoints = {{"d", 1, bytes_of("s")}};
  REQUIRE(bed.store->write(batch));
  CHECK(bed.stored().size() == 2);
  CHECK(bed.feed->take().stored.size() == 2);
}

TEST_CASE("a change that could not be written is announced when it is, under the same name",
          "[webhook]") {
  feed_bed bed;
  bed.below->fails = true;
  CHECK_FALSE(bed.write("a"));
  CHECK_FALSE(bed.write("a"));
  CHECK(bed.feed->take().stored.empty());
  bed.below->fails = false;
  REQUIRE(bed.write("a"));
  CHECK(bed.below->last_announced == 1);
  CHECK(bed.stored().size() == 1);
  CHECK(bed.feed->take().stored.size() == 1);
}

TEST_CASE("a change is not taken while a later one of its document is being written", "[webhook]") {
  feed_bed bed;
  REQUIRE(bed.write("a"));
  std::size_t taken = 0;
  bed.below->during = [&] { taken += bed.feed->take().stored.size(); };
  REQUIRE(bed.write("a"));
  CHECK(taken == 0);
  CHECK(bed.stored().size() == 1);
  bed.below->during = {};
  std::this_thread::sleep_for(std::chrono::milliseconds{60});
  CHECK(bed.feed->take().stored.size() == 1);
}

TEST_CASE("the number of an announcement is greater than all before", "[webhook]") {
  webhook_feed::settings settings;
  settings.events = all_events();
  const auto memory = std::make_shared<storage::memory_backend>();
  const std::uint64_t far = std::uint64_t{1} << 62;
  webhook_feed feed{settings, memory, far};
  feed.note({.what = event_kind::document_opened, .document = "a"});
  feed.note({.what = event_kind::document_closed, .document = "a"});
  const auto taken = feed.take();
  REQUIRE(taken.unstored.size() == 2);
  CHECK(taken.unstored[0].number == far + 1);
  CHECK(taken.unstored[1].number == far + 2);
}

TEST_CASE("events that nobody takes are left out at some point, and counted", "[webhook]") {
  feed_bed bed{all_events(), 1};
  for (int i = 0; i < 5; ++i) bed.feed->note({.what = event_kind::session_joined, .document = "a"});
  REQUIRE(bed.write("a"));
  REQUIRE(bed.write("b"));
  CHECK(bed.stored().size() == 1);
  const auto taken = bed.feed->take();
  CHECK(taken.unstored.size() == 3);
  CHECK(taken.left_out == 3);
  CHECK(bed.feed->take().left_out == 0);
}

TEST_CASE("changes that nobody wants to hear of cost nothing", "[webhook]") {
  webhook::event_set events;
  events.insert(event_kind::document_opened);
  feed_bed bed{events};
  REQUIRE(bed.write("a"));
  CHECK(bed.stored().empty());
  CHECK(bed.feed->begin_removal("a") == 0);
  bed.feed->end_removal(0, true);
  CHECK(bed.feed->take().unstored.empty());
}

TEST_CASE("a removal is announced before it is made, and taken once it was", "[webhook]") {
  feed_bed bed;
  const auto number = bed.feed->begin_removal("a");
  REQUIRE(bed.stored().size() == 1);
  CHECK(bed.stored()[0].details == unconfirmed_removal);
  CHECK(bed.feed->take().unstored.empty());
  bed.feed->end_removal(number, true);
  const auto taken = bed.feed->take();
  REQUIRE(taken.unstored.size() == 1);
  CHECK(taken.unstored[0].number == number);
  CHECK(to_announcement(taken.unstored[0]).details.empty());
  const auto failed = bed.feed->begin_removal("b");
  bed.feed->end_removal(failed, false);
  CHECK(bed.feed->take().void_numbers == std::vector<storage::announcement_number>{failed});
}

// --- in a cluster ---

namespace {

constexpr cluster::node_uuid here{7, 1};
constexpr cluster::node_uuid there{7, 2};

/// A feed of the first of two nodes, which has been up for an hour; standby is over at once.
struct homes_bed {
  homes_bed() {
    auto all = std::make_shared<cluster_links>();
    all->self = here;
    all->list = *cluster::member_list::make(
        1, {{here, "n1", "127.0.0.1:4001"}, {there, "n2", "127.0.0.1:4002"}});
    all->is_member = true;
    links = all;
    homes->set(links);
    settings.events = all_events();
    settings.changes = {std::chrono::milliseconds{0}, std::chrono::milliseconds{0}, 1000};
    settings.standby = std::chrono::milliseconds{0};
    make_feed();
  }
  ~homes_bed() { homes->set(nullptr); }

  void make_feed() {
    feed = std::make_shared<webhook_feed>(settings, memory, 0, homes);
    store = std::make_unique<announcing_backend>(memory, feed);
  }
  /// The other node is up since `ago`, or has been down for as long.
  void note_other(bool is_up, std::chrono::seconds ago = std::chrono::minutes{1}) {
    homes->note_link(there, is_up, std::chrono::steady_clock::now() - ago);
  }
  /// A document whose home is the other node, as long as that is up.
  std::string elsewhere() const {
    for (int i = 0;; ++i) {
      std::string name = "d" + std::to_string(i);
      if (cluster::place_of(links->list, name, 2).ranking.front() == there) return name;
    }
  }
  void write(const std::string& document, const std::string& user = "ada") {
    storage::batch batch;
    batch.appends = {append_of(document, storage::next_number, {"u"})};
    batch.appends[0].by =
        std::make_shared<const storage::append_credits>(storage::append_credits{{user}, {}});
    REQUIRE(store->write(batch));
  }
  std::vector<storage::announcement> stored() { return memory->announcements({})->announcements; }

  std::shared_ptr<newest_links> homes =
      std::make_shared<newest_links>(std::chrono::steady_clock::now() - std::chrono::hours{1});
  cluster_links_ptr links;
  webhook_feed::settings settings;
  std::shared_ptr<storage::memory_backend> memory = std::make_shared<storage::memory_backend>();
  std::shared_ptr<webhook_feed> feed;
  std::unique_ptr<announcing_backend> store;
};

void wait_for_look() {
  std::this_thread::sleep_for(webhook::change_tracker::wait_interval +
                              std::chrono::milliseconds{50});
}

}  // namespace

TEST_CASE("a change is announced on each node's disk, and delivered by the document's home",
          "[webhook][cluster]") {
  homes_bed bed;
  bed.note_other(true);
  const std::string name = bed.elsewhere();
  bed.write(name);
  CHECK(bed.stored().size() == 1);
  auto taken = bed.feed->take();
  CHECK(taken.stored.empty());
  CHECK(taken.void_numbers.empty());
  bed.write(name);
  CHECK(bed.stored().size() == 1);
  SECTION("the home has all of it, and has had time to deliver") {
    bed.feed->note_stored_elsewhere(name, there);
    wait_for_look();
    taken = bed.feed->take();
    CHECK(taken.stored.empty());
    CHECK(taken.void_numbers == std::vector<storage::announcement_number>{bed.stored()[0].number});
  }
  SECTION("the home lacks something") {
    wait_for_look();
    taken = bed.feed->take();
    CHECK(taken.stored.empty());
    CHECK(taken.void_numbers.empty());
  }
  SECTION("who has it is home no longer") {
    bed.feed->note_stored_elsewhere(name, {7, 3});
    wait_for_look();
    CHECK(bed.feed->take().void_numbers.empty());
  }
  SECTION("the home is down for long") {
    bed.feed->note_stored_elsewhere(name, there);
    bed.note_other(false);
    wait_for_look();
    taken = bed.feed->take();
    REQUIRE(taken.stored.size() == 1);
    CHECK(taken.stored[0].what.document == name);
    CHECK(taken.stored[0].number == bed.stored()[0].number);
  }
  SECTION("the document is gone here") {
    bed.feed->on_gone(name);
    taken = bed.feed->take();
    CHECK(taken.stored.empty());
    CHECK(taken.void_numbers.size() == 1);
  }
}

TEST_CASE("a home that has just come up gets time to deliver what it was stored",
          "[webhook][cluster]") {
  homes_bed bed;
  bed.settings.standby = std::chrono::minutes{5};
  bed.make_feed();
  bed.note_other(true);
  const std::string name = bed.elsewhere();
  bed.write(name);
  bed.feed->note_stored_elsewhere(name, there);
  const auto taken = bed.feed->take();
  CHECK(taken.void_numbers.empty());
  CHECK(taken.stored.empty());
}

TEST_CASE("what an earlier run has announced is the home's to deliver, once for each document",
          "[webhook][cluster]") {
  homes_bed bed;
  bed.note_other(true);
  const std::string name = bed.elsewhere();
  bed.write(name, "ada");
  std::vector<storage::announcement> left = bed.stored();
  left.push_back(left[0]);
  left[1].number += 1;
  left[1].details = R"({"authors":["bob"]})";
  left.push_back(left[0]);
  left[2].is_dead = true;
  left.push_back(left[0]);
  left[3].topic = "document.deleted";
  bed.make_feed();
  bed.feed->adopt(left);
  REQUIRE(left.size() == 2);
  CHECK(left[0].is_dead);
  CHECK(left[1].topic == "document.deleted");
  auto taken = bed.feed->take();
  CHECK(taken.stored.empty());
  CHECK(taken.void_numbers.size() == 1);
  bed.note_other(false);
  wait_for_look();
  CHECK(bed.feed->take().stored.size() == 1);
}

TEST_CASE("authors at other nodes are credited with what they change here, and told on",
          "[webhook][cluster]") {
  feed_bed bed;
  document_reporter reporter{bed.feed, "a"};
  joining_session ada;
  ada.session = 1;
  ada.who = std::make_shared<const identity>(identity{"ada"});
  reporter.on_join(ada);
  CHECK_FALSE(reporter.take_unreported().has_value());
  reporter.on_edit(1);
  reporter.on_edit_by("", "importer");
  const auto unreported = reporter.take_unreported();
  REQUIRE(unreported.has_value());
  CHECK(unreported->users == std::vector<std::string>{"ada"});
  CHECK(unreported->origins == std::vector<std::string>{"importer"});
  CHECK_FALSE(reporter.take_unreported().has_value());
  const cluster::peer_authors others{{"bob", "ada"}, {}};
  reporter.expect_peer_edits(&others);
  reporter.on_peer_edit();
  CHECK_FALSE(reporter.take_unreported().has_value());  // they are not this node's
  reporter.expect_peer_edits(&others);
  reporter.expect_peer_edits(nullptr);
  const cluster::peer_authors nobody;
  reporter.expect_peer_edits(&nobody);
  reporter.on_peer_edit();
  const auto credits = reporter.take_credits();
  REQUIRE(credits != nullptr);
  CHECK(credits->users == std::vector<std::string>{"ada", "bob"});
  reporter.on_edit(1);
  CHECK(reporter.take_unreported().has_value());  // for each append
}

TEST_CASE("a document tells who is there and who edits", "[webhook]") {
  feed_bed bed;
  document_reporter reporter{bed.feed, "a"};
  reporter.on_opened();
  joining_session ada;
  ada.session = 1;
  ada.who = std::make_shared<const identity>(identity{"ada"});
  reporter.on_join(ada);
  reporter.on_edit(1);
  reporter.on_edit(1);
  reporter.on_edit(2);
  reporter.on_edit(no_session);
  reporter.on_edit_by("", "importer");
  const auto credits = reporter.take_credits();
  REQUIRE(credits != nullptr);
  CHECK(credits->users == std::vector<std::string>{"ada"});
  CHECK(credits->origins == std::vector<std::string>{"importer"});
  CHECK(reporter.take_credits() == nullptr);
  auto taken = bed.feed->take();
  REQUIRE(taken.unstored.size() == 2);
  CHECK(taken.unstored[0].what.what == event_kind::document_opened);
  CHECK(taken.unstored[1].what.what == event_kind::session_joined);
  CHECK(taken.unstored[1].what.user == "ada");
  reporter.on_leave(2);
  reporter.on_closed();
  reporter.on_closed();
  taken = bed.feed->take();
  REQUIRE(taken.unstored.size() == 2);
  CHECK(taken.unstored[0].what.what == event_kind::session_left);
  CHECK(taken.unstored[0].what.session == 1);
  CHECK(taken.unstored[1].what.what == event_kind::document_closed);
  document_reporter silent{nullptr, "a"};
  silent.on_opened();
  silent.on_join(ada);
  silent.on_edit(1);
  silent.on_edit_by("", "importer");
  silent.on_leave(1);
  silent.on_closed();
  CHECK(silent.take_credits() == nullptr);
}

TEST_CASE("without webhooks a document names its authors for its versions", "[actors][versions]") {
  constexpr bool names_authors = true;
  document_reporter reporter{nullptr, "a", names_authors};
  joining_session ada{};
  ada.session = 1;
  ada.who = std::make_shared<const identity>(identity{.user = "ada"});
  joining_session nobody{};
  nobody.session = 2;
  reporter.on_opened();
  reporter.on_join(ada);
  reporter.on_join(nobody);
  reporter.on_edit(2);
  CHECK(reporter.take_credits() == nullptr);
  reporter.on_edit(1);
  reporter.on_edit(2);
  reporter.on_edit(1);
  reporter.on_edit_by("", "importer");
  const auto credits = reporter.take_credits();
  REQUIRE(credits != nullptr);
  CHECK(*credits == storage::append_credits{{"ada"}, {"importer"}});
  reporter.on_leave(1);
  reporter.on_leave(2);
  reporter.on_edit(1);
  CHECK(reporter.take_credits() == nullptr);
  reporter.on_closed();
}

}  // namespace troupe::webhook_feed_test
