// What a directory does for the cluster: visits by the sweeper, copies that go, and what has become
// of documents at other nodes.
#include <catch2/catch_test_macros.hpp>

#include "actors/failure_codes.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/peer_bed.hpp"
#include "tests/support/storage_bed.hpp"

namespace troupe::directory_cluster_test {

using namespace troupe::cluster;
using namespace std::chrono_literals;
using sync::message_kind;
using test::fake_peer;
using test::peer_bed;

namespace {

constexpr session_id ann = 1;

/// Of those that answer a removal: long enough for a machine that does something else meanwhile.
constexpr auto answer_time = 150ms;

/// Three nodes, of which two keep a document; copies that belong elsewhere may go.
peer_bed::options of_three() {
  return {.nodes = 3, .replication = {.keepers = 2, .write_acks = 2}};
}

/// A document that has text is stored here.
void store_text(peer_bed& bed, const std::string& name) {
  test::editing_client client{5};
  REQUIRE(test::append_to(*bed.node.backend, name, 1,
                          {std::string{as_text(client.insert_text("text", 0, "abc"))}}));
}

bool is_stored(peer_bed& bed, const std::string& name) {
  const auto info = bed.node.backend->archive().info(name);
  REQUIRE(info.has_value());
  return info->has_value() && !(*info)->is_removed;
}

/// What a visit was answered.
using visit_answer = tl::expected<visited_document, caf::error>;

template <class Handle>
visit_answer answer_to(Handle& visit) {
  visit_answer answer = tl::unexpected(caf::error{});
  visit.receive([&](const visited_document& got) { answer = got; },
                [&](const caf::error& why) { answer = tl::unexpected(why); });
  return answer;
}

/// A visit opens a document: the peers are up for it.
document_actor next_opened(peer_bed& bed, const std::string& name) {
  document_actor opened;
  for (const auto& each : bed.peers) {
    const auto attached = each->next_attached();
    CHECK(attached.name == name);
    opened = attached.document;
    each->document = name;
    each->come_up(opened);
  }
  bed.note(opened);
  return opened;
}

/// A document is open, unused, and those of the peers that keep it have all of it.
document_actor open_kept(peer_bed& bed, const std::string& name) {
  auto opening = bed.begin_asking(open_document{name, std::nullopt, true});
  opening.receive([](const opened_document&) {},
                  [](const caf::error& why) { FAIL(caf::to_string(why)); });
  const document_actor opened = next_opened(bed, name);
  bed.settle(opened);
  for (const auto& each : bed.peers)
    if (each->has<peer_compare>()) {
      each->next<peer_compare>();
      each->confirm(opened, 1);
    }
  bed.settle(opened);
  return opened;
}

}  // namespace

// --- visits ---

TEST_CASE("a visit opens a document without a session and ends when all keepers have all of it",
          "[actors][cluster]") {
  peer_bed bed;
  store_text(bed, "d");
  auto visit = bed.begin_asking(visit_document{"d"});
  const document_actor opened = next_opened(bed, "d");
  for (const auto& each : bed.peers) {
    CHECK(each->next<peer_compare>().number == 1);
    CHECK_FALSE(each->has<peer_load>());  // nobody here wants to see it
    each->confirm(opened, 1);
  }
  const auto answer = answer_to(visit);
  REQUIRE(answer.has_value());
  CHECK(answer->list == 1);
  CHECK(answer->lacking.empty());
  CHECK_FALSE(answer->may_be_dropped);
}

TEST_CASE("a visit does not wait for what is written meanwhile", "[actors][cluster]") {
  peer_bed bed;
  store_text(bed, "d");
  auto visit = bed.begin_asking(visit_document{"d"});
  const document_actor opened = next_opened(bed, "d");
  for (const auto& each : bed.peers) each->next<peer_compare>();
  test::editing_client client{6};
  bed.peer(0).say(
      opened, {cluster::peer_update{shared_bytes::copy_of(client.insert_text("text", 0, "x")), 1}});
  bed.settle(opened);
  // None of them has confirmed what came last, and somebody may go on typing.
  for (const auto& each : bed.peers) each->confirm(opened, 1);
  const auto answer = answer_to(visit);
  REQUIRE(answer.has_value());
  CHECK(answer->lacking.empty());
}

TEST_CASE("a visit does not wait for keepers that are down, and names them", "[actors][cluster]") {
  peer_bed bed;
  store_text(bed, "d");
  auto visit = bed.begin_asking(visit_document{"d"});
  for (const auto& each : bed.peers) {
    const document_actor opened = each->next_attached().document;
    each->tell(opened, peer_news::kind::down);
    bed.note(opened);
  }
  const auto answer = answer_to(visit);
  REQUIRE(answer.has_value());
  CHECK(answer->lacking == std::vector<peer_id>{2, 3});
}

TEST_CASE("a visit of a document that cannot be loaded fails", "[actors][cluster]") {
  peer_bed bed;
  bed.node.backend->fail_loads(true);
  auto visit = bed.begin_asking(visit_document{"d"});
  CHECK_FALSE(answer_to(visit).has_value());
}

TEST_CASE("a visit, and an opening for a peer, may go beyond the limit of open documents",
          "[actors][cluster]") {
  directory_settings few;
  few.documents_max = 1;
  peer_bed::options how;
  how.directory = few;
  peer_bed bed{how};
  bed.open_loaded("used", ann);
  const auto refused = bed.node.open("more", ann);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error() == close_reason::too_many_documents);
  const auto for_peer =
      bed.ask_directory<opened_document>(open_document{"more", std::nullopt, true});
  bed.note(for_peer.document);
  for (const auto& each : bed.peers) CHECK(each->next_attached().name == "more");
  auto visit = bed.begin_asking(visit_document{"third"});
  for (const auto& each : bed.peers) {
    const auto attached = each->next_attached();
    CHECK(attached.name == "third");
    each->tell(attached.document, peer_news::kind::down);
    bed.note(attached.document);
  }
  CHECK(answer_to(visit).has_value());
}

