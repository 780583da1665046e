// What a document that several nodes store tells the application, and the other nodes for it.
#include <catch2/catch_test_macros.hpp>

#include "storage/memory_backend.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/peer_bed.hpp"

namespace troupe::document_webhooks_test {

using namespace troupe::cluster;
using namespace std::chrono_literals;
using sync::message_kind;
using test::peer_bed;
using webhook::event_kind;

namespace {

constexpr session_id ann = 1;

/// Wants all events; what another node has stored is left to that one at once.
std::shared_ptr<webhook_feed> all_hearing_feed(std::shared_ptr<const newest_links> homes) {
  webhook_feed::settings settings;
  for (std::size_t i = 0; i < webhook::event_kind_count; ++i)
    settings.events.insert(static_cast<event_kind>(i));
  settings.changes.debounce = settings.changes.max_delay = 0ms;
  settings.standby = 0ms;
  return std::make_shared<webhook_feed>(settings, std::make_shared<storage::memory_backend>(), 0,
                                        std::move(homes));
}

directory_settings with_feed(std::shared_ptr<webhook_feed> feed) {
  directory_settings settings;
  settings.webhooks = std::move(feed);
  return settings;
}

/// The node under test and two others; which of them are up, as `homes` knows, the test says.
struct webhooks_bed {
  /// `since`: the other nodes are expected to be there from then on; see newest_links.
  explicit webhooks_bed(newest_links::time_point since = std::chrono::steady_clock::now())
      : homes(std::make_shared<newest_links>(since)),
        feed(all_hearing_feed(homes)),
        bed({.directory = with_feed(feed)}) {
    bed.links.newest = homes;
    homes->set(std::make_shared<const cluster_links>(bed.links));
    bed.publish();
  }
  ~webhooks_bed() { homes->set(nullptr); }

  /// A name of which the first keeper is node `number`.
  std::string name_of_home(std::uint64_t number) const {
    for (int i = 0;; ++i) {
      std::string name = "d" + std::to_string(i);
      if (place_of(bed.links.list, name, 3).ranking.front() == test::uuid_of_node(number))
        return name;
    }
  }
  std::size_t count(event_kind what) {
    take();
    return static_cast<std::size_t>(
        std::ranges::count_if(noted, [what](const auto& each) { return each.what.what == what; }));
  }

  /// Takes from the feed as the sender does.
  void take() {
    auto all = feed->take();
    for (auto& each : all.unstored) noted.push_back(std::move(each));
    for (auto& each : all.stored) announced.push_back(std::move(each));
    left += all.void_numbers.size();
  }
  /// Takes until `is_done`.
  template <class IsDone>
  void take_until(IsDone is_done) {
    for (int i = 0; i < 1000 && !is_done(); ++i) {
      take();
      std::this_thread::sleep_for(5ms);
    }
    REQUIRE(is_done());
  }

