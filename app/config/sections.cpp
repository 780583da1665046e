#include "app/config/sections.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "app/config/access_checks.hpp"
#include "app/config/keys.hpp"
#include "app/config/print.hpp"
#include "app/config/values.hpp"
#include "net/watch/watched_directory.hpp"
#include "protocol/access/access_policy.hpp"
#include "protocol/access/key_set.hpp"

namespace troupe {

namespace {

/// Each watched directory holds a descriptor and one of the instances of inotify that a system
/// gives to a user, by default 128.
constexpr std::size_t watched_directories_max = 64;

/// Each document that opens is compared with them in order.
constexpr std::size_t document_rules_max = 1000;

template <auto Field>
auto& in_watched(config& settings, std::size_t section) {
  return settings.watch.directories[section].*Field;
}

template <auto Field>
auto& in_rule(config& settings, std::size_t section) {
  return settings.documents.rules[section].*Field;
}

result<void> check_rule_name(const std::string& text) {
  if (!text.empty()) return {};
  return fail(errc::invalid_config, "\"\" is empty; \"*\" stands for all documents");
}

result<void> check_directory(const std::string& text) {
  std::error_code failed;
  const auto status = std::filesystem::status(text, failed);
  if (std::filesystem::is_directory(status)) return {};
  if (status.type() == std::filesystem::file_type::not_found)
    return fail(errc::invalid_config, in_quotes(text) + " does not exist");
  if (failed) return fail(errc::invalid_config, in_quotes(text) + ": " + failed.message());
  return fail(errc::invalid_config, in_quotes(text) + " is not a directory");
}

result<void> check_template(const std::string& text) {
  const auto checked = check_document_template(text);
  if (checked) return {};
  return fail(errc::invalid_config, in_quotes(text) + " " + checked.error().detail);
}

result<void> check_pattern(const std::string& item) {
  const auto pattern = glob::parse(item);
  if (pattern) return {};
  return fail(errc::invalid_config,
              "the pattern " + in_quotes(item) + " " + pattern.error().detail);
}

template <auto Field>
auto& in_access_key(config& settings, std::size_t section) {
  return settings.access.keys[section].*Field;
}

template <auto Field>
auto& in_access_rule(config& settings, std::size_t section) {
  return settings.access.rules[section].*Field;
}

result<void> check_any_text(const std::string&) { return {}; }

using access_key = config::access_key_section;

constexpr std::array access_key_keys{
    section_key{"id", section_text_field{in_access_key<&access_key::id>, check_key_id},
                presence::optional, "text",
                "kid of the tokens that the key is for; without it, the key is tried with tokens "
                "that no other key is named for"},
    section_key{
        "algorithm", section_text_field{in_access_key<&access_key::algorithm>, check_algorithm},
        presence::required, "name",
        "the one algorithm of the key: HS256, HS384, HS512, RS256, PS256, ES256, ES384 or EdDSA"},
    section_key{"secret", section_secret_field{in_access_key<&access_key::secret>},
                presence::optional, "text",
                "secret of an HS algorithm, at least as many bytes as its hash: 32, 48 or 64"},
    section_key{"secret_file",
                section_text_field{in_access_key<&access_key::secret_file>, check_any_text},
                presence::optional, "file",
                "file with nothing but the secret; a line end behind it does not count"},
    section_key{"public_key",
                section_text_field{in_access_key<&access_key::public_key>, check_any_text},
                presence::optional, "PEM",
                "public key of the other algorithms, from -----BEGIN PUBLIC KEY----- on"},
    section_key{"public_key_file",
                section_text_field{in_access_key<&access_key::public_key_file>, check_any_text},
                presence::optional, "file", "file with the public key in PEM"},
};

using access_rule = config::access_rule_section;

constexpr std::array access_rule_keys{
    section_key{"claims",
                section_map_field{in_access_rule<&access_rule::claims>, check_condition,
                                  access::conditions_max},
                presence::optional, "map",
                "claims that a token must have, each with a value or a list of values of which one "
                "must be the claim or in it; none: the rule is for every token"},
    section_key{"document",
                section_text_field{in_access_rule<&access_rule::document>, check_document_rule},
                presence::optional, "name",
                "document that the rule is for; with * at the end, all whose names begin like "
                "this; {user} and {claim} stand for what the token says"},
    section_key{"glob", section_text_field{in_access_rule<&access_rule::glob>, check_document_glob},
                presence::optional, "pattern",
                "the same as a pattern, in place of document: * and ? stay in one part of the "
                "name, ** does not"},
    section_key{"rights", section_list_field{in_access_rule<&access_rule::rights>, check_right},
                presence::required, "rights",
                "what the token may do with the document: read, write, presence, admin or "
                "no_presence (docs/security.md)"},
};

using watched = config::watched_section;

constexpr std::array watched_keys{
    section_key{
        "directory", section_text_field{in_watched<&watched::directory>, check_directory},
        presence::required, "path",
        "directory to watch, with all directories below it; it must exist when the server starts"},
    section_key{"document", section_text_field{in_watched<&watched::document>, check_template},
                presence::optional, "template",
                "document whose clients are notified of a change; {path} stands for the path below "
                "the directory"},
    section_key{"include", section_list_field{in_watched<&watched::include>, check_pattern},
                presence::optional, "patterns",
                "files whose changes are reported; an empty list means all files"},
    section_key{"exclude", section_list_field{in_watched<&watched::exclude>, check_pattern},
                presence::optional, "patterns",
                "files and directories to ignore; takes precedence over include"},
};

using rule = config::rule_section;

constexpr std::array rule_keys{
    section_key{
        "name", section_text_field{in_rule<&rule::name>, check_rule_name}, presence::required,
        "name",
        "document that the rule is for; with * at the end, all whose names begin like this"},
    section_key{"gc", section_switch_field{in_rule<&rule::gc>}, presence::optional, "true or false",
                "whether deleted contents are dropped; false keeps them for clients that read "
                "earlier versions (gc: false in Yjs)"},
};

constexpr std::array lists{
    section_list{"access.keys", "sections", "keys of the issuers whose tokens are accepted",
                 access::keys_max, access_key_keys,
                 [](const config& settings) { return settings.access.keys.size(); },
                 [](config& settings) { settings.access.keys.emplace_back(); }},
    section_list{"access.rules", "sections",
                 "rights by what a token says; all rules that apply count together",
                 access::rules_max, access_rule_keys,
                 [](const config& settings) { return settings.access.rules.size(); },
                 [](config& settings) { settings.access.rules.emplace_back(); }},
    section_list{"documents.rules", "sections",
                 "settings for some documents; the first rule that matches a name counts",
                 document_rules_max, rule_keys,
                 [](const config& settings) { return settings.documents.rules.size(); },
                 [](config& settings) { settings.documents.rules.emplace_back(); }},
    section_list{"watch.directories", "sections",
                 "directories whose file changes are sent to the clients of a document",
                 watched_directories_max, watched_keys,
                 [](const config& settings) { return settings.watch.directories.size(); },
                 [](config& settings) { settings.watch.directories.emplace_back(); }},
};

/// Stores what an entry holds, if it has the right shape and all texts in it are good.
struct store_section_value {
  const config_entry& entry;
  std::size_t section;
  config& settings;