// --- copies that go ---

TEST_CASE("a copy that belongs elsewhere and is there goes", "[actors][cluster]") {
  peer_bed bed{of_three()};
  bed.links.may_drop = true;
  bed.publish();
  const std::string name = bed.name_kept_here(false);
  store_text(bed, name);
  open_kept(bed, name);
  CHECK(bed.ask_directory<visited_document>(visit_document{name}).may_be_dropped);
  REQUIRE(is_stored(bed, name));
  CHECK(bed.ask_directory<dropped_copy>(drop_copy{name}).is_dropped);
  CHECK_FALSE(is_stored(bed, name));
  CHECK(bed.ask_directory<found_open>(find_open{{name}}).names.empty());
}

TEST_CASE("a copy that belongs elsewhere and is not open goes, too", "[actors][cluster]") {
  peer_bed bed{of_three()};
  store_text(bed, "d");
  CHECK(bed.ask_directory<dropped_copy>(drop_copy{"d"}).is_dropped);
  CHECK_FALSE(is_stored(bed, "d"));
}

TEST_CASE("a copy stays while this node keeps the document, or copies must not go yet",
          "[actors][cluster]") {
  for (const bool is_kept : {false, true}) {
    peer_bed bed{of_three()};
    bed.links.may_drop = is_kept;
    bed.publish();
    const std::string name = bed.name_kept_here(is_kept);
    store_text(bed, name);
    open_kept(bed, name);
    CHECK_FALSE(bed.ask_directory<dropped_copy>(drop_copy{name}).is_dropped);
    CHECK(is_stored(bed, name));
    CHECK(bed.ask_directory<found_open>(find_open{{name}}).names.size() == 1);
  }
}

TEST_CASE("a copy stays while a session uses the document", "[actors][cluster]") {
  peer_bed bed{of_three()};
  bed.links.may_drop = true;
  bed.publish();
  const std::string name = bed.name_kept_here(false);
  store_text(bed, name);
  open_kept(bed, name);
  REQUIRE(bed.node.open(name, ann).has_value());
  CHECK_FALSE(bed.ask_directory<dropped_copy>(drop_copy{name}).is_dropped);
  CHECK(is_stored(bed, name));
}

