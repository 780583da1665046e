#include "protocol/json/tree.hpp"

#include <algorithm>
#include <charconv>

#include "base/check.hpp"
#include "base/trim.hpp"
#include "base/utf8.hpp"
#include "protocol/json/interchange.hpp"
#include "protocol/json/text.hpp"
#include "protocol/json/validate.hpp"
#include "protocol/json/write.hpp"

namespace troupe::json {

/// Walks once over a text that was checked, and makes a record of each value. Recursion goes as
/// deep as the limit of the check.
class tree_reader {
 public:
  tree_reader(tree& made, std::size_t values_max) noexcept
      : made_(made), text_(made.text_), values_max_(values_max) {}

  result<void> read() { return read_value({}); }

 private:
  using record = tree::record;

  static bool ends_word(char c) noexcept {
    return c == ',' || c == ']' || c == '}' || is_json_blank(c);
  }

  void skip_blanks() noexcept {
    while (at_ < text_.size() && is_json_blank(text_[at_])) ++at_;
  }

  result<void> read_value(record named) {
    skip_blanks();
    if (made_.records_.size() == values_max_)
      return fail(errc::update_too_large, "too many values", at_);
    const auto index = made_.records_.size();
    named.at = static_cast<std::uint32_t>(at_);
    switch (text_[at_]) {
      case '"': named.kind = tree_kind::text; break;
      case '[': named.kind = tree_kind::array; break;
      case '{': named.kind = tree_kind::object; break;
      case 't':
      case 'f': named.kind = tree_kind::boolean; break;
      case 'n': named.kind = tree_kind::null; break;
      default: named.kind = tree_kind::number; break;
    }
    made_.records_.push_back(named);
    if (named.kind == tree_kind::text) {
      const piece found = read_text();
      record& made = made_.records_[index];
      made.at = found.at;
      made.size = found.size;
      made.is_unescaped = found.is_unescaped;
    } else if (named.kind == tree_kind::array || named.kind == tree_kind::object) {
      TROUPE_TRY(read_container(index));
      made_.records_[index].size = static_cast<std::uint32_t>(at_) - named.at;
    } else {
      while (at_ < text_.size() && !ends_word(text_[at_])) ++at_;
      made_.records_[index].size = static_cast<std::uint32_t>(at_) - named.at;
    }
    made_.records_[index].end = static_cast<std::uint32_t>(made_.records_.size());
    return {};
  }

  result<void> read_container(std::size_t index) {
    const bool is_object = text_[at_] == '{';
    const char closing = is_object ? '}' : ']';
    ++at_;
    for (skip_blanks(); text_[at_] != closing; skip_blanks()) {
      if (text_[at_] == ',') ++at_;
      record member;
      if (is_object) {
        skip_blanks();
        const piece name = read_text();
        member.name = name.at;
        member.name_size = name.size;
        member.is_name_unescaped = name.is_unescaped;
        skip_blanks();
        ++at_;  // the colon
      }
      TROUPE_TRY(read_value(member));
    }
    ++at_;
    return is_object ? check_names(index) : result<void>{};
  }

  struct piece {
    std::uint32_t at, size;
    bool is_unescaped;
  };

  /// The string at this place, without its quotes.
  piece read_text() {
    const std::size_t begin = at_++;
    bool has_escapes = false;
    for (at_ += plain_prefix(text_.substr(at_)); text_[at_] != '"';
         at_ += plain_prefix(text_.substr(at_))) {
      has_escapes = true;
      at_ += 2;  // a backslash and what it escapes; the digits of \u are plain
    }
    ++at_;
    if (!has_escapes)
      return {static_cast<std::uint32_t>(begin + 1), static_cast<std::uint32_t>(at_ - begin - 2),
              false};
    const auto value = string_of(text_.substr(begin, at_ - begin), scratch_);
    TROUPE_CHECK(value.has_value());  // check_interchange has accepted the text
    const auto place = static_cast<std::uint32_t>(made_.unescaped_.size());
    made_.unescaped_.append(*value);
    return {place, static_cast<std::uint32_t>(value->size()), true};
  }

  /// Refuses an object in which two members have one name: parsers disagree about which counts.
  result<void> check_names(std::size_t index) {
    names_.clear();
    for (std::size_t at = index + 1; at < made_.records_.size(); at = made_.records_[at].end) {
      const record& member = made_.records_[at];
      names_.push_back(made_.part(member.name, member.name_size, member.is_name_unescaped));
    }
    std::sort(names_.begin(), names_.end());
    const auto twice = std::adjacent_find(names_.begin(), names_.end());
    if (twice == names_.end()) return {};
    return fail(errc::invalid_json, duplicate_member, made_.records_[index].at);
  }

  tree& made_;
  std::string_view text_;
  std::size_t values_max_;
  std::size_t at_ = 0;
  std::string scratch_;
  std::vector<std::string_view> names_;
};

result<tree> tree::parse(std::string text, const tree_limits& limit) {
  if (text.empty()) return fail(errc::truncated, "an empty text", 0);
  if (text.size() > limit.bytes_max)
    return fail(errc::update_too_large, "more bytes than allowed", limit.bytes_max);
  if (!is_valid_utf8(as_bytes(text))) return fail(errc::invalid_utf8);
  TROUPE_TRY(check_json(text, limit.depth_max));
  TROUPE_TRY(check_interchange(text));
  tree made;
  made.text_ = std::move(text);
  made.records_.reserve(16);
  TROUPE_TRY(tree_reader(made, limit.values_max).read());
  return made;
}

tree::node tree::root() const noexcept { return {this, 0}; }

std::string_view tree::node::text() const noexcept {
  const record& here = self();
  if (here.kind != tree_kind::text) return {};
  return of_->part(here.at, here.size, here.is_unescaped);
}

double tree::node::number() const noexcept {
  const record& here = self();
  double value = 0;
  if (here.kind != tree_kind::number) return value;
  const std::string_view digits = of_->part(here.at, here.size, false);
  // One that is nearer to 0 than any double is left as 0.
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

bool tree::node::is_true() const noexcept {
  const record& here = self();
  return here.kind == tree_kind::boolean && of_->text_[here.at] == 't';
}

std::string tree::node::to_json() const {
  const record& here = self();
  if (here.kind != tree_kind::text) return std::string{of_->part(here.at, here.size, false)};
  std::string made;
  append_string(text(), made);
  return made;
}

std::string_view tree::node::name() const noexcept {
  const record& here = self();
  return of_->part(here.name, here.name_size, here.is_name_unescaped);
}

std::optional<tree::node> tree::node::find(std::string_view name) const noexcept {
  if (!is(tree_kind::object)) return std::nullopt;
  for (const node member : *this)
    if (member.name() == name) return member;
  return std::nullopt;
}

std::size_t tree::node::size() const noexcept {
  std::size_t count = 0;
  for (iterator at = begin(); at != end(); ++at) ++count;
  return count;
}

}  // namespace troupe::json
