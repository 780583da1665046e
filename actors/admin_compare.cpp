#include "actors/admin_compare.hpp"

#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "base/sequence_diff.hpp"
#include "base/utf8.hpp"

namespace troupe {

namespace {

using json = nlohmann::ordered_json;
using crdt::contents_kind;

/// The elements of two sequences as numbers, equal ones with equal numbers.
class numbering {
 public:
  std::uint32_t number_of(std::string element) {
    return numbers_.try_emplace(std::move(element), static_cast<std::uint32_t>(numbers_.size()))
        .first->second;
  }

 private:
  std::map<std::string, std::uint32_t> numbers_;
};

/// A sequence: for each element its number, and what is shown of it.
struct sequence {
  std::vector<std::uint32_t> numbers;
  std::vector<json> shown;       // values; of a text, one code point or embed each
  std::vector<json> attributes;  // of a text; null: none
};

/// One code point of UTF-8.
std::size_t code_point_size(std::string_view text, std::size_t at) {
  const auto first = static_cast<std::uint8_t>(text[at]);
  const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  return std::min(size, text.size() - at);
}

/// The elements of a delta of Quill.
sequence read_text(const json& delta, numbering& numbers) {
  sequence of;
  for (const json& part : delta) {
    const json attributes = part.value("attributes", json{});
    // Members in an order of their own: the order in which they were set shows nothing.
    const std::string key = attributes.is_null() ? "" : nlohmann::json(attributes).dump();
    const auto add = [&](json shown, const std::string& text) {
      of.numbers.push_back(numbers.number_of(text + '\0' + key));
      of.shown.push_back(std::move(shown));
      of.attributes.push_back(attributes);
    };
    const json& insert = part.at("insert");
    if (!insert.is_string()) {
      add(insert, std::string{"\x01"}.append(nlohmann::json(insert).dump()));
      continue;
    }
    const auto& text = insert.get_ref<const std::string&>();
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = code_point_size(text, at);
      add(text.substr(at, size), text.substr(at, size));
      at += size;
    }
  }
  return of;
}

sequence read_array(const json& values, numbering& numbers) {
  sequence of;
  for (const json& value : values) {
    of.numbers.push_back(numbers.number_of(nlohmann::json(value).dump()));
    of.shown.push_back(value);
  }
  return of;
}

/// Elements [from, from + count) as parts of a delta: runs of text with equal attributes are one.
void append_parts(json& to, const char* what, const sequence& of, std::size_t from,
                  std::size_t count) {
  for (std::size_t i = from; i < from + count; ++i) {
    const json& attributes = of.attributes[i];
    json* const last = to.empty() ? nullptr : &to.back();
    if (last != nullptr && i > from && of.shown[i].is_string() && last->contains(what) &&
        last->at(what).is_string() && last->value("attributes", json{}) == attributes) {
      last->at(what).get_ref<std::string&>() += of.shown[i].get_ref<const std::string&>();
      continue;
    }
    json part{{what, of.shown[i]}};
    if (!attributes.is_null()) part["attributes"] = attributes;
    to.push_back(std::move(part));
  }
}

/// UTF-16 units of a text, elements of an array.
std::size_t length_of(const sequence& of, std::size_t from, std::size_t count) {
  if (of.attributes.empty()) return count;
  std::size_t length = 0;
  for (std::size_t i = from; i < from + count; ++i)
    length +=
        of.shown[i].is_string()
            ? utf16_length_if_valid(as_bytes(of.shown[i].get_ref<const std::string&>())).value_or(1)
            : 1;
  return length;
}

json diff(const sequence& before, const sequence& after, const compare_limits& limit) {
  json delta = json::array();
  std::size_t old_at = 0;
  std::size_t new_at = 0;
  const auto append = [&](const char* what, const sequence& of, std::size_t from,
                          std::size_t count) {
    if (!of.attributes.empty()) return append_parts(delta, what, of, from, count);
    json values = json::array();
    for (std::size_t i = from; i < from + count; ++i) values.push_back(of.shown[i]);
    delta.push_back(json{{what, std::move(values)}});
  };
  for (const diff_run& run : diff_sequences(before.numbers, after.numbers, limit.changes_max)) {
    switch (run.what) {
      case diff_run::kind::equal:
        delta.push_back(json{{"retain", length_of(before, old_at, run.size)}});
        old_at += run.size;
        new_at += run.size;
        break;
      case diff_run::kind::deleted:
        append("delete", before, old_at, run.size);
        old_at += run.size;
        break;
      case diff_run::kind::inserted:
        append("insert", after, new_at, run.size);
        new_at += run.size;
        break;
    }
  }
  return delta;
}

json compare_maps(const json& before, const json& after) {
  json keys = json::object();
  for (const auto& [key, value] : before.items()) {
    if (!after.contains(key))
      keys[key] = {{"old", value}};
    else if (after.at(key) != value)
      keys[key] = {{"old", value}, {"new", after.at(key)}};
  }
  for (const auto& [key, value] : after.items())
    if (!before.contains(key)) keys[key] = {{"new", value}};
  return keys;
}

contents_kind kind_of(const crdt::doc& of, std::string_view name) {
  const auto contents = of.view().contents(name);
  return contents ? contents->kind : contents_kind::empty;
}

/// Nothing if both show the same.
json compare_root(const crdt::doc& before, const crdt::doc& after, const std::string& name,
                  const compare_limits& limit) {
  const contents_kind old_kind = kind_of(before, name);
  const contents_kind new_kind = kind_of(after, name);
  const contents_kind kind = new_kind == contents_kind::empty ? old_kind : new_kind;
  const bool is_comparable =
      old_kind == new_kind || old_kind == contents_kind::empty || new_kind == contents_kind::empty;
  if (kind == contents_kind::empty) return {};
  const auto parse = [](const std::string& text) { return json::parse(text); };
  json found{{"kind", to_string(kind)}};
  numbering numbers;
  if (is_comparable && kind == contents_kind::text) {
    const std::string old_delta = before.delta_json(name);
    const std::string new_delta = after.delta_json(name);
    if (old_delta == new_delta) return {};
    const sequence old_text = read_text(parse(old_delta), numbers);
    const sequence new_text = read_text(parse(new_delta), numbers);
    if (old_text.numbers == new_text.numbers) return {};
    found["delta"] = diff(old_text, new_text, limit);
    return found;
  }
  if (is_comparable && kind == contents_kind::map) {
    const std::string old_map = before.map_json(name);
    const std::string new_map = after.map_json(name);
    if (old_map == new_map) return {};
    found["keys"] = compare_maps(parse(old_map), parse(new_map));
    return found;
  }
  if (is_comparable && kind == contents_kind::array) {
    const std::string old_array = before.array_json(name);
    const std::string new_array = after.array_json(name);
    if (old_array == new_array) return {};
    const sequence old_values = read_array(parse(old_array), numbers);
    const sequence new_values = read_array(parse(new_array), numbers);
    found["delta"] = diff(old_values, new_values, limit);
    return found;
  }
  const std::string old_json = before.json(name);
  const std::string new_json = after.json(name);
  if (old_json == new_json && old_kind == new_kind) return {};
  found["old"] = parse(old_json);
  found["new"] = parse(new_json);
  return found;
}

}  // namespace

std::string compare_documents(const crdt::doc& before, const crdt::doc& after,
                              const compare_limits& limit) {
  using json = nlohmann::ordered_json;  // not the namespace troupe::json
  std::set<std::string> names;
  for (const crdt::doc* each : {&before, &after})
    for (const crdt::root_info& root : each->roots()) names.emplace(root.name);
  json roots = json::object();
  json unchanged = json::array();
  json omitted = json::array();
  std::size_t size = 0;
  for (const std::string& name : names) {
    const json found = compare_root(before, after, name, limit);
    if (found.is_null()) {
      unchanged.push_back(name);
      continue;
    }
    size += found.dump().size() + name.size();
    if (size > limit.size_max)
      omitted.push_back(name);
    else
      roots[name] = found;
  }
  return json{{"roots", roots}, {"unchanged", unchanged}, {"omitted", omitted}}.dump();
}

}  // namespace troupe
