// The sweeper between a store, a directory and a cluster actor, of which the test is the last two.
#include "actors/sweeper.hpp"

#include <deque>

#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch_test_macros.hpp>

#include "storage/memory_backend.hpp"
#include "tests/support/actor_node.hpp"
#include "tests/support/storage_bed.hpp"

namespace troupe::sweeper_test {

using namespace troupe::cluster;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds patience{10};
using names = std::vector<std::string>;

constexpr node_uuid uuid(std::uint64_t number) { return {7, number}; }

/// Passes and visits follow each other at once.
sweep_settings at_once() {
  sweep_settings settings;
  settings.visit_interval = 0ms;
  settings.page_size = 2;
  settings.retry_interval = 0ms;
  settings.drop_delay = 0ms;
  return settings;
}

class sweeper_bed {
 public:
  explicit sweeper_bed(sweep_settings settings = at_once()) {
    test::register_types_once();
    config_.set("caf.logger.console.verbosity", "quiet");
    config_.set("caf.scheduler.max-threads", 2);
    system = std::make_unique<caf::actor_system>(config_);
    directory = std::make_unique<caf::scoped_actor>(*system);
    owner = std::make_unique<caf::scoped_actor>(*system);
    store = std::make_shared<storage::memory_backend>();
    links.self = uuid(1);
    links.is_member = links.is_widely_known = true;
    use_list(1, 1);
    it = system->spawn<sweeper, caf::detached>(
        store, caf::actor_cast<directory_actor>(directory->ptr()), settings);
  }
  ~sweeper_bed() {
    caf::anon_send_exit(it, caf::exit_reason::user_shutdown);
    (*owner)->wait_for(it);
    it = nullptr;
    owner.reset();
    directory.reset();
  }

  void store_documents(const names& all) {
    for (const std::string& each : all) REQUIRE(test::append_to(*store, each, 1, {"u"}));
  }
  void use_list(std::uint64_t number, std::size_t count) {
    std::vector<member> members;
    for (std::uint64_t i = 1; i <= count; ++i)
      members.push_back(
          {uuid(i), "n" + std::to_string(i), "127.0.0.1:" + std::to_string(4000 + i)});
    links.list = *member_list::make(number, std::move(members));
  }
  void publish() { (*owner)->send(it, cluster_changed{std::make_shared<cluster_links>(links)}); }
  /// The same with a list that is new, about which the directory is asked what is open.
  void publish_list(const names& open = {}) {
    publish();
    listed_documents page;
    for (const std::string& each : open) page.documents.push_back({.name = each});
    const bool is_asked = receive_from_directory<list_documents>(
        [&](const list_documents&) { return page; }, patience);
    REQUIRE(is_asked);
  }

  /// The document that is visited next; the visit is answered so.
  std::string next_visit(const visited_document& outcome) {
    std::string name;
    const bool has_come = receive_from_directory<visit_document>(
        [&](const visit_document& which) {
          name = which.document;
          return outcome;
        },
        patience);
    REQUIRE(has_come);
    return name;
  }
  /// The same, which fails.
  std::string fail_next_visit() {
    std::string name;
    const bool has_come = receive_from_directory<visit_document>(
        [&](const visit_document& which) -> caf::result<visited_document> {
          name = which.document;
          return caf::make_error(caf::sec::runtime_error);
        },
        patience);
    REQUIRE(has_come);
    return name;
  }
  names next_visits(std::size_t count, const visited_document& outcome) {
    names all;
    while (all.size() < count) all.push_back(next_visit(outcome));
    std::ranges::sort(all);
    return all;
  }
  std::string next_drop() {
    std::string name;
    const bool has_come = receive_from_directory<drop_copy>(
        [&](const drop_copy& which) {
          name = which.document;
          return dropped_copy{true};
        },
        patience);
    REQUIRE(has_come);
    return name;
  }
  template <class Question>
  bool is_asked() {
    return receive_from_directory<Question>(
        [](const Question&) -> caf::result<void> { return caf::unit; }, 0ms);
  }
  documents_moved next_moved() {
    documents_moved heard;
    (*owner)->receive([&](const documents_moved& what) { heard = what; },
                      caf::after(patience) >> [] { FAIL("nothing has moved"); });
    return heard;
  }
  bool has_moved() {
    bool has_one = false;
    (*owner)->receive([&](const documents_moved&) { has_one = true; }, caf::after(0ms) >> [] {});
    return has_one;
  }
  template <class Message>
  void tell(Message what) {
    (*owner)->send(it, std::move(what));
  }

