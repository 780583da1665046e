#include "actors/admin_log.hpp"

#include "actors/admin_json.hpp"
#include "actors/admin_pages.hpp"

namespace troupe::admin {

namespace {

using nlohmann::json;

tl::expected<log_severity, http_answer> read_level(const json& from, const std::string& of) {
  const auto level =
      from.is_string() ? find_severity(from.get_ref<const std::string&>()) : std::nullopt;
  if (!level) return refuse(of + " must be error, warning, info or debug");
  return *level;
}

tl::expected<log_choice, http_answer> read_exceptions(const json& levels) {
  if (!levels.is_object()) return refuse("levels must be an object");
  log_choice choice;
  for (const auto& [name, value] : levels.items()) {
    const auto which = find_component(name);
    if (!which)
      return refuse(std::string{"there is no component '"}.append(name).append(
          "'; GET /api/v1/log lists them"));
    TROUPE_ASSIGN(choice.exceptions[static_cast<std::size_t>(*which)],
                  read_level(value, std::string{"the level of "}.append(name)));
  }
  return choice;
}

}  // namespace

tl::expected<log_change, http_answer> read_log_change(const http_request& request) {
  const auto object = read_object(request.body);
  if (!object) return refuse(object.error());
  const auto level = object->find("level");
  const auto levels = object->find("levels");
  if (level == object->end() && levels == object->end())
    return refuse("there is neither level nor levels");
  log_change change;
  if (level != object->end()) {
    TROUPE_ASSIGN(change.level, read_level(*level, "level"));
  }
  if (levels != object->end()) {
    TROUPE_ASSIGN(change.with, read_exceptions(*levels));
  }
  return change;
}

http_answer show_log(const log_choice& now) {
  json levels = json::object();
  for (std::size_t i = 0; i < log_component_count; ++i) {
    const auto which = static_cast<log_component>(i);
    levels[std::string{to_string(which)}] = to_string(now.of(which));
  }
  return answer_json(200, {{"level", to_string(now.level)}, {"levels", std::move(levels)}});
}

std::string describe(const log_choice& what) {
  std::string text{"level "};
  text.append(to_string(what.level));
  for (std::size_t i = 0; i < log_component_count; ++i)
    if (const auto& other = what.exceptions[i])
      text.append(", ")
          .append(to_string(static_cast<log_component>(i)))
          .append("=")
          .append(to_string(*other));
  return text;
}

}  // namespace troupe::admin
