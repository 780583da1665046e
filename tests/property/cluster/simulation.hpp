// A cluster in one thread and one clock: nodes (node.hpp), the connections between them, clients
// that edit, and what goes wrong. All that happens follows from the seed. It throws
// std::runtime_error where something is lost, comes back, or does not come to rest.
//
// Safety is looked at all the time: a replica that shows a document shows every edit that was
// acknowledged before anybody asked for it, and none that nobody has made; a document that was
// removed stays so, and its next life has nothing of the one before. Liveness is looked at once
// everything has healed: all edits are acknowledged, all copies equal and where the member list
// wants them, and everybody sees who is present, in bounded time.
#pragma once

#include <array>
#include <queue>
#include <random>
#include <sstream>

#include "tests/property/cluster/node.hpp"

namespace troupe::simulation {

struct plan {
  std::uint64_t seed = 0;
  bool traces = false;
  bool with_member_changes = true;
  bool is_shared = false;  ///< All nodes share a database, and come and go by themselves.
  milliseconds faults{30'000};
};

struct counts {
  std::uint64_t edits = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t loads = 0;
  std::uint64_t events = 0;
  std::uint64_t crashes = 0;
  std::uint64_t cuts = 0;
  std::uint64_t lists = 0;
  std::uint64_t drops = 0;
  std::uint64_t lost_flows = 0;
  std::uint64_t removals = 0;
  std::uint64_t mistakes = 0;
  std::uint64_t database_faults = 0;
  std::uint64_t takeovers = 0;
};

class simulation final : public world {
 public:
  explicit simulation(const plan& how);
  ~simulation() override = default;

  void run();
  std::string trace_text() const { return trace_.str(); }
  const counts& counted() const { return counts_; }

  // world
  time_point now() const override { return now_; }
  std::uint64_t below(std::uint64_t bound) override { return random_() % bound; }
  void after(milliseconds delay, std::size_t node, std::function<void()> what) override;
  void post(std::size_t from, std::size_t to, cluster::batch what) override;
  void end_connection(std::size_t from, std::size_t to, cluster::link_epoch epoch) override;
  std::size_t at(const std::string& address) const override;
  void trace(std::size_t node, const std::string& what) override;
  facts known(const std::string& document) const override;
  void on_loaded(std::size_t node, const std::string& document, const set_document& state,
                 std::uint64_t generation, const facts& before) override;
  void on_joined(session who, const set_document& state, std::uint64_t generation) override;
  void on_generation(const std::string& document, std::uint64_t generation) override;
  void on_acknowledged(session who, const std::string& document, edit what) override;
  void on_gap(session who, edit what) override;
  void on_closed(session who) override;
  database* shared() override { return plan_.is_shared ? &database_ : nullptr; }
  bool reaches_database(std::size_t place) const override {
    return database_.is_up && !machines_[place].is_cut_from_database;
  }

 private:
  static constexpr std::size_t places_max = 8;
  static constexpr std::size_t everywhere = places_max;

  struct machine {
    std::string name;
    cluster::node_uuid id;
    disk stored;
    std::unique_ptr<node> runs;
    std::uint64_t generation = 0;  // of what runs: events of an earlier one are void
    time_point frozen_until{};
    bool is_slow = false;
    bool is_cut_from_database = false;
    bool is_used = false;     // a node was ever installed
    bool is_stopped = false;  // for good: it has left or is lost
  };
  struct event {
    time_point due;
    std::uint64_t order = 0;
    std::size_t node = 0;
    std::uint64_t generation = 0;
    std::shared_ptr<std::function<void()>> what;
    bool operator<(const event& other) const {
      return due != other.due ? due > other.due : order > other.order;
    }
  };
  struct in_flight {
    time_point due;
    cluster::batch what;
    bool ends = false;
  };
  struct wire {
    std::deque<in_flight> waits;
    bool is_cut = false;
    bool is_delivering = false;
  };
  struct client {
    std::uint64_t id = 0;
    std::string document;
    std::size_t node = everywhere;
    session who = 0;  // 0: not connected
    bool has_joined = false;
    std::uint64_t clock = 0;
    std::uint64_t generation = 0;  // of the document; 0: it has not joined it yet
    std::vector<item> seen;
    std::vector<edit> own;  // all it has made, in order
    std::vector<edit> unacknowledged;
  };

  // events
  void run_until(time_point end);
  void every_second(std::size_t node);
  void deliver(std::size_t from, std::size_t to);

  // nodes
  void install(std::size_t place, std::vector<std::string> seeds, cluster::member_list list);
  void start(std::size_t place);
  void stop(std::size_t place, bool is_graceful, bool is_heard);
  bool runs(std::size_t place) const { return machines_[place].runs != nullptr; }
  bool is_frozen(std::size_t place) const { return machines_[place].frozen_until > now_; }
  void dial(std::size_t from);
  void connect(std::size_t from, std::size_t to);
  bool reach(std::size_t from, std::size_t to) const;

  // clients
  void act(std::size_t which);
  void leave(client& who);
  void join(client& who);
  void submit(client& who, const edit& what);
  client* find(session who);
  void become_another(client& who, std::string document);

  // faults
  void do_something_bad();
  void cut(std::size_t from, std::size_t to, milliseconds lasts);
  void change_members();
  void order_by_mistake();
  void change_generation();
  void change_nodes();
  void fail_database();
  void admit_all();
  std::size_t any_node();
  std::size_t operator_node() const;
  void heal();

  // checks
  void check_state(std::size_t node, const std::string& document, const set_document& state,
                   std::uint64_t generation, const facts& before) const;
  std::string why_not_at_rest(bool with_members) const;
  std::string why_not_at_rest(std::size_t place, const std::string& document,
                              bool with_members) const;
  std::string why_not_shared() const;
  std::string who_sees_others(const std::string& document) const;
  void wait_for_rest();
  void check_end();
  std::string describe() const;

  plan plan_;
  std::mt19937_64 random_;
  time_point now_{std::chrono::hours{1}};
  std::uint64_t order_ = 0;
  std::priority_queue<event> events_;
  database database_;
  std::array<machine, places_max> machines_;
  std::array<std::array<wire, places_max>, places_max> wires_;
  std::vector<client> clients_;
  std::vector<std::string> documents_;
  // By document and generation.
  std::map<std::string, std::map<std::uint64_t, std::vector<edit>>> acknowledged_;
  std::map<std::string, std::uint64_t> confirmed_;  // generations, by as many as are needed
  std::map<std::uint64_t, std::uint64_t> issued_;   // client -> clock
  std::map<std::uint64_t, std::string> document_of_;
  std::map<std::uint64_t, std::uint64_t> generation_of_;  // of a client's document
  std::set<item> deleted_;                                // deletions that were issued
  session last_session_ = 0;
  std::uint64_t last_client_ = 0;
  node_settings settings_;
  std::size_t first_nodes_ = 3;
  std::uint64_t restless_ = 0;  // of a hundred times that a client acts, it leaves
  bool has_healed_ = false;
  bool has_destroyed_ = false;
  time_point next_change_{};
  std::ostringstream trace_;
  counts counts_;
};

}  // namespace troupe::simulation
