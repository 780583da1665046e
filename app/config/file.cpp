#include "app/config/file.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "app/config/values.hpp"

namespace troupe {

namespace {

/// Deeper than any key; bounds the walk over a file whose aliases refer to themselves.
constexpr std::size_t depth_max = 8;

bool has_only_scalars(const YAML::Node& list) {
  return std::all_of(list.begin(), list.end(),
                     [](const YAML::Node& item) { return item.IsScalar(); });
}

bool has_map(const YAML::Node& list) {
  return std::any_of(list.begin(), list.end(), [](const YAML::Node& item) { return item.IsMap(); });
}

/// Walks the nodes of one file and collects entries and problems.
class file_walk {
 public:
  explicit file_walk(std::string name) : name_(std::move(name)) {}

  void walk_root(const YAML::Node& root) {
    if (root.IsMap()) return walk_map(root, "", 0);
    if (!root.IsNull())
      report(root.Mark(), "", "must hold sections with keys, for example \"server:\"");
  }

  void report(const YAML::Mark& mark, std::string key, std::string text) {
    found_.problems.push_back({place(mark), std::move(key), std::move(text)});
  }

  config_entries take() && { return std::move(found_); }

 private:
  std::string place(const YAML::Mark& mark) const {
    return mark.is_null() ? name_ : name_ + ":" + std::to_string(mark.line + 1);
  }

  void walk_map(const YAML::Node& map, const std::string& prefix, std::size_t depth) {
    for (const auto& pair : map) {
      const YAML::Node& name = pair.first;
      if (!name.IsScalar() || name.Scalar().empty()) {
        report(name.Mark(), prefix, "has a key that is not a plain word");
        continue;
      }
      const std::string key = prefix.empty() ? name.Scalar() : prefix + "." + name.Scalar();
      if (is_new(key, name.Mark())) walk_value(key, name.Mark(), pair.second, depth);
    }
  }

  // A place is that of the key: a value may stand lines below, or be an alias of something far
  // away.
  void walk_value(const std::string& key, const YAML::Mark& mark, const YAML::Node& value,
                  std::size_t depth) {
    if (value.IsScalar()) return add(key, value.Scalar(), mark, value_shape::single);
    if (value.IsSequence()) return walk_list(key, mark, value, depth);
    if (!value.IsMap()) return add(key, "", mark, value_shape::nothing);
    if (value.size() == 0) return add(key, "", mark, value_shape::section);
    if (depth >= depth_max) return report(mark, key, "is nested too deep");
    walk_map(value, key, depth + 1);
  }

  void walk_list(const std::string& key, const YAML::Mark& mark, const YAML::Node& list,
                 std::size_t depth) {
    if (has_only_scalars(list)) {
      std::vector<std::string> items;
      for (const YAML::Node& item : list) items.push_back(item.Scalar());
      add(key, format_text_list(items), mark, value_shape::list);
      found_.entries.back().items = std::move(items);
    } else if (has_map(list) && !position_) {
      walk_sections(key, mark, list, depth);
    } else {
      report(mark, key, "is a list whose items are not single values");
    }
  }

  void walk_sections(const std::string& key, const YAML::Mark& mark, const YAML::Node& list,
                     std::size_t depth) {
    add(key, "", mark, value_shape::sections);
    for (std::size_t number = 0; number < list.size(); ++number) {
      const std::string section = key + "[" + std::to_string(number) + "]";
      const YAML::Node item = list[number];
      position_ = {key, number, ""};
      add(section, "", item.Mark(), item.IsMap() ? value_shape::section : value_shape::nothing);
      if (item.IsMap()) walk_map(item, section, depth + 1);
    }
    position_.reset();
  }

  void add(const std::string& key, std::string text, const YAML::Mark& mark, value_shape shape) {
    found_.entries.push_back({key, std::move(text), place(mark), shape, {}, position_});
    if (!position_) return;
    // Behind "list[number]" and the dot.
    const std::size_t section_size =
        position_->list.size() + std::to_string(position_->section).size() + 2;
    if (key.size() > section_size)
      found_.entries.back().position->name = key.substr(section_size + 1);
  }

  bool is_new(const std::string& key, const YAML::Mark& mark) {
    const auto [first, inserted] = places_.emplace(key, mark.line + 1);
    if (!inserted)
      report(mark, key, "stands here twice; first in line " + std::to_string(first->second));
    return inserted;
  }

  std::string name_;
  config_entries found_;
  std::map<std::string, int> places_;
  std::optional<section_position> position_;  // while in a list of sections
};

}  // namespace

config_entries read_config_text(const std::string& text, const std::string& name) {
  file_walk walk{name};
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1)
      walk.report(documents[1].Mark(), "", "is a second YAML document; a configuration is one");
    if (!documents.empty()) walk.walk_root(documents.front());
    return std::move(walk).take();
  } catch (const YAML::Exception& error) {
    std::string place = name;
    if (!error.mark.is_null())
      place +=
          ":" + std::to_string(error.mark.line + 1) + ":" + std::to_string(error.mark.column + 1);
    return {{}, {{place, "", "is not valid YAML: " + error.msg}}};
  }
}

config_entries read_config_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return {{}, {{path, "", "is a directory, not a configuration file"}}};
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  if (file && file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (!file.is_open() || file.bad())
    return {{}, {{path, "", "cannot be read: " + std::string{std::strerror(errno)}}}};
  return read_config_text(text.str(), path);
}

}  // namespace troupe
