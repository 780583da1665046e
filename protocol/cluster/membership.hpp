// Which nodes make up the cluster, as one of them knows: who it is, the member list it has, what
// its seeds have said, whose documents have moved to where the list wants them, and who asks to be
// added. Events go in, decisions come out. Owned by the `cluster` actor. Pure.
//
// A node without a list asks all its seeds. One that has a list gives it, and the node waits until
// an operator has added it. When all seeds have answered and none has a list, this is the first
// start of the cluster: list 1 has all of them, the same on each. From then on only operators
// change the list.
//
// Where all nodes share one log (node_identity::shares_log) nobody's opinion about members counts:
// whoever is there is one. The list is this node's own then, the owner says who is in it
// (on_present()), a node that says hello is in it at once, and no list is sent or stored.
//
// What must be on disk before it is sent to anybody: the list (list()), and which members have
// moved (moved()). An owner that has called anything that is not const compares list().number() and
// moved() with what it has stored.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/cluster/hello.hpp"
#include "protocol/cluster/member_list.hpp"
#include "protocol/cluster/node_uuid.hpp"
#include "protocol/cluster/placement.hpp"

namespace troupe::cluster {

/// How many nodes that are no members may wait to be added; further ones are not remembered.
inline constexpr std::size_t candidates_max = 64;
/// Of how many nodes a start is remembered, besides the members.
inline constexpr std::size_t known_runs_max = 256;

/// What a node knows about itself at its start.
struct node_identity {
  std::string cluster;
  node_uuid id;
  std::uint64_t incarnation = 0;
  std::uint64_t run = 0;  ///< Random.
  std::string name;
  std::string address;             ///< As others reach it (cluster.advertise).
  std::vector<std::string> seeds;  ///< Addresses; its own may be among them. Empty: its own.
  troupe::cluster::replication replication;
  bool shares_log = false;  ///< cluster.durability is shared.
};

/// Up to which list the documents of each node have moved.
using moved_lists = std::map<node_uuid, std::uint64_t>;

/// A list that cannot be, since there is another one with its number.
struct list_conflict {
  node_uuid with;         ///< Who has it.
  std::string with_name;  ///< Empty where only its uuid is known.
  std::uint64_t number = 0;
};

/// What became of a hello. Whoever was dialed sends the dialer its verdict, and says hello as well,
/// after it has looked at that of the dialer; the connection becomes a link if both say so.
struct hello_answer {
  enum class verdict : std::uint8_t {
    linked,   ///< The connection may become the link to this peer, in place of an older one.
    met,      ///< All has been said; the connection ends. The other side dials if a link is to be.
    refused,  ///< It ends, and the other side gets the reason.
  };

  verdict what = verdict::met;
  refusal why = refusal::not_a_member;  ///< If it was refused.
  std::string text = {};  ///< For the log and the other side; may have a remark if it was not.
};

/// Where to connect to.
struct dial_target {
  std::string address;
  node_uuid id = {};  ///< Who should answer; nil: that is not known.

  bool operator==(const dial_target&) const = default;
};

/// A node that has said hello and is no member.
struct candidate {
  node_uuid id;
  std::string name;
  std::string address;
};

/// What an operator may say to a change that the node would refuse.
enum class insistence : std::uint8_t { careful, forced };

class membership {
 public:
  /// `list`, `moved`: as stored at the last run; empty: there was none.
  membership(node_identity self, member_list list, moved_lists moved);

  // --- what this node says ---

  /// At the beginning of a connection, by whichever side.
  hello own_hello() const;

  // --- what others say ---

  /// `dialed`: the address that this node has dialed; nothing: the other side has.
  hello_answer on_hello(const std::optional<std::string>& dialed, const hello& from);

  /// This node has dialed an address and was refused. `from`: who refuses, which may have a list.
  void on_refused(const std::string& dialed, const hello& from, refusal why);

  enum class list_outcome : std::uint8_t {
    same,
    accepted,  ///< It is newer, and is the list of this node now.
    older,     ///< The sender should receive ours.
    conflict,  ///< See conflict(); the link to the sender must end.
  };
  list_outcome on_members(const node_uuid& from, member_list list);

  /// The documents of a node are where the list of this number wants them: another one's, or our
  /// own after a pass over all of them.
  void on_moved(const node_uuid& who, std::uint64_t number);

  /// Where the log is shared: these nodes are there, this one perhaps among them. Those that are
  /// not are members no longer. Of two at one address the later counts, as it runs in its place.
  void on_present(std::vector<member> present);

  // --- what operators say ---
  //
  // Each makes the next list. Fails with invalid_config, and the detail gives the operator the
  // reason: this node is no member; fewer than half of the members that stay are `up` (nodes with a
  // link; itself counts), so that others may be changing the list too, and nobody insists; or what
  // the list says.

