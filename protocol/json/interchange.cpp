#include "protocol/json/interchange.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "protocol/json/text.hpp"

namespace troupe::json {

namespace {

constexpr std::size_t unicode_escape_size = 6;  // \uXXXX

/// A part of a text that not every parser reads.
struct misfit {
  std::size_t offset = 0;
  std::size_t size = 0;
  bool is_number = false;  ///< Else half of a surrogate pair.
};

bool starts_number(char c) noexcept { return c == '-' || (c >= '0' && c <= '9'); }

/// Only a double of more than 300 digits, or with an exponent, can be too large.
bool is_beyond_double(std::string_view number) {
  constexpr std::size_t plain_digits_max = 300;
  if (number.size() < plain_digits_max && number.find_first_of("eE") == std::string_view::npos)
    return false;
  return std::isinf(std::strtod(std::string{number}.c_str(), nullptr));
}

/// Walks over a text from one misfit to the next.
class misfit_finder {
 public:
  explicit misfit_finder(std::string_view text) noexcept : text_(text) {}

  std::optional<misfit> next() {
    while (at_ < text_.size())
      if (const auto found = is_in_string_ ? step_in_string() : step()) return found;
    return std::nullopt;
  }

 private:
  std::optional<misfit> step() {
    const char c = text_[at_];
    if (!starts_number(c)) {
      is_in_string_ = c == '"';
      ++at_;
      return std::nullopt;
    }
    const std::size_t begin = at_;
    at_ = std::min(text_.find_first_not_of("+-.eE0123456789", begin), text_.size());
    if (!is_beyond_double(text_.substr(begin, at_ - begin))) return std::nullopt;
    return misfit{begin, at_ - begin, true};
  }

  std::optional<misfit> step_in_string() {
    at_ += plain_prefix(text_.substr(at_));
    if (text_[at_] == '"') {
      is_in_string_ = false;
      ++at_;
      return std::nullopt;
    }
    const auto code = unicode_escape_at(at_);
    if (!code) {
      at_ += 2;
      return std::nullopt;
    }
    const std::size_t begin = at_;
    at_ += unicode_escape_size;
    if (*code < 0xd800 || *code > 0xdfff) return std::nullopt;
    const auto low = *code < 0xdc00 ? unicode_escape_at(at_) : std::nullopt;
    if (!low || *low < 0xdc00 || *low > 0xdfff) return misfit{begin, unicode_escape_size, false};
    at_ += unicode_escape_size;
    return std::nullopt;
  }

  std::optional<std::uint32_t> unicode_escape_at(std::size_t at) const noexcept {
    if (!text_.substr(at).starts_with("\\u")) return std::nullopt;
    std::uint32_t code = 0;
    std::from_chars(text_.data() + at + 2, text_.data() + at + unicode_escape_size, code, 16);
    return code;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool is_in_string_ = false;
};

}  // namespace

result<void> check_interchange(std::string_view text) {
  const auto found = misfit_finder{text}.next();
  if (!found) return {};
  return fail(errc::invalid_json,
              found->is_number ? "a number beyond double" : "half of a surrogate pair",
              found->offset);
}

std::string_view to_interchange(std::string_view text, std::string& scratch) {
  misfit_finder misfits{text};
  auto found = misfits.next();
  if (!found) return text;
  scratch.clear();
  std::size_t copied = 0;
  for (; found; found = misfits.next()) {
    scratch.append(text.substr(copied, found->offset - copied));
    scratch.append(found->is_number ? "null" : "\\ufffd");
    copied = found->offset + found->size;
  }
  scratch.append(text.substr(copied));
  return scratch;
}

}  // namespace troupe::json
