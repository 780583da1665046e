#include "actors/log_levels.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr std::array<std::string_view, 4> severity_names{"error", "warning", "info", "debug"};

constexpr std::array<std::string_view, log_component_count> component_names{"caf",
                                                                            "troupe.access",
                                                                            "troupe.admin",
                                                                            "troupe.cluster",
                                                                            "troupe.directory",
                                                                            "troupe.document",
                                                                            "troupe.node",
                                                                            "troupe.session",
                                                                            "troupe.store",
                                                                            "troupe.versions",
                                                                            "troupe.webhooks"};

/// How names of source files begin; the first that fits counts.
struct file_rule {
  std::string_view begin;
  log_component of;
};
constexpr std::array file_rules{
    file_rule{"access", log_component::access},
    file_rule{"authoriser", log_component::access},
    file_rule{"key_source", log_component::access},
    file_rule{"admin", log_component::admin},
    file_rule{"archivist", log_component::admin},
    file_rule{"y_sweet", log_component::admin},
    file_rule{"cluster", log_component::cluster},
    file_rule{"peer_link", log_component::cluster},
    file_rule{"sweeper", log_component::cluster},
    file_rule{"directory", log_component::directory},
    file_rule{"document", log_component::document},
    file_rule{"session", log_component::session},
    file_rule{"shared_connection", log_component::session},
    file_rule{"store", log_component::store},
    file_rule{"upstream", log_component::document},
    file_rule{"version", log_component::versions},
    file_rule{"webhook", log_component::webhooks},
};

template <class Enum, std::size_t N>
std::optional<Enum> find_name(const std::array<std::string_view, N>& names,
                              std::string_view name) noexcept {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

std::string all_of(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view each : names) text.append(text.empty() ? "" : ", ").append(each);
  return text;
}

}  // namespace

std::string_view to_string(log_severity level) noexcept {
  return severity_names[static_cast<std::size_t>(level)];
}

std::optional<log_severity> find_severity(std::string_view name) noexcept {
  return find_name<log_severity>(severity_names, name);
}

std::string_view to_string(log_component which) noexcept {
  return component_names[static_cast<std::size_t>(which)];
}

std::optional<log_component> find_component(std::string_view name) noexcept {
  return find_name<log_component>(component_names, name);
}

log_component component_of_file(std::string_view path) noexcept {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const auto rule = std::ranges::find_if(
      file_rules, [name](const file_rule& each) { return name.starts_with(each.begin); });
  return rule == file_rules.end() ? log_component::node : rule->of;
}

log_severity log_choice::of(log_component which) const noexcept {
  if (const auto& other = exceptions[static_cast<std::size_t>(which)]) return *other;
  const bool is_quieter = which == log_component::caf && level == log_severity::info;
  return is_quieter ? log_severity::warning : level;
}

result<void> add_exception(std::string_view text, log_choice& to) {
  const auto equals = text.find('=');
  const auto which = find_component(text.substr(0, equals));
  if (equals == std::string_view::npos || !which)
    return fail(errc::invalid_config, std::string{"\""}
                                          .append(text)
                                          .append("\" is not COMPONENT=LEVEL; components: ")
                                          .append(all_of(component_names)));
  const auto level = find_severity(text.substr(equals + 1));
  if (!level)
    return fail(errc::invalid_config, std::string{"\""}
                                          .append(text)
                                          .append("\" has no level; allowed: ")
                                          .append(all_of(severity_names)));
  to.exceptions[static_cast<std::size_t>(*which)] = *level;
  return {};
}

void log_levels::choose(const log_choice& what) {
  const std::lock_guard lock{mutex_};
  chosen_ = what;
  log_severity highest = log_severity::error;
  for (std::size_t i = 0; i < log_component_count; ++i) {
    const log_severity level = what.of(static_cast<log_component>(i));
    levels_[i].store(level, std::memory_order_relaxed);
    highest = std::max(highest, level);
  }
  highest_.store(highest, std::memory_order_relaxed);
}

log_choice log_levels::chosen() const {
  const std::lock_guard lock{mutex_};
  return chosen_;
}

log_levels& levels_of_process() {
  static log_levels levels;
  return levels;
}

}  // namespace troupe
