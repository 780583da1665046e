#include "tests/support/editing_client.hpp"

#include <stdexcept>

#include "protocol/crdt/wire/update_writer.hpp"

namespace troupe::test {

using namespace crdt;

namespace {

std::uint32_t below(std::mt19937& random, std::size_t bound) {
  return bound == 0 ? 0 : static_cast<std::uint32_t>(random() % bound);
}

/// Words with one, two, three and four byte characters, so that splits fall everywhere.
constexpr std::string_view words[] = {"a",
                                      "bc",
                                      "typing",
                                      "\xc3\xa9t\xc3\xa9",
                                      "\xe2\x82\xac",
                                      "x\xf0\x9f\x98\x80y",
                                      "\xf0\x9f\x8e\xad",
                                      "\n",
                                      "longer words make longer items"};

std::uint32_t utf16_length(std::string_view text) {
  std::uint32_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) != 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

}  // namespace

editing_client::place editing_client::find_place(type_handle type, std::size_t index) const {
  place found;
  if (type == none) return found;
  const struct_store& s = doc.contents();
  std::size_t left = index;
  found.right = s.chain_at(s.type_at(type).sequence).head;
  while (left > 0 && found.right != none) {
    const item& current = s.at(found.right);
    const std::size_t visible = current.is_visible() ? current.length : 0;
    found.left = found.right;
    if (visible > left) {
      found.left_clock = current.clock + static_cast<clock_type>(left) - 1;
      found.right_clock = found.left_clock + 1;
      return found;
    }
    found.left_clock = current.last();
    left -= visible;
    found.right = current.right;
  }
  if (found.right != none) found.right_clock = s.at(found.right).clock;
  return found;
}

byte_buffer editing_client::apply(byte_buffer update) {
  const auto applied = doc.apply_update(update);
  if (!applied) throw std::logic_error("own update is refused: " + to_string(applied.error()));
  return update;
}

byte_buffer editing_client::finish(const struct_view& made) {
  lib0::encoder out;
  out.write_var_uint(1);
  out.write_var_uint(1);
  out.write_var_uint(id_);
  out.write_var_uint(made.clock);
  writer_v1 writer{out};
  write_struct(made, doc.contents().clients(), writer);
  out.write_var_uint(0);
  return apply(out.take());
}

byte_buffer editing_client::insert(const target& into, std::size_t index, struct_view made) {
  const struct_store& s = doc.contents();
  const place at = find_place(into.type, index);
  const client_index own = s.clients().find(id_);
  made.clock = own == no_client ? 0 : s.state_of(own).state();
  if (at.left != none) made.origin = {s.at(at.left).client, at.left_clock};
  if (at.right != none) made.right_origin = {s.at(at.right).client, at.right_clock};
  parent_view parent;
  parent.is_root = into.type == none || s.type_at(into.type).owner == none;
  parent.name = into.root;
  if (!parent.is_root) parent.owner = s.at(s.type_at(into.type).owner).id();
  made.parent = &parent;
  return finish(made);
}

byte_buffer editing_client::set(const target& in, std::string_view key, struct_view made) {
  const struct_store& s = doc.contents();
  const client_index own = s.clients().find(id_);
  made.clock = own == no_client ? 0 : s.state_of(own).state();
  made.has_key = true;
  const string_handle text = s.find_string(key);
  const chain_handle keyed =
      in.type == none || text == no_string ? none : s.find_keyed_chain(in.type, text);
  const item_handle tail = keyed == none ? none : s.chain_at(keyed).tail;
  if (tail != none) made.origin = s.at(tail).last_id();
  parent_view parent;
  parent.is_root = in.type == none || s.type_at(in.type).owner == none;
  parent.name = in.root;
  parent.has_key = true;
  parent.key = key;
  if (!parent.is_root) parent.owner = s.at(s.type_at(in.type).owner).id();
  made.parent = &parent;
  return finish(made);
}

byte_buffer editing_client::remove_from(type_handle type, std::size_t index, std::size_t length) {
  const struct_store& s = doc.contents();
  std::vector<client_range> ranges;
  std::size_t position = 0;
  for (item_handle at = s.chain_at(s.type_at(type).sequence).head; at != none;
       at = s.at(at).right) {
    const item& current = s.at(at);
    if (!current.is_visible()) continue;
    const std::size_t from = std::max(index, position);
    const std::size_t to = std::min(index + length, position + current.length);
    if (from < to)
      ranges.push_back({current.client,
                        {static_cast<clock_type>(current.clock + from - position),
                         static_cast<clock_type>(to - from)}});
    position += current.length;
  }
  lib0::encoder out;
  out.write_var_uint(0);
  out.write_var_uint(ranges.size());  // an entry per range: a client may come twice
  for (const client_range& r : ranges) {
    out.write_var_uint(s.clients().id(r.client));
    out.write_var_uint(1);
    out.write_var_uint(r.range.clock);
    out.write_var_uint(r.range.length);
  }
  return apply(out.take());
}

byte_buffer editing_client::remove_key(type_handle type, std::mt19937& random) {
  const struct_store& s = doc.contents();
  std::vector<item_handle> values;
  for (chain_handle keyed = s.type_at(type).keyed; keyed != none; keyed = s.chain_at(keyed).next)
    if (s.chain_at(keyed).tail != none) values.push_back(s.chain_at(keyed).tail);
  if (values.empty()) return apply({0, 0});
  const item& value = s.at(values[below(random, values.size())]);
  lib0::encoder out;
  out.write_var_uint(0);
  out.write_var_uint(1);
  out.write_var_uint(s.clients().id(value.client));
  out.write_var_uint(1);
  out.write_var_uint(value.clock);
  out.write_var_uint(value.length);
  return apply(out.take());
}

byte_buffer editing_client::insert_text(std::string_view root, std::size_t index,
                                        std::string_view text) {
  struct_view made;
  made.kind = content_kind::string;
  made.content = as_bytes(text).data();
  made.content_size = static_cast<std::uint32_t>(text.size());
  made.length = utf16_length(text);
  return insert({std::string{root}, doc.contents().find_root(root), type_kind::text}, index, made);
}

byte_buffer editing_client::insert_values(std::string_view root, std::size_t index,
                                          std::size_t count) {
  lib0::encoder values;
  for (std::size_t i = 0; i < count; ++i) {
    values.write_uint8(125);
    values.write_uint8(static_cast<std::uint8_t>(i & 0x3f));
  }
  struct_view made;
  made.kind = content_kind::any;
  content_ = values.take();
  made.content = content_.data();
  made.content_size = static_cast<std::uint32_t>(content_.size());
  made.length = static_cast<clock_type>(count);
  return insert({std::string{root}, doc.contents().find_root(root), type_kind::array}, index, made);
}

byte_buffer editing_client::set_key(std::string_view root, std::string_view key, int value) {
  struct_view made;
  made.kind = content_kind::any;
  content_ = {125, static_cast<std::uint8_t>(value & 0x3f)};
  made.content = content_.data();
  made.content_size = 2;
  made.length = 1;
  return set({std::string{root}, doc.contents().find_root(root), type_kind::map}, key, made);
}

byte_buffer editing_client::remove(std::string_view root, std::size_t index, std::size_t length) {
  return remove_from(doc.contents().find_root(root), index, length);
}

std::size_t editing_client::length(std::string_view root) const {
  const type_handle type = doc.contents().find_root(root);
  return type == none ? 0 : doc.contents().type_at(type).length;
}

/// The roots and every nested type that is still alive.
std::vector<editing_client::target> editing_client::targets() const {
  const struct_store& s = doc.contents();
  std::vector<target> all{{"text", s.find_root("text"), type_kind::text},
                          {"array", s.find_root("array"), type_kind::array},
                          {"map", s.find_root("map"), type_kind::map}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].type == none) continue;
    const auto add = [&](chain_handle list) {
      for (item_handle at = s.chain_at(list).head; at != none; at = s.at(at).right) {
        const item& current = s.at(at);
        if (current.kind() == content_kind::type && current.is_deleted == 0)
          all.push_back({"", current.content, s.type_at(current.content).kind});
      }
    };
    add(s.type_at(all[i].type).sequence);
    for (chain_handle k = s.type_at(all[i].type).keyed; k != none; k = s.chain_at(k).next) add(k);
  }
  return all;
}