TEST_CASE("a copy stays that has an edit which keepers lack", "[actors][cluster]") {
  peer_bed bed{of_three()};
  bed.links.may_drop = true;
  bed.publish();
  const std::string name = bed.name_kept_here(false);
  store_text(bed, name);
  auto opening = bed.begin_asking(open_document{name, std::nullopt, true});
  opening.receive([](const opened_document&) {},
                  [](const caf::error& why) { FAIL(caf::to_string(why)); });
  const document_actor opened = next_opened(bed, name);
  for (const auto& each : bed.peers) each->next<peer_compare>();
  bed.peer(0).confirm(opened, 1);
  bed.settle(opened);
  CHECK_FALSE(bed.ask_directory<dropped_copy>(drop_copy{name}).is_dropped);
  CHECK(is_stored(bed, name));
  auto visit = bed.begin_asking(visit_document{name});
  bed.peer(1).confirm(opened, 1);
  const auto answer = answer_to(visit);
  REQUIRE(answer.has_value());
  CHECK(answer->may_be_dropped);
}

TEST_CASE("a copy with a version that somebody named stays", "[actors][cluster]") {
  peer_bed bed{of_three()};
  store_text(bed, "d");
  REQUIRE(bed.node.backend->archive().add_version("d", {"named", false, 1, as_bytes("state")}));
  CHECK_FALSE(bed.ask_directory<dropped_copy>(drop_copy{"d"}).is_dropped);
  CHECK(is_stored(bed, "d"));
}

TEST_CASE("who opens a document while its copy goes waits, and its keepers are asked",
          "[actors][cluster]") {
  peer_bed bed;
  store_text(bed, "d");
  // The store is busy with another document.
  const auto busy = bed.open_loaded("busy", 7);
  bed.node.backend->close_gate();
  test::editing_client client{6};
  bed.node.send(busy, 7, message_kind::update, client.insert_text("text", 0, "x"));
  REQUIRE(bed.node.backend->await_held(10s));
  auto drop = bed.begin_asking(drop_copy{"d"});
  auto opening = bed.begin_asking(open_document{"d", std::nullopt, true});
  bed.node.backend->open_gate();
  bool is_dropped = false;
  drop.receive([&](const dropped_copy& outcome) { is_dropped = outcome.is_dropped; },
               [](const caf::error& why) { FAIL(caf::to_string(why)); });
  CHECK(is_dropped);
  opening.receive([&](const opened_document& opened) { bed.note(opened.document); },
                  [](const caf::error& why) { FAIL(caf::to_string(why)); });
}

TEST_CASE("a removal that comes while the copy of the document goes is carried out",
          "[actors][cluster]") {
  peer_bed bed;
  store_text(bed, "d");
  const auto busy = bed.open_loaded("busy", 7);
  bed.node.backend->close_gate();
  test::editing_client client{6};
  bed.node.send(busy, 7, message_kind::update, client.insert_text("text", 0, "x"));
  REQUIRE(bed.node.backend->await_held(10s));
  auto drop = bed.begin_asking(drop_copy{"d"});
  auto removal = bed.begin_asking(remove_document{"d"});
  bed.node.backend->open_gate();
  drop.receive([](const dropped_copy&) {},
               [](const caf::error& why) { FAIL(caf::to_string(why)); });
  removal.receive([](const removed_document&) {},
                  [](const caf::error& why) { FAIL(caf::to_string(why)); });
}

// --- what becomes of documents elsewhere ---

TEST_CASE("a removal is told to all other nodes, and answered when enough have it on disk",
          "[actors][cluster]") {
  peer_bed bed;
  store_text(bed, "d");
  auto removal = bed.begin_asking(remove_document{"d"});
  for (const auto& each : bed.peers) {
    CHECK(each->next<peer_generation>().generation == 3);
    CHECK(each->document == "d");
  }
  bed.node.pass_second();
  std::this_thread::sleep_for(generation_spread::tell_interval);
  bed.node.pass_second();  // they are told again
  bed.say_stored(1, "d", 3);
  removal.receive(
      [](const removed_document& outcome) {
        CHECK(outcome.was_there);
        CHECK(outcome.generation == 3);
        CHECK_FALSE(outcome.is_unconfirmed);
      },
      [](const caf::error& why) { FAIL(caf::to_string(why)); });
}

