#include "protocol/edits/path.hpp"

#include <charconv>

#include "base/utf8.hpp"
#include "protocol/json/text.hpp"

namespace troupe::edits {

namespace {

constexpr std::size_t shown_bytes_max = 200;

/// A whole number without sign or leading zeros.
std::optional<std::uint32_t> number_in(std::string_view digits) {
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) return {};
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return {};
  return number;
}

/// Undoes ~0 and ~1.
result<std::string> unescaped(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      text += token[i];
      continue;
    }
    ++i;
    if (i == token.size() || (token[i] != '0' && token[i] != '1'))
      return fail(errc::invalid_edit, "path has a ~ that is not ~0 or ~1");
    text += token[i] == '0' ? '~' : '/';
  }
  return text;
}

result<void> add_step(path& to, path::step step, bool is_root) {
  if (is_root) {
    to.root = std::move(step.key);
    return {};
  }
  if (to.steps.size() == path_steps_max)
    return fail(errc::invalid_edit,
                "path has more than " + std::to_string(path_steps_max) + " steps");
  to.steps.push_back(std::move(step));
  return {};
}

result<path> read_array(std::string_view array) {
  path read;
  json::element_reader elements{array};
  std::string scratch;
  bool is_root = true;
  for (; const auto element = elements.next(); is_root = false) {
    if (const auto key = json::string_of(*element, scratch)) {
      TROUPE_TRY(add_step(read, {path::step::form::key, std::string{*key}, 0}, is_root));
      continue;
    }
    const auto index = number_in(*element);
    if (!index || is_root)
      return fail(errc::invalid_edit, is_root ? "the first step of path must be the name of a root"
                                              : "a step of path must be a key or an index");
    TROUPE_TRY(add_step(read, {path::step::form::index, {}, *index}, false));
  }
  if (is_root) return fail(errc::invalid_edit, "path is empty");
  return read;
}

void append_token(std::string_view key, std::string& to) {
  to += '/';
  for (const char letter : key) {
    if (letter == '~')
      to += "~0";
    else if (letter == '/')
      to += "~1";
    else
      to += letter;
  }
}

}  // namespace

result<path> read_pointer(std::string_view text) {
  if (!text.starts_with('/'))
    return fail(errc::invalid_edit, "path must begin with / and the name of a root");
  path read;
  for (bool is_root = true; !text.empty(); is_root = false) {
    text.remove_prefix(1);
    const std::string_view token = text.substr(0, text.find('/'));
    text.remove_prefix(token.size());
    TROUPE_ASSIGN(std::string key, unescaped(token));
    const auto index = number_in(key);
    TROUPE_TRY(add_step(read,
                        {index ? path::step::form::either : path::step::form::key, std::move(key),
                         index.value_or(0)},
                        is_root));
  }
  return read;
}

result<path> read_path(std::string_view json) {
  if (json.starts_with('[')) return read_array(json);
  std::string scratch;
  if (const auto text = json::string_of(json, scratch)) return read_pointer(*text);
  return fail(errc::invalid_edit, "path must be a text such as \"/notes/0\", or an array");
}

std::string to_string(const path& of) {
  std::string text;
  append_token(of.root, text);
  for (const path::step& step : of.steps)
    append_token(step.is == path::step::form::index ? std::to_string(step.index) : step.key, text);
  if (text.size() <= shown_bytes_max) return text;
  text.resize(check_utf8_part(as_bytes(std::string_view{text}.substr(0, shown_bytes_max))).valid);
  return text + "...";
}

}  // namespace troupe::edits
