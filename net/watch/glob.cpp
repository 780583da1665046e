#include "net/watch/glob.hpp"

#include <algorithm>
#include <utility>

#include "base/bytes.hpp"
#include "base/utf8.hpp"

namespace troupe {
namespace {

/// Stands for a byte that is not UTF-8; above all code points.
constexpr char32_t foreign_byte = 0x110000;

std::size_t sequence_length(unsigned char lead) noexcept {
  if (lead < 0x80) return 1;
  if (lead < 0xE0) return 2;
  return lead < 0xF0 ? 3 : 4;
}

/// Removes the first character and returns it. Requires: `text` is not empty.
char32_t take_character(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = sequence_length(lead);
  if (length == 1 || !is_valid_utf8(as_bytes(text.substr(0, length)))) {
    text.remove_prefix(1);
    return lead < 0x80 ? lead : foreign_byte + lead;
  }
  char32_t character = lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i)
    character = (character << 6) | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  text.remove_prefix(length);
  return character;
}

std::string_view base_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

bool glob::character_class::contains(char32_t character) const noexcept {
  const bool is_in = std::ranges::any_of(
      ranges, [&](const range& each) { return each.first <= character && character <= each.last; });
  return is_in != is_negated && character != U'/';
}

/// Turns a pattern into a program, from left to right, with a stack for the open braces.
class glob_compiler {
 public:
  explicit glob_compiler(std::string_view pattern) : rest_(pattern) {
    made_.text_ = pattern;
    made_.by_base_name_ = true;
  }

  result<glob> run() && {
    if (rest_.empty()) return refuse("is empty");
    if (rest_.size() > glob_size_bytes_max)
      return refuse("is longer than " + std::to_string(glob_size_bytes_max) + " bytes");
    if (rest_.starts_with('/')) {
      made_.by_base_name_ = false;
      rest_.remove_prefix(1);
      if (rest_.empty()) return refuse("is only a '/'");
    }
    while (!rest_.empty()) TROUPE_TRY(take_next());
    if (!open_.empty()) return refuse("has a '{' without its '}'");
    if (at_part_start_ && made_.text_.ends_with('/'))
      return refuse("ends with '/'; write \"" + made_.text_ + "**\" for all that is in it");
    emit(glob::op::accept);
    return std::move(made_);
  }

 private:
  using op = glob::op;

  /// An open brace: its fork, and the jumps to the instruction after its end.
  struct alternatives {
    std::size_t fork;
    std::vector<std::size_t> jumps;
    bool at_part_start;
  };

  static tl::unexpected<failure> refuse(const std::string& why) {
    return fail(errc::invalid_config, why);
  }

  std::size_t emit(op what, std::uint32_t value = 0) {
    made_.program_.push_back({what, value});
    return made_.program_.size() - 1;
  }

  std::size_t here() const noexcept { return made_.program_.size(); }

  result<void> take_next() {
    const char32_t character = take_character(rest_);
    const bool was_at_part_start = std::exchange(at_part_start_, false);
    switch (character) {
      case U'*': take_star(was_at_part_start); return {};
      case U'?': emit(op::not_slash); return {};
      case U'[': return take_class();
      case U'{':
        open_.push_back({emit(op::fork), {}, was_at_part_start});
        at_part_start_ = was_at_part_start;
        return {};
      case U',':
        if (open_.empty()) break;
        end_alternative();
        return {};
      case U'}':
        if (open_.empty()) return refuse("has a '}' without its '{'; write \\} for the character");
        end_alternatives();
        return {};
      case U'\\': return take_escaped();
      case U'/':
        made_.by_base_name_ = false;
        at_part_start_ = true;
        break;
      default: break;
    }
    emit(op::literal, static_cast<std::uint32_t>(character));
    return {};
  }

  void take_star(bool was_at_part_start) {
    bool is_double = false;
    for (; rest_.starts_with('*'); rest_.remove_prefix(1)) is_double = true;
    if (!is_double) {
      emit(op::star);
      return;
    }
    if (!was_at_part_start || !rest_.starts_with('/')) {
      emit(op::star_star);
      return;
    }
    // "**/" is nothing, or something that ends with '/'.
    rest_.remove_prefix(1);
    made_.by_base_name_ = false;
    const std::size_t fork = emit(op::fork);
    emit(op::star_star);
    emit(op::literal, U'/');
    made_.program_[fork].target = here();
    at_part_start_ = true;
  }

  result<void> take_escaped() {
    if (rest_.empty()) return refuse("ends with '\\'");
    const char32_t character = take_character(rest_);
    if (character == U'/') made_.by_base_name_ = false;
    emit(op::literal, static_cast<std::uint32_t>(character));
    return {};
  }

