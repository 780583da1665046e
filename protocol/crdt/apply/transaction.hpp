// The changes of one update, or of one edit by the server. The integrator fills it; commit() then
// collects garbage and merges neighbours, in time proportional to the change. Source: yjs 13.6
// Transaction.js, cleanupTransactions.
#pragma once

#include <vector>

#include "protocol/crdt/store/struct_store.hpp"
#include "protocol/crdt/wire/decoded_update.hpp"

namespace troupe::crdt {

enum class garbage_collection : std::uint8_t { on, off };

class transaction {
 public:
  explicit transaction(struct_store& in) : store_(&in) {}

  /// Clocks that became known, and clocks that became deleted, in the order of the changes.
  const std::vector<client_range>& inserted() const noexcept { return inserted_; }
  const std::vector<client_range>& deleted() const noexcept { return deleted_; }
  /// Whether it keeps handles of items that were alive, and of parts of tombstones.
  bool has_killed() const noexcept { return !killed_.empty(); }
  bool changed_anything() const noexcept { return !inserted_.empty() || !deleted_.empty(); }

  void note_inserted(client_index client, clock_range range) { add_to(inserted_, client, range); }

  /// A struct that arrives deleted (a tombstone or a GC).
  void note_born_deleted(client_index client, clock_range range);

  /// As note_born_deleted. Requires: nothing of this client from the range on is deleted yet.
  void note_born_deleted_last(client_index client, clock_range range) {
    store_->edit_state(client).deleted.append(range);
    add_to(deleted_, client, range);
  }

  /// The right part of an item that was split: it may merge with the left part again at the end.
  void note_split(item_handle right_part);

  /// A new item that may merge with the one on its left at the end.
  void note_may_merge(item_handle handle) { may_merge_.push_back(handle); }

  /// Structs in this range that may merge with their neighbours, by clock, at the end.
  void note_touched(client_index client, clock_range range) { touched_.push_back({client, range}); }

  /// Deletes an item; if it holds a type, its contents too. Ignores deleted items. Iterative.
  /// Source: Item.delete.
  void delete_item(item_handle handle);

  /// Deletes the known parts of the range and replaces `unknown` by the other parts.
  /// Source: readAndApplyDeleteSet.
  void delete_range(client_index client, clock_range range, std::vector<clock_range>& unknown);

  void commit(garbage_collection gc);

  /// Forgets everything and frees the memory of a large transaction.
  void clear() noexcept;

 private:
  static void add_to(std::vector<client_range>& ranges, client_index client, clock_range range) {
    if (!ranges.empty() && ranges.back().client == client &&
        ranges.back().range.end() == range.clock)
      ranges.back().range.length += range.length;
    else
      ranges.push_back({client, range});
  }
  void delete_known(client_index client, clock_range range);
  void mark_deleted(item_handle handle);
  void collect_item(item_handle handle);
  void collect_children(type_handle type);
  void merge_deleted(item_handle handle);
  void delete_children(type_handle type);

  struct_store* store_;
  std::vector<client_range> inserted_;
  std::vector<client_range> deleted_;
  std::vector<item_handle> killed_;  // was alive before; may have been split since
  std::vector<item_handle> may_merge_;
  std::vector<client_range> touched_;  // neither new nor deleted now, but may merge with neighbours
  std::vector<item_handle> to_delete_;  // work lists, kept for their memory
  std::vector<type_handle> to_collect_;
};

}  // namespace troupe::crdt