TEST_CASE("a removal that too few nodes confirm in time is answered as such", "[actors][cluster]") {
  peer_bed bed{{.settings = {.load_timeout = 1ms}}};
  store_text(bed, "d");
  auto removal = bed.begin_asking(remove_document{"d"});
  bed.peer(0).next<peer_generation>();
  std::this_thread::sleep_for(2ms);
  bed.node.pass_second();
  removal.receive(
      [](const removed_document& outcome) {
        CHECK(outcome.was_there);
        CHECK(outcome.is_unconfirmed);
      },
      [](const caf::error& why) { FAIL(caf::to_string(why)); });
  CHECK_FALSE(is_stored(bed, "d"));
}

TEST_CASE("a keeper that was away when a document was removed or admitted is left to the sweep",
          "[actors][cluster]") {
  peer_bed bed{{.settings = {.load_timeout = answer_time}}};
  store_text(bed, "d");
  auto removal = bed.begin_asking(remove_document{"d"});
  SECTION("nobody is there") {
    bed.peer(0).next<peer_generation>();
    std::this_thread::sleep_for(answer_time + 20ms);
    bed.node.pass_second();
    const document_left_behind left = bed.next_left_behind();
    CHECK(left.document == "d");
    CHECK(left.lacking == std::vector<peer_id>{2, 3});
  }
  SECTION("enough are there") {
    bed.say_stored(0, "d", 3);
    std::this_thread::sleep_for(answer_time + 20ms);
    bed.node.pass_second();
    CHECK(bed.next_left_behind().lacking == std::vector<peer_id>{3});
  }
  removal.receive([](const removed_document&) {},
                  [](const caf::error& why) { FAIL(caf::to_string(why)); });
  REQUIRE(bed.node.backend->archive().admit("d"));
  caf::anon_send(bed.node.directory_handle(), announce_generation{"d"});
  bed.say_stored(1, "d", 4);
  std::this_thread::sleep_for(answer_time + 20ms);
  bed.node.pass_second();
  CHECK(bed.next_left_behind().lacking == std::vector<peer_id>{2});
}

TEST_CASE("where reachable keepers are enough a removal waits for no others", "[actors][cluster]") {
  peer_bed bed{{.settings = {.is_available = true}}};
  bed.links.newest = std::make_shared<newest_links>();  // to which nobody has come up
  bed.publish();
  store_text(bed, "d");
  CHECK_FALSE(bed.ask_directory<removed_document>(remove_document{"d"}).is_unconfirmed);
}

TEST_CASE("a removal counts only once nobody can read by an earlier list", "[actors][cluster]") {
  peer_bed bed{{.settings = {.load_timeout = 1ms}}};
  bed.links.is_widely_known = false;
  bed.publish();
  store_text(bed, "d");
  auto removal = bed.begin_asking(remove_document{"d"});
  bed.say_stored(0, "d", 3);
  bed.say_stored(1, "d", 3);
  std::this_thread::sleep_for(2ms);
  bed.node.pass_second();
  removal.receive([](const removed_document& outcome) { CHECK(outcome.is_unconfirmed); },
                  [](const caf::error& why) { FAIL(caf::to_string(why)); });
}

TEST_CASE("who opens what was removed here makes others say what they know", "[actors][cluster]") {
  peer_bed bed;
  store_text(bed, "d");
  REQUIRE(bed.node.backend->archive().remove("d"));
  const auto opened = bed.node.open("d", ann);
  for (const auto& each : bed.peers)
    while (each->next<peer_generation>().generation != 3) continue;
  CHECK(bed.node.next_close().reason == close_reason::document_removed);
}

TEST_CASE("a sweep brings what was removed to all keepers", "[actors][cluster]") {
  peer_bed bed;
  store_text(bed, "d");
  REQUIRE(bed.node.backend->archive().remove("d"));
  auto visit = bed.begin_asking(spread_generation{"d"});
  bed.say_stored(0, "d", 3);
  bed.say_stored(1, "d", 3);
  const auto answer = answer_to(visit);
  REQUIRE(answer.has_value());
  CHECK(answer->list == 1);
  CHECK(answer->lacking.empty());
}

