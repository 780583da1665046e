#include "app/config_file.hpp"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace troupe {

namespace {

/// Deeper than any key; bounds the walk over a file whose aliases refer to themselves.
constexpr std::size_t depth_max = 8;

/// A YAML list in CAF's notation.
std::string list_text(const YAML::Node& list) {
  std::string text = "[";
  for (const YAML::Node& item : list) {
    if (text.size() > 1) text += ", ";
    text += '"';
    for (const char letter : item.Scalar()) {
      if (letter == '"' || letter == '\\') text += '\\';
      text += letter;
    }
    text += '"';
  }
  return text + "]";
}

bool has_only_scalars(const YAML::Node& list) {
  for (const YAML::Node& item : list)
    if (!item.IsScalar()) return false;
  return true;
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
    if (value.IsSequence() && has_only_scalars(value))
      return add(key, list_text(value), mark, value_shape::list);
    if (value.IsSequence()) return report(mark, key, "is a list whose items are not single values");
    if (!value.IsMap()) return add(key, "", mark, value_shape::nothing);
    if (value.size() == 0) return add(key, "", mark, value_shape::section);
    if (depth >= depth_max) return report(mark, key, "is nested too deep");
    walk_map(value, key, depth + 1);
  }

  void add(const std::string& key, std::string text, const YAML::Mark& mark, value_shape shape) {
    found_.entries.push_back({key, std::move(text), place(mark), shape});
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
