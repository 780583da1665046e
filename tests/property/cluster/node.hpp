// A node of the simulation: the pure parts of a cluster node put together as its actors do it, with
// a disk and without threads. A document has a mailbox and takes turns, so what one part of a node
// decides reaches the others later. What it was started with survives on its disk; all else goes
// with it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "actors/durability.hpp"
#include "protocol/cluster/generation_spread.hpp"
#include "protocol/cluster/link.hpp"
#include "protocol/cluster/membership.hpp"
#include "protocol/cluster/peer_codec.hpp"
#include "protocol/cluster/replica.hpp"
#include "protocol/cluster/shared_log.hpp"
#include "protocol/cluster/sweep.hpp"
#include "protocol/sync/awareness.hpp"
#include "tests/property/cluster/database.hpp"
#include "tests/property/cluster/set_document.hpp"

namespace troupe::simulation {

using std::chrono::milliseconds;
using time_point = std::chrono::steady_clock::time_point;
using session = std::uint64_t;

/// Of a document, as storage::document_generation.
inline constexpr std::uint64_t first_life = 2;
constexpr bool is_removed(std::uint64_t generation) { return generation % 2 == 1; }

/// What is stored of a document: a checkpoint up to a number, and what came behind it.
struct stored_log {
  byte_buffer checkpoint;
  std::uint64_t covers = 0;
  std::vector<byte_buffer> updates;

  std::uint64_t last() const { return covers + updates.size(); }
  set_document state() const;
};

/// What survives a node. Only what was synced is here.
struct disk {
  std::map<std::string, stored_log> logs;
  std::map<std::string, std::uint64_t> generations;  // of storage::document_generation
  cluster::member_list list;
  cluster::moved_lists moved;
  std::uint64_t incarnation = 0;
  bool is_full = false;
  bool is_slow = false;
};

/// Whose edit an acknowledgement is about.
struct edit {
  item what;
  bool is_deletion = false;
};

/// What the nodes live in.
class world {
 public:
  virtual ~world() = default;
  virtual time_point now() const = 0;
  /// Less than `bound`.
  virtual std::uint64_t below(std::uint64_t bound) = 0;
  virtual void after(milliseconds delay, std::size_t node, std::function<void()> what) = 0;
  virtual void post(std::size_t from, std::size_t to, cluster::batch what) = 0;
  virtual void end_connection(std::size_t from, std::size_t to, cluster::link_epoch epoch) = 0;
  /// Who answers at an address.
  virtual std::size_t at(const std::string& address) const = 0;
  virtual void trace(std::size_t node, const std::string& what) = 0;

  /// What is sure of a document when somebody asks for it: its generation is no earlier one, and of
  /// this one so many edits are there.
  struct facts {
    std::uint64_t generation = 0;
    std::map<std::uint64_t, std::size_t> acknowledged;  // by generation
  };
  virtual facts known(const std::string& document) const = 0;
  /// A replica shows the document.
  virtual void on_loaded(std::size_t node, const std::string& document, const set_document& state,
                         std::uint64_t generation, const facts& before) = 0;
  virtual void on_joined(session who, const set_document& state, std::uint64_t generation) = 0;
  /// As many keepers as are needed have stored that it has this generation.
  virtual void on_generation(const std::string& document, std::uint64_t generation) = 0;
  virtual void on_acknowledged(session who, const std::string& document, edit what) = 0;
  /// It deletes what is not there, since only a replica that is lost had it.
  virtual void on_gap(session who, edit what) = 0;
  virtual void on_closed(session who) = 0;
  /// Null: the nodes have disks of their own.
  virtual database* shared() = 0;
  virtual bool reaches_database(std::size_t node) const = 0;
};

struct node_settings {
  cluster::replication replication;
  bool is_available = false;
  cluster::link_limits limits;
  milliseconds idle_grace{3'000};
  cluster::sweep_settings sweep;
  std::uint64_t difference_part = 0;  ///< See set_document.
};

class node {
 public:
  node(world& in, std::size_t index, disk& disk, cluster::node_identity self,
       const node_settings& settings);