TEST_CASE("a sweep of what was removed hears who lacks it", "[actors][cluster]") {
  peer_bed bed{{.settings = {.load_timeout = answer_time}}};
  store_text(bed, "d");
  REQUIRE(bed.node.backend->archive().remove("d"));
  auto visit = bed.begin_asking(spread_generation{"d"});
  bed.say_stored(0, "d", 3);
  CHECK(bed.peer(1).next<peer_generation>().generation == 3);
  std::this_thread::sleep_for(answer_time + 20ms);
  bed.node.pass_second();
  const auto answer = answer_to(visit);
  REQUIRE(answer.has_value());
  CHECK(answer->lacking == std::vector<peer_id>{3});
  CHECK_FALSE(answer->may_be_dropped);
}

TEST_CASE("a sweep comes again where somebody waits for a removal", "[actors][cluster]") {
  peer_bed bed;
  store_text(bed, "d");
  auto removal = bed.begin_asking(remove_document{"d"});
  bed.peer(1).next<peer_generation>();
  auto visit = bed.begin_asking(spread_generation{"d"});
  CHECK_FALSE(answer_to(visit).has_value());
  bed.say_stored(0, "d", 3);
  removal.receive([](const removed_document& outcome) { CHECK_FALSE(outcome.is_unconfirmed); },
                  [](const caf::error& why) { FAIL(caf::to_string(why)); });
}

// --- what operators read ---

TEST_CASE("a document that is read is opened, and its keepers are asked", "[actors][cluster]") {
  peer_bed bed;
  test::editing_client client{5};
  auto reading = bed.begin_asking(export_state{.document = "d"});
  const document_actor opened = next_opened(bed, "d");
  bed.peer(1).answer_load(opened, client.insert_text("text", 0, "of a keeper"));
  reading.receive(
      [](const exported_state& got) {
        CHECK(got.exists);
        crdt::doc seen;
        REQUIRE(seen.apply_update(got.state.view()));
        CHECK(seen.text("text") == "of a keeper");
      },
      [](const caf::error& why) { FAIL(caf::to_string(why)); });
}

TEST_CASE("a document of which no keeper has anything does not exist", "[actors][cluster]") {
  peer_bed bed;
  auto reading = bed.begin_asking(export_state{.document = "d", .wants_state = false});
  const document_actor opened = next_opened(bed, "d");
  bed.peer(1).answer_load(opened);
  reading.receive([](const exported_state& got) { CHECK_FALSE(got.exists); },
                  [](const caf::error& why) { FAIL(caf::to_string(why)); });
}

TEST_CASE("what is read of this node alone asks nobody", "[actors][cluster]") {
  peer_bed bed;
  CHECK_FALSE(
      bed.ask_directory<exported_state>(export_state{.document = "d", .is_local = true}).is_open);
  store_text(bed, "d");
  const auto document = bed.open("d", ann);  // which no keeper has answered
  CHECK(bed.ask_directory<exported_state>(export_state{.document = "d", .is_local = true}).exists);
}

TEST_CASE("a node that does not keep a document asks again at each reading", "[actors][cluster]") {
  peer_bed bed{of_three()};
  const std::string name = bed.name_kept_here(false);
  test::editing_client client{5};
  auto first = bed.begin_asking(export_state{.document = name});
  const document_actor opened = next_opened(bed, name);
  bed.peer(0).answer_load(opened);
  first.receive([](const exported_state& got) { CHECK_FALSE(got.exists); },
                [](const caf::error& why) { FAIL(caf::to_string(why)); });
  auto second = bed.begin_asking(export_state{.document = name});
  bed.peer(0).answer_load(opened, client.insert_text("text", 0, "x"));
  second.receive([](const exported_state& got) { CHECK(got.exists); },
                 [](const caf::error& why) { FAIL(caf::to_string(why)); });
}

TEST_CASE("who reads and edits is told if too few keepers answer in time", "[actors][cluster]") {
  peer_bed bed{{.settings = {.load_timeout = 1ms}}};
  auto reading = bed.begin_asking(export_state{.document = "d"});
  next_opened(bed, "d");
  auto importing = bed.begin_asking(import_update{"d", shared_bytes::copy_of(byte_buffer{0, 0})});
  std::this_thread::sleep_for(2ms);
  for (int i = 0; i < 3; ++i) bed.node.pass_second();
  const auto must_be_unavailable = [](const caf::error& why) {
    CHECK(to_close_reason(why) == close_reason::cluster_unavailable);
  };
  reading.receive([](const exported_state&) { FAIL("it is read"); }, must_be_unavailable);
  importing.receive([](const imported_update&) { FAIL("it is taken"); }, must_be_unavailable);
}