struct_view editing_client::random_content(type_kind into, std::mt19937& random) {
  struct_view made;
  const auto keep = [&](content_kind kind, byte_buffer bytes, std::uint32_t length) {
    made.kind = kind;
    content_ = std::move(bytes);
    made.content = content_.data();
    made.content_size = static_cast<std::uint32_t>(content_.size());
    made.length = length;
  };
  const std::uint32_t choice = below(random, 10);
  if (into == type_kind::text && choice < 8) {
    const std::string_view word = words[below(random, std::size(words))];
    keep(content_kind::string, {as_bytes(word).begin(), as_bytes(word).end()}, utf16_length(word));
  } else if (into == type_kind::text && choice == 8) {
    lib0::encoder format;
    format.write_var_string("bold");
    format.write_var_string("true");
    keep(content_kind::format, format.take(), 1);
  } else if (choice < 4) {
    const std::uint32_t count = into == type_kind::map ? 1 : 1 + below(random, 4);
    byte_buffer values;
    for (std::uint32_t i = 0; i < count; ++i)
      values.insert(values.end(), {125, static_cast<std::uint8_t>(below(random, 64))});
    keep(content_kind::any, std::move(values), count);
  } else if (choice == 4) {
    keep(content_kind::binary, {1, 2, 3}, 1);
  } else if (choice == 5) {
    keep(content_kind::embed, {'{', '}'}, 1);
  } else {
    keep(content_kind::type, {}, 1);
    constexpr type_kind kinds[] = {type_kind::array, type_kind::map, type_kind::text};
    made.type = kinds[below(random, 3)];
  }
  return made;
}

byte_buffer editing_client::edit_randomly(std::mt19937& random) {
  const std::vector<target> all = targets();
  const target& chosen = all[below(random, all.size())];
  const std::size_t length = chosen.type == none ? 0 : doc.contents().type_at(chosen.type).length;
  if (chosen.kind == type_kind::map) {
    if (chosen.type != none && below(random, 4) == 0) return remove_key(chosen.type, random);
    constexpr std::string_view keys[] = {"one", "two", "three"};
    return set(chosen, keys[below(random, 3)], random_content(type_kind::map, random));
  }
  if (length > 0 && below(random, 3) == 0) {
    const std::size_t index = below(random, length);
    return remove_from(chosen.type, index,
                       1 + below(random, std::min<std::size_t>(length - index, 5)));
  }
  return insert(chosen, below(random, length + 1), random_content(chosen.kind, random));
}

std::string normal_form(const crdt::doc& of) {
  crdt::doc fresh;
  if (!fresh.apply_update(of.encode_state_as_update()))
    throw std::logic_error("own state is refused");
  const byte_buffer bytes = fresh.encode_state_as_update();
  std::string form = "text " + of.text("text") + "\narray " + of.array_json("array") + "\nmap " +
                     of.map_json("map") + "\n";
  for (const std::uint8_t byte : bytes) form += std::to_string(byte) + " ";
  return form;
}

}  // namespace troupe::test
