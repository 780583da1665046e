// Names and keys of a document, each stored once and known by a handle. Texts lie in chunks and
// never move, so that views of them stay valid as long as the table. Handles are found by open
// addressing.
//
// Objects of one shape have the same keys in the same order, so each text remembers which one was
// asked for after it: mostly a comparison finds the next one, without a hash.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "protocol/crdt/store/item.hpp"

namespace troupe::crdt {

class string_table {
 public:
  string_table() = default;
  string_table(const string_table& other) {
    for (const entry& each : other.entries_) intern(each.text());
  }
  string_table(string_table&&) noexcept = default;
  string_table& operator=(string_table&&) noexcept = default;

  std::size_t size() const noexcept { return entries_.size(); }

  /// The handle of `text`, or no_string.
  string_handle find(std::string_view text) const noexcept {
    return slots_.empty() ? no_string : slots_[slot_of(text)];
  }

  string_handle intern(std::string_view text) {
    return intern(text, last_ < entries_.size() ? entries_[last_].next : no_string);
  }

  /// The same, quicker if it is `likely`.
  string_handle intern(std::string_view text, string_handle likely) {
    if (likely < entries_.size() && is_same(entries_[likely].text(), text)) return last_ = likely;
    const string_handle found = find_or_add(text);
    if (last_ < entries_.size()) entries_[last_].next = found;
    return last_ = found;
  }

  /// Bytes of the texts and of what finds them, about.
  std::size_t memory() const noexcept {
    return text_size_ + entries_.size() * (sizeof(entry) + 2 * sizeof(string_handle));
  }

  std::string_view operator[](string_handle handle) const noexcept {
    return entries_[handle].text();
  }

 private:
  static constexpr std::size_t first_chunk = 128;
  static constexpr std::size_t chunk_max = std::size_t{16} << 10;

  struct entry {
    std::string_view text() const noexcept { return {start, size}; }

    const char* start = nullptr;
    std::uint32_t size = 0;
    string_handle next = no_string;  // the one that was asked for after it
  };

  /// Keys are short, and the compiler would call a function.
  static bool is_same(std::string_view a, std::string_view b) noexcept {
    const auto word_at = [](const char* at, auto as) {
      std::memcpy(&as, at, sizeof as);
      return as;
    };
    const std::size_t size = a.size();
    if (size != b.size()) return false;
    const char* const x = a.data();
    const char* const y = b.data();
    if (size > 16) return a == b;
    if (size >= 8)
      return word_at(x, std::uint64_t{}) == word_at(y, std::uint64_t{}) &&
             word_at(x + size - 8, std::uint64_t{}) == word_at(y + size - 8, std::uint64_t{});
    if (size >= 4)
      return word_at(x, std::uint32_t{}) == word_at(y, std::uint32_t{}) &&
             word_at(x + size - 4, std::uint32_t{}) == word_at(y + size - 4, std::uint32_t{});
    return size == 0 || (x[0] == y[0] && x[size / 2] == y[size / 2] && x[size - 1] == y[size - 1]);
  }

  static std::size_t hash_of(std::string_view text) noexcept {
    constexpr std::size_t few = 8;
    if (text.size() > few) return std::hash<std::string_view>{}(text);
    std::uint64_t bytes = text.size();
    for (const char c : text) bytes = bytes << 7 ^ bytes >> 57 ^ static_cast<unsigned char>(c);
    bytes *= 0x9e37'79b9'7f4a'7c15u;
    return static_cast<std::size_t>(bytes ^ bytes >> 32);
  }

  /// Where the text is, or the free slot where it belongs. Requires: there are slots.
  std::size_t slot_of(std::string_view text) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash_of(text) & mask;
    while (slots_[slot] != no_string && entries_[slots_[slot]].text() != text)
      slot = (slot + 1) & mask;
    return slot;
  }

  string_handle find_or_add(std::string_view text) {
    if (entries_.size() * 3 >= slots_.size() * 2) grow();
    const std::size_t slot = slot_of(text);
    if (slots_[slot] != no_string) return slots_[slot];
    const auto handle = static_cast<string_handle>(entries_.size());
    entries_.push_back({keep(text), static_cast<std::uint32_t>(text.size()), no_string});
    return slots_[slot] = handle;
  }

  void grow() {
    constexpr std::size_t first_slots = 8;
    slots_.assign(std::max(first_slots, slots_.size() * 2), no_string);
    for (string_handle each = 0; each < entries_.size(); ++each)
      slots_[slot_of(entries_[each].text())] = each;
  }

  const char* keep(std::string_view text) {
    if (text.size() > left_) {
      left_ = std::max(text.size(), std::clamp(text_size_, first_chunk, chunk_max));
      free_ = chunks_.emplace_back(std::make_unique_for_overwrite<char[]>(left_)).get();
    }
    char* const start = free_;
    if (!text.empty()) std::memcpy(start, text.data(), text.size());
    free_ += text.size();
    left_ -= text.size();
    text_size_ += text.size();
    return start;
  }

  std::vector<entry> entries_;
  std::vector<string_handle> slots_;  // a power of two, or empty
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* free_ = nullptr;  // in the newest chunk
  std::size_t left_ = 0;
  std::size_t text_size_ = 0;
  string_handle last_ = no_string;
};

}  // namespace troupe::crdt
