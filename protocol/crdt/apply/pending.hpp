// Structs and deletions that arrived too early. A struct whose neighbour or parent is missing is
// kept under the id that it waits for; a deletion is kept by the clocks that it deletes. Both are
// found in logarithmic time when the id arrives, so that updates cost about the same in any order.
// The owner limits size(); nothing here is ever dropped.
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
  pending_struct(const pending_struct& other) : pending_struct(other.client_, other.view_) {}
  pending_struct(pending_struct&&) noexcept = default;
  pending_struct& operator=(pending_struct&&) noexcept = default;

  client_index client() const noexcept { return client_; }
  const struct_view& view() const noexcept { return view_; }
  /// Bytes in memory.
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
  /// Bytes of a waiting struct beside its content and names, and bytes of a waiting range.
  static constexpr std::size_t struct_size_max = sizeof(pending_struct) + sizeof(parent_view) + 64;
  static constexpr std::size_t delete_size = 64;

  bool empty() const noexcept { return waiting_.empty() && deletes_.empty(); }

  /// Bytes of everything that waits.
  std::size_t size() const noexcept { return size_; }
  std::size_t struct_count() const noexcept { return struct_count_; }

  /// Keeps a struct under the id that it waits for. A struct that waits already is not kept twice.
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
