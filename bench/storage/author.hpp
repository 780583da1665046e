// Makes the updates of one author of one document, and the state they come to: valid Yjs bytes
// (v1) whose text one can compress about as well as prose, or not at all. Pure; seeded, so that the
// same arguments make the same bytes.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::bench {

/// `prose` is words of a vocabulary, the frequent ones often; `noise` is characters of 64, of which
/// each is as likely as any other, as in base64 of what is compressed or encrypted.
enum class contents : std::uint8_t { prose, noise };

class author {
 public:
  author(contents of, std::uint32_t seed);

  /// The next update, which appends text; it has between so many bytes, about as many of each size.
  /// Valid until the next call. Requires: 30 <= size_min <= size_max.
  byte_view next(std::size_t size_min, std::size_t size_max);

  /// What a server makes of all updates so far: one item.
  byte_buffer state() const;

  std::size_t written() const noexcept { return text_.size(); }

 private:
  void add_text(std::size_t size);

  contents of_;
  std::minstd_rand random_;
  std::uint64_t client_;
  std::string text_;
  std::string rest_;  // of a word that was too long
  lib0::encoder out_{512};
};

}  // namespace troupe::bench