  void tick();

  // --- connections ---

  cluster::membership& members() { return members_; }
  const cluster::membership& members() const { return members_; }
  /// Whatever may have changed members() ends with this.
  void look_at_members();
  bool is_linked(const cluster::node_uuid& id) const;
  std::vector<cluster::node_uuid> nodes_up() const;
  void connect(const cluster::node_uuid& to, std::size_t index, cluster::link_epoch epoch);
  void on_batch(const cluster::node_uuid& from, const cluster::batch& what);
  void on_connection_ended(const cluster::node_uuid& with, cluster::link_epoch epoch);
  /// The epoch of the link; nothing: there is none.
  std::optional<cluster::link_epoch> epoch_with(const cluster::node_uuid& id) const;
  void hear(const cluster::node_uuid& from);

  // --- sessions ---

  void join(session who, const std::string& document);
  void leave(session who, const std::string& document);
  void submit(session who, const std::string& document, byte_buffer update, edit what);

  // --- operators ---

  /// Removes the document, or admits it again; on the disk at once.
  void change_generation(const std::string& document);

  // --- faults ---

  void fail_document(const std::string& document);
  void sync_all();
  /// It ends in order, where all share a database.
  void leave_database();

  // --- questions ---

  /// The state of a document that is open and loaded from the disk.
  const set_document* find(const std::string& document) const;
  /// Whether it is shown to sessions.
  bool is_loaded(const std::string& document) const;
  /// Whose presence a session of the document would be shown; nothing: there is none here.
  std::optional<std::set<session>> shown(const std::string& document) const;
  std::uint64_t generation(const std::string& document) const;
  bool has_work() const;
  std::string describe() const;
  bool is_member() const { return members_.is_joined() || members_.is_leaving(); }
  std::size_t open_documents() const { return documents_.size(); }
  const disk& stored() const { return disk_; }

 private:
  struct open_document {
    open_document(std::string called, cluster::replica core)
        : name(std::move(called)), peers(std::move(core)) {}
    std::string name;
    set_document state;
    cluster::replica peers;
    durability log;
    bool has_begun = false;
    std::deque<std::function<void(open_document&)>> mailbox;
    bool has_turn = false;
    std::vector<session> sessions;
    std::vector<std::function<void(open_document&)>> held;
    std::uint64_t generation = 0;
    bool is_outdated = false;
    sync::awareness presence;
    bool is_checkpointing = false;
    std::optional<cluster::shared_log> shared;
    cluster::peer_stored said;
    bool is_used = false;
    std::vector<byte_buffer> parked;  // what they need has yet to come
    world::facts known_before;
    bool is_asking = false;
    std::optional<time_point> visited_until;
    time_point idle_since;
  };
  using document_ptr = std::shared_ptr<open_document>;

  struct peer_end {
    cluster::node_uuid id;
    std::size_t index = 0;
    cluster::link link;
    std::optional<cluster::link_epoch> epoch;
    time_point heard;
    bool flushes = false;
    std::map<std::string, std::vector<std::shared_ptr<cluster::document_block>>> openings;
    explicit peer_end(const cluster::link_limits& limits) : link(limits) {}
  };
  struct store_write {
    std::string document;
    cluster::replica_life life = 0;
    std::uint64_t first = 0;  // of the updates; of a checkpoint, up to where it goes
    std::vector<byte_buffer> updates;
    std::optional<byte_buffer> checkpoint = {};
    std::uint64_t generation = 0;  // where the database is shared
  };

  milliseconds soon(std::uint64_t most) { return milliseconds{world_.below(most + 1)}; }
  peer_end* find(const cluster::node_uuid& id);
  cluster::peer_id number_of(const cluster::node_uuid& id) const { return numbers_.at(id); }

