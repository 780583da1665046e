// Names and keys of a document, each stored once and known by a handle.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>

#include "protocol/crdt/store/item.hpp"

namespace troupe::crdt {

class string_table {
 public:
  string_table() = default;
  string_table(const string_table& other) {
    for (const std::string& text : other.texts_) intern(text);
  }
  string_table(string_table&&) noexcept = default;
  string_table& operator=(string_table&&) noexcept = default;

  /// The handle of `text`, or no_string.
  string_handle find(std::string_view text) const {
    const auto found = handles_.find(text);
    return found == handles_.end() ? no_string : found->second;
  }

  string_handle intern(std::string_view text) {
    const auto found = handles_.find(text);
    if (found != handles_.end()) return found->second;
    const auto handle = static_cast<string_handle>(texts_.size());
    const std::string& stored = texts_.emplace_back(text);  // a deque: views of it stay valid
    handles_.emplace(stored, handle);
    memory_ += text.size() + sizeof_entry;
    return handle;
  }

  /// Bytes of the texts and of what finds them, about.
  std::size_t memory() const noexcept { return memory_; }

  std::string_view operator[](string_handle handle) const noexcept { return texts_[handle]; }

 private:
  static constexpr std::size_t sizeof_entry = sizeof(std::string) + 64;

  std::size_t memory_ = 0;
  std::deque<std::string> texts_;
  std::unordered_map<std::string_view, string_handle> handles_;
};

}  // namespace troupe::crdt
