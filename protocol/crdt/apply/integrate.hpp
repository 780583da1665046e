// Integrates a validated update into a store: the conflict resolution of Yjs (YATA). Nothing here
// can fail; a struct whose neighbours or parent are missing waits in `pending` and is integrated
// when they arrive. README.md in this folder explains the five paths of a struct. Source: yjs 13.6
// Item.integrate, Item.getMissing, integrateStructs; holes as in yjs 14.
#pragma once

#include <span>
#include <vector>

#include "protocol/crdt/apply/conflict_scan.hpp"
#include "protocol/crdt/apply/origin_guess.hpp"
#include "protocol/crdt/apply/pending.hpp"
#include "protocol/crdt/apply/scan_credit.hpp"
#include "protocol/crdt/apply/struct_run.hpp"
#include "protocol/crdt/apply/transaction.hpp"
#include "protocol/crdt/apply/work_bound.hpp"
#include "protocol/crdt/wire/decoded_update.hpp"
#include "protocol/crdt/wire/limits.hpp"
#include "protocol/crdt/wire/value_update.hpp"

namespace troupe::crdt {

/// What became of the structs and deletes of one update.
struct integration_outcome {
  /// Structs that were new from end to end.
  std::size_t whole = 0;
  /// Structs of which a part was new.
  std::size_t partial = 0;
  /// Structs that were here already.
  std::size_t known = 0;
  /// Structs and delete ranges that wait for something missing.
  std::size_t parked = 0;
  /// Structs and delete ranges of earlier updates that could be integrated now.
  std::size_t woken = 0;
};

class integrator {
 public:
  integrator(struct_store& into, pending& waiting, const limits& limit)
      : store_(into), pending_(waiting), credit_(limit.long_scan_steps) {}

  /// Replaces the client indices of `update` by those of the document. Call once, before
  /// integrate().
  void translate_clients(decoded_update& update);

  /// Integrates `update`, and what waited for it. Adds the changes to `change` without committing
  /// it.
  /// Stops, somewhere in between, when it has taken more than `steps_max` steps: see is_over().
  integration_outcome integrate(decoded_update& update, transaction& change,
                                std::uint64_t steps_max);

  /// Whether the last integrate() was stopped. The document must then be replaced by a copy from
  /// before, and reset() be called.
  bool is_over() const noexcept { return store_.steps() + steps_ - steps_before_ > steps_max_; }
  void reset();

  /// The item behind which place_alone() may put the only struct of an update. None if the struct
  /// is not in the common place, or if anything waits. Requires: client indices of the document.
  item_handle find_place_alone(client_index client, const struct_view& view) const;
  void place_alone(client_index client, const struct_view& view, item_handle left,
                   transaction& change);

  /// The same for a few values, of which none may depend on another: where each of them may go.
  /// What they replace must be all that the update deletes, and hold no types, so that the work is
  /// bounded by the update. False if any of this is not so.
  bool find_places_alone(const value_update& update, std::span<item_handle> places) const;
  void place_alone(const value_update& update, std::span<const item_handle> places,
                   transaction& change);

  /// Deletes a range, all of which must be known.
  void delete_alone(client_index client, clock_range range, transaction& change) {
    change.delete_range(client, range, unknown_);
  }
  /// Whether that would leave nothing to wait for.
  bool may_delete_alone(client_index client, clock_range range) const noexcept {
    const client_state& state = store_.state_of(client);
    return state.holes.empty() && range.end() <= state.end;
  }

  /// Integrates one struct of an edit by the server. It refers to known ids only and begins where
  /// the last struct of its client ends. What waited for it is integrated by settle_local().
  void integrate_local(client_index client, const struct_view& view, transaction& change);

  /// Integrates what waited for the structs of integrate_local().
  void settle_local(transaction& change);

  /// Whether anything in `update` would have to wait. Does not change the document.
  /// Requires: translate_clients() has not been called for it.
  bool would_park(const decoded_update& update);

 private:
  /// A block that is being worked on until its struct at `target` is integrated.
  struct open_block {
    std::uint32_t block = 0;
    clock_type target = 0;
  };

  void integrate_blocks(decoded_update& update);
  const struct_view* place_few(const decoded_update& update, const client_block& block,
                               const struct_view* next, const struct_view* end, clock_type target);
  const struct_view* place_many(struct_run& run, const decoded_update& update,
                                const client_block& block, const struct_view* next,
                                const struct_view* end, clock_type target);
  template <class Place, class MissingOf, class OnReady, class OnParked>
  void walk(const decoded_update& update, Place place_common, MissingOf missing_of,
            OnReady on_ready, OnParked on_parked);
  void sort_blocks(const decoded_update& update);
  std::uint32_t find_block(const decoded_update& update, unit_id missing) const;
  void integrate_ready();
  void integrate_deletes(decoded_update& update);

  unit_id find_missing(const struct_view& view) const;
  /// Whether a struct may grow its left neighbour at once. One that follows another in its block
  /// may not: its author kept them apart, mostly because something lies between them.
  enum class growth : std::uint8_t { allowed, denied };

  item_handle find_common_place(client_index client, const struct_view& view) const;
  item_handle find_between(const struct_view& view, item_handle left) const;
  bool replaces_all(std::span<const client_range> deleted,
                    std::span<const item_handle> places) const;
  void place_behind(item_handle left, client_index client, const struct_view& view, growth grow);
  bool place_quickly(client_index client, const struct_view& view, growth grow);
  void integrate_known_checked(client_index client, const struct_view& view, growth grow);
  void integrate_piece(client_index client, const struct_view& view, clock_type offset,
                       clock_type length, growth grow);
  void integrate_gc(client_index client, clock_range range);
  chain_handle find_chain(const struct_view& view, item_handle left, item_handle right,
                          clock_type offset);
  item_handle find_left(client_index client, const struct_view& view, clock_type offset,
                        item_handle left, item_handle right, chain_handle into);
  item_handle scan_for_left(const conflict_scan::place& where, client_id own_id, item_handle left,
                            item_handle right);
  bool extends(const item& left, client_index client, const struct_view& view, clock_type offset,
               chain_handle into) const;
  void extend(item_handle left, client_index client, const struct_view& view, clock_type offset,
              clock_type length);
  item_handle place(client_index client, const struct_view& view, clock_type offset,
                    clock_type length, item_handle left, chain_handle into);
  void note_arrival(client_index client, clock_range range);

  struct_store& store_;
  pending& pending_;
  transaction* change_ = nullptr;
  integration_outcome outcome_;
  std::vector<std::uint32_t> cursors_;  // per block: structs done
  std::vector<open_block> open_;
  std::vector<std::uint8_t> is_open_;       // per block: it is in open_
  std::vector<std::uint32_t> block_order_;  // blocks by client and first clock
  std::vector<pending_struct> ready_;
  std::vector<client_index> to_document_;  // work lists, kept for their memory
  std::vector<clock_range> unknown_;
  origin_guess guess_;
  conflict_scan scan_;
  scan_credit credit_;
  std::size_t unused_orders_ = 0;   // updates since an index was used
  std::uint64_t steps_ = 0;         // of searches among concurrent insertions
  std::uint64_t steps_before_ = 0;  // counted when this update began
  std::uint64_t steps_max_ = unlimited_steps;
  bool is_conflicting_ = false;  // the last find_left() had to search
};

}  // namespace troupe::crdt
