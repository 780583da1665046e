// A node whose peers are played by the test: each is the end of a link that hears what documents
// have for the peer, and says to them whatever the test wants.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <caf/scoped_actor.hpp>
#include <catch2/catch_test_macros.hpp>

#include "actors/cluster_links.hpp"
#include "protocol/cluster/peer_codec.hpp"
#include "tests/support/actor_node.hpp"

namespace troupe::test {

constexpr cluster::node_uuid uuid_of_node(std::uint64_t number) { return {7, number}; }

/// Node 1 is the node under test; this is another one, with its number for its peer_id.
class fake_peer {
 public:
  static constexpr std::chrono::seconds patience{10};

  fake_peer(caf::actor_system& system, cluster::peer_id number)
      : number_(number), self_(system), life(1000 + number) {}

  cluster_links::entry entry() {
    return {number_, uuid_of_node(number_), caf::actor_cast<peer_link_actor>(self_.ptr())};
  }
  cluster::peer_id number() const noexcept { return number_; }

  /// Waits until a document wants to hear of the peer.
  attach_document next_attached() { return next_note<attach_document>(); }
  template <class Note>
  Note next_note() {
    Note heard;
    self_->receive([&](const Note& note) { heard = note; },
                   caf::after(patience) >> [] { FAIL("no document says so"); });
    return heard;
  }

  /// The next message of this kind that a document has for the peer; those before it are forgotten.
  template <class Message>
  Message next() {
    for (;;) {
      while (!heard_.empty()) {
        const cluster::document_message first = std::move(heard_.front());
        heard_.pop_front();
        if (const auto* const found = std::get_if<Message>(&first)) return *found;
      }
      hear(patience);
      if (heard_.empty()) FAIL("no document has such a message");
    }
  }
  /// Whether there is one among what has been sent so far. Nothing is forgotten.
  template <class Message>
  bool has() {
    while (hear(std::chrono::seconds{0})) continue;
    return std::ranges::any_of(
        heard_, [](const auto& each) { return std::holds_alternative<Message>(each); });
  }
  void forget() {
    while (hear(std::chrono::seconds{0})) continue;
    heard_.clear();
  }

  void tell(const document_actor& to, peer_news::kind what) {
    self_->send(to, peer_news{number_, what});
  }
  void come_up(const document_actor& to) { tell(to, peer_news::kind::up); }

  /// Says this to a document, in one block, as a replica of its generation.
  void say(const document_actor& to, std::vector<cluster::document_message> messages) {
    messages.insert(messages.begin(), cluster::peer_generation{generation});
    self_->send(to,
                peer_news{number_, peer_news::kind::block,
                          std::make_shared<const cluster::document_block>(
                              cluster::document_block{document, life, std::move(messages), list})});
  }
  /// Waits until a document asks what there is, and answers.
  void answer_load(const document_actor& to, byte_view update = {}) {
    const auto asked = next<cluster::peer_load>();
    say(to,
        {cluster::peer_loaded{document_life, shared_bytes::copy_of(update), true, asked.round}});
  }
  /// Confirms what the replica has written up to there.
  void confirm(const document_actor& to, cluster::state_number up_to) {
    while (document_life == 0) REQUIRE(hear(patience));
    say(to, {cluster::peer_stored{document_life, up_to, up_to}});
  }

 private:
  bool hear(std::chrono::milliseconds wait) {
    bool has_come = false;
    self_->receive(
        [&](const send_to_peer& what) {
          has_come = true;
          const auto message = cluster::decode(what.message);
          REQUIRE(message.has_value());
          const auto* const block = std::get_if<cluster::document_block>(&*message);
          REQUIRE(block != nullptr);
          document = block->document;
          if (block->life != 0) document_life = block->life;
          document_list = block->list;
          heard_.insert(heard_.end(), block->messages.begin(), block->messages.end());
        },
        caf::after(wait) >> [] {});
    return has_come;
  }

  cluster::peer_id number_;
  caf::scoped_actor self_;
  std::deque<cluster::document_message> heard_;

 public:
  // What it says of itself.
  cluster::replica_life life;
  std::uint64_t generation = 2;
  std::uint64_t list = 1;
  std::string document = "d";
  // What it has heard last of the replica under test.
  cluster::replica_life document_life = 0;
  std::uint64_t document_list = 0;
};

class peer_bed {
 public:
  struct options {
    std::size_t nodes = 3;
    cluster::replication replication = {};
    cluster_settings_of_documents settings = {};
    directory_settings directory = {};
    std::function<upstream_actor(caf::actor_system&)> upstream = {};  ///< See actor_node.
  };