  result<void> operator()(const section_text_field& field) const {
    if (entry.shape != value_shape::single)
      return fail(errc::invalid_config, "takes one text" + what_it_is());
    TROUPE_TRY(field.check(entry.text));
    field.in(settings, section) = entry.text;
    return {};
  }

  result<void> operator()(const section_secret_field& field) const {
    if (entry.shape != value_shape::single)
      return fail(errc::invalid_config, "takes one text" + what_it_is());
    field.in(settings, section) = entry.text;
    return {};
  }

  result<void> operator()(const section_map_field& field) const {
    const std::string_view name = entry.position->name;
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) {
      if (entry.shape == value_shape::section || entry.shape == value_shape::nothing) return {};
      return fail(errc::invalid_config, "takes a map such as {role: editor}" + what_it_is());
    }
    section_map_field::entry added{name.substr(dot + 1), entry.items};
    if (entry.shape == value_shape::single)
      added.second = {entry.text};
    else if (entry.shape != value_shape::list)
      return fail(errc::invalid_config, "takes one text or a list of texts" + what_it_is());
    auto& map = field.in(settings, section);
    if (map.size() >= field.entries_max)
      return fail(errc::invalid_config,
                  "is one too many; allowed: " + std::to_string(field.entries_max));
    TROUPE_TRY(field.check(added));
    map.push_back(std::move(added));
    return {};
  }