  std::shared_ptr<newest_links> homes;
  std::shared_ptr<webhook_feed> feed;
  peer_bed bed;
  std::vector<webhook::delivery> noted;
  std::vector<webhook::delivery> announced;
  std::size_t left = 0;  // to other nodes
};

void end(peer_bed& bed, const opened_document& document) {
  caf::scoped_actor waiter{bed.node.system()};
  waiter->monitor(document.document);
  bed.node.tell_document(document, unload_document{});
  waiter->receive([](const caf::down_msg&) {},
                  caf::after(peer_bed::patience) >> [] { FAIL("the document does not end"); });
}

}  // namespace

TEST_CASE("that a document is open and closed is told by its home", "[actors][cluster][webhook]") {
  webhooks_bed bed;
  const auto here = bed.bed.open_loaded(bed.name_of_home(1), ann);
  CHECK(bed.count(event_kind::document_opened) == 1);
  const auto elsewhere = bed.bed.open_loaded(bed.name_of_home(2), ann);
  CHECK(bed.count(event_kind::document_opened) == 1);
  CHECK(bed.count(event_kind::session_joined) == 2);  // by the node of the session
  bed.bed.node.leave(here, ann);
  bed.bed.node.leave(elsewhere, ann);
  end(bed.bed, here);
  end(bed.bed, elsewhere);
  CHECK(bed.count(event_kind::document_closed) == 1);
  CHECK(bed.count(event_kind::session_left) == 2);
}

TEST_CASE("a home tells that a document is open that is used at another node only",
          "[actors][cluster][webhook]") {
  webhooks_bed bed;
  const std::string name = bed.name_of_home(1);
  const auto opened =
      bed.bed.ask_directory<opened_document>(open_document{name, std::nullopt, true});
  for (const auto& each : bed.bed.peers) {
    each->next_attached();
    each->document = name;
    each->come_up(opened.document);
  }
  bed.bed.settle(opened.document);
  CHECK(bed.count(event_kind::document_opened) == 0);  // it was not opened for anybody
  bed.bed.peer(0).say(opened.document, {peer_opened{}});
  bed.bed.settle(opened.document);
  CHECK(bed.count(event_kind::document_opened) == 1);
  bed.bed.peer(0).say(opened.document, {peer_closed{}});
  end(bed.bed, opened);
  CHECK(bed.count(event_kind::document_closed) == 1);
}

TEST_CASE("a node tells of a document once its home has been away for a while",
          "[actors][cluster][webhook]") {
  webhooks_bed bed{std::chrono::steady_clock::now() - 1h};
  bed.bed.open_loaded(bed.name_of_home(2), ann);
  CHECK(bed.count(event_kind::document_opened) == 1);
}

TEST_CASE("keepers hear who has made an update before it comes", "[actors][cluster][webhook]") {
  webhooks_bed bed;
  const auto document = bed.bed.open_loaded("d", ann);
  constexpr session_id of_ada = 2;
  REQUIRE(bed.bed.node.open("d", of_ada, std::make_shared<const identity>(identity{"ada"})));
  test::editing_client client{5};
  bed.bed.node.send(document, of_ada, message_kind::update, client.insert_text("text", 0, "x"));
  CHECK(bed.bed.peer(0).next<peer_authors>().users == std::vector<std::string>{"ada"});
  bed.bed.peer(0).next<peer_update>();
}

TEST_CASE("who sends what is known, to have it acknowledged, is no author",
          "[actors][cluster][webhook]") {
  webhooks_bed bed;
  const auto document = bed.bed.open_loaded("d", ann);
  constexpr session_id of_ada = 2;
  constexpr session_id of_bob = 3;
  for (const auto& [session, user] : {std::pair{of_ada, "ada"}, {of_bob, "bob"}})
    REQUIRE(bed.bed.node.open("d", session, std::make_shared<const identity>(identity{user})));
  const auto hello = [](const std::string& id) {
    return R"({"type":"update","payload":{"update":"AQEBAAQBBHRleHQFaGVsbG8A"},"messageId":")" +
           id + "\"}";
  };
  bed.bed.node.ask(document, of_ada, hello("a-1"));
  CHECK(bed.bed.peer(0).next<peer_authors>().users == std::vector<std::string>{"ada"});
  bed.bed.peer(0).next<peer_update>();
  bed.bed.node.ask(document, of_bob, hello("b-1"));
  bed.bed.node.ask(
      document, of_ada,
      R"({"type":"update","payload":{"update":"AQECAIQBBAYgd29ybGQA"},"messageId":"a-2"})");
  CHECK(bed.bed.peer(0).next<peer_authors>().users == std::vector<std::string>{"ada"});
  bed.bed.peer(0).next<peer_update>();
}

TEST_CASE("what an author at another node changes is announced with the author's name",
          "[actors][cluster][webhook]") {
  webhooks_bed bed;
  const auto document = bed.bed.open_loaded(bed.name_of_home(1), ann);
  test::editing_client client{5};
  const byte_buffer update = client.insert_text("text", 0, "x");
  bed.bed.peer(0).say(document.document, {peer_authors{{"ada"}, {"import"}},
                                          peer_update{shared_bytes::copy_of(update), 1}});
  bed.take_until([&] { return !bed.announced.empty(); });
  CHECK(bed.announced[0].what.what == event_kind::document_changed);
  CHECK(bed.announced[0].what.by.users == std::vector<std::string>{"ada"});
  CHECK(bed.announced[0].what.by.origins == std::vector<std::string>{"import"});
}

TEST_CASE("a node that is no home leaves a change to the home once that has stored it",
          "[actors][cluster][webhook]") {
  webhooks_bed bed;
  const auto document = bed.bed.open_loaded(bed.name_of_home(2), ann);
  test::editing_client client{5};
  bed.bed.node.send(document, ann, message_kind::update, client.insert_text("text", 0, "x"));
  bed.bed.peer(0).next<peer_update>();
  bed.bed.peer(1).confirm(document.document, 1);  // which is not the home
  bed.bed.node.tell_document(document, document_tick{});
  bed.bed.settle(document.document);
  std::this_thread::sleep_for(webhook::change_tracker::wait_interval + 50ms);
  bed.take();
  CHECK(bed.left == 0);
  bed.bed.peer(0).confirm(document.document, 1);
  bed.bed.node.tell_document(document, document_tick{});
  bed.take_until([&] { return bed.left == 1; });
  CHECK(bed.announced.empty());
}

TEST_CASE("a document that ends says before that its home has all of it",
          "[actors][cluster][webhook]") {
  webhooks_bed bed;
  const auto document = bed.bed.open_loaded(bed.name_of_home(2), ann);
  test::editing_client client{5};
  bed.bed.node.send(document, ann, message_kind::update, client.insert_text("text", 0, "x"));
  bed.bed.peer(0).next<peer_update>();
  bed.bed.peer(0).confirm(document.document, 1);
  bed.bed.settle(document.document);
  bed.bed.node.leave(document, ann);
  end(bed.bed, document);
  bed.take_until([&] { return bed.left == 1; });
}

}  // namespace troupe::document_webhooks_test
