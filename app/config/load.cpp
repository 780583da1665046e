#include "app/config/load.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include "app/config/access_checks.hpp"
#include "app/config/cluster_checks.hpp"
#include "app/config/file.hpp"
#include "app/config/keys.hpp"
#include "app/config/port_checks.hpp"
#include "app/config/sections.hpp"
#include "app/config/to_settings.hpp"
#include "app/config/values.hpp"
#include "base/document_name.hpp"
#include "net/host_name.hpp"
#include "net/http_client.hpp"
#include "net/websocket_url.hpp"
#include "protocol/webhook/event.hpp"
#include "storage/postgresql/connection.hpp"

namespace troupe {

namespace {

constexpr std::string_view variable_prefix = "TROUPE_";
constexpr std::string_view caf_prefix = "caf.";
constexpr std::string_view caf_variable_prefix = "TROUPE_CAF__";

std::string did_you_mean(const std::string& nearest) {
  return nearest.empty() ? "; troupe serve --help lists all keys"
                         : "; did you mean " + nearest + "?";
}

/// "TROUPE_CAF__SCHEDULER__MAX_THREADS" gives "caf.scheduler.max-threads".
std::string caf_key_of(std::string_view variable) {
  std::string key{caf_prefix};
  variable.remove_prefix(caf_variable_prefix.size());
  while (!variable.empty()) {
    const bool is_dot = variable.starts_with("__");
    const char letter = variable.front();
    if (is_dot)
      key += '.';
    else if (letter == '_')
      key += '-';
    else
      key += letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    variable.remove_prefix(is_dot ? 2 : 1);
  }
  return key;
}

/// The names of all keys, lists of sections included.
std::vector<std::string> all_key_names() {
  std::vector<std::string> names = config_key_names();
  for (const section_list& list : section_lists()) names.emplace_back(list.name);
  return names;
}

/// The keys of a section, "address, port"; empty if there is no such section.
std::string keys_of_section(std::string_view section) {
  std::string names;
  for (const std::string& key : all_key_names()) {
    if (!key.starts_with(std::string{section} + ".")) continue;
    if (!names.empty()) names += ", ";
    names += key.substr(section.size() + 1);
  }
  return names;
}

/// Applies entries in the order of precedence; collects the configuration and its mistakes.
class config_loader {
 public:
  void take_file(const std::string& path) {
    config_entries file = read_config_file(path);
    loaded_.problems = std::move(file.problems);
    for (const config_entry& entry : file.entries) take(entry);
  }

  void take_variable(std::string_view variable) {
    const auto equals = variable.find('=');
    const std::string name{variable.substr(0, equals)};
    if (equals == std::string_view::npos || !name.starts_with(variable_prefix)) return;
    // Every key has a dot, so every variable of ours has "__". Others with the prefix belong to
    // scripts, or to an orchestrator that names variables after a service.
    if (name.find("__") == std::string::npos) return;
    const std::string text{variable.substr(equals + 1)};
    if (name.starts_with(caf_variable_prefix) && name.size() > caf_variable_prefix.size())
      return take({caf_key_of(name), text, name});
    for (const section_list& list : section_lists())
      if (name == environment_name(list.name) ||
          name.starts_with(environment_name(list.name) + "__"))
        return report(name, std::string{list.name}, only_in_file);
    for (const config_key& key : config_keys())
      if (environment_name(key.name) == name) return take({std::string{key.name}, text, name});
    report_variable(name);
  }

  void take_setting(std::string_view setting) {
    const auto equals = setting.find('=');
    const std::string key{setting.substr(0, equals)};
    if (equals == std::string_view::npos || key.empty())
      return report("--set " + std::string{setting}, "", "must be of the form key=value");
    if (section_list_around(key) != nullptr) return report("--set " + key, key, only_in_file);
    take({key, std::string{setting.substr(equals + 1)}, "--set " + key});
  }

