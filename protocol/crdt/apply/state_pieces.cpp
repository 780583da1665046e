#include "protocol/crdt/apply/state_pieces.hpp"

#include <algorithm>
#include <unordered_set>

#include "protocol/crdt/wire/content_slice.hpp"

namespace troupe::crdt {

namespace {

/// What a struct takes beside its content, about.
constexpr std::size_t struct_overhead = 16;
/// A struct up to this size is not cut.
constexpr std::size_t small_struct = 256;

bool is_sliceable(const item& of) noexcept {
  return of.kind() == content_kind::string || of.kind() == content_kind::any ||
         of.kind() == content_kind::json;
}

/// The first clock from `wanted` on, both inside the item, at which it may be cut.
clock_type cut_at_or_behind(const struct_store& state, const item& of, clock_type wanted) {
  if (of.kind() != content_kind::string || of.is_ascii != 0) return wanted;
  const text_cut cut = find_text_cut(state.content_of(of), wanted - of.clock);
  return cut.splits_pair ? wanted + 1 : wanted;
}

/// Puts the ranges of each client together, which follow each other.
state_piece joined(state_piece parts) {
  std::ranges::sort(parts, {}, [](const client_range& part) {
    return unit_id{part.client, part.range.clock};
  });
  state_piece whole;
  for (const client_range& part : parts)
    if (!whole.empty() && whole.back().client == part.client)
      whole.back().range.length = part.range.end() - whole.back().range.clock;
    else
      whole.push_back(part);
  return whole;
}

class piece_planner {
 public:
  piece_planner(const struct_store& state, const state_vector& from, const piece_sizes& sizes)
      : state_(state), sizes_(sizes) {
    const auto clients = static_cast<client_index>(state.clients().size());
    readers_.resize(clients);
    for (client_index i = 0; i < clients; ++i) begin(i, from.clock_of(state.clients().id(i)));
  }

  std::vector<state_piece> plan() {
    for (client_index i = 0; i < readers_.size(); ++i) walk_from(i);
    if (!piece_.empty()) end_piece();
    hold_group();
    return std::move(pieces_);
  }

 private:
  /// How far the structs of a client are planned.
  struct reader {
    sorted_blocks::position next;
    clock_type known = 0;    // below it the reader of the pieces has everything
    std::uint32_t part = 0;  // where its range stands in the piece of that number
    std::uint32_t piece = 0;
    bool is_open = false;
  };
  /// A text, or any other sequence. It is half if a format would be cleaned up too early in it.
  struct sequence {
    std::uint32_t missing = 0;  // items that are not deleted and not planned
    bool has_format = false;
    bool is_touched = false;

    bool is_half() const noexcept { return has_format && is_touched && missing > 0; }
  };
  struct open_client {
    client_index client;
    clock_type target;
  };

  void begin(client_index client, clock_type known) {
    const sorted_blocks& structs = state_.state_of(client).structs;
    reader& at = readers_[client];
    at.known = known;
    at.next = structs.first();
    for (; !structs.is_end(at.next); at.next = structs.next(at.next)) {
      const item& one = state_.at(structs[at.next]);
      if (one.entry_end() > known) break;
      if (sequence* const in = sequence_of(one); in != nullptr && is_live_format(one))
        in->has_format = true;
    }
    for (auto rest = at.next; !structs.is_end(rest); rest = structs.next(rest)) {
      const item& one = state_.at(structs[rest]);
      if (sequence* const in = sequence_of(one); in != nullptr && one.is_deleted == 0)
        ++in->missing;
    }
  }

  sequence* sequence_of(const item& one) {
    if (one.chain == none) return nullptr;
    const chain& in = state_.chain_at(one.chain);
    if (in.key != no_string) return nullptr;
    if (sequences_.size() <= in.type) sequences_.resize(in.type + 1);
    return &sequences_[in.type];
  }

  const item* next_of(client_index client) const {
    const sorted_blocks& structs = state_.state_of(client).structs;
    const auto at = readers_[client].next;
    return structs.is_end(at) ? nullptr : &state_.at(structs[at]);
  }

  /// All structs of a client, each behind those that it refers to.
  void walk_from(client_index first) {
    open_.assign(1, {first, static_cast<clock_type>(clock_max)});
    readers_[first].is_open = true;
    while (!open_.empty()) {
      const open_client current = open_.back();
      const item* const one = next_of(current.client);
      if (one == nullptr || one->clock > current.target) {
        readers_[current.client].is_open = false;
        open_.pop_back();
        continue;
      }
      const unit_id missing = find_missing(*one);
      if (!missing.is_none()) {
        open_.push_back({missing.client, missing.clock});
        readers_[missing.client].is_open = true;
        continue;
      }
      add(current.client, *one);
    }
  }

  /// A struct that must come first.
  unit_id find_missing(const item& one) const {
    if (!one.is_strand()) return find_missing_of(one);
    for (std::uint32_t i = 0; i < one.content_size; ++i)
      if (const unit_id missing = find_missing_of(state_.at(one.content + i)); !missing.is_none())
        return missing;
    return {};
  }

