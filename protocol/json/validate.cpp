#include "protocol/json/validate.hpp"

#include <algorithm>
#include <bitset>

#include "protocol/json/text.hpp"

namespace troupe::json {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_hex_digit(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Walks over the text once; one bit per open container says whether it is an object.
class json_scanner {
 public:
  json_scanner(std::string_view text, std::size_t depth_max) noexcept
      : rest_(text), depth_max_(std::min(depth_max, depth_limit)) {}

  bool is_one_value() noexcept {
    do {
      if (!begin_value()) return false;
    } while (!finish_value());
    return !failed_ && rest_.empty();
  }

  /// How many bytes are left from where is_one_value() stopped.
  std::size_t left() const noexcept { return rest_.size(); }
  bool is_too_deep() const noexcept { return is_too_deep_; }

 private:
  void skip_space() noexcept {
    while (!rest_.empty() &&
           (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\r' || rest_[0] == '\t'))
      rest_.remove_prefix(1);
  }

  bool take(char expected) noexcept {
    if (rest_.empty() || rest_[0] != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool take_word(std::string_view word) noexcept {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  /// Steps into containers until it has read a scalar or an empty container.
  bool begin_value() noexcept {
    for (;;) {
      skip_space();
      if (rest_.empty()) return false;
      if (rest_[0] == '[' || rest_[0] == '{') {
        if (depth_ == depth_max_) {
          is_too_deep_ = true;
          return false;
        }
        const bool is_object = rest_[0] == '{';
        rest_.remove_prefix(1);
        skip_space();
        if (take(is_object ? '}' : ']')) return true;
        is_object_[depth_++] = is_object;
        if (is_object && !take_key()) return false;
        continue;
      }
      return take_scalar();
    }
  }

  /// After a value: closes what ends here. Returns true when the outermost value is complete or the
  /// text is wrong (failed_); false if another value follows.
  bool finish_value() noexcept {
    for (;;) {
      skip_space();
      if (depth_ == 0) return true;
      const bool is_object = is_object_[depth_ - 1];
      if (take(',')) {
        skip_space();
        failed_ = is_object && !take_key();
        return failed_;
      }
      if (!take(is_object ? '}' : ']')) return failed_ = true;
      --depth_;
    }
  }

  bool take_key() noexcept {
    skip_space();
    if (!take_string()) return false;
    skip_space();
    return take(':');
  }

  bool take_scalar() noexcept {
    switch (rest_[0]) {
      case '"': return take_string();
      case 't': return take_word("true");
      case 'f': return take_word("false");
      case 'n': return take_word("null");
      default: return take_number();
    }
  }

  bool take_string() noexcept {
    if (!take('"')) return false;
    for (;;) {
      rest_.remove_prefix(plain_prefix(rest_));
      if (take('"')) return true;
      if (!take('\\') || !take_escape()) return false;
    }
  }

  bool take_escape() noexcept {
    if (rest_.empty()) return false;
    if (!take('u')) {
      if (std::string_view{"\"\\/bfnrt"}.find(rest_[0]) == std::string_view::npos) return false;
      rest_.remove_prefix(1);
      return true;
    }
    for (int i = 0; i < 4; ++i) {
      if (rest_.empty() || !is_hex_digit(rest_[0])) return false;
      rest_.remove_prefix(1);
    }
    return true;
  }

  bool take_digits() noexcept {
    const std::size_t before = rest_.size();
    while (!rest_.empty() && is_digit(rest_[0])) rest_.remove_prefix(1);
    return rest_.size() < before;
  }

  bool take_number() noexcept {
    take('-');
    if (!take('0') && !take_digits()) return false;
    if (take('.') && !take_digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return take_digits();
    }
    return true;
  }

  std::string_view rest_;
  std::size_t depth_max_;
  std::size_t depth_ = 0;
  std::bitset<depth_limit> is_object_;
  bool failed_ = false;
  bool is_too_deep_ = false;
};

}  // namespace

bool is_valid_json(std::string_view text, std::size_t depth_max) noexcept {
  return json_scanner{text, depth_max}.is_one_value();
}

result<void> check_json(std::string_view text, std::size_t depth_max) {
  json_scanner scanner{text, depth_max};
  if (scanner.is_one_value()) return {};
  return fail(scanner.is_too_deep() ? errc::too_deep : errc::invalid_json, {},
              text.size() - scanner.left());
}

}  // namespace troupe::json
