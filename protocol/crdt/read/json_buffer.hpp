// Appends JSON to a string in many small parts: keys, short strings, numbers. A part is written in
// place, with one look at the room that is left. Lives on the stack of one export; the string has
// its final size when it ends.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "protocol/json/text.hpp"
#include "protocol/json/write.hpp"

namespace troupe::crdt {

class json_buffer {
 public:
  explicit json_buffer(std::string& out) : out_(out), size_(out.size()) {}
  json_buffer(const json_buffer&) = delete;
  json_buffer& operator=(const json_buffer&) = delete;
  ~json_buffer() { out_.resize(size_); }

  void push_back(char c) {
    *room(1) = c;
    ++size_;
  }

  void append(std::string_view text) {
    copy(text, room(text.size()));
    size_ += text.size();
  }

  /// A string with its quotes, and `behind` after it.
  void append_string(std::string_view text, std::string_view behind = {}) {
    if (!json::is_plain_ascii(text)) {
      append_with([&](std::string& out) { json::append_string(text, out); });
      return append(behind);
    }
    const std::size_t size = text.size() + 2 + behind.size();
    char* const at = room(size);
    at[0] = '"';
    copy(text, at + 1);
    at[text.size() + 1] = '"';
    copy(behind, at + text.size() + 2);
    size_ += size;
  }

  /// The same for one character.
  void append_character(std::string_view one) {
    if (one.size() != 1 || !json::is_plain_ascii(one[0])) return append_string(one);
    char* const at = room(3);
    at[0] = at[2] = '"';
    at[1] = one[0];
    size_ += 3;
  }

  void append_integer(std::uint64_t magnitude, bool is_negative) {
    char* const at = room(json::number_size_max);
    *at = '-';
    char* const digits = at + (is_negative && magnitude != 0 ? 1 : 0);
    size_ += static_cast<std::size_t>(
        std::to_chars(digits, digits + json::number_size_max - 1, magnitude).ptr - at);
  }

  void append_number(double value) {
    char* const at = room(json::number_size_max);
    size_ += static_cast<std::size_t>(json::write_number(value, at) - at);
  }

  /// What append(std::string&) appends to the string that it gets.
  template <class Append>
  void append_with(Append append_to) {
    scratch_.clear();
    append_to(scratch_);
    append(scratch_);
  }

 private:
  /// Where `size` bytes may be written.
  char* room(std::size_t size) {
    if (out_.size() - size_ < size) grow(size);
    return out_.data() + size_;
  }

  /// Not in line, so that what calls it is.
  [[gnu::noinline]] void grow(std::size_t size) {
    constexpr std::size_t first = 256;
    out_.resize(std::max({first, size_ + size, size_ + size_ / 2}));
  }

  /// Texts are short, and the compiler would call a function for each.
  static void copy(std::string_view text, char* to) noexcept {
    const char* const from = text.data();
    const std::size_t size = text.size();
    if (size > 16) {
      std::memcpy(to, from, size);
    } else if (size >= 8) {
      std::memcpy(to, from, 8);
      std::memcpy(to + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
      std::memcpy(to, from, 4);
      std::memcpy(to + size - 4, from + size - 4, 4);
    } else if (size > 0) {
      to[0] = from[0];
      to[size / 2] = from[size / 2];
      to[size - 1] = from[size - 1];
    }
  }

  std::string& out_;  // with room behind `size_`
  std::size_t size_;
  std::string scratch_;
};

}  // namespace troupe::crdt
