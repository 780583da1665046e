#include "app/config/caf_options.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include <caf/init_global_meta_objects.hpp>
#include <caf/io/middleman.hpp>
#include <caf/openssl/manager.hpp>
#include <caf/settings.hpp>

#include "app/config/keys.hpp"
#include "app/config/values.hpp"

namespace troupe {

namespace {

/// How many messages an actor handles before others get its worker. CAF's default has no bound, so
/// that one busy actor could keep a worker for ever.
constexpr std::size_t max_throughput = 200;

/// Threads that decode what other nodes send.
constexpr std::size_t cluster_workers = 2;

/// Values that CAF accepts by their type but cannot use.
struct choice_rule {
  std::string_view key;
  std::string_view allowed;  ///< Words separated by ", ".
};
constexpr std::string_view verbosities = "quiet, error, warning, info, debug, trace";
constexpr std::array<choice_rule, 4> choice_rules{{{"caf.scheduler.policy", "sharing, stealing"},
                                                   {"caf.logger.console.verbosity", verbosities},
                                                   {"caf.logger.file.verbosity", verbosities},
                                                   {"caf.middleman.network-backend", "default"}}};
constexpr std::array<std::string_view, 2> positive_keys{"caf.scheduler.max-threads",
                                                        "caf.scheduler.max-throughput"};

std::string to_std(caf::string_view text) { return {text.begin(), text.end()}; }

/// What an option of CAF accepts, from the name of its type.
std::string allowed_by_type(const std::string& type) {
  if (type == "bool") return "true or false";
  if (type == "caf::timespan") return "a duration such as 500ms or 10s";
  if (type == "uint16_t") return "a whole number from 0 to 65535";
  if (type.starts_with("uint")) return "a whole number, 0 or more";
  if (type.starts_with("int")) return "a whole number";
  if (type == "float" || type == "double") return "a number";
  if (type == "list") return "a list such as [\"a\", \"b\"]";
  return type == "std::string" ? "a text" : "a value of type " + type;
}

bool is_word_of(std::string_view text, std::string_view words) {
  while (!words.empty()) {
    const auto comma = words.find(", ");
    if (words.substr(0, comma) == text) return true;
    words.remove_prefix(comma == std::string_view::npos ? words.size() : comma + 2);
  }
  return false;
}

/// The rule that a value of the right type breaks, as "must be ..."; empty if none.
std::string broken_rule(const caf_setting& setting) {
  for (const choice_rule& rule : choice_rules)
    if (rule.key == setting.key && !is_word_of(setting.text, rule.allowed))
      return in_quotes(setting.text) + " is not known; allowed: " + std::string{rule.allowed};
  const bool is_positive = std::ranges::find(positive_keys, setting.key) != positive_keys.end();
  if (is_positive && setting.text.find_first_not_of("+0") == std::string::npos)
    return "must be 1 or more";
  return "";
}

std::string to_yaml_value(const caf::config_value& value) {
  if (const auto* text = caf::get_if<std::string>(&value)) return quote_yaml(*text);
  const auto* list = caf::get_if<caf::config_value::list>(&value);
  if (list == nullptr) return caf::to_string(value);
  std::string yaml;
  for (const caf::config_value& item : *list)
    yaml += (yaml.empty() ? "" : ", ") + to_yaml_value(item);
  return "[" + yaml + "]";
}

void append_values(const caf::settings& section, const std::string& prefix,
                   std::vector<printed_value>& values) {
  for (const auto& [name, value] : section) {
    const std::string key = prefix + "." + name;
    if (const auto* inner = caf::get_if<caf::settings>(&value))
      append_values(*inner, key, values);
    else
      values.push_back({key, to_yaml_value(value)});
  }
}

}  // namespace

caf_config::caf_config(const config& settings) {
  caf::init_global_meta_objects<caf::id_block::io_module>();
  caf::core::init_global_meta_objects();
  config_file_path = "";
  load<caf::io::middleman>();
  const bool has_cluster_tls =
      settings.cluster.enabled && !settings.cluster_tls.certificate.empty();
  if (has_cluster_tls) load<caf::openssl::manager>();
  // CAF reads this key but does not declare it. Without it a restart has to wait for the port.
  opt_group{custom_options_, "caf.middleman.prometheus-http"}.add<bool>(
      "reuse", "bind in spite of old connections");
  set_defaults(settings);
  for (const caf_setting& setting : settings.caf) apply(setting);
  set_exporter_defaults();
  take_colours();
  if (settings.inspect.enabled) set_inspection_defaults();
}

void caf_config::set_defaults(const config& settings) {
  const std::size_t cores = core_count();
  const std::size_t io_threads = io_thread_count(settings, cores);
  // Sharing wakes a worker at once and sleeps when idle; stealing polls.
  caf::put(content, "caf.scheduler.policy", "sharing");
  caf::put(content, "caf.scheduler.max-threads",
           cores > io_threads ? cores - io_threads : std::size_t{1});
  caf::put(content, "caf.scheduler.max-throughput", max_throughput);
  caf::put(content, "caf.middleman.enable-automatic-connections", false);
  set_logger_defaults();
  set_exporter(settings);
  set_identifiers(settings);
  if (settings.cluster.enabled) set_cluster_defaults(settings);
}

/// Whoever connects refuses nodes of something else that CAF's network layer carries by the
/// identifiers.
void caf_config::set_identifiers(const config& settings) {
  caf::config_value::list identifiers;
  if (settings.cluster.enabled) identifiers.emplace_back("troupe-cluster/1");
  if (settings.inspect.enabled) identifiers.emplace_back("troupe-inspect/1");
  if (settings.gateway.enabled) identifiers.emplace_back("troupe-gateway/1");
  if (!identifiers.empty())
    caf::put(content, "caf.middleman.app-identifiers", std::move(identifiers));
}

void caf_config::set_cluster_defaults(const config& settings) {
  const auto& heartbeat = settings.cluster_heartbeat;
  caf::put(content, "caf.middleman.heartbeat-interval", caf::timespan{heartbeat.interval});
  caf::put(content, "caf.middleman.connection-timeout", caf::timespan{heartbeat.timeout});
  caf::put(content, "caf.middleman.workers", cluster_workers);
  const auto& tls = settings.cluster_tls;
  if (tls.certificate.empty()) return;
  caf::put(content, "caf.openssl.certificate", tls.certificate);
  caf::put(content, "caf.openssl.key", tls.key);
  caf::put(content, "caf.openssl.cafile", tls.ca);
  // CAF and OpenSSL keep them in fields of their own as well.
  openssl_certificate = tls.certificate;
  openssl_key = tls.key;
  openssl_cafile = tls.ca;
}

/// CAF's verbosity is fixed when its logger starts, so it lets pass whatever may be wanted later:
/// log_levels stands in front of it for our lines, and the log_sink behind it for its own.
void caf_config::set_logger_defaults() {
  caf::put(content, "caf.logger.console.verbosity", "debug");
  caf::put(content, "caf.logger.console.format", std::string{caf_record_format});
  caf::put(content, "caf.logger.console.colored", ::isatty(STDERR_FILENO) == 1);
}

/// The log_sink colours its lines; colours of CAF would get into its records.
void caf_config::take_colours() {
  const auto* const wanted = caf::get_if<bool>(&content, "caf.logger.console.colored");
  has_colours_ = wanted != nullptr && *wanted;
  caf::put(content, "caf.logger.console.colored", false);
}

void caf_config::set_exporter(const config& settings) {
  if (settings.metrics.port == 0) return;
  caf::put(content, "caf.middleman.prometheus-http.port", settings.metrics.port);
  caf::put(content, "caf.middleman.prometheus-http.address", settings.metrics.address);
}

/// Applies once the operator has turned the Prometheus exporter on by giving it a port.
void caf_config::set_exporter_defaults() {
  if (!caf::get_if<caf::config_value::integer>(&content, "caf.middleman.prometheus-http.port"))
    return;
  caf::put_missing(content, "caf.middleman.prometheus-http.address", "127.0.0.1");
  caf::put_missing(content, "caf.middleman.prometheus-http.reuse", true);
  caf::put_missing(content, "caf.metrics-filters.actors.includes",
                   caf::make_config_value_list("troupe.*"));
  caf::put_missing(content, "caf.metrics-filters.actors.excludes",
                   caf::make_config_value_list("troupe.session"));
}

/// What CAF measures of actors costs them a little for each message; those that handle what clients
/// send are left out unless the exporter is on.
void caf_config::set_inspection_defaults() {
  caf::put_missing(content, "caf.metrics-filters.actors.includes",
                   caf::make_config_value_list("troupe.*"));
  caf::put_missing(content, "caf.metrics-filters.actors.excludes",
                   caf::make_config_value_list("troupe.document", "troupe.hub", "troupe.session"));
}

void caf_config::apply(const caf_setting& setting) {
  const bool has_value = setting.shape == value_shape::single || setting.shape == value_shape::list;
  const caf::config_option* option = custom_options_.qualified_name_lookup(setting.key);
  if (option == nullptr) {
    // A section whose keys are all commented out is no mistake.
    if (!has_value && is_section(setting.key)) return;
    const std::string nearest = nearest_name(setting.key, option_names());
    return report(setting, "unknown key of CAF" +
                               (nearest.empty() ? "" : "; did you mean " + nearest + "?"));
  }
  const std::string type = to_std(option->type_name());
  const std::string allowed = "; allowed: " + allowed_by_type(type);
  if (!has_value) return report(setting, "has no value" + allowed);
  if (setting.shape == value_shape::list && type != "list")
    return report(setting, "takes one value, not a list" + allowed);
  caf::config_value value{setting.text};
  if (option->sync(value))
    return report(setting, in_quotes(setting.text) + " is not possible" + allowed);
  if (std::string text = broken_rule(setting); !text.empty())
    return report(setting, std::move(text));
  caf::put(content, setting.key, std::move(value));
}

bool caf_config::is_section(const std::string& key) const {
  return std::ranges::any_of(option_names(),
                             [&](const auto& name) { return name.starts_with(key + "."); });
}

std::vector<std::string> caf_config::option_names() const {
  std::vector<std::string> names;
  for (const caf::config_option& option : custom_options_)
    if (std::string name = to_std(option.full_name()); name.starts_with("caf."))
      names.push_back(std::move(name));
  return names;
}

void caf_config::report(const caf_setting& setting, std::string text) {
  problems_.push_back({setting.place, setting.key, std::move(text)});
}

std::vector<printed_value> caf_config::effective_values() const {
  std::vector<printed_value> values;
  if (const auto* caf_section = caf::get_if<caf::settings>(&content, "caf"))
    append_values(*caf_section, "caf", values);
  return values;
}

}  // namespace troupe
