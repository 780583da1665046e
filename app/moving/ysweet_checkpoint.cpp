#include "app/moving/ysweet_checkpoint.hpp"

#include <algorithm>
#include <optional>

namespace troupe::moving {

namespace {

constexpr std::size_t id_size = 4;

/// Numbers and byte strings as bincode writes them.
class bincode_reader {
 public:
  explicit bincode_reader(byte_view input) : input_(input) {}

  result<std::uint64_t> number() {
    if (input_.size() - at_ < 8) return fail(errc::truncated, "number", at_);
    std::uint64_t value = 0;
    for (int i = 7; i >= 0; --i) value = value << 8 | input_[at_ + static_cast<std::size_t>(i)];
    at_ += 8;
    return value;
  }

  result<byte_view> bytes() {
    TROUPE_ASSIGN(const std::uint64_t size, number());
    if (size > input_.size() - at_) return fail(errc::truncated, "bytes", at_);
    const byte_view found = input_.subspan(at_, static_cast<std::size_t>(size));
    at_ += found.size();
    return found;
  }

  std::size_t offset() const noexcept { return at_; }
  bool at_end() const noexcept { return at_ == input_.size(); }

 private:
  byte_view input_;
  std::size_t at_ = 0;
};

class checkpoint_reader {
 public:
  result<void> take(byte_view key, byte_view value, std::size_t offset) {
    if (key.size() < 3 || key[0] != 0 || key[1] > 1) return unknown(offset);
    if (key[1] == 0) return {};  // the name of the document, always "doc"
    if (key.size() < 2 + id_size + 1) return unknown(offset);
    const byte_view id = key.subspan(2, id_size);
    if (!id_.empty() && !std::ranges::equal(id, id_))
      return fail(errc::unknown_content, "more than one document", offset);
    id_ = id;
    const byte_view rest = key.subspan(2 + id_size);
    switch (rest[0]) {
      case 0: found_.updates.push_back(value); return {};
      case 1: found_.state_vector = value; return {};
      case 2: found_.updates.push_back(value); return {};
      case 3: return {};
      default: return unknown(offset);
    }
  }

  ysweet_checkpoint found() && { return std::move(found_); }

 private:
  static tl::unexpected<failure> unknown(std::size_t offset) {
    return fail(errc::unknown_content, "a key is not of y-sweet", offset);
  }

  byte_view id_;
  ysweet_checkpoint found_;
};

}  // namespace

result<ysweet_checkpoint> decode_ysweet_checkpoint(byte_view file) {
  bincode_reader from{file};
  TROUPE_ASSIGN(const std::uint64_t count, from.number());
  if (count > ysweet_entries_max) return fail(errc::update_too_large, "entries");
  checkpoint_reader reader;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t offset = from.offset();
    TROUPE_ASSIGN(const byte_view key, from.bytes());
    TROUPE_ASSIGN(const byte_view value, from.bytes());
    TROUPE_TRY(reader.take(key, value, offset));
  }
  if (!from.at_end()) return fail(errc::trailing_bytes, "checkpoint", from.offset());
  return std::move(reader).found();
}

}  // namespace troupe::moving
