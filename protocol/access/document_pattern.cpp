#include "protocol/access/document_pattern.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace troupe::access {

/// Turns text into elements, from left to right.
class pattern_reader {
 public:
  enum class notation : bool { name, glob };

  pattern_reader(document_pattern& made, std::string_view text, notation how,
                 document_pattern::placeholders may_have)
      : made_(made), rest_(text), how_(how), may_have_(may_have) {}

  result<void> read() {
    if (rest_.empty()) return refuse("is empty");
    if (rest_.size() > pattern_size_bytes_max)
      return refuse("is longer than " + std::to_string(pattern_size_bytes_max) + " bytes");
    while (!rest_.empty()) {
      const char next = take();
      if (next == '{' && may_have_ == document_pattern::placeholders::yes)
        TROUPE_TRY(take_placeholder());
      else if (how_ == notation::glob || next == '\\')
        TROUPE_TRY(take_special(next));
      else
        add(static_cast<unsigned char>(next));
    }
    return {};
  }

 private:
  using pattern = document_pattern;

  static tl::unexpected<failure> refuse(std::string why) {
    return fail(errc::invalid_config, std::move(why));
  }

  char take() {
    const char next = rest_.front();
    rest_.remove_prefix(1);
    return next;
  }

  void add(std::uint16_t element) { made_.elements_.push_back(element); }

  bool is_at_part_start() const noexcept {
    return made_.elements_.empty() || made_.elements_.back() == '/' ||
           made_.elements_.back() == pattern::folders;
  }

  result<void> take_special(char next) {
    switch (next) {
      case '*': take_star(); return {};
      case '?': add(pattern::one_character); return {};
      case '\\':
        if (rest_.empty()) return refuse("ends with a backslash");
        add(static_cast<unsigned char>(take()));
        return {};
      case '[':
      case ']':
      case '{':
      case '}':
        return refuse(std::string{"has a '"} + next + "' that has no meaning; write \\" + next +
                      " for the character");
      default: add(static_cast<unsigned char>(next)); return {};
    }
  }

  void take_star() {
    bool is_double = false;
    for (; rest_.starts_with('*'); rest_.remove_prefix(1)) is_double = true;
    if (!is_double) return add(pattern::star);
    if (!is_at_part_start() || !rest_.starts_with('/')) return add(pattern::star_star);
    rest_.remove_prefix(1);
    add(pattern::folders);
  }

  result<void> take_placeholder() {
    const std::size_t end = rest_.find('}');
    if (end == std::string_view::npos) return refuse("has a '{' without its '}'");
    if (end == 0) return refuse("has a placeholder that names no claim");
    if (made_.claims_.size() == placeholders_max)
      return refuse("has more than " + std::to_string(placeholders_max) + " placeholders");
    add(static_cast<std::uint16_t>(pattern::placeholder + made_.claims_.size()));
    made_.claims_.emplace_back(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return {};
  }

  document_pattern& made_;
  std::string_view rest_;
  notation how_;
  document_pattern::placeholders may_have_;
};

/// One run of a pattern over a name: the set of the elements that may come next. An element is kept
/// once however many ways lead to it, which bounds the time.
class pattern_run {
 public:
  explicit pattern_run(const std::vector<std::uint16_t>& elements)
      : elements_(elements), seen_in_(elements.size() + 1, 0) {
    begin_set();
    add(0);
  }

  bool matches(std::string_view name) {
    while (!name.empty() && !states_.empty()) step(name);
    return std::ranges::find(states_, elements_.size()) != states_.end();
  }

 private:
  using pattern = document_pattern;

  void begin_set() {
    states_.clear();
    ++set_;
  }

  /// Adds an element, and those behind it that can be reached without a character.
  void add(std::size_t at) {
    for (;; ++at) {
      if (std::exchange(seen_in_[at], set_) == set_) return;
      states_.push_back(at);
      if (at == elements_.size() || elements_[at] < pattern::star ||
          elements_[at] > pattern::folders)
        return;
    }
  }

