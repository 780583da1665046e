#include "net/watch/watched_directory.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "base/document_name.hpp"
#include "base/utf8.hpp"

namespace troupe {
namespace {

bool matches_any(const std::vector<glob>& patterns, std::string_view path) {
  return std::ranges::any_of(patterns, [&](const glob& each) { return each.matches(path); });
}

std::string with_path(std::string_view text, std::string_view path) {
  std::string name;
  for (auto at = text.find(path_placeholder); at != std::string_view::npos;
       at = text.find(path_placeholder)) {
    name.append(text.substr(0, at)).append(path);
    text.remove_prefix(at + path_placeholder.size());
  }
  return name.append(text);
}

}  // namespace

bool wants_file(const watched_directory& from, std::string_view path) {
  return (from.include.empty() || matches_any(from.include, path)) &&
         !matches_any(from.exclude, path);
}

bool wants_directory(const watched_directory& from, std::string_view path) {
  return std::ranges::none_of(
      from.exclude, [&](const glob& each) { return each.matches(path) || each.covers(path); });
}

result<std::string> document_of_file(const watched_directory& from, std::string_view path) {
  if (!is_valid_utf8(as_bytes(path)))
    return fail(errc::invalid_name, "the path is not valid UTF-8");
  std::string name = with_path(from.document, path);
  TROUPE_TRY(check_document_name(name));
  return name;
}

result<void> check_document_template(std::string_view text) {
  if (text.empty()) return fail(errc::invalid_config, "is empty");
  const std::string example = with_path(text, "x");
  if (const auto brace = example.find_first_of("{}"); brace != std::string::npos)
    return fail(errc::invalid_config, "has a brace that is not of {path}, the only placeholder");
  if (const auto checked = check_document_name(example); !checked)
    return fail(errc::invalid_config, "gives no name for a document: " + checked.error().detail);
  return {};
}

}  // namespace troupe
