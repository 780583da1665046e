// A text that must not be shown: a password or a token. It is compared without telling by the time
// that takes how much of a guess was right, and whoever reads it has to say so. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

class secret {
 public:
  secret() = default;
  explicit secret(std::string text) : text_(std::move(text)) {}

  /// The time depends on the length of the guess alone. An empty secret equals nothing.
  bool equals(std::string_view guess) const noexcept {
    if (text_.empty()) return false;
    volatile unsigned difference = text_.size() == guess.size() ? 0 : 1;
    for (std::size_t i = 0; i < guess.size(); ++i) {
      const auto ours = static_cast<unsigned char>(text_[i % text_.size()]);
      difference = difference | (ours ^ static_cast<unsigned char>(guess[i]));
    }
    return difference == 0;
  }

  bool empty() const noexcept { return text_.empty(); }
  const std::string& reveal() const noexcept { return text_; }

 private:
  std::string text_;
};

}  // namespace troupe
