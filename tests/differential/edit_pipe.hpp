// The editing part of engine_pipe: carries out one edit whose arguments are texts. A type is named
// "/root" or "client.clock"; a value is a letter and its text: j JSON, b bytes, t a type by its
// number, x an XML element by its name, d a subdocument by its guid.
#pragma once

#include <charconv>
#include <map>
#include <vector>

#include "protocol/crdt/edit/edit.hpp"

namespace troupe {

class edit_pipe {
 public:
  template <class Number>
  static Number number_of(std::string_view text) {
    Number number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

  /// Opens a transaction of `document` for the client id that is written in `own`.
  result<void> begin(std::uint32_t number, crdt::doc& document, std::string_view own) {
    auto opened = document.edit(number_of<crdt::client_id>(own));
    if (!opened) return tl::unexpected(opened.error());
    open_.emplace(number, std::move(*opened));
    return {};
  }

  bool commit(std::uint32_t number) {
    auto ended = open_.extract(number);
    return ended.mapped().commit().changed;
  }

  /// The last changes of a document, a line for each type: its name, whether its sequence changed
  /// (0 or 1), its keys; with tabs between.
  static std::string changes_of(const crdt::doc& document) {
    std::string lines;
    for (const crdt::type_change& change : document.last_changes()) {
      const crdt::type_ref& type = change.type;
      lines += type.item
                   ? std::to_string(type.item->client) + "." + std::to_string(type.item->clock)
                   : "/" + type.name;
      lines += change.sequence_changed ? "\t1" : "\t0";
      for (const std::string& key : change.keys) lines += "\t" + key;
      lines += '\n';
    }
    return lines;
  }

  /// One operation: its name, the type, and its further arguments.
  result<void> carry_out(std::uint32_t number, const std::vector<std::string_view>& in) {
    crdt::doc_edit& edit = open_.at(number);
    const std::string_view name = in[0];
    const crdt::type_ref type = type_of(in[1]);
    const auto index = [&](std::size_t i) { return number_of<std::uint32_t>(in[i]); };
    if (name == "insert_text") {
      if (in.size() == 4) return edit.insert_text(type, index(2), in[3]);
      return with_formats(in[4], [&](const auto& formats) {
        return edit.insert_text(type, index(2), in[3], formats);
      });
    }
    if (name == "insert_embed") {
      const auto embed = value_of(in[3]);
      if (!embed) return tl::unexpected(embed.error());
      return with_formats(in[4], [&](const auto& formats) {
        return edit.insert_embed(type, index(2), *embed, formats);
      });
    }
    if (name == "remove_text") return edit.remove_text(type, index(2), index(3));
    if (name == "format_text")
      return with_formats(in[4], [&](const auto& formats) {
        return edit.format_text(type, index(2), index(3), formats);
      });
    if (name == "remove") return edit.remove(type, index(2), index(3));
    if (name == "remove_key") return edit.remove_key(type, in[2]);
    if (name == "clear_keys") return edit.clear_keys(type);
    return write_values(edit, name, type, in);
  }

 private:
  static result<void> write_values(crdt::doc_edit& edit, std::string_view name,
                                   const crdt::type_ref& type,
                                   const std::vector<std::string_view>& in) {
    std::vector<crdt::value> values;
    for (std::size_t i = name == "push" ? 2 : 3; i < in.size(); ++i) {
      auto value = value_of(in[i]);
      if (!value) return tl::unexpected(value.error());
      values.push_back(std::move(*value));
    }
    if (name == "push") return edit.push(type, values);
    if (name == "insert") return edit.insert(type, number_of<std::uint32_t>(in[2]), values);
    if (name == "set") return edit.set(type, in[2], values[0]);
    return fail(errc::unknown_message, name);
  }

  static crdt::type_ref type_of(std::string_view name) {
    if (name[0] == '/') return name.substr(1);
    const std::size_t dot = name.find('.');
    return crdt::type_ref::nested(number_of<crdt::client_id>(name.substr(0, dot)),
                                  number_of<crdt::clock_type>(name.substr(dot + 1)));
  }

  static result<crdt::value> value_of(std::string_view text) {
    const std::string_view rest = text.substr(1);
    switch (text[0]) {
      case 'j': return crdt::value::json(rest);
      case 'b': return crdt::value::binary(as_bytes(rest));
      case 't': return crdt::value::type(static_cast<crdt::type_kind>(rest[0] - '0'));
      case 'x': return crdt::value::xml_element(rest);
      default: return crdt::value::subdocument(rest);
    }
  }

  template <class Call>
  static result<void> with_formats(std::string_view json, Call call) {
    const auto formats = crdt::attributes::json(json);
    if (!formats) return tl::unexpected(formats.error());
    return call(*formats);
  }

  std::map<std::uint32_t, crdt::doc_edit> open_;
};

}  // namespace troupe
