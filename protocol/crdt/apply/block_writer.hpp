// The parts that updates are written from: the structs of one client, and its deletions. Pure.
// Source: yjs 13.6 utils/encoding.js writeStructs, utils/DeleteSet.js; Skips as in yjs 14.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "protocol/crdt/store/struct_store.hpp"
#include "protocol/crdt/wire/info_byte.hpp"
#include "protocol/crdt/wire/update_writer.hpp"

namespace troupe::crdt {

/// Indices of the clients for which `keep(index)` holds, highest id first, as yjs writes them.
template <class Keep>
std::vector<client_index> clients_descending(const client_lookup& ids, Keep keep) {
  std::vector<client_index> clients;
  for (client_index i = 0; i < ids.size(); ++i)
    if (keep(i)) clients.push_back(i);
  std::sort(clients.begin(), clients.end(),
            [&](client_index a, client_index b) { return ids.id(a) > ids.id(b); });
  return clients;
}

/// Writes the structs of one client in clock order, with a Skip wherever the next one does not
/// follow.
template <class Writer>
class block_writer {
 public:
  block_writer(const struct_store& state, client_index client, Writer& out)
      : state_(state), client_(client), out_(out) {}

  /// Calls `for_each_part(visit)` twice: to count, then to write. visit(clock_range, write, count)
  /// with the number of structs, of which 1 need not be given.
  template <class ForEachPart>
  void write(ForEachPart for_each_part) {
    std::size_t count = 0;
    clock_type first = 0, next = 0;
    for_each_part([&](clock_range part, auto&&, std::size_t structs = 1) {
      if (count == 0)
        first = part.clock;
      else if (part.clock != next)
        ++count;
      count += structs;
      next = part.end();
    });
    write_counted(count, first, for_each_part);
  }

  /// All that is stored of the client. As write(), but counts without looking at each struct.
  /// Requires: there is something.
  void write_all() {
    const client_state& of = state_.state_of(client_);
    const clock_type first = of.structs.clock(of.structs.first());
    const std::size_t skips = of.holes.size() - (first > 0 ? 1 : 0);  // not the hole in front
    write_counted(of.structs.size() + of.braided + skips, first, [&](auto visit) {
      visit_stored({0, static_cast<clock_type>(clock_max)}, visit);
    });
  }

  template <class ForEachPart>
  void write_counted(std::size_t count, clock_type first, ForEachPart for_each_part) {
    out_.rest().write_var_uint(count);
    out_.write_client(state_.clients().id(client_));
    out_.rest().write_var_uint(first);
    clock_type next = first;
    for_each_part([&](clock_range part, auto&& write_part, std::size_t = 1) {
      if (part.clock != next) write_skip(part.clock - next, out_);
      write_part();
      next = part.end();
    });
  }

  /// The stored structs in a range of clocks, cut to it.
  template <class Visit>
  void visit_stored(clock_range range, Visit visit) {
    const auto& structs = state_.state_of(client_).structs;
    if (structs.empty()) return;
    auto at = structs.find_at_or_before(range.clock);
    if (structs.is_end(at)) at = structs.first();
    for (; !structs.is_end(at); at = structs.next(at)) {
      const item_handle handle = structs[at];
      const item& stored = state_.at(handle);
      if (stored.clock >= range.end()) return;
      if (stored.entry_end() <= range.clock) continue;
      const clock_type from = std::max(stored.clock, range.clock);
      const clock_type to = std::min(stored.entry_end(), range.end());
      if (stored.is_strand()) {
        visit(
            clock_range{from, to - from}, [&, handle, from, to] { write_braid(handle, from, to); },
            std::size_t{to - from});
        continue;
      }
      visit(clock_range{from, to - from}, [&, handle, from, to] {
        if constexpr (Writer::is_one_stream)
          if (to - from == state_.at(handle).length && write_quickly(state_.at(handle))) return;
        parent_view parent;
        const clock_type start = state_.at(handle).clock;
        write_struct(state_.view_of(handle, from - start, to - from, parent, scratch_),
                     state_.clients(), out_);
      });
    }
  }

 private:
  /// The tombstones [from, to) of the braid whose first strand is `first`.
  void write_braid(item_handle first, clock_type from, clock_type to) {
    const clock_type start = state_.at(first).clock;
    const std::uint32_t strands = state_.at(first).content_size;
    clock_type behind_first_row = to;
    if constexpr (Writer::is_one_stream) behind_first_row = std::min(to, start + strands);
    for (; from < behind_first_row; ++from) {
      const clock_type column = (from - start) % strands;
      if constexpr (Writer::is_one_stream)
        if (write_quickly(state_.at(first + column))) continue;
      parent_view parent;
      write_struct(state_.view_of(first + column, from - start - column, 1, parent, scratch_),
                   state_.clients(), out_);
    }
    if constexpr (Writer::is_one_stream)
      if (from < to) write_rows({from - strands, to - from});
  }

