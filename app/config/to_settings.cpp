#include "app/config/to_settings.hpp"

#include <utility>

namespace troupe {

namespace {

result<std::vector<glob>> to_globs(const std::vector<std::string>& patterns) {
  std::vector<glob> globs;
  for (const std::string& pattern : patterns) {
    auto made = glob::parse(pattern);
    if (!made) return tl::unexpected(std::move(made).error());
    globs.push_back(*std::move(made));
  }
  return globs;
}

}  // namespace

result<watch_settings> to_watch_settings(const config& settings) {
  watch_settings made;
  made.debounce = settings.watch.debounce;
  for (const config::watched_section& each : settings.watch.directories) {
    auto include = to_globs(each.include);
    if (!include) return tl::unexpected(std::move(include).error());
    auto exclude = to_globs(each.exclude);
    if (!exclude) return tl::unexpected(std::move(exclude).error());
    made.directories.push_back(
        {each.directory, each.document, *std::move(include), *std::move(exclude)});
  }
  return made;
}

}  // namespace troupe
