// Ids as they are encoded in format v1. Structs in a row mostly refer to the same clients, and the
// fields of an object to the same owner: whether one of them comes again is a comparison of bytes,
// without reading a number. Pure.
#pragma once

#include <cstring>

#include "protocol/crdt/wire/struct_view.hpp"
#include "protocol/lib0/quick_reader.hpp"

namespace troupe::crdt {

/// A client, by its id.
struct familiar_client {
  familiar_client() = default;
  /// Requires: 1 <= id_size <= 8.
  familiar_client(const std::uint8_t* at, std::size_t id_size, client_index of) noexcept
      : mask(~std::uint64_t{0} >> (64 - 8 * id_size)), size(id_size), index(of) {
    bytes = 0;
    std::memcpy(&bytes, at, id_size);
  }

  std::uint64_t bytes = ~std::uint64_t{0};  // in the bits of `mask`; nothing yet
  std::uint64_t mask = 0;
  std::size_t size = 0;
  client_index index = no_client;
};

/// A parent that is no root: the byte that says so, and the id of the item that holds it.
class familiar_owner {
 public:
  static constexpr std::size_t size_max = 2 * sizeof(std::uint64_t);

  familiar_owner() = default;
  /// Requires: size_max bytes can be read at `at`, of which 1 <= encoded_size <= size_max are the
  /// parent's.
  familiar_owner(const std::uint8_t* at, std::size_t encoded_size, unit_id of) noexcept
      : ahead_mask_(mask_of(encoded_size < 8 ? encoded_size : 8)),
        behind_mask_(encoded_size > 8 ? mask_of(encoded_size - 8) : 0),
        ahead_(word_at(at) & ahead_mask_),
        behind_(word_at(at + sizeof(std::uint64_t)) & behind_mask_),
        size_(encoded_size),
        id_(of) {}

  /// Whether it comes next. Requires: size_max bytes can be read.
  bool is_next(const lib0::quick_reader& in) const noexcept {
    return (((word_at(in.at()) & ahead_mask_) ^ ahead_) |
            ((word_at(in.at() + sizeof(std::uint64_t)) & behind_mask_) ^ behind_)) == 0;
  }

  std::size_t size() const noexcept { return size_; }
  unit_id id() const noexcept { return id_; }

 private:
  static std::uint64_t word_at(const std::uint8_t* at) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
  }
  static constexpr std::uint64_t mask_of(std::size_t size) noexcept {
    return ~std::uint64_t{0} >> (64 - 8 * size);
  }

  std::uint64_t ahead_mask_ = 0;
  std::uint64_t behind_mask_ = 0;
  std::uint64_t ahead_ = ~std::uint64_t{0};  // in the bits of the mask; nothing yet
  std::uint64_t behind_ = 0;
  std::size_t size_ = 0;
  unit_id id_;
};

}  // namespace troupe::crdt
