// The fast path of decoding for what an application sends per step: a few plain values of one
// client, each behind an item that is there, in a sequence or under a key, and the deletion of what
// they replace. Somebody who drags a shape sets two keys of one map 60 times a second. Any other
// update, and any invalid one, is left to decode_update(), which also names the error. Lives on the
// stack for one update and does not touch the document. Format: update v1, see decoded_update.cpp.
#pragma once

#include <array>
#include <span>

#include "protocol/crdt/wire/client_lookup.hpp"
#include "protocol/crdt/wire/decoded_update.hpp"

namespace troupe::crdt {

class value_update {
 public:
  static constexpr std::size_t values_max = 8;

  /// Whether that is worth a try, by the first bytes.
  static bool may_be(byte_view update) noexcept {
    return update.size() >= size_min && update.size() <= size_max && update[0] == 1 &&
           update[1] >= 1 && update[1] <= values_max;
  }

  /// Reads `update`; false if it is another, or names a client outside of `known`. values() points
  /// into this object.
  bool read(byte_view update, const client_lookup& known) noexcept;

  client_index client() const noexcept { return client_; }
  /// Structs of kind any with an origin, in clock order, one behind the other.
  std::span<const struct_view> values() const noexcept { return {values_.data(), value_count_}; }
  /// Never empty ranges; none mostly where nothing is replaced.
  std::span<const client_range> deleted() const noexcept {
    return {deleted_.data(), deleted_count_};
  }

 private:
  static constexpr std::size_t size_min = 8;
  static constexpr std::size_t size_max = 256;
  static constexpr std::size_t looked_at_beyond = 96;  // by what reads without looking for the end
  static constexpr std::size_t deleted_max = 8;

  bool read_value(class value_reader& in, clock_type& clock) noexcept;
  bool read_deleted(value_reader& in, const std::uint8_t* end) noexcept;

  std::array<std::uint8_t, size_max + looked_at_beyond> bytes_;  // a copy of the update, and zeros
  std::array<struct_view, values_max> values_;
  std::array<client_range, deleted_max> deleted_;
  std::size_t value_count_ = 0;
  std::size_t deleted_count_ = 0;
  client_index client_ = no_client;
};

}  // namespace troupe::crdt