  unit_id find_missing_of(const item& one) const {
    if (is_missing(one.origin)) return one.origin;
    if (is_missing(one.right_origin)) return one.right_origin;
    if (!one.origin.is_none() || !one.right_origin.is_none() || one.chain == none) return {};
    const item_handle owner = state_.type_at(state_.chain_at(one.chain).type).owner;
    return owner != none && is_missing(state_.at(owner).id()) ? state_.at(owner).id() : unit_id{};
  }

  bool is_missing(unit_id id) const {
    if (id.is_none() || readers_[id.client].is_open) return false;
    const item* const next = next_of(id.client);
    return next != nullptr && next->clock <= id.clock;
  }

  void add(client_index client, const item& one) {
    reader& from = readers_[client];
    sequence* const in = sequence_of(one);
    const auto note = [&](auto change) {
      if (in == nullptr) return;
      half_ -= in->is_half() ? 1 : 0;
      change(*in);
      half_ += in->is_half() ? 1 : 0;
    };
    note([&](sequence& of) {
      of.is_touched = true;
      of.has_format = of.has_format || is_live_format(one);
    });
    clock_type done = std::max(one.clock, from.known);
    while (done < one.entry_end()) {
      const clock_type end = end_of_slice(one, done);
      if (end == one.entry_end())
        note([&](sequence& of) { of.missing -= one.is_deleted == 0 ? 1 : 0; });
      add_part(client, {done, end - done}, one);
      done = end;
    }
    from.next = state_.state_of(client).structs.next(from.next);
  }

  clock_type end_of_slice(const item& one, clock_type done) const {
    if (one.is_strand()) {
      const std::size_t most = std::max<std::size_t>(sizes_.piece / struct_overhead, 1);
      return done + static_cast<clock_type>(std::min<std::size_t>(one.entry_end() - done, most));
    }
    if (!is_sliceable(one) || one.content_size <= sizes_.piece) return one.end();
    const std::uint64_t units = std::uint64_t{one.length} * sizes_.piece / one.content_size;
    const std::uint64_t wanted = done + std::max<std::uint64_t>(units, 1);
    if (wanted >= one.end()) return one.end();
    return cut_at_or_behind(state_, one, static_cast<clock_type>(wanted));
  }

  void add_part(client_index client, clock_range range, const item& of) {
    reader& from = readers_[client];
    if (from.piece != piece_number_) {
      from.piece = piece_number_;
      from.part = static_cast<std::uint32_t>(piece_.size());
      piece_.push_back({client, range});
    } else {
      clock_range& known = piece_[from.part].range;
      known.length = range.end() - known.clock;
    }
    if (of.is_strand())
      size_ += struct_overhead * std::uint64_t{range.length};
    else
      size_ += struct_overhead + std::uint64_t{of.content_size} * range.length / of.length;
    if (size_ >= sizes_.piece) end_piece();
  }

  void end_piece() {
    group_.push_back(std::exchange(piece_, {}));
    ++piece_number_;
    size_ = 0;
    if (half_ == 0) hold_group();
  }

  /// Puts out the pieces since the last place where one may end.
  void hold_group() {
    if (group_.size() > 1) hold(group_);
    for (state_piece& each : group_) pieces_.push_back(std::move(each));
    group_.clear();
  }

  /// Takes the first struct of each client out, and lets it come last.
  void hold(std::vector<state_piece>& group) {
    const std::size_t together = (group.size() + sizes_.held_max - 1) / sizes_.held_max;
    std::vector<state_piece> held;
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (i % together == 0) held.emplace_back();
      held.back().insert(held.back().end(), group[i].begin(), group[i].end());
    }
    state_piece keys;
    std::unordered_set<client_index> known;
    for (state_piece& each : held) {
      each = joined(std::move(each));
      for (client_range& part : each) {
        if (!known.insert(part.client).second) continue;
        const clock_type length = key_length(part);
        keys.push_back({part.client, {part.range.clock, length}});
        part.range = {part.range.clock + length, part.range.length - length};
      }
      std::erase_if(each, [](const client_range& part) { return part.range.length == 0; });
    }
    std::erase_if(held, [](const state_piece& each) { return each.empty(); });
    held.push_back(std::move(keys));
    group = std::move(held);
  }

  /// How much of a range makes up its first struct, or a small part of that.
  clock_type key_length(const client_range& part) const {
    const item& first = state_.at(state_.find(unit_id{part.client, part.range.clock}));
    if (first.is_strand()) return 1;
    const clock_type rest = std::min(first.end(), part.range.end()) - part.range.clock;
    if (!is_sliceable(first) || first.content_size <= small_struct || rest < 3) return rest;
    return cut_at_or_behind(state_, first, part.range.clock + 1) - part.range.clock;
  }

  const struct_store& state_;
  const piece_sizes sizes_;
  std::vector<reader> readers_;      // by client
  std::vector<sequence> sequences_;  // by type
  std::vector<open_client> open_;
  std::size_t half_ = 0;  // sequences that are
  state_piece piece_;
  std::uint32_t piece_number_ = 1;
  std::uint64_t size_ = 0;  // of the piece
  std::vector<state_piece> group_;
  std::vector<state_piece> pieces_;
};

}  // namespace

std::vector<state_piece> plan_pieces(const struct_store& state, const state_vector& from,
                                     const piece_sizes& sizes) {
  return piece_planner{state, from, sizes}.plan();
}

}  // namespace troupe::crdt