  // documents
  cluster::document_placement place(const std::string& document) const;
  document_ptr open(const std::string& document);
  void begin(const document_ptr& of);
  void push(const document_ptr& to, std::function<void(open_document&)> news);
  void run_turn(const document_ptr& of);
  void end_turn(open_document& of);
  void hold(open_document& of, std::function<void(open_document&)> what);
  void check_loaded(open_document& of);
  void take(open_document& of, cluster::peer_id from, const cluster::document_block& block);
  void write(open_document& of, byte_view update, bool is_of_peer);
  void acknowledge(open_document& of);
  void checkpoint(open_document& of);
  void write_to_disk(store_write& what);

  // presence: a session shows itself while it is there
  void show(open_document& of, session who);
  void hide(open_document& of, session who);
  void hide_peer(open_document& of, cluster::peer_id who);
  void show_all(open_document& of, cluster::peer_id to);

  // generations
  void adopt(const std::string& document, std::uint64_t generation);
  void send_alone(const std::string& document, cluster::document_message what,
                  const std::vector<cluster::peer_id>* only = nullptr);
  bool take_generation(peer_end& from, const cluster::document_block& block);
  void look_at_spread();
  void visit_generation(const std::string& document);
  void tick(const document_ptr& of);
  void look_at_visit(open_document& of, bool is_tick);
  void unload(const document_ptr& of);
  void fail(const document_ptr& of);
  void quit(const document_ptr& of);
  void close_sessions(open_document& of);

  // store
  void sync();

  // where all share a database (node_shared.cpp)
  void look_who_is_there();
  bool load_shared(open_document& of);
  void note_written(open_document& of, const shared_slice& update, bool is_of_peer);
  void settle(open_document& of);
  void look_at_log(open_document& of);
  void take_news(open_document& of, const shared_document& news);
  void change_shared_generation(const std::string& document);
  bool take_shared_generation(const cluster::document_block& block);
  void commit();
  bool is_doubtful_done();
  void commit_now(std::size_t count);
  void take_committed(std::size_t count);
  /// Nothing has to be asked or read before it is shown.
  static bool is_shown(const open_document& of) {
    return of.peers.is_loaded() && !(of.shared && of.shared->is_look_awaited());
  }

  // links
  void send(peer_end& to, shared_bytes message, cluster::traffic_class of,
            const std::string& document);
  void flush(peer_end& of);
  void lose(peer_end& of);
  void on_message(peer_end& from, const shared_slice& bytes);
  void on_block(peer_end& from, cluster::document_block block);
  void report_gone(const std::string& document);
  void tell_gone(peer_end& to, const std::string& document);

  // members
  void gossip(peer_end* only);
  void publish();
  void pump_sweep();

  world& world_;
  std::size_t index_;
  disk& disk_;
  node_settings settings_;
  cluster::membership members_;
  cluster::sweep sweep_;
  std::map<cluster::node_uuid, cluster::peer_id> numbers_;
  std::map<cluster::peer_id, std::unique_ptr<peer_end>> peers_;
  cluster::peer_id last_number_ = 0;
  std::map<std::string, document_ptr> documents_;
  std::vector<store_write> writes_;
  bool is_syncing_ = false;
  database* shared_;          // null: it has a disk of its own
  std::uint64_t batch_ = 0;   // that is known to be committed
  std::size_t doubtful_ = 0;  // how many of writes_ may be committed, with the next number
  bool stores_ = true;        // the last commit has worked
  std::uint64_t swept_list_ = 0;
  struct published {
    std::uint64_t list = 0;
    bool is_wide = false;
    bool is_widely_known = false;
    bool may_drop = false;
    bool operator==(const published&) const = default;
  };
  std::optional<published> published_;
  cluster::generation_spread spread_;
  std::map<std::string, std::uint64_t> spread_visits_;  // to the list under which they began
};

}  // namespace troupe::simulation