  /// Checks what concerns more than one key. The place is that of heartbeat.timeout where it was
  /// set anywhere, else that of heartbeat.interval. A session looks once a second: it pings at the
  /// first look after the interval, and sees a pong at the next look.
  void check_relations() {
    const auto& heartbeat = loaded_.settings.heartbeat;
    const auto ping_after = std::chrono::ceil<std::chrono::seconds>(heartbeat.interval);
    if (heartbeat.timeout >= ping_after + std::chrono::seconds{1} ||
        bad_.contains("heartbeat.timeout") || bad_.contains("heartbeat.interval"))
      return;
    if (const auto timeout = places_.find("heartbeat.timeout"); timeout != places_.end())
      return report(timeout->second, "heartbeat.timeout",
                    "must be longer than heartbeat.interval, which is " +
                        format_duration(heartbeat.interval) +
                        ", by a second or more, since pings and pongs are looked at once a second");
    report(places_["heartbeat.interval"], "heartbeat.interval",
           "must be shorter than heartbeat.timeout, which is " +
               format_duration(heartbeat.timeout) +
               ", by a second or more, since pings and pongs are looked at once a second");
  }

  /// A certificate and its key need each other.
  void check_tls() {
    const auto& tls = loaded_.settings.tls;
    if (tls.certificate.empty() == tls.key.empty()) return;
    const std::string_view given = tls.key.empty() ? "server.tls.certificate" : "server.tls.key";
    const std::string_view missing = tls.key.empty() ? "server.tls.key" : "server.tls.certificate";
    report(places_[std::string{given}], std::string{given},
           "needs " + std::string{missing} + " beside it");
  }

  /// What the node could not use, or would never match a Host header.
  void check_paths_and_hosts() {
    const config& settings = loaded_.settings;
    if (settings.storage.path.empty() && settings.storage.engine == storage_engine::rocksdb &&
        !bad_.contains("storage.path"))
      report(places_["storage.path"], "storage.path", "must name a directory");
    for (const std::string& host : settings.admin.allowed_hosts) {
      const auto parts = split_host(host);
      if (parts.host.empty() || !parts.port.empty() || parts.host != host)
        report(places_["admin.allowed_hosts"], "admin.allowed_hosts",
               "has " + in_quotes(host) + ", which is no host without a port");
    }
  }

  /// What libpq takes, and needs no quotes in SQL.
  void check_database() {
    const auto& database = loaded_.settings.storage_postgresql;
    const auto say = [&](const std::string& key, const std::string& text) {
      if (!bad_.contains(key)) report(places_[key], key, text);
    };
    if (loaded_.settings.storage.engine == storage_engine::postgresql && database.url.empty())
      say("storage.postgresql.url", "must be set where storage.engine is postgresql");
    if (const auto good = storage::postgresql::check_url(database.url);
        !database.url.empty() && !good)
      say("storage.postgresql.url", good.error().detail);
    if (!storage::postgresql::is_schema_name(database.schema))
      say("storage.postgresql.schema",
          in_quotes(database.schema) + " is no name of up to 63 small letters, digits and _");
    constexpr std::array<std::string_view, 5> modes{"", "disable", "require", "verify-ca",
                                                    "verify-full"};
    if (std::ranges::find(modes, database.tls) == modes.end())
      say("storage.postgresql.tls", in_quotes(database.tls) +
                                        " is no mode; allowed: disable, require, verify-ca, "
                                        "verify-full, or empty");
  }

  /// What is wrong with a token is said without showing it.
  void check_admin_token() {
    const auto& admin = loaded_.settings.admin;
    if (!admin.token.empty() && !is_admin_token(admin.token))
      report(places_["admin.token"], "admin.token",
             "must be " + std::string{admin_token_rule} + "; the value is not shown");
    if (!admin.token.empty() && !admin.token_file.empty())
      report(places_["admin.token_file"], "admin.token_file",
             "cannot be set together with admin.token");
  }

