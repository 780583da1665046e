// The cluster as an operator sees it from one of its nodes, and what an operator changes, as plain
// values: between the admin pages and the `cluster` actor. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// How the cluster is.
struct describe_cluster {};
struct described_cluster {
  enum class role : std::uint8_t {
    member,
    leaving,    ///< It was one, and hands over what it has.
    gone,       ///< It was one, and is lost.
    candidate,  ///< It asks to be added.
  };

  struct node_view {
    std::string uuid;
    std::string name;
    std::string address;
    role is = role::member;
    bool is_self = false;
    bool is_up = false;              ///< It is this node, or there is a link to it.
    std::string why_down = {};       ///< What the last try to connect came to.
    std::uint64_t moved_list = 0;    ///< Up to which list its documents are in place.
    std::uint64_t queued_bytes = 0;  ///< For it, here.
    std::uint64_t in_flight_bytes = 0;
    std::uint64_t incarnation = 0;     ///< 0: it is not known.
    std::chrono::milliseconds lag{0};  ///< Age of the oldest batch that it has not acknowledged.
  };

  std::string cluster;
  std::string node;
  std::string uuid;
  std::uint64_t incarnation = 0;
  std::string why_not_joined = {};  ///< Empty: this node is a member.
  std::string conflict = {};        ///< Of member lists; empty: none.
  std::uint64_t list_number = 0;    ///< 0: there is no list yet.
  bool has_moved = false;           ///< Of all in the list: their documents are in place.
  std::size_t keepers = 0;
  std::size_t write_acks = 0;
  bool is_strict = true;
  bool is_shared = false;  ///< There are no keepers: all nodes share a store.
  std::vector<node_view> nodes = {};
};

/// The next member list.
struct change_members {
  enum class order : std::uint8_t {
    add,
    leave,   ///< A member hands over what it has, and is none any longer.
    remove,  ///< A member is lost with what it had.
  };

  order what = order::add;
  std::string which;         ///< A name; of a member that leaves or is lost, also a uuid.
  std::string uuid = {};     ///< Of one to be added; empty: that of the candidate with the name.
  std::string address = {};  ///< HOST:PORT; empty: that of the candidate.
  bool is_forced = false;    ///< Even if others may be changing the list, too.
};
struct changed_members {
  std::string refusal = {};  ///< Empty: it is done, and the list is on the disk of this node.
  std::uint64_t list_number = 0;
};

/// Where a document belongs, in the opinion of one node.
struct placed_document {
  std::string home;                  ///< The name of a node; empty: none is known that is up.
  std::vector<std::string> keepers;  ///< The first first.
  std::string role = "none";         ///< Of this node: home, keeper or none.
  std::uint64_t list_number = 0;     ///< Of the member list; 0: there is none yet.
};

}  // namespace troupe
