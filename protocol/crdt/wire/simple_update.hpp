// The updates that an editor sends for nearly every keystroke, read in one go: a piece of text
// behind something, or one deleted range, of one client. Whatever else an update holds, or if
// anything about it is wrong, it is none of these, and decode_update() is to look at it. Made on
// the stack for one update; nothing here touches a document. Format: update v1, see
// decode_update.cpp.
#pragma once

#include <array>
#include <cstring>

#include "protocol/crdt/wire/client_lookup.hpp"
#include "protocol/crdt/wire/struct_view.hpp"

namespace troupe::crdt {

class simple_update {
 public:
  enum class kind : std::uint8_t { other, text, deletion };

  /// Reads `update`, whose ids must be among those that `known` has. What text() points to is in
  /// here.
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