  /// What is wrong with a secret is said without showing it.
  void check_webhooks() {
    const auto& webhooks = loaded_.settings.webhooks;
    const auto say = [&](const std::string& key, const std::string& text) {
      report(places_[key], key, text);
    };
    if (!webhooks.secret.empty() && !is_signing_secret(webhooks.secret))
      say("webhooks.secret",
          "must be " + std::string{signing_secret_rule} + "; the value is not shown");
    if (!webhooks.secret.empty() && !webhooks.secret_file.empty())
      say("webhooks.secret_file", "cannot be set together with webhooks.secret");
    for (const std::string& each : webhooks.events)
      if (!webhook::find_event(each))
        say("webhooks.events", in_quotes(each) + " is no event; allowed: document.changed, "
                                                 "document.opened, document.closed, "
                                                 "document.deleted, session.joined, session.left");
    if (webhooks.max_delay < webhooks.debounce && !bad_.contains("webhooks.max_delay"))
      say(places_.contains("webhooks.max_delay") ? "webhooks.max_delay" : "webhooks.debounce",
          "webhooks.max_delay must not be shorter than webhooks.debounce");
    if (webhooks.url.empty()) return;
    if (const auto good = check_http_url(webhooks.url); !good)
      say("webhooks.url", "the URL " + good.error().detail);
    if (webhooks.secret.empty() && webhooks.secret_file.empty())
      say("webhooks.url", "needs webhooks.secret or webhooks.secret_file beside it");
  }

  /// What is wrong with a token is said without showing it.
  void check_upstream() {
    const auto& upstream = loaded_.settings.upstream;
    const auto say = [&](const std::string& key, const std::string& text) {
      report(places_[key], key, text);
    };
    if (upstream.protocol != "y-websocket" && upstream.protocol != "hocuspocus")
      say("upstream.protocol", "must be y-websocket or hocuspocus");
    if (!upstream.token.empty() && !is_upstream_token(upstream.token))
      say("upstream.token",
          "must be " + std::string{upstream_token_rule} + "; the value is not shown");
    if (!upstream.token.empty() && !upstream.token_file.empty())
      say("upstream.token_file", "cannot be set together with upstream.token");
    if (upstream.url.empty()) return;
    if (const auto good = parse_websocket_url(upstream.url); !good)
      say("upstream.url", "the URL " + good.error().detail);
    if (loaded_.settings.storage.engine == storage_engine::memory)
      say("upstream.url",
          "needs a store that stays: with storage.engine: memory all edits would be lost at a "
          "restart, and the documents of the old server come again");
    if (upstream.settle_time >= upstream.timeout && !bad_.contains("upstream.settle_time"))
      say(places_.contains("upstream.settle_time") ? "upstream.settle_time" : "upstream.timeout",
          "upstream.settle_time must be shorter than upstream.timeout");
  }

  /// A document's name must be one that clients can use.
  void check_names() {
    const std::string& name = loaded_.settings.server.empty_document_name;
    const auto checked = name.empty() ? result<void>{} : check_document_name(name);
    if (!checked)
      report(places_["server.empty_document_name"], "server.empty_document_name",
             checked.error().detail);
  }

  /// What the paths of clients mean must not contradict itself.
  void check_dialects() {
    const auto say = [this](const char* key, const std::string& text) {
      report(places_[key], key, text);
    };
    const config& settings = loaded_.settings;
    const std::string& path = settings.dialects.hocuspocus_path;
    if (!path.empty() && (path == "/" || !is_path_prefix(path)))
      say("dialects.hocuspocus_path",
          "must be a path such as /hocuspocus, of letters, digits and -._~, or empty; for / set "
          "dialects.default");
    if (settings.dialects.at_root == default_dialect::hocuspocus &&
        !settings.server.empty_document_name.empty())
      say("dialects.default", "hocuspocus leaves server.empty_document_name without a meaning");
    for (const auto& [key, text] : y_sweet_problems(settings)) say(key, text);
  }

  /// Checks what concerns more than one key of access, and reads the files of its keys.
  void check_access() {
    const auto is_set = [this](const std::string& key) { return places_.contains(key); };
    for (const access_problem& problem : troupe::check_access(loaded_.settings, is_set)) {
      // Of a section with a bad value that was told, nothing more can be said.
      const auto bad = bad_.lower_bound(problem.key + ".");
      if (bad != bad_.end() && bad->starts_with(problem.key + ".")) continue;
      report(places_[problem.key], problem.key, problem.text);
    }
  }