  template <class Question, class Answer>
  bool receive_from_directory(Answer answer, std::chrono::milliseconds wait) {
    bool has_come = false;
    (*directory)
        ->receive(
            [&](const Question& what) {
              has_come = true;
              return answer(what);
            },
            caf::after(wait) >> [] {});
    return has_come;
  }

 private:
  caf::actor_system_config config_;

 public:
  std::unique_ptr<caf::actor_system> system;
  std::unique_ptr<caf::scoped_actor> directory;
  std::unique_ptr<caf::scoped_actor> owner;
  std::shared_ptr<storage::memory_backend> store;
  cluster_links links;
  sweeper_actor it;
};

visited_document lacks_nothing(std::uint64_t list = 1) { return {list, {}, false}; }

}  // namespace

TEST_CASE("a pass visits all that is stored and all that is open, then the documents have moved",
          "[sweeper]") {
  sweeper_bed bed;
  bed.store_documents({"a", "b", "c", "d", "e"});
  bed.publish_list({"open only"});
  const names visited = bed.next_visits(6, lacks_nothing());
  CHECK(visited == names{"a", "b", "c", "d", "e", "open only"});
  const documents_moved moved = bed.next_moved();
  CHECK(moved.list_number == 1);
  CHECK_FALSE(moved.may_drop);
}

TEST_CASE("a node without documents has moved at once", "[sweeper]") {
  sweeper_bed bed;
  bed.publish_list();
  CHECK(bed.next_moved().list_number == 1);
  CHECK_FALSE(bed.is_asked<visit_document>());
}

TEST_CASE("nothing is visited before the node is a member", "[sweeper]") {
  sweeper_bed bed;
  bed.store_documents({"a"});
  bed.links.is_member = false;
  bed.publish_list();
  bed.links.is_member = true;
  bed.publish();
  CHECK(bed.next_visit(lacks_nothing()) == "a");
  CHECK(bed.next_moved().list_number == 1);
}

TEST_CASE("a document that keepers lack is visited again before the documents have moved",
          "[sweeper]") {
  sweeper_bed bed;
  bed.store_documents({"a"});
  bed.publish_list();
  CHECK(bed.next_visit({1, {4}, false}) == "a");
  CHECK(bed.next_visit({1, {4}, false}) == "a");
  CHECK_FALSE(bed.has_moved());
  CHECK(bed.next_visit(lacks_nothing()) == "a");
  CHECK(bed.next_moved().list_number == 1);
}

TEST_CASE("a document that cannot be opened is visited again", "[sweeper]") {
  sweeper_bed bed;
  bed.store_documents({"a"});
  bed.publish_list();
  CHECK(bed.fail_next_visit() == "a");
  CHECK(bed.next_visit(lacks_nothing()) == "a");
  CHECK(bed.next_moved().list_number == 1);
}

TEST_CASE("a visit under an earlier list does not count", "[sweeper]") {
  sweeper_bed bed;
  bed.store_documents({"a"});
  bed.use_list(2, 1);
  bed.publish_list();
  CHECK(bed.next_visit(lacks_nothing(1)) == "a");
  CHECK(bed.next_visit(lacks_nothing(2)) == "a");
  CHECK(bed.next_moved().list_number == 2);
}

