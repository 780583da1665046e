// Makes valid Yjs updates (v1) of one author, quickly: insertions into the root `text`, one behind
// the other or at random places, or moves of a thing that he drags about, of which each sets two
// keys of the map `text`. It keeps the order of its own characters and nothing else, so that making
// an update costs far less than anything a server does with it. An author writes in its own block:
// what others write at the same time is before or after it, as if not seen yet. Pure; seeded, so
// that the same arguments make the same updates.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "protocol/crdt/wire/struct_view.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::load {

enum class placement : std::uint8_t { append, scattered, dragged };

/// Clocks that a move takes: one for each coordinate.
inline constexpr unsigned units_of_move = 2;

/// Of the authors in a document. Real ids have 32 bits, which take five bytes on the wire.
inline constexpr crdt::client_id first_author = crdt::client_id{1} << 31;

class update_maker {
 public:
  /// `characters` is how many each insertion has. Requires: at least 1, and units_of_move where
  /// something is dragged.
  update_maker(crdt::client_id author, unsigned characters, placement where,
               std::uint32_t seed = 1);

  /// The next update, with one insertion or `insertions` of them. Valid until the next call.
  byte_view next(unsigned insertions = 1);

  crdt::client_id author() const noexcept { return author_; }
  /// The first clock that is not written yet.
  crdt::clock_type clock() const noexcept { return clock_; }

  /// What a document shows that has all updates of this author and no others. Cost: linear.
  std::string text() const;

 private:
  static constexpr crdt::clock_type nowhere = 0xffff'ffff;

  void write_insertion();
  void write_move();
  void write_place(crdt::clock_type left, crdt::clock_type right);
  void write_id(crdt::clock_type clock);
  static char character_at(crdt::clock_type clock) noexcept {
    return static_cast<char>('a' + clock % 26);
  }

  crdt::client_id author_;
  unsigned characters_;
  placement where_;
  std::minstd_rand random_;
  crdt::clock_type clock_ = 0;
  crdt::clock_type head_ = nowhere;     // scattered only: the first character, and behind each
  std::vector<crdt::clock_type> next_;  // the one that follows it
  std::string content_;
  lib0::encoder out_{64};
};

}  // namespace troupe::load