  /// `id`: nil: that of the candidate with the name. `address`: empty: that of the candidate.
  /// A member of this uuid gets the name and address instead.
  result<void> add(const std::string& name, const node_uuid& id, const std::string& address,
                   std::span<const node_uuid> up, insistence how);
  /// The member, by name or uuid, hands over what it has, and is none any longer.
  result<void> leave(const std::string& which, std::span<const node_uuid> up, insistence how);
  /// The member is lost with what it had. Refused for this node, and for one that is up.
  result<void> remove(const std::string& which, std::span<const node_uuid> up, insistence how);

  // --- questions ---

  const node_identity& self() const noexcept { return self_; }
  const member_list& list() const noexcept { return list_; }
  std::span<const member> members() const noexcept { return list_.members(); }
  const moved_lists& moved() const noexcept { return moved_; }
  bool is_joined() const noexcept { return list_.contains(self_.id); }
  /// Whether it hands over its documents, having been a member.
  bool is_leaving() const noexcept { return !is_joined() && list_.is_linked(self_.id); }
  /// Why the node is no member of the cluster, for operators; empty: it is one.
  std::string why_not() const;

  /// Peers to which a link should be: members and those leaving, without this node.
  std::vector<member> peers() const;
  /// Those to which this node must connect if it has no link: peers with a greater uuid. While it
  /// is in no list, the seeds and all members, to receive one.
  std::vector<dial_target> addresses_to_dial() const;

  /// Peers that would connect to this node. If none of them has for long, they may have a list that
  /// it is not in: it asks them, as it would seeds.
  std::vector<dial_target> addresses_to_ask() const;

  /// Whether everybody in the list has moved, so that keepers have all that was ever confirmed.
  bool all_moved() const;
  /// Whether so many know this list that nobody can read by an earlier one any longer: of any R
  /// nodes that an earlier list would have asked, one says that there is this one. Before, an
  /// update on the keepers of this list could be missed.
  bool is_widely_known() const;
  /// Members that have not.
  std::vector<node_uuid> yet_to_move() const;
  /// Whom to ask about a document that is opened while documents move; nothing once all_moved().
  std::optional<wide_read> lists_to_ask() const;
  /// K, W and R for the current list. Requires: there is one.
  quorum sizes() const noexcept { return quorum_of(self_.replication, list_.size()); }

  /// The name of a member, former member or candidate; empty: not known.
  std::string name_of(const node_uuid& id) const;
  /// Of the last run of a node that is known; 0: of none.
  std::uint64_t incarnation_of(const node_uuid& id) const {
    const auto known = runs_.find(id);
    return known == runs_.end() ? 0 : known->second.incarnation;
  }
  /// Peers that refused this node when it last dialed them, and why.
  const std::map<node_uuid, refusal>& refused_by() const noexcept { return refused_by_; }
  /// Nothing: the lists of all that have answered agree.
  const std::optional<list_conflict>& conflict() const noexcept { return conflict_; }
  std::vector<candidate> candidates() const;

 private:
  struct run_of_node {
    std::uint64_t incarnation = 0;
    std::uint64_t run = 0;
  };
  struct seed_state {
    std::optional<member> answered_by;  ///< Who had no list when it answered.
    std::string refused;                ///< Why it and this node do not meet; empty: they do.
  };

  std::optional<refusal> check_identity(const hello& from) const;
  bool is_myself(const hello& from) const noexcept;
  hello_answer answer_to(const std::optional<std::string>& dialed, const hello& from);
  hello_answer meet(const std::optional<std::string>& dialed, const hello& from);
  hello_answer refuse(const hello& from, refusal why);
  std::string text_for(const hello& from, refusal why) const;
  void remember_run(const hello& from);
  void remember_candidate(const hello& from);
  void note_seed(const std::optional<std::string>& dialed, const hello& from);
  void found_if_first_start();
  void take(member_list list);
  void meet_present(const hello& from);
  list_outcome compare_lists(const node_uuid& from, member_list list);
  void note_list(const node_uuid& of, std::uint64_t number);
  moves state_of_moves() const { return all_moved() ? moves::done : moves::going_on; }
  result<void> check_order(const node_uuid& without, std::span<const node_uuid> up,
                           insistence how) const;
  result<node_uuid> find(const std::string& which) const;
  result<void> carry_out(result<member_list> next);

  node_identity self_;
  member_list list_;
  moved_lists moved_;
  bool was_member_ = false;
  std::map<std::string, seed_state> seeds_;  // by address, without those of this node
  bool is_seed_ = false;
  std::string not_founded_;  // why the seeds, which have all answered, can make no list
  std::map<node_uuid, run_of_node> runs_;
  std::map<node_uuid, candidate> candidates_;
  std::map<node_uuid, refusal> refused_by_;
  std::map<node_uuid, std::uint64_t> known_lists_;  // which list a node has said it has, at least
  std::optional<list_conflict> conflict_;
};

}  // namespace troupe::cluster
