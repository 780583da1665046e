// A cluster manager whose network layer, directory, sweeper and other nodes are played by the test.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch_test_macros.hpp>

#include "actors/cluster_manager.hpp"
#include "tests/support/actor_node.hpp"
#include "tests/support/remote_end.hpp"

namespace troupe::test {

using namespace troupe::cluster;
using namespace std::chrono_literals;

inline constexpr std::chrono::seconds patience{10};
using names = std::vector<std::string>;

inline constexpr node_uuid uuid(std::uint64_t number) { return {7, number}; }
inline std::string name_of(std::uint64_t number) { return "n" + std::to_string(number); }
inline std::string address_of_node(std::uint64_t number) {
  return "127.0.0.1:" + std::to_string(4000 + number);
}
inline member member_of(std::uint64_t number) {
  return {uuid(number), name_of(number), address_of_node(number)};
}
inline member_list list_of(std::uint64_t number, const std::vector<std::uint64_t>& nodes) {
  std::vector<member> members;
  for (const std::uint64_t each : nodes) members.push_back(member_of(each));
  return *member_list::make(number, std::move(members));
}
inline hello hello_of(std::uint64_t number, member_list list = {}) {
  hello what;
  what.cluster = "c";
  what.id = uuid(number);
  what.incarnation = 1;
  what.run = number;
  what.name = name_of(number);
  what.address = address_of_node(number);
  what.list = std::move(list);
  return what;
}
inline std::string text_of(const hello& what) { return std::string{as_text(encode(what))}; }

/// A change of access whose sender wants to hear that it is done, and such an answer, to number 7.
inline constexpr std::string_view asking_change = "asks";
inline constexpr std::string_view done_change = "done";

/// What was stored, and what other nodes had to say about access; guarded, as the manager writes
/// it.
struct kept_things {
  std::mutex mutex;
  std::vector<std::uint64_t> lists;
  moved_lists moved;
  names changes;
  bool fails = false;
};

/// The manager of a node; the test is the network layer, the directory, the sweeper, other nodes.
class manager_bed {
 public:
  /// `self`: its number, the list may have it.
  /// `sharing`: all nodes share a store.
  enum class sharing : bool { nothing, store };
  explicit manager_bed(std::uint64_t self, member_list list = {}, names seeds = {},
                       moved_lists moved = {}, sharing what = sharing::nothing) {
    test::register_types_once();
    config_.set("caf.logger.console.verbosity", "quiet");
    config_.set("caf.scheduler.max-threads", 2);
    system = std::make_unique<caf::actor_system>(config_);
    for (auto* const each : {&directory, &connector, &sweeper, &gate, &self_})
      *each = std::make_unique<caf::scoped_actor>(*system);
    cluster_manager_settings settings;
    settings.self = {
        "c", uuid(self), 1, self, name_of(self), address_of_node(self), std::move(seeds), {}};
    settings.self.shares_log = what == sharing::store;
    settings.documents.is_shared = what == sharing::store;
    settings.list = std::move(list);
    settings.moved = std::move(moved);
    settings.store = [kept = kept](const member_list& stored,
                                   const moved_lists& with) -> result<void> {
      const std::lock_guard lock{kept->mutex};
      if (kept->fails) return fail(errc::storage_failed, "the test says so");
      kept->lists.push_back(stored.number());
      kept->moved = with;
      return {};
    };
    settings.change_access =
        [kept =
             kept](std::string_view text,
                   const std::function<void(std::string)>& answer) -> std::optional<done_access> {
      const std::lock_guard lock{kept->mutex};
      kept->changes.emplace_back(text);
      if (text == asking_change) answer("it is done");
      if (text != done_change) return std::nullopt;
      return done_access{.number = 7, .sessions = 2, .unfinished = 1, .has_failed = false};
    };
    settings.kept_changes = [] { return names{R"({"user":"kept"})"}; };
    settings.connector = caf::actor_cast<caf::io::middleman_actor>(connector->ptr());
    settings.sweeper = caf::actor_cast<sweeper_actor>(sweeper->ptr());
    settings.state = state;
    settings.seed = 5;
    it = system->spawn<cluster_manager>(std::move(settings),
                                        caf::actor_cast<directory_actor>(directory->ptr()));
  }
  ~manager_bed() {
    caf::anon_send_exit(it, caf::exit_reason::user_shutdown);
    (*self_)->wait_for(it);
    it = nullptr;
    for (auto* const each : {&directory, &connector, &sweeper, &gate, &self_}) each->reset();
  }

  // --- what it tells its node ---

  /// The directory hears of the peers, and says that the documents do.
  cluster_links_ptr next_published() {
    cluster_links_ptr links;
    (*directory)
        ->receive([&](const cluster_changed& change) { links = change.links; },
                  caf::after(patience) >> [] { FAIL("no list is published"); });
    return links;
  }
  bool has_published() {
    describe();
    bool has_one = false;
    (*directory)->receive([&](const cluster_changed&) { has_one = true; }, caf::after(0s) >> [] {});
    return has_one;
  }
  template <class Note>
  Note next_for_sweeper() {
    Note heard;
    (*sweeper)->receive([&](const Note& what) { heard = what; },
                        caf::after(patience) >> [] { FAIL("the sweeper hears nothing"); });
    return heard;
  }