  peer_bed() : peer_bed(options{}) {}
  explicit peer_bed(const options& how)
      : node(how.directory, hosting::on_workers, {}, how.upstream),
        self_(node.system()),
        sweeper_(node.system()) {
    links.self = uuid_of_node(1);
    links.replication = how.replication;
    links.settings = how.settings;
    links.is_member = links.is_widely_known = true;
    links.sweeper = caf::actor_cast<sweeper_actor>(sweeper_.ptr());
    for (std::size_t i = 2; i <= how.nodes; ++i) add_peer();
    use_list(1, how.nodes);
    publish();
  }
  ~peer_bed() {
    node.backend->open_gate();
    for (const document_actor& each : opened_) caf::anon_send_exit(each, caf::exit_reason::kill);
  }

  /// Another node, with the next number; its link is there from the next publish() on.
  fake_peer& add_peer() {
    const auto number = static_cast<cluster::peer_id>(peers.size() + 2);
    peers.push_back(std::make_unique<fake_peer>(node.system(), number));
    links.peers.push_back(peers.back()->entry());
    return *peers.back();
  }
  /// Nodes 1 to `count` are the members.
  void use_list(std::uint64_t number, std::size_t count) {
    std::vector<cluster::member> members;
    for (std::uint64_t i = 1; i <= count; ++i)
      members.push_back(
          {uuid_of_node(i), "n" + std::to_string(i), "127.0.0.1:" + std::to_string(4000 + i)});
    links.list = *cluster::member_list::make(number, std::move(members));
    for (const auto& each : peers) each->list = number;
  }
  /// The directory, and all documents, obey `links` from now on.
  void publish() {
    self_
        ->request(node.directory_handle(), patience,
                  cluster_changed{std::make_shared<const cluster_links>(links)})
        .receive([] {}, [](const caf::error& why) { FAIL(caf::to_string(why)); });
  }

  fake_peer& peer(std::size_t index) { return *peers.at(index); }

  /// Opens a document for a session; all peers are up for it, none has said anything.
  opened_document open(const std::string& name, session_id session) {
    const auto opened = node.open(name, session);
    REQUIRE(opened.has_value());
    for (const auto& each : peers) {
      CHECK(each->next_attached().name == name);
      each->document = name;
      each->come_up(opened->document);
    }
    return *opened;
  }
  /// The same, and the first peer has answered what there is.
  opened_document open_loaded(const std::string& name, session_id session) {
    const opened_document opened = open(name, session);
    peer(0).answer_load(opened.document);
    settle(opened.document);
    return opened;
  }
  /// A name that the node keeps, or does not.
  std::string name_kept_here(bool is_kept) const {
    for (int i = 0;; ++i) {
      std::string name = "d" + std::to_string(i);
      if (links.place(name).keeps_itself == is_kept) return name;
    }
  }

  /// Waits until the document has handled all that it was told, and sent what follows from it.
  void settle(const document_actor& which) {
    for (int i = 0; i < 3; ++i) ask<document_info>(which, describe_document{});
  }

  template <class Answer, class Receiver, class Question>
  Answer ask(const Receiver& whom, Question question) {
    Answer answer{};
    self_->request(whom, patience, std::move(question))
        .receive([&](const Answer& got) { answer = got; },
                 [](const caf::error& why) { FAIL(caf::to_string(why)); });
    return answer;
  }
  template <class Answer, class Question>
  Answer ask_directory(Question question) {
    return ask<Answer>(node.directory_handle(), std::move(question));
  }
  /// A peer has this generation of a document on its disk, of which it has been told.
  void say_stored(std::size_t index, const std::string& name, std::uint64_t generation) {
    while (peer(index).next<cluster::peer_generation>().generation != generation) continue;
    self_->send(node.directory_handle(), note_generation{peer(index).number(), name, generation});
  }
  /// As ask(), where the answer comes after what the test does meanwhile.
  template <class Question>
  auto begin_asking(Question question) {
    return self_->request(node.directory_handle(), patience, std::move(question));
  }

  /// A document that nobody opened through this bed is ended with it.
  void note(const document_actor& which) { opened_.push_back(which); }

  /// What a document has left behind, as the sweeper hears it.
  document_left_behind next_left_behind() {
    document_left_behind heard;
    sweeper_->receive([&](const document_left_behind& what) { heard = what; },
                      caf::after(patience) >> [] { FAIL("nothing is left behind"); });
    return heard;
  }

  static constexpr std::chrono::seconds patience{10};

  actor_node node;
  cluster_links links;
  std::vector<std::unique_ptr<fake_peer>> peers;

 private:
  caf::scoped_actor self_;
  caf::scoped_actor sweeper_;
  std::vector<document_actor> opened_;
};

}  // namespace troupe::test
