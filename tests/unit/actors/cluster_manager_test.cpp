// The actor that knows who belongs to the cluster: what it answers nodes that connect, whom it
// connects to, what it stores before it tells anybody, and what it passes on.
#include "actors/cluster_manager.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/manager_bed.hpp"

namespace troupe::cluster_manager_test {

using namespace troupe::test;

// --- the list at hand ---

TEST_CASE("a stored list is published, with a link for each other member", "[cluster]") {
  const auto bed = of_three();
  const cluster_links_ptr links = bed->next_published();
  CHECK(links->self == uuid(9));
  CHECK(links->list == list_of(4, {1, 2, 9}));
  CHECK(links->is_member);
  CHECK(uuids_of(*links) == names{to_string(uuid(1)), to_string(uuid(2))});
  for (const auto& each : links->peers) CHECK(each.link != nullptr);
  CHECK(links->peers[0].peer != links->peers[1].peer);
  CHECK_FALSE(links->has_moved);
  CHECK_FALSE(links->may_drop);
  CHECK(links->sweeper != nullptr);
  CHECK_FALSE(bed->state->why_not().has_value());
}

TEST_CASE("the sweeper hears of a list when the directory has told all documents", "[cluster]") {
  const auto bed = of_three();
  bed->describe();
  bool has_heard = false;
  (*bed->sweeper)
      ->receive([&](const cluster_changed&) { has_heard = true; }, caf::after(0s) >> [] {});
  CHECK_FALSE(has_heard);
  const cluster_links_ptr links = bed->next_published();
  CHECK(bed->next_for_sweeper<cluster_changed>().links == links);
}

TEST_CASE("a node without a list is no member and says why", "[cluster]") {
  manager_bed bed{9, {}, {"127.0.0.1:4001"}};
  const cluster_links_ptr links = bed.next_published();
  CHECK_FALSE(links->is_member);
  CHECK(links->peers.empty());
  CHECK(bed.state->why_not().has_value());
  CHECK_FALSE(bed.describe().why_not_joined.empty());
}

TEST_CASE("a list that cannot be stored ends the node before anybody hears of it", "[cluster]") {
  const auto bed = of_three();
  bed->next_published();
  const auto remote = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  {
    const std::lock_guard lock{bed->kept->mutex};
    bed->kept->fails = true;
  }
  remote->say(node_message{peer_members{shared_bytes::copy_of(list_of(5, {1, 2, 3, 9}).encode())}});
  caf::scoped_actor waiter{*bed->system};
  waiter->wait_for(bed->it);
  bool has_published = false;
  (*bed->directory)
      ->receive([&](const cluster_changed&) { has_published = true; }, caf::after(0s) >> [] {});
  CHECK_FALSE(has_published);
}

// --- the first start ---

TEST_CASE("seeds that all have no list make the first one, and store it", "[cluster]") {
  manager_bed bed{9, {}, {"127.0.0.1:4001", "127.0.0.1:4009"}};
  CHECK_FALSE(bed.next_published()->is_member);
  const peer_welcome welcome = bed.say_hello(hello_of(1));
  CHECK(welcome.refusal == peer_welcome::not_refused);
  CHECK_FALSE(welcome.link);
  const cluster_links_ptr links = bed.next_published();
  CHECK(links->is_member);
  CHECK(links->list == list_of(1, {1, 9}));
  CHECK(stored_lists(bed).back() == 1);
}

TEST_CASE("a node that is asked answers with the list that it has", "[cluster]") {
  const auto bed = of_three();
  const peer_welcome welcome = bed->say_hello(hello_of(1));
  const auto hello = decode_hello(as_bytes(welcome.hello));
  REQUIRE(hello.has_value());
  CHECK(hello->id == uuid(9));
  CHECK(hello->list == list_of(4, {1, 2, 9}));
}

// --- others connect ---

TEST_CASE("a member that connects gets the end of its link", "[cluster]") {
  const auto bed = of_three();
  const cluster_links_ptr links = bed->next_published();
  remote_end remote{*bed->system};
  const peer_welcome welcome = bed->say_hello(hello_of(1), remote.handle(), 11);
  CHECK(welcome.refusal == peer_welcome::not_refused);
  REQUIRE(welcome.link);
  CHECK(welcome.link == caf::actor_cast<caf::strong_actor_ptr>(links->find(uuid(1))->link));
  CHECK_FALSE(bed->row(1).is_up);  // it has not spoken yet
  remote.open(caf::actor_cast<peer_link_actor>(welcome.link), 11);
  remote.greet();
  const link_changed change = bed->next_for_sweeper<link_changed>();
  CHECK(change.is_up);
  CHECK(change.peer == links->find(uuid(1))->peer);
  CHECK(bed->row(1).is_up);
}

TEST_CASE("a node that must not connect is refused with a reason", "[cluster]") {
  const auto bed = of_three();
  const auto refusal_of = [&](const hello& what) {
    const peer_welcome welcome = bed->say_hello(what);
    CHECK_FALSE(welcome.link);
    CHECK_FALSE(welcome.text.empty());
    return read_refusal(welcome.refusal);
  };
  hello other_cluster = hello_of(1);
  other_cluster.cluster = "another";
  CHECK(refusal_of(other_cluster) == refusal::other_cluster);
  hello copy = hello_of(9);
  copy.run = 77;
  CHECK(refusal_of(copy) == refusal::own_uuid);
  hello other_replication = hello_of(1);
  other_replication.replication.keepers = 5;
  CHECK(refusal_of(other_replication) == refusal::other_replication);
  CHECK(refusal_of(hello_of(5)) == refusal::not_a_member);
}

TEST_CASE("a greeting that is too long, or none at all, is refused", "[cluster]") {
  const auto bed = of_three();
  const auto refusal_of = [&](std::string text) {
    const auto welcome = bed->ask<peer_welcome>(peer_hello{std::move(text), 1, nullptr});
    CHECK_FALSE(welcome.link);
    return read_refusal(welcome.refusal);
  };
  CHECK(refusal_of(std::string(hello_size_bytes_max + 1, 'x')) == refusal::other_version);
  CHECK(refusal_of("") == refusal::other_version);
  CHECK(refusal_of(text_of(hello_of(1)).substr(0, 20)) == refusal::other_version);
}

TEST_CASE("a node that is no member is shown to the operator, who adds it", "[cluster]") {
  const auto bed = of_three();
  bed->next_published();
  CHECK(read_refusal(bed->say_hello(hello_of(5)).refusal) == refusal::not_a_member);
  CHECK(bed->row(5).is == described_cluster::role::candidate);
  const auto first = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  first->next<peer_members>();
  const changed_members changed = bed->change({.which = "n5"});
  CHECK(changed.refusal.empty());
  CHECK(changed.list_number == 5);
  CHECK(stored_lists(*bed).back() == 5);
  const cluster_links_ptr links = bed->next_published();
  CHECK(links->list.contains(uuid(5)));
  CHECK(links->find(uuid(5)) != nullptr);
  const auto told = member_list::decode(first->next<peer_members>().list.view());
  REQUIRE(told.has_value());
  CHECK(told->number() == 5);
  CHECK(bed->row(5).is == described_cluster::role::member);
}

TEST_CASE("a change is refused while fewer than half of the members are linked, unless forced",
          "[cluster]") {
  const auto bed = of_three();
  bed->next_published();
  change_members order{.which = "n5", .uuid = to_string(uuid(5)), .address = "127.0.0.1:4005"};
  const changed_members refused = bed->change(order);
  CHECK_FALSE(refused.refusal.empty());
  CHECK(refused.list_number == 4);
  CHECK_FALSE(bed->has_published());
  order.is_forced = true;
  CHECK(bed->change(order).refusal.empty());
  CHECK(bed->next_published()->list.number() == 5);
}

TEST_CASE("an order with a uuid that is none is refused", "[cluster]") {
  const auto bed = of_three();
  bed->next_published();
  const changed_members refused = bed->change(
      {.which = "n5", .uuid = "nonsense", .address = "127.0.0.1:4005", .is_forced = true});
  CHECK_FALSE(refused.refusal.empty());
  CHECK(refused.list_number == 4);
}

TEST_CASE("a member that is lost has no link any longer", "[cluster]") {
  const auto bed = of_three();
  const cluster_links_ptr before = bed->next_published();
  const auto first = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  CHECK(bed->change({.what = change_members::order::remove, .which = "n2"}).refusal.empty());
  const cluster_links_ptr after = bed->next_published();
  CHECK(uuids_of(*after) == names{to_string(uuid(1))});
  CHECK(bed->row(2).is == described_cluster::role::gone);
  caf::scoped_actor waiter{*bed->system};
  waiter->wait_for(before->find(uuid(2))->link);
  CHECK(bed->describe().list_number == 5);  // its end does not end the manager
}

TEST_CASE("a member that leaves keeps its link until it has handed over what it has", "[cluster]") {
  const auto bed = of_three();
  bed->next_published();
  const auto first = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  CHECK(bed->change({.what = change_members::order::leave, .which = "n2"}).refusal.empty());
  const cluster_links_ptr after = bed->next_published();
  CHECK(uuids_of(*after) == names{to_string(uuid(1)), to_string(uuid(2))});
  CHECK_FALSE(after->list.contains(uuid(2)));
  CHECK(after->wide.has_value());
  CHECK(bed->row(2).is == described_cluster::role::leaving);
}

// --- what peers say ---

TEST_CASE("a peer that is linked hears of the list, of what has moved and of access changes",
          "[cluster]") {
  manager_bed bed{9, list_of(4, {1, 2, 9}), {}, {{uuid(9), 4}}};
  const auto remote = bed.link_from(hello_of(1, list_of(4, {1, 2, 9})));
  const auto list = member_list::decode(remote->next<peer_members>().list.view());
  REQUIRE(list.has_value());
  CHECK(*list == list_of(4, {1, 2, 9}));
  CHECK(remote->next<peer_moved>().list_number == 4);
  CHECK(as_text(remote->next<peer_access_change>().change.view()) == R"({"user":"kept"})");
}

TEST_CASE("a newer list of a peer is stored, obeyed and passed on", "[cluster]") {
  const auto bed = of_three();
  bed->next_published();
  const auto first = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  const auto second = bed->link_from(hello_of(2, list_of(4, {1, 2, 9})), 12);
  second->next<peer_members>();
  const member_list newer = list_of(6, {1, 2, 3, 9});
  first->say(node_message{peer_members{shared_bytes::copy_of(newer.encode())}});
  cluster_links_ptr links = bed->next_published();
  while (links->list.number() < 6) links = bed->next_published();
  CHECK(links->list == newer);
  CHECK(stored_lists(*bed).back() == 6);
  CHECK(links->find(uuid(3)) != nullptr);
  CHECK(*member_list::decode(second->next<peer_members>().list.view()) == newer);
}

TEST_CASE("a peer with an older list is told of the newer one", "[cluster]") {
  const auto bed = of_three();
  const auto remote = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  remote->next<peer_members>();
  remote->say(node_message{peer_members{shared_bytes::copy_of(list_of(3, {1, 9}).encode())}});
  CHECK(member_list::decode(remote->next<peer_members>().list.view())->number() == 4);
}

TEST_CASE("two lists with one number end the link, and the operator is told", "[cluster]") {
  const auto bed = of_three();
  const auto remote = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  remote->say(node_message{peer_members{shared_bytes::copy_of(list_of(4, {1, 9}).encode())}});
  CHECK_FALSE(bed->next_for_sweeper<link_changed>().is_up);
  CHECK_FALSE(bed->describe().conflict.empty());
  CHECK(bed->describe().list_number == 4);
  CHECK(read_refusal(bed->say_hello(hello_of(1, list_of(4, {1, 9}))).refusal) ==
        refusal::list_conflict);
}

TEST_CASE("a list that cannot be read changes nothing", "[cluster]") {
  const auto bed = of_three();
  const auto remote = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  remote->say(node_message{peer_members{shared_bytes::copy_of(byte_buffer{1, 2, 3})}});
  remote->say(node_message{peer_access_change{shared_bytes::copy_of(as_bytes("{}"))}});
  remote->next<peer_members>();
  CHECK(bed->describe().list_number == 4);
}

TEST_CASE("a change of access that a peer tells of is carried out", "[cluster]") {
  const auto bed = of_three();
  const auto remote = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  const std::string change = R"({"user":"ada","seconds":9})";
  bed->tell(peer_said{1'000, peer_access_change{shared_bytes::copy_of(as_bytes("of nobody"))}});
  remote->say(node_message{peer_access_change{shared_bytes::copy_of(as_bytes(change))}});
  remote->say(node_message{peer_bye{}});
  CHECK_FALSE(bed->next_for_sweeper<link_changed>().is_up);  // it has heard all before
  const std::lock_guard lock{bed->kept->mutex};
  CHECK(bed->kept->changes == names{change});
}

TEST_CASE("a change of access is told to all peers that are linked", "[cluster]") {
  const auto bed = of_three();
  const auto first = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  const auto second = bed->link_from(hello_of(2, list_of(4, {1, 2, 9})), 12);
  for (const auto& each : {&first, &second}) (*each)->next<peer_access_change>();
  bed->tell(announce_access{R"({"user":"ada"})"});
  for (const auto& each : {&first, &second})
    CHECK(as_text((*each)->next<peer_access_change>().change.view()) == R"({"user":"ada"})");
}

TEST_CASE("a node that asks hears that a change of access is done", "[cluster]") {
  const auto bed = of_three();
  const auto remote = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  remote->next<peer_access_change>();
  remote->say(node_message{peer_access_change{shared_bytes::copy_of(as_bytes(asking_change))}});
  CHECK(as_text(remote->next<peer_access_change>().change.view()) == "it is done");
}

TEST_CASE("a change of access is answered when all nodes that are linked have said that it is done",
          "[cluster]") {
  const auto bed = of_three();
  const auto first = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  auto asked = bed->begin_asking(announce_access{"a change", 7});
  first->say(node_message{peer_access_change{shared_bytes::copy_of(as_bytes(done_change))}});
  asked.receive(
      [](const announced_access& all) {
        CHECK(all.sessions == 2);
        CHECK(all.unfinished == 1);
        CHECK(all.silent == names{"n2"});  // there is no link to it
      },
      [](const caf::error& why) { FAIL(caf::to_string(why)); });
}

TEST_CASE("a node whose link is lost is not waited for", "[cluster]") {
  const auto bed = of_three();
  const auto first = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  auto asked = bed->begin_asking(announce_access{"a change", 7});
  first->say(node_message{peer_bye{}});
  asked.receive(
      [](const announced_access& all) {
        CHECK(all.sessions == 0);
        CHECK(all.silent == names{"n2", "n1"});
      },
      [](const caf::error& why) { FAIL(caf::to_string(why)); });
}

TEST_CASE("a lift is told to all, and answered by nobody", "[cluster]") {
  const auto bed = of_three();
  const auto first = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  CHECK(bed->ask<announced_access>(announce_access{"a lift"}).silent.empty());
}

// --- moves ---

TEST_CASE("when the documents of this node have moved that is stored and told", "[cluster]") {
  const auto bed = of_three();
  CHECK_FALSE(bed->next_published()->has_moved);
  const auto remote = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  bed->tell(documents_moved{4, false});
  CHECK(remote->next<peer_moved>().list_number == 4);
  cluster_links_ptr links = bed->next_published();
  while (!links->has_moved) links = bed->next_published();
  CHECK_FALSE(links->all_moved);
  CHECK(bed->row(9).moved_list == 4);
  const std::lock_guard lock{bed->kept->mutex};
  CHECK(bed->kept->moved.at(uuid(9)) == 4);
}

TEST_CASE("when the documents of all nodes have moved the narrow reads begin", "[cluster]") {
  manager_bed bed{9, list_of(4, {1, 9}), {}, {{uuid(9), 4}}};
  CHECK(bed.next_published()->wide.has_value());
  const auto remote = bed.link_from(hello_of(1, list_of(4, {1, 9})));
  remote->say(node_message{peer_moved{4}});
  cluster_links_ptr links = bed.next_published();
  while (!links->all_moved) links = bed.next_published();
  CHECK_FALSE(links->wide.has_value());
  CHECK(bed.describe().has_moved);
}

TEST_CASE("documents hear when copies may go, for this list only", "[cluster]") {
  const auto bed = of_three();
  CHECK_FALSE(bed->next_published()->may_drop);
  bed->tell(documents_moved{4, true});
  CHECK(bed->next_published()->may_drop);
  CHECK(bed->change({.which = "n5",
                     .uuid = to_string(uuid(5)),
                     .address = "127.0.0.1:4005",
                     .is_forced = true})
            .refusal.empty());
  CHECK_FALSE(bed->next_published()->may_drop);
}

// --- it connects ---

TEST_CASE("a node connects to the members with a greater uuid, and these are linked", "[cluster]") {
  manager_bed bed{3, list_of(4, {1, 3, 9})};
  const cluster_links_ptr links = bed.next_published();
  CHECK(bed.next_dialed() == "127.0.0.1:4009");
  remote_end remote{*bed.system};
  const peer_hello said = bed.next_hello([&](const peer_hello& what) {
    remote.open(caf::actor_cast<peer_link_actor>(what.link), what.epoch);
    return peer_welcome{text_of(hello_of(9, list_of(4, {1, 3, 9}))),
                        peer_welcome::not_refused,
                        {},
                        remote.handle()};
  });
  CHECK(decode_hello(as_bytes(said.hello))->id == uuid(3));
  CHECK(said.link == caf::actor_cast<caf::strong_actor_ptr>(links->find(uuid(9))->link));
  CHECK(bed.next_for_sweeper<link_changed>().is_up);
  CHECK(bed.row(9).is_up);
  remote.next<peer_members>();
  CHECK_FALSE(bed.dials());
}

TEST_CASE("another node at the address of a member is not linked as that", "[cluster]") {
  manager_bed bed{3, list_of(4, {3, 8, 9})};
  const auto dialed = bed.next_dialed();
  const std::uint64_t other = dialed.ends_with("8") ? 9 : 8;
  remote_end remote{*bed.system};
  bed.next_hello([&](const peer_hello&) {
    return peer_welcome{text_of(hello_of(other, list_of(4, {3, 8, 9}))),
                        peer_welcome::not_refused,
                        {},
                        remote.handle()};
  });
  CHECK_FALSE(bed.row(8).is_up);
  CHECK_FALSE(bed.row(9).is_up);
}

TEST_CASE("an operator sees why a node cannot be connected to", "[cluster]") {
  manager_bed bed{3, list_of(4, {3, 9})};
  SECTION("nobody is there") {
    bed.next_dialed(false);
    while (bed.row(9).why_down.empty()) std::this_thread::yield();
  }
  SECTION("it refuses this node") {
    bed.next_dialed();
    bed.next_hello([](const peer_hello&) {
      return peer_welcome{text_of(hello_of(9)),
                          static_cast<std::uint64_t>(refusal::old_incarnation), "too old", nullptr};
    });
    while (bed.row(9).why_down.empty()) std::this_thread::yield();
    CHECK(bed.row(9).why_down.find("too old") != std::string::npos);
  }
  SECTION("its answer cannot be read") {
    bed.next_dialed();
    bed.next_hello([](const peer_hello&) {
      return peer_welcome{"nonsense", peer_welcome::not_refused, {}, nullptr};
    });
    while (bed.row(9).why_down.empty()) std::this_thread::yield();
  }
  SECTION("its answer is too long") {
    bed.next_dialed();
    bed.next_hello([](const peer_hello&) {
      return peer_welcome{
          std::string(hello_size_bytes_max + 1, 'x'), peer_welcome::not_refused, {}, nullptr};
    });
    while (bed.row(9).why_down.empty()) std::this_thread::yield();
  }
  SECTION("it belongs to another cluster") {
    bed.next_dialed();
    bed.next_hello([](const peer_hello&) {
      hello other = hello_of(9);
      other.cluster = "another";
      return peer_welcome{text_of(other), peer_welcome::not_refused, {}, nullptr};
    });
    while (bed.row(9).why_down.empty()) std::this_thread::yield();
  }
  CHECK_FALSE(bed.row(9).is_up);
}

TEST_CASE("who refuses a node may have a newer list for it", "[cluster]") {
  manager_bed bed{3, list_of(4, {3, 9})};
  bed.next_published();
  bed.next_dialed();
  bed.next_hello([](const peer_hello&) {
    return peer_welcome{text_of(hello_of(9, list_of(7, {8, 9}))),
                        static_cast<std::uint64_t>(refusal::not_a_member), "removed", nullptr};
  });
  const cluster_links_ptr links = bed.next_published();
  CHECK(links->list.number() == 7);
  CHECK_FALSE(links->is_member);
  while (!bed.state->why_not()) std::this_thread::yield();
}

// --- links that are lost, and the end ---

TEST_CASE("a link that is lost is shown, and the member stays one", "[cluster]") {
  const auto bed = of_three();
  auto remote = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  CHECK(bed->row(1).is_up);
  remote.reset();
  CHECK_FALSE(bed->next_for_sweeper<link_changed>().is_up);
  CHECK_FALSE(bed->row(1).is_up);
  CHECK(bed->row(1).is == described_cluster::role::member);
}

TEST_CASE("a link that fails ends the actor, and so the node", "[cluster]") {
  const auto bed = of_three();
  const cluster_links_ptr links = bed->next_published();
  caf::anon_send_exit(links->peers[0].link, caf::exit_reason::kill);
  caf::scoped_actor waiter{*bed->system};
  waiter->wait_for(bed->it);
}

TEST_CASE("a node that stops says bye to all", "[cluster]") {
  const auto bed = of_three();
  const auto first = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  const auto second = bed->link_from(hello_of(2, list_of(4, {1, 2, 9})), 12);
  bed->ask<node_drained>(drain_node{});
  first->next<peer_bye>();
  second->next<peer_bye>();
}

TEST_CASE("an operator sees what waits for each node", "[cluster]") {
  const auto bed = of_three();
  const auto remote = bed->link_from(hello_of(1, list_of(4, {1, 2, 9})));
  remote->pause();
  remote->next<peer_access_change>();
  const described_cluster all = bed->describe();
  CHECK(all.cluster == "c");
  CHECK(all.node == "n9");
  CHECK(all.incarnation == 1);
  CHECK(all.list_number == 4);
  CHECK(all.keepers == 3);
  CHECK(all.write_acks == 2);
  CHECK(all.is_strict);
  CHECK(all.nodes.size() == 3);
  CHECK(bed->row(9).is_self);
  CHECK(bed->row(9).is_up);
  CHECK(bed->row(1).in_flight_bytes > 0);
  CHECK(bed->row(2).in_flight_bytes == 0);
}

}  // namespace troupe::cluster_manager_test
