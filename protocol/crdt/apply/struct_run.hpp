// The fast path for many structs: places the structs of a block that are in the common place (see
// README.md), which nearly all structs of a large update are. It stops at the first other struct
// and leaves that one to the integrator. A run reports to the transaction when it stops. Lives on
// the stack of one integration.
//
// Its loop avoids branches that depend on the data: text and tombstones take the same path, and
// values that only some structs need are written for each and kept for those.
#pragma once

#include <array>

#include "protocol/crdt/apply/origin_guess.hpp"
#include "protocol/crdt/apply/transaction.hpp"
#include "protocol/crdt/store/struct_store.hpp"

namespace troupe::crdt {

class struct_run {
 public:
  /// `input` are the bytes in which most contents lie.
  struct_run(struct_store& into, transaction& change, origin_guess& guess, byte_view input)
      : store_(into), change_(change), guess_(guess), input_(input) {}

  /// Places structs from `next` on that begin at `target` or before, none of which is the first of
  /// its block, and returns the first that is left, or `end`. Requires: guess has been begun for
  /// their update.
  const struct_view* place(client_index client, const struct_view* next, const struct_view* end,
                           clock_type target);

 private:
  static constexpr std::size_t noted_max = 128;
  static constexpr clock_type no_clock = 0xffff'ffff;  // above all that a struct may have

  [[gnu::always_inline]] inline item_handle find_left(const struct_view& view) const noexcept;
  const struct_view* place_beside(client_index client, client_state& state, const struct_view* next,
                                  const struct_view* end, clock_type target);
  const struct_view* place_fields(client_state& state, const struct_view* next,
                                  const struct_view* end, clock_type target);
  [[gnu::noinline]] const struct_view* place_rows(client_state& state, const struct_view* next,
                                                  const struct_view* end, clock_type target);
  bool is_open_behind(const item& strand) const noexcept;
  void note_tombstones(clock_range range);
  bool enter_chain(chain_handle handle);
  [[gnu::noinline]] bool place_first(const struct_view& view);
  [[gnu::noinline]] bool place_in_key(const struct_view& view);
  type_handle find_parent(const parent_view& parent);
  item_handle find_owner(unit_id id) const noexcept;
  [[gnu::always_inline]] inline void write_item(item_handle handle, const struct_view& view,
                                                item_handle left, item_handle right,
                                                chain_handle into);
  [[gnu::noinline]] void write_type(item_handle handle, const struct_view& view, item_handle left,
                                    item_handle right, chain_handle into);
  [[gnu::always_inline]] inline void note_placed(client_index client, client_state& state,
                                                 item_handle handle, const struct_view& view,
                                                 bool may_merge);
  void flush();

  struct_store& store_;
  transaction& change_;
  origin_guess& guess_;
  byte_view input_;
  client_index client_ = no_client;
  chain_handle chain_ = none;  // a sequence of a type that is alive
  type_handle type_ = none;
  std::uint32_t visible_ = 0;  // units placed in it and not yet counted
  // The last parents that were looked for, and their types; none: not any more.
  unit_id owner_;
  type_handle owned_ = none;
  std::string_view root_name_;
  type_handle root_ = none;
  string_handle first_key_ = no_string;  // of the last object whose fields came
  // Runs of tombstones, not yet noted: where each begins, and, one place further on, where it ends.
  std::array<clock_type, noted_max + 1> deleted_starts_;
  std::array<clock_type, noted_max + 1> deleted_ends_;
  std::size_t deleted_count_ = 0;
  clock_type deleted_end_ = no_clock;  // of the last one
  std::array<item_handle, noted_max> may_merge_;
  std::size_t may_merge_count_ = 0;
};

}  // namespace troupe::crdt