  result<void> take_class() {
    glob::character_class made;
    made.is_negated = rest_.starts_with('!') || rest_.starts_with('^');
    if (made.is_negated) rest_.remove_prefix(1);
    // A ']' in first place is a character of the class, so no class is empty.
    for (bool is_first = true;; is_first = false) {
      if (rest_.empty()) return refuse("has a '[' without its ']'");
      if (!is_first && rest_.front() == ']') break;
      TROUPE_TRY(take_range(made));
    }
    rest_.remove_prefix(1);
    emit(op::set, static_cast<std::uint32_t>(made_.classes_.size()));
    made_.classes_.push_back(std::move(made));
    return {};
  }

  result<void> take_range(glob::character_class& made) {
    TROUPE_ASSIGN(const char32_t first, take_class_character());
    char32_t last = first;
    if (rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']') {
      rest_.remove_prefix(1);
      TROUPE_ASSIGN(last, take_class_character());
    }
    if (last < first) return refuse("has a range whose end stands before its beginning");
    made.ranges.push_back({first, last});
    return {};
  }

  result<char32_t> take_class_character() {
    if (rest_.starts_with('\\')) rest_.remove_prefix(1);
    if (rest_.empty()) return refuse("has a '[' without its ']'");
    const char32_t character = take_character(rest_);
    if (character == U'/') return refuse("has a '/' between '[' and ']', which matches nothing");
    return character;
  }

  /// At a ',': the alternative before it continues after the '}', the next one starts at the fork.
  void end_alternative() {
    alternatives& innermost = open_.back();
    innermost.jumps.push_back(emit(op::jump));
    made_.program_[innermost.fork].target = here();
    innermost.fork = emit(op::fork);
    at_part_start_ = innermost.at_part_start;
  }

  void end_alternatives() {
    // No alternative follows the last one: its fork only continues.
    made_.program_[open_.back().fork].target = open_.back().fork + 1;
    for (const std::size_t jump : open_.back().jumps) made_.program_[jump].target = here();
    open_.pop_back();
  }

  std::string_view rest_;
  glob made_;
  std::vector<alternatives> open_;
  bool at_part_start_ = true;  ///< Whether a "**" here stands for whole parts of the path.
};

/// One run of a program over a text: the set of its states. A state is kept once however many ways
/// lead to it, which bounds the time.
class glob_run {
 public:
  explicit glob_run(const glob& pattern) : pattern_(pattern), seen_in_(pattern.program_.size(), 0) {
    begin_set();
    add(0);
  }

  void feed(std::string_view text) {
    while (!text.empty() && !states_.empty()) step(take_character(text));
  }

  bool is_accepted() const {
    return std::ranges::any_of(
        states_, [&](std::size_t at) { return pattern_.program_[at].what == op::accept; });
  }

  /// Whether any text may follow: a `**` after which only the end is left.
  bool accepts_all_that_follows() {
    const std::vector<std::size_t> reached = states_;
    for (const std::size_t at : reached) {
      if (pattern_.program_[at].what != op::star_star) continue;
      begin_set();
      add(at + 1);
      if (is_accepted()) return true;
    }
    return false;
  }

 private:
  using op = glob::op;

  void begin_set() {
    states_.clear();
    ++set_;
  }

  /// Adds a state and all states that it leads to without a character.
  void add(std::size_t start) {
    waiting_.push_back(start);
    while (!waiting_.empty()) {
      const std::size_t at = waiting_.back();
      waiting_.pop_back();
      if (std::exchange(seen_in_[at], set_) == set_) continue;
      const glob::instruction& next = pattern_.program_[at];
      if (next.what == op::jump || next.what == op::fork) waiting_.push_back(next.target);
      if (next.what == op::fork || next.what == op::star || next.what == op::star_star)
        waiting_.push_back(at + 1);
      if (next.what != op::jump && next.what != op::fork) states_.push_back(at);
    }
  }

  void step(char32_t character) {
    std::swap(states_, before_);
    begin_set();
    for (const std::size_t at : before_) {
      const glob::instruction& here = pattern_.program_[at];
      switch (here.what) {
        case op::literal:
          if (here.value == character) add(at + 1);
          break;
        case op::not_slash:
          if (character != U'/') add(at + 1);
          break;
        case op::set:
          if (pattern_.classes_[here.value].contains(character)) add(at + 1);
          break;
        case op::star:
          if (character != U'/') add(at);
          break;
        case op::star_star: add(at); break;
        default: break;
      }
    }
  }

  const glob& pattern_;
  std::vector<std::size_t> states_, before_, waiting_;
  std::vector<std::size_t> seen_in_;  ///< For each state the number of the last set it is in.
  std::size_t set_ = 0;
};

result<glob> glob::parse(std::string_view pattern) { return glob_compiler{pattern}.run(); }

bool glob::matches(std::string_view path) const {
  glob_run run{*this};
  run.feed(by_base_name_ ? base_name(path) : path);
  return run.is_accepted();
}

bool glob::covers(std::string_view directory) const {
  glob_run run{*this};
  if (!by_base_name_) {
    run.feed(directory);
    run.feed("/");
  }
  return run.accepts_all_that_follows();
}

}  // namespace troupe