  /// The place is that of the key, of another one that was set, or of what needs it.
  void check_cluster() {
    for (const cluster_problem& problem : troupe::check_cluster(loaded_.settings)) {
      if (bad_.contains(problem.key)) continue;
      const bool is_set = places_.contains(problem.key);
      report(places_[is_set ? problem.key : "cluster.enabled"], problem.key, problem.text);
    }
  }

  void check_log() {
    if (const auto choice = to_log_choice(loaded_.settings);
        !choice && !bad_.contains("log.levels"))
      report(places_["log.levels"], "log.levels", choice.error().detail);
    if (!loaded_.settings.log.console && loaded_.settings.log.file.empty())
      report(places_["log.console"], "log.console", "is false, and log.file is empty");
  }

  /// The place is that of the key, or of what switches the port on.
  void check_ports() {
    for (const port_problem& problem : troupe::check_ports(loaded_.settings)) {
      if (bad_.contains(problem.key)) continue;
      const std::string enabled = problem.key.substr(0, problem.key.find('.')) + ".enabled";
      report(places_[places_.contains(problem.key) ? problem.key : enabled], problem.key,
             problem.text);
    }
  }

  /// Checks that each section of a list has the keys that it must have.
  void check_sections() {
    for (const section_list& list : section_lists())
      for (std::size_t section = 0; section < list.size(loaded_.settings); ++section) {
        const std::string name = std::string{list.name} + "[" + std::to_string(section) + "]";
        for (const section_key& key : list.keys)
          if (key.must_be == presence::required && !bad_.contains(name) &&
              !places_.contains(name + "." + std::string{key.name}))
            report(places_[name], name, "has no " + std::string{key.name});
      }
  }

  loaded_config finish() && { return std::move(loaded_); }

 private:
  static constexpr const char* only_in_file =
      "is a list of sections, which only the configuration file can set";

  void take(const config_entry& entry) {
    if (entry.position) return take_in_section(entry);
    if (section_list_around(entry.key) != nullptr) return take_list(entry);
    if (entry.key == "caf" && is_empty_section(entry)) return;
    if (entry.key.starts_with(caf_prefix)) {
      if (entry.shape == value_shape::sections)
        return report(entry.place, entry.key, "is a list whose items are not single values");
      loaded_.settings.caf.push_back({entry.key, entry.text, entry.place, entry.shape});
      return;
    }
    const config_key* key = find_config_key(entry.key);
    if (key == nullptr) return report_unknown(entry);
    places_[entry.key] = entry.place;
    if (const std::string text = shape_problem(entry, *key); !text.empty()) {
      bad_.insert(entry.key);
      return report(entry.place, entry.key, text);
    }
    const result<void> stored = set_value(*key, entry.text, loaded_.settings);
    if (stored) return;
    // A bad value is a mistake even if a later source overrides it.
    bad_.insert(entry.key);
    report(entry.place, entry.key, stored.error().detail);
  }

  /// Takes the entry of a list of sections, or of a value that should be one.
  void take_list(const config_entry& entry) {
    const section_list& list = *section_list_around(entry.key);
    const bool is_list =
        entry.key == list.name && (entry.shape == value_shape::sections ||
                                   entry.shape == value_shape::nothing || entry.text == "[]");
    if (is_list || !bad_.insert(std::string{list.name}).second) return;
    report(entry.place, std::string{list.name},
           "is a list of sections, each beginning with \"- \"; the keys of a section: " +
               section_key_names(list));
  }