  /// Removes the first byte of the name. `?` takes a whole character: the bytes behind its first
  /// one belong to no element.
  void step(std::string_view& name) {
    const auto byte = static_cast<unsigned char>(name.front());
    name.remove_prefix(1);
    const bool ends_character =
        name.empty() || (static_cast<unsigned char>(name[0]) & 0xC0) != 0x80;
    std::swap(states_, before_);
    begin_set();
    for (const std::size_t at : before_) {
      if (at == elements_.size()) continue;
      switch (const std::uint16_t element = elements_[at]; element) {
        case pattern::star:
          if (byte != '/') add(at);
          break;
        case pattern::star_star: add(at); break;
        case pattern::folders:
          // Behind a '/' what follows may begin; the element itself stays without going on.
          if (byte == '/')
            add(at);
          else if (std::exchange(seen_in_[at], set_) != set_)
            states_.push_back(at);
          break;
        case pattern::one_character:
          if (byte == '/') break;
          if (ends_character)
            add(at + 1);
          else if (std::exchange(seen_in_[at], set_) != set_)
            states_.push_back(at);
          break;
        default:
          if (element == byte) add(at + 1);
          break;
      }
    }
  }

  const std::vector<std::uint16_t>& elements_;
  std::vector<std::size_t> states_, before_;
  std::vector<std::size_t> seen_in_;  // for each element the number of the last set it is in
  std::size_t set_ = 0;
};

document_pattern document_pattern::exact(std::string_view name) {
  document_pattern made{kind::exact};
  made.text_ = name;
  return made;
}

document_pattern document_pattern::prefix(std::string_view beginning) {
  document_pattern made{kind::prefix};
  made.text_ = beginning;
  return made;
}

result<document_pattern> document_pattern::glob(std::string_view pattern, placeholders may_have) {
  document_pattern made{kind::glob};
  TROUPE_TRY(pattern_reader(made, pattern, pattern_reader::notation::glob, may_have).read());
  return made;
}

result<document_pattern> document_pattern::named(std::string_view name, placeholders may_have) {
  const bool is_prefix = name.ends_with('*') && !name.ends_with("\\*");
  if (name == "*") return prefix("");
  document_pattern made{kind::glob};
  TROUPE_TRY(pattern_reader(made, name.substr(0, name.size() - (is_prefix ? 1 : 0)),
                            pattern_reader::notation::name, may_have)
                 .read());
  if (!made.claims_.empty()) {
    if (is_prefix) made.elements_.push_back(star_star);
    return made;
  }
  std::string text;
  for (const std::uint16_t element : made.elements_) text.push_back(static_cast<char>(element));
  return is_prefix ? prefix(text) : exact(text);
}

bool document_pattern::matches(std::string_view document) const {
  TROUPE_CHECK(claims_.empty());
  switch (kind_) {
    case kind::exact: return document == text_;
    case kind::prefix: return document.starts_with(text_);
    case kind::glob: break;
  }
  return pattern_run{elements_}.matches(document);
}

bool document_pattern::matches(std::string_view document, const claim_values& values) const {
  if (claims_.empty()) return matches(document);
  std::vector<std::vector<std::string>> choices;
  for (const std::string& claim : claims_) {
    choices.push_back(values(claim));
    std::erase_if(choices.back(), [](const std::string& value) {
      return value.empty() || value.find('/') != std::string::npos;
    });
    if (choices.back().empty()) return false;
  }
  // Counts through all combinations, the first placeholder being the quickest wheel.
  std::vector<std::size_t> chosen(choices.size(), 0);
  for (std::size_t tried = 0; tried < combinations_max; ++tried) {
    std::vector<std::uint16_t> elements;
    for (const std::uint16_t element : elements_) {
      if (element < placeholder) {
        elements.push_back(element);
        continue;
      }
      const std::size_t number = element - placeholder;
      for (const char letter : choices[number][chosen[number]])
        elements.push_back(static_cast<unsigned char>(letter));
    }
    if (pattern_run{elements}.matches(document)) return true;
    std::size_t wheel = 0;
    while (wheel < chosen.size() && ++chosen[wheel] == choices[wheel].size()) chosen[wheel++] = 0;
    if (wheel == chosen.size()) return false;
  }
  return false;
}

}  // namespace troupe::access
