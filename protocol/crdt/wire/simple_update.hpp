// The fast path of decoding: the updates that an editor sends for nearly every keystroke, one text
// with an origin or one deleted range, of one client. Any other update, and any invalid one, is
// `other`; the caller then calls decode_update(), which also names the error. Lives on the stack
// for one update and does not touch the document. Format: update v1, see decoded_update.cpp.
#pragma once

#include <array>
#include <cstring>

#include "protocol/crdt/wire/client_lookup.hpp"
#include "protocol/crdt/wire/struct_view.hpp"

namespace troupe::crdt {

class simple_update {
 public:
  enum class kind : std::uint8_t { other, text, deletion };

  /// Reads `update`; one that names a client outside of `known` is `other`. text() points into this
  /// object.
  kind read(byte_view update, const client_lookup& known) noexcept;

  client_index client() const noexcept { return client_; }
  /// Kind text: a struct with an origin; never empty. Its clients are the indices of `known`.
  const struct_view& text() const noexcept { return text_; }
  /// Kind deletion: never empty.
  clock_range deleted() const noexcept { return deleted_; }

 private:
  static constexpr std::size_t size_max = 64;
  static constexpr std::size_t looked_at_beyond = 32;  // by what reads without looking for the end

  kind read_text(std::size_t size, const client_lookup& known) noexcept;
  kind read_deletion(std::size_t size, const client_lookup& known) noexcept;

  std::array<std::uint8_t, size_max + looked_at_beyond> bytes_;  // a copy of the update, and zeros
  struct_view text_;
  clock_range deleted_;
  client_index client_ = no_client;
};

}  // namespace troupe::crdt