  result<void> operator()(const section_switch_field& field) const {
    const auto parsed = parse_switch(entry.shape == value_shape::single ? entry.text : "");
    if (!parsed)
      return fail(errc::invalid_config,
                  "takes true or false" + (entry.shape == value_shape::single
                                               ? ", not " + in_quotes(entry.text)
                                               : what_it_is()));
    field.in(settings, section) = *parsed;
    return {};
  }

  result<void> operator()(const section_list_field& field) const {
    if (entry.shape != value_shape::list)
      return fail(errc::invalid_config, "takes a list such as [\"*.md\"]" + what_it_is());
    for (const std::string& item : entry.items) TROUPE_TRY(field.check(item));
    field.in(settings, section) = entry.items;
    return {};
  }

 private:
  std::string what_it_is() const {
    switch (entry.shape) {
      case value_shape::single: return ", not one value";
      case value_shape::list: return ", not a list";
      case value_shape::sections: return ", not a list of sections";
      case value_shape::section: return ", not a section";
      case value_shape::nothing: return ", and has no value";
    }
    return "";
  }
};

struct format_section_field {
  std::size_t section;
  config& settings;

  std::string operator()(const section_text_field& field) const {
    return quote_yaml(field.in(settings, section));
  }
  std::string operator()(const section_secret_field& field) const {
    return quote_yaml(field.in(settings, section).empty() ? "" : hidden_value);
  }
  std::string operator()(const section_switch_field& field) const {
    return field.in(settings, section) ? "true" : "false";
  }
  std::string operator()(const section_list_field& field) const {
    return list_of(field.in(settings, section));
  }
  std::string operator()(const section_map_field& field) const {
    std::string text;
    for (const auto& [name, values] : field.in(settings, section))
      text.append(text.empty() ? "" : ", ")
          .append(quote_yaml(name))
          .append(": ")
          .append(list_of(values));
    return "{" + text + "}";
  }

 private:
  static std::string list_of(const std::vector<std::string>& items) {
    std::string text;
    for (const std::string& item : items)
      text.append(text.empty() ? "" : ", ").append(quote_yaml(item));
    return "[" + text + "]";
  }
};

}  // namespace

std::span<const section_list> section_lists() { return lists; }

const section_list* find_section_list(std::string_view name) {
  const auto found = std::ranges::find(lists, name, &section_list::name);
  return found == lists.end() ? nullptr : &*found;
}

const section_list* section_list_around(std::string_view key) {
  const auto found = std::ranges::find_if(lists, [&](const section_list& list) {
    if (!key.starts_with(list.name)) return false;
    const std::string_view rest = key.substr(list.name.size());
    return rest.empty() || rest.front() == '.' || rest.front() == '[';
  });
  return found == lists.end() ? nullptr : &*found;
}

const section_key* find_section_key(const section_list& list, std::string_view name) {
  const auto found = std::ranges::find_if(list.keys, [&](const section_key& key) {
    const bool is_in_map = std::holds_alternative<section_map_field>(key.field) &&
                           name.starts_with(key.name) &&
                           name.substr(key.name.size()).starts_with('.');
    return key.name == name || is_in_map;
  });
  return found == list.keys.end() ? nullptr : &*found;
}

result<void> set_section_value(const section_key& key, std::size_t section,
                               const config_entry& entry, config& settings) {
  return std::visit(store_section_value{entry, section, settings}, key.field);
}

std::string format_section_value(const section_key& key, std::size_t section, config settings) {
  return std::visit(format_section_field{section, settings}, key.field);
}

std::string section_key_names(const section_list& list) {
  std::string names;
  for (const section_key& key : list.keys) {
    if (!names.empty()) names += ", ";
    names += key.name;
  }
  return names;
}

}  // namespace troupe
