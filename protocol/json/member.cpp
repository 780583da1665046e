#include "protocol/json/member.hpp"

#include <nlohmann/json.hpp>

namespace troupe::json {

namespace {

constexpr std::string_view blanks = " \t\r\n";

/// The text of a valid JSON object, read from the front.
class object_text {
 public:
  explicit object_text(std::string_view text) noexcept : text_(text) {}

  char front() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip(std::size_t count) noexcept { at_ += count; }
  void skip_blanks() noexcept {
    const auto next = text_.find_first_not_of(blanks, at_);
    at_ = next == std::string_view::npos ? text_.size() : next;
  }
  /// The string that begins here, with its quotes.
  std::string_view take_string() noexcept {
    const std::size_t from = at_++;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    ++at_;
    return text_.substr(from, at_ - from);
  }
  /// The value that begins here; a number or word reaches to what ends it.
  std::string_view take_value() noexcept {
    const std::size_t from = at_;
    std::size_t depth = 0;
    do {
      const char c = front();
      if (c == '"') {
        take_string();
        continue;
      }
      if (depth == 0 && at_ > from && (c == ',' || c == '}' || c == ']')) break;
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++at_;
      const bool is_over = depth == 0 && (c == '}' || c == ']');
      if (is_over) break;
    } while (at_ < text_.size() && (depth > 0 || (front() != ',' && front() != '}')));
    return text_.substr(from, at_ - from);
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

bool is_named(std::string_view key, std::string_view name) {
  const std::string_view plain = key.substr(1, key.size() - 2);
  if (plain.find('\\') == std::string_view::npos) return plain == name;
  const auto decoded = nlohmann::json::parse(key, nullptr, false);
  return decoded.is_string() && decoded.get_ref<const std::string&>() == name;
}

}  // namespace

std::string with_member(std::string_view object, std::string_view name, std::string_view value) {
  object_text in{object};
  in.skip_blanks();
  if (in.front() != '{') return std::string{object};
  std::string made{"{"};
  made.reserve(object.size() + name.size() + value.size() + 8);
  in.skip(1);
  for (in.skip_blanks(); in.front() == '"' || in.front() == ','; in.skip_blanks()) {
    if (in.front() == ',') {
      in.skip(1);
      continue;
    }
    const std::string_view key = in.take_string();
    in.skip_blanks();
    in.skip(1);  // the colon
    in.skip_blanks();
    const std::string_view held = in.take_value();
    if (!is_named(key, name)) made.append(key).append(1, ':').append(held).append(1, ',');
  }
  made.append(1, '"').append(name).append("\":").append(value).append(1, '}');
  return made;
}

}  // namespace troupe::json