  /// Takes a section of a list, or one of its values.
  void take_in_section(const config_entry& entry) {
    const section_list* list = find_section_list(entry.position->list);
    if (list == nullptr) return;  // The list itself was reported.
    const std::size_t section = entry.position->section;
    if (section >= list->sections_max) {
      if (section == list->sections_max && entry.position->name.empty())
        report(entry.place, entry.key,
               "is one too many; allowed: " + std::to_string(list->sections_max));
      return;
    }
    places_[entry.key] = entry.place;
    if (entry.position->name.empty()) return take_section(*list, entry);
    const section_key* key = find_section_key(*list, entry.position->name);
    if (key == nullptr)
      return report(entry.place, entry.key,
                    "unknown key; the keys of a section: " + section_key_names(*list));
    const result<void> stored = set_section_value(*key, section, entry, loaded_.settings);
    if (stored) return;
    bad_.insert(entry.key);
    report(entry.place, entry.key, stored.error().detail);
  }

  void take_section(const section_list& list, const config_entry& entry) {
    list.append(loaded_.settings);
    if (entry.shape == value_shape::section) return;
    bad_.insert(entry.key);
    report(entry.place, entry.key,
           "is not a section; the keys of a section: " + section_key_names(list));
  }

  static bool is_empty_section(const config_entry& entry) {
    return entry.shape == value_shape::section || entry.shape == value_shape::nothing;
  }

  /// Why the shape of the entry does not fit the key; empty if it does.
  static std::string shape_problem(const config_entry& entry, const config_key& key) {
    switch (entry.shape) {
      case value_shape::single: return "";
      case value_shape::list:
        if (std::holds_alternative<text_list_field>(key.field)) return "";
        return "takes one value, not a list; allowed: " + allowed_values(key);
      case value_shape::sections:
        return "takes one value, not a list of sections; allowed: " + allowed_values(key);
      case value_shape::section:
        return "takes one value, not a section; allowed: " + allowed_values(key);
      case value_shape::nothing: return "has no value; allowed: " + allowed_values(key);
    }
    return "";
  }

  void report_unknown(const config_entry& entry) {
    const std::string inside = keys_of_section(entry.key);
    if (!inside.empty() && is_empty_section(entry))
      return;  // A section whose keys are all commented out.
    if (!inside.empty() || entry.key == "caf")
      return report(entry.place, entry.key,
                    "is a section, not a value" + (inside.empty() ? "" : "; its keys: " + inside));
    const auto keys = config_keys();
    const auto parent = std::ranges::find_if(keys, [&](const config_key& key) {
      return entry.key.starts_with(std::string{key.name} + ".");
    });
    if (parent != keys.end())
      return report(entry.place, entry.key,
                    "unknown key; " + std::string{parent->name} + " takes one value");
    report(entry.place, entry.key,
           "unknown key" + did_you_mean(nearest_name(entry.key, all_key_names())));
  }

  void report_variable(const std::string& name) {
    std::vector<std::string> names;
    for (const config_key& key : config_keys()) names.push_back(environment_name(key.name));
    report(name, "", "unknown environment variable" + did_you_mean(nearest_name(name, names)));
  }

  void report(std::string place, std::string key, std::string text) {
    loaded_.problems.push_back({std::move(place), std::move(key), std::move(text)});
  }

  loaded_config loaded_;
  std::map<std::string, std::string> places_;
  std::set<std::string> bad_;
};

}  // namespace

loaded_config load_config(const config_sources& sources) {
  config_loader loader;
  if (sources.file) loader.take_file(*sources.file);
  for (const std::string& variable : sources.environment) loader.take_variable(variable);
  for (const std::string& setting : sources.settings) loader.take_setting(setting);
  loader.check_relations();
  loader.check_tls();
  loader.check_paths_and_hosts();
  loader.check_database();
  loader.check_admin_token();
  loader.check_webhooks();
  loader.check_upstream();
  loader.check_names();
  loader.check_dialects();
  loader.check_access();
  loader.check_cluster();
  loader.check_log();
  loader.check_ports();
  loader.check_sections();
  return std::move(loader).finish();
}

std::vector<std::string> process_environment() {
  std::vector<std::string> variables;
  for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable)
    variables.emplace_back(*variable);
  std::ranges::sort(variables);  // Problems come in a stable order.
  return variables;
}

}  // namespace troupe
