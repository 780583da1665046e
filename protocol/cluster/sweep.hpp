// Which of the stored documents a node looks at next, so that their keepers get what they lack and
// copies that belong elsewhere go. A *visit* opens a document, without a session: its flows make
// all keepers equal (replica.hpp), and it says who of them has not confirmed everything yet. A
// *pass* visits all documents of the node.
//
// A pass begins with each member list and ends when every visit of it has found all keepers equal:
// then the documents of this node have moved. Once those of all nodes have, and no load can still
// be under way that began before, copies may be dropped, and a second pass visits what this node
// does not keep. A pass over everything is repeated now and then, and after a start, for what was
// missed while nodes were down.
//
// What a visit could not finish, or a document said that it leaves behind when it ends, is visited
// again when the peers that lack it come back; beyond a bound the pass begins anew instead.
//
// Owner: an actor that lists names, opens documents and receives their answers. Pure: time is
// passed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/fifo.hpp"
#include "protocol/cluster/replica.hpp"

namespace troupe::cluster {

struct sweep_settings {
  /// At once. Each is an open document.
  std::size_t visits_max = 32;
  /// From the beginning of one to that of the next, so that users notice nothing.
  std::chrono::milliseconds visit_interval{2};
  /// Names listed at once.
  std::size_t page_size = 256;
  /// Documents that are remembered to be visited again.
  std::size_t unfinished_max = 10'000;
  /// A document that could not be finished is visited again after so long; also a pass.
  std::chrono::milliseconds retry_interval{30'000};
  /// Longer than any load: from when all have moved to when copies may be dropped.
  std::chrono::milliseconds drop_delay{30'000};
  /// From the end of a pass over everything to the next.
  std::chrono::milliseconds repeat_interval{std::chrono::hours{24}};
};

class sweep {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit sweep(sweep_settings settings = {}) : settings_(settings) {}

  // --- facts ---

  /// A member list came into force here: each open document has been notified, and what opens from
  /// now on obeys it. `open`: the documents that are open, of which storage may not know yet.
  /// `has_moved`: its documents have moved, as the node remembers from its last run.
  enum class moved_before : std::uint8_t { no, yes };
  void on_list(std::uint64_t number, moved_before state, std::vector<std::string> open,
               time_point now);
  /// The documents of all nodes are where the list of this number wants them.
  void on_all_moved(std::uint64_t number, time_point now);
  void on_peer_up(peer_id peer, time_point now);
  /// A document has ended and these keepers have not confirmed all of it.
  void on_left_behind(std::string name, std::vector<peer_id> lacking, time_point now);

  /// A document has failed, so that nobody knows who lacks what of it.
  void on_document_failed(std::string name, time_point now);

  // --- decisions; ask for them again after each fact, and now and then ---

  /// Names that storage is to list: so many behind this one, in its order.
  struct page_request {
    std::uint64_t pass = 0;
    std::string after;  ///< Empty: from the first on.
    std::size_t count = 0;
    bool skips_kept = false;  ///< Those that this node keeps may be left out of the answer.
  };
  /// Nothing: none is needed, or one is under way.
  std::optional<page_request> next_page(time_point now);
  /// Names with less than `count` among them are the last. `after`: where the next page begins: the
  /// last name that was looked at, even if it was left out.
  enum class page_end : std::uint8_t { more, last };
  void on_page(std::uint64_t pass, std::vector<std::string> names, std::string after, page_end end,
               time_point now);

  /// The document to visit now. Requires: on_visited() follows for each.
  std::optional<std::string> next_visit(time_point now);
  /// How a visit ended: `list`, under which the document has judged; `lacking`, the keepers that
  /// have not confirmed everything. A document that is gone lacks nothing.
  void on_visited(const std::string& name, std::uint64_t list, std::vector<peer_id> lacking,
                  time_point now);
  /// The document could not be opened.
  void on_visit_failed(const std::string& name, time_point now);

  /// Once for each list: the documents of this node are where it wants them.
  std::optional<std::uint64_t> take_moved() { return std::exchange(moved_, std::nullopt); }
  /// Whether copies that this node does not keep may be dropped (document_placement::may_drop).
  bool may_drop(time_point now) const noexcept { return drop_at_ && now >= *drop_at_; }

  // --- for operators ---

  struct figures {
    std::uint64_t list = 0;
    bool is_under_way = false;
    std::uint64_t visited = 0;  ///< In this pass.
    std::size_t visiting = 0;
    std::size_t unfinished = 0;  ///< Wait for peers.
  };
  figures describe() const;

 private:
  enum class reach : std::uint8_t { everything, not_kept };

  struct visit {
    bool is_of_pass = false;
    bool is_again = false;  // what it finds may be older than the wish for it
  };
  /// A document that is to be visited again.
  struct unfinished {
    std::vector<peer_id> lacking;
    time_point due;
    bool is_of_pass = false;  // which does not end without it
  };

  void begin_pass(reach what, std::vector<std::string> names);
  void check_done(time_point now);
  void find_due(time_point now);
  void keep_unfinished(std::string name, std::vector<peer_id> lacking, bool is_of_pass,
                       time_point due);
  void forget_unfinished(const std::string& name);
  void make_due(const std::string& name, unfinished& which, time_point due);

  sweep_settings settings_;
  std::uint64_t list_ = 0;
  std::optional<std::uint64_t> moved_;
  bool has_moved_ = false;  // said for this list
  std::optional<time_point> drop_at_;
  bool has_dropped_ = false;  // the pass for it has begun

  // The pass.
  std::uint64_t pass_ = 0;
  reach reach_ = reach::everything;
  bool is_under_way_ = false;
  bool is_listed_ = false;  // to the end
  bool is_page_asked_ = false;
  bool has_overflown_ = false;  // not all that is unfinished is remembered
  std::string after_;
  std::uint64_t visited_ = 0;
  std::size_t unfinished_of_pass_ = 0;
  fifo<std::string> names_;  // to visit
  std::optional<time_point> next_pass_at_;

  std::map<std::string, visit> visits_;  // under way
  time_point next_visit_at_;
  std::map<std::string, unfinished> unfinished_;
  std::set<std::pair<time_point, std::string>> due_;  // of unfinished_
};

}  // namespace troupe::cluster
