// What arrived too early: structs whose neighbours or parent are not known yet, filed under the id
// they wait for, and deletions of structs that are not known yet. Both are found again when the id
// arrives, in logarithmic time, so that updates in any order cost about the same. The owner bounds
// size(); nothing here drops anything.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "protocol/crdt/wire/struct_view.hpp"

namespace troupe::crdt {

/// A struct with its own copy of its bytes and names. Clients are the document's indices.
class pending_struct {
 public:
  pending_struct(client_index client, const struct_view& from);

  client_index client() const noexcept { return client_; }
  const struct_view& view() const noexcept { return view_; }
  /// Bytes it takes in memory.
  std::size_t size() const noexcept { return size_; }

 private:
  client_index client_;
  struct_view view_;
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::unique_ptr<parent_view> parent_;
  std::size_t size_;
};

class pending {
 public:
  /// What a waiting struct takes beside its content and names, and what a waiting range takes.
  static constexpr std::size_t struct_size_max = sizeof(pending_struct) + sizeof(parent_view) + 64;
  static constexpr std::size_t delete_size = 64;

  bool empty() const noexcept { return waiting_.empty() && deletes_.empty(); }

  /// Bytes taken by all that waits.
  std::size_t size() const noexcept { return size_; }
  std::size_t struct_count() const noexcept { return struct_count_; }

  /// Files a struct under the id it waits for. A struct that already waits is not kept twice.
  void add_struct(unit_id missing, client_index client, const struct_view& from);

  void add_delete(client_index client, clock_range range);

  /// Moves out all structs that wait for an id in the range.
  void move_out_structs(client_index client, clock_range known, std::vector<pending_struct>& out);

  /// Moves out a part of the pending deletes that lies in the range; nullopt when there is no more.
  std::optional<clock_range> move_out_delete(client_index client, clock_range known);

  template <class Visitor>
  void for_each_struct(Visitor visit) const {
    for (const auto& [missing, structs] : waiting_)
      for (const pending_struct& waiting : structs) visit(waiting);
  }
  template <class Visitor>
  void for_each_delete(Visitor visit) const {
    for (const auto& [start, length] : deletes_)
      visit(start.client, clock_range{start.clock, length});
  }

 private:
  std::map<unit_id, std::vector<pending_struct>> waiting_;  // by the id that is missing
  std::map<unit_id, clock_type> known_lengths_;             // by own id: the longest that waits
  std::map<unit_id, clock_type> deletes_;                   // disjoint ranges: start to length
  std::size_t size_ = 0;
  std::size_t struct_count_ = 0;
};

}  // namespace troupe::crdt