  // --- questions ---

  described_cluster describe() { return ask<described_cluster>(describe_cluster{}); }
  changed_members change(change_members order) { return ask<changed_members>(std::move(order)); }
  template <class Answer, class Question>
  Answer ask(Question question) {
    Answer answer;
    (*self_)
        ->request(it, patience, std::move(question))
        .receive([&](const Answer& got) { answer = got; },
                 [](const caf::error& why) { FAIL(caf::to_string(why)); });
    return answer;
  }
  /// As ask(), where the answer comes after what the test does meanwhile.
  template <class Question>
  auto begin_asking(Question question) {
    return (*self_)->request(it, patience, std::move(question));
  }
  template <class Message>
  void tell(Message what) {
    (*self_)->send(it, std::move(what));
  }
  described_cluster::node_view row(std::uint64_t number) {
    for (auto& each : describe().nodes)
      if (each.name == name_of(number)) return each;
    FAIL("there is no such node");
    return {};
  }

  // --- other nodes ---

  /// Another node connects and says this.
  peer_welcome say_hello(const hello& what, caf::strong_actor_ptr link = nullptr,
                         link_epoch epoch = 0) {
    return ask<peer_welcome>(peer_hello{text_of(what), epoch, std::move(link)});
  }
  /// A node with a smaller uuid connects, and the link is up.
  std::unique_ptr<remote_end> link_from(const hello& what, link_epoch epoch = 11) {
    auto remote = open_link_from(what, epoch);
    CHECK(next_for_sweeper<link_changed>().is_up);
    return remote;
  }
  /// The same, where the manager may not know yet that it is.
  std::unique_ptr<remote_end> open_link_from(const hello& what, link_epoch epoch = 11) {
    auto remote = std::make_unique<remote_end>(*system);
    const peer_welcome welcome = say_hello(what, remote->handle(), epoch);
    INFO(welcome.text);
    REQUIRE(welcome.link);
    remote->open(caf::actor_cast<peer_link_actor>(welcome.link), epoch);
    remote->greet();
    return remote;
  }
  /// The address that it connects to next; it finds the test there, or nobody.
  std::string next_dialed(bool is_there = true) {
    std::string address;
    using answer = caf::result<caf::node_id, caf::strong_actor_ptr, std::set<std::string>>;
    (*connector)
        ->receive(
            [&](caf::connect_atom, const std::string& host, std::uint16_t port) -> answer {
              address = host + ":" + std::to_string(port);
              if (!is_there) return caf::make_error(caf::sec::cannot_connect_to_node);
              return {caf::node_id{}, caf::actor_cast<caf::strong_actor_ptr>(gate->ptr()),
                      std::set<std::string>{}};
            },
            caf::after(patience) >> [] { FAIL("it connects to nobody"); });
    return address;
  }
  bool dials() {
    describe();
    bool has_one = false;
    using answer = caf::result<caf::node_id, caf::strong_actor_ptr, std::set<std::string>>;
    (*connector)
        ->receive(
            [&](caf::connect_atom, const std::string&, std::uint16_t) -> answer {
              has_one = true;
              return caf::make_error(caf::sec::cannot_connect_to_node);
            },
            caf::after(0s) >> [] {});
    return has_one;
  }
  /// What it says to the node that it has connected to, which answers this.
  peer_hello next_hello(const std::function<peer_welcome(const peer_hello&)>& answer) {
    peer_hello said;
    (*gate)->receive(
        [&](const peer_hello& what) {
          said = what;
          return answer(what);
        },
        caf::after(patience) >> [] { FAIL("it says nothing"); });
    return said;
  }

 private:
  caf::actor_system_config config_;

 public:
  std::unique_ptr<caf::actor_system> system;
  std::shared_ptr<kept_things> kept = std::make_shared<kept_things>();
  std::shared_ptr<cluster_state> state = std::make_shared<cluster_state>();
  std::unique_ptr<caf::scoped_actor> directory;
  std::unique_ptr<caf::scoped_actor> connector;
  std::unique_ptr<caf::scoped_actor> sweeper;
  std::unique_ptr<caf::scoped_actor> gate;
  cluster_actor it;

 private:
  std::unique_ptr<caf::scoped_actor> self_;
};

inline names uuids_of(const cluster_links& links) {
  names all;
  for (const auto& each : links.peers) all.push_back(to_string(each.id));
  std::ranges::sort(all);
  return all;
}

/// The last of three, so that the others connect to it.
inline std::unique_ptr<manager_bed> of_three() {
  return std::make_unique<manager_bed>(9, list_of(4, {1, 2, 9}), names{"127.0.0.1:4001"});
}

inline std::vector<std::uint64_t> stored_lists(manager_bed& bed) {
  const std::lock_guard lock{bed.kept->mutex};
  return bed.kept->lists;
}

}  // namespace troupe::test