TEST_CASE("an import that too few keepers confirm in time is answered as such",
          "[actors][cluster]") {
  peer_bed bed{{.settings = {.load_timeout = 50ms}}};
  const auto document = bed.open_loaded("d", ann);
  test::editing_client client{5};
  auto importing = bed.begin_asking(
      import_update{"d", shared_bytes::copy_of(client.insert_text("text", 0, "x"))});
  bed.peer(0).next<peer_update>();
  bed.settle(document.document);
  std::this_thread::sleep_for(60ms);
  bed.node.tell_document(document, document_tick{});
  importing.receive(
      [](const imported_update& got) { CHECK(got.what == imported_update::outcome::unconfirmed); },
      [](const caf::error& why) { FAIL(caf::to_string(why)); });
}

TEST_CASE("a removal that another node has told of is told to nobody", "[actors][cluster]") {
  peer_bed bed;
  store_text(bed, "d");
  CHECK(bed.ask_directory<removed_document>(adopt_generation{"d", 3}).generation == 3);
  CHECK_FALSE(is_stored(bed, "d"));
  for (const auto& each : bed.peers) CHECK_FALSE(each->has<peer_generation>());
}

TEST_CASE("a question about a document changes nothing", "[actors][cluster]") {
  peer_bed bed;
  CHECK(bed.ask_directory<removed_document>(adopt_generation{"new", 0}).generation == 0);
  store_text(bed, "d");
  const auto document = bed.open_loaded("d", ann);
  CHECK(bed.ask_directory<removed_document>(adopt_generation{"d", 0}).generation == 2);
  CHECK(bed.ask_directory<found_open>(find_open{{"d"}}).names.size() == 1);
}

TEST_CASE("a document that is open ends when another node has removed it", "[actors][cluster]") {
  peer_bed bed;
  store_text(bed, "d");
  const auto document = bed.open_loaded("d", ann);
  CHECK(bed.ask_directory<removed_document>(adopt_generation{"d", 3}).generation == 3);
  const close_subscribers closed = bed.node.next_close();
  CHECK(closed.document == document.id);
  CHECK(closed.reason == close_reason::document_removed);
  CHECK_FALSE(is_stored(bed, "d"));
  CHECK(bed.ask_directory<found_open>(find_open{{"d"}}).names.empty());
}

TEST_CASE("a document stays open when another node tells of the life that it is in",
          "[actors][cluster]") {
  peer_bed bed;
  REQUIRE(bed.node.backend->archive().adopt("d", 4));
  for (const auto& each : bed.peers) each->generation = 4;
  bed.open_loaded("d", ann);
  for (const std::uint64_t known : {3, 4}) {
    CHECK(bed.ask_directory<removed_document>(adopt_generation{"d", known}).generation == 4);
    CHECK(bed.ask_directory<found_open>(find_open{{"d"}}).names.size() == 1);
  }
}

TEST_CASE("a document that is admitted again is announced with its generation",
          "[actors][cluster]") {
  peer_bed bed;
  store_text(bed, "d");
  REQUIRE(bed.node.backend->archive().remove("d"));
  REQUIRE(bed.node.backend->archive().admit("d"));
  caf::anon_send(bed.node.directory_handle(), announce_generation{"d"});
  for (const auto& each : bed.peers) CHECK(each->next<peer_generation>().generation == 4);
}

TEST_CASE("a directory that is alone tells nobody what becomes of documents", "[actors]") {
  test::actor_node node;
  caf::anon_send(node.directory_handle(), announce_generation{"d"});
  caf::scoped_actor self{node.system()};
  self->request(node.directory_handle(), 10s, adopt_generation{"d", 0})
      .receive([](const removed_document& known) { CHECK(known.generation == 0); },
               [](const caf::error& why) { FAIL(caf::to_string(why)); });
}

TEST_CASE("documents that open obey the newest list", "[actors][cluster]") {
  peer_bed bed{{.nodes = 2}};
  fake_peer& newcomer = bed.add_peer();
  bed.use_list(2, 3);
  bed.publish();
  const auto document = bed.open("d", ann);
  newcomer.next<peer_load>();
  CHECK(newcomer.document_list == 2);
}

}  // namespace troupe::directory_cluster_test