  /// Tombstones of one unit under keys, each with one of `origins` of the own client, in order.
  void write_rows(clock_range origins) {
    constexpr std::size_t size_max = 16;
    static_assert(1 + 8 + 5 + 1 <= size_max);
    std::array<std::uint8_t, size_max> info{static_cast<std::uint8_t>(content_kind::deleted) |
                                            info_byte::key_bit | info_byte::origin_bit};
    const auto at_clock =
        static_cast<std::size_t>(put_id({client_, 0}, info.data() + 1) - info.data()) - 1;
    constexpr std::size_t rest_max = 5 + 1;  // a clock and a length
    std::uint8_t* at =
        out_.rest().room(std::size_t{origins.length} * (at_clock + rest_max) + size_max);
    for (clock_type clock = origins.clock; clock < origins.end();) {
      // Up to the next multiple of 128 only the first byte of the clock changes.
      const clock_type same = std::min(clock | 127, origins.end() - 1) - clock + 1;
      std::array<std::uint8_t, size_max> bytes = info, step{};
      std::uint8_t* end = put_number(clock, bytes.data() + at_clock);
      *end++ = 1;
      const auto size = static_cast<std::size_t>(end - bytes.data());
      step[at_clock] = 1;
      std::array<std::uint64_t, 2> words, steps;
      std::memcpy(words.data(), bytes.data(), size_max);
      std::memcpy(steps.data(), step.data(), size_max);
      for (clock_type i = 0; i < same; ++i, at += size) {
        std::memcpy(at, words.data(), size_max);
        words[0] += steps[0];
        words[1] += steps[1];
      }
      clock += same;
    }
    out_.rest().end_at(at);
  }

  /// A client id as it is encoded.
  struct known_client {
    client_index index = no_client;
    std::uint32_t size = 0;
    std::uint64_t bytes = 0;
  };

  /// Writes a whole text, tombstone or value beside a neighbour, or the first tombstone of a
  /// strand, as write_struct() would: most structs are. False, and nothing is written, if it is
  /// another.
  bool write_quickly(const item& of) {
    constexpr std::size_t size_max = 64;  // of all but the content
    const bool has_origin = !of.origin.is_none();
    const bool has_right_origin = !of.right_origin.is_none();
    const content_kind kind = of.kind();
    const bool is_common =
        kind == content_kind::deleted || kind == content_kind::string || kind == content_kind::any;
    if (!is_common || (!has_origin && !has_right_origin)) return false;
    const bool has_key = state_.chain_at(of.chain).key != no_string;
    const byte_view content = state_.content_of(of);
    std::uint8_t* at = out_.rest().room(size_max + content.size());
    *at++ = static_cast<std::uint8_t>(static_cast<std::uint8_t>(kind) |
                                      (has_key ? info_byte::key_bit : 0) |
                                      (has_right_origin ? info_byte::right_origin_bit : 0) |
                                      (has_origin ? info_byte::origin_bit : 0));
    if (has_origin) at = put_id(of.origin, at);
    if (has_right_origin) at = put_id(of.right_origin, at);
    const std::size_t length = of.is_strand() ? 1 : of.length;
    at = put_number(kind == content_kind::string ? content.size() : length, at);
    if (!content.empty()) std::memcpy(at, content.data(), content.size());
    out_.rest().end_at(at + content.size());
    return true;
  }

  std::uint8_t* put_id(unit_id id, std::uint8_t* at) {
    known_client& known = id.client == client_ ? own_ : other_;
    if (known.index != id.client) {
      std::uint8_t encoded[16] = {};
      const std::uint8_t* const end = put_number(state_.clients().id(id.client), encoded);
      known.index = id.client;
      known.size = static_cast<std::uint32_t>(end - encoded);
      std::memcpy(&known.bytes, encoded, sizeof known.bytes);
    }
    std::memcpy(at, &known.bytes, sizeof known.bytes);
    return put_number(id.clock, at + known.size);
  }

  static std::uint8_t* put_number(std::uint64_t number, std::uint8_t* at) noexcept {
    for (; number >= 0x80; number >>= 7) *at++ = static_cast<std::uint8_t>(number | 0x80);
    *at++ = static_cast<std::uint8_t>(number);
    return at;
  }

  const struct_store& state_;
  client_index client_;
  Writer& out_;
  known_client own_, other_;
  byte_buffer scratch_;
};

template <class Writer>
void write_delete_ranges(client_id client, const range_set& ranges, Writer& out) {
  out.begin_delete_client();
  out.rest().write_var_uint(client);
  out.rest().write_var_uint(ranges.size());
  ranges.for_each([&](clock_range range) { out.write_delete_range(range); });
}

}  // namespace troupe::crdt