TEST_CASE("what a document leaves behind is visited when the peer that lacks it is up",
          "[sweeper]") {
  sweep_settings patient = at_once();
  patient.retry_interval = 1h;
  sweeper_bed bed{patient};
  bed.publish_list();
  bed.next_moved();
  bed.tell(document_left_behind{"left", {4}});
  bed.tell(link_changed{5, true, {}});
  bed.tell(link_changed{4, false, {}});
  CHECK_FALSE(bed.is_asked<visit_document>());
  bed.tell(link_changed{4, true, {}});
  CHECK(bed.next_visit(lacks_nothing()) == "left");
}

TEST_CASE("a copy that may be dropped is dropped", "[sweeper]") {
  sweeper_bed bed;
  bed.store_documents({"a"});
  bed.publish_list();
  CHECK(bed.next_visit({1, {}, true}) == "a");
  CHECK(bed.next_drop() == "a");
}

TEST_CASE("once all nodes have moved others hear that copies may go, and those that are not kept "
          "here are visited",
          "[sweeper]") {
  sweeper_bed bed;
  names all;
  for (int i = 0; i < 12; ++i) all.push_back("d" + std::to_string(10 + i));
  bed.store_documents(all);
  bed.links.replication = {.keepers = 1, .write_acks = 1};
  bed.use_list(1, 3);
  for (std::uint64_t i = 2; i <= 3; ++i)
    bed.links.peers.push_back({static_cast<peer_id>(i), uuid(i), {}});
  names elsewhere;
  for (const std::string& each : all)
    if (!bed.links.place(each).keeps_itself) elsewhere.push_back(each);
  REQUIRE(elsewhere.size() > 1);
  REQUIRE(elsewhere.size() < all.size());
  bed.publish_list();
  CHECK(bed.next_visits(all.size(), lacks_nothing()) == all);
  CHECK_FALSE(bed.next_moved().may_drop);
  bed.links.has_moved = bed.links.all_moved = true;
  bed.publish();
  const documents_moved may_drop = bed.next_moved();
  CHECK(may_drop.list_number == 1);
  CHECK(may_drop.may_drop);
  CHECK(bed.next_visits(elsewhere.size(), lacks_nothing()) == elsewhere);
}

TEST_CASE("a new list begins a new pass", "[sweeper]") {
  sweeper_bed bed;
  bed.store_documents({"a"});
  bed.publish_list();
  CHECK(bed.next_visit(lacks_nothing(1)) == "a");
  CHECK(bed.next_moved().list_number == 1);
  bed.use_list(2, 1);
  bed.publish_list();
  CHECK(bed.next_visit(lacks_nothing(2)) == "a");
  CHECK(bed.next_moved().list_number == 2);
}

TEST_CASE("at most so many documents are visited at once", "[sweeper]") {
  sweep_settings few = at_once();
  few.visits_max = 2;
  sweeper_bed bed{few};
  bed.store_documents({"a", "b", "c"});
  bed.publish_list();
  // Two questions wait for their answers; the third comes when one of them has been answered.
  const auto first = bed.next_visit(lacks_nothing());
  const auto second = bed.next_visit(lacks_nothing());
  CHECK(first != second);
  CHECK(bed.next_visit(lacks_nothing()) == "c");
  CHECK(bed.next_moved().list_number == 1);
}

TEST_CASE("what was removed is brought to its keepers as such", "[sweeper]") {
  sweeper_bed bed;
  bed.store_documents({"a", "b"});
  REQUIRE(bed.store->remove("a"));
  bed.publish_list();
  std::string spread;
  const bool has_come = bed.receive_from_directory<spread_generation>(
      [&](const spread_generation& which) {
        spread = which.document;
        return visited_document{1, {}, false};
      },
      patience);
  CHECK(has_come);
  CHECK(spread == "a");
  CHECK(bed.next_visit({1, {}, false}) == "b");
}

}  // namespace troupe::sweeper_test
