#include "protocol/crdt/read/relative_position.hpp"

#include <bit>
#include <cmath>

#include "base/utf8.hpp"
#include "protocol/json/convert.hpp"
#include "protocol/json/validate.hpp"
#include "protocol/json/write.hpp"
#include "protocol/lib0/any.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::crdt {

namespace {

enum class place_tag : std::uint8_t { item = 0, root = 1, type = 2 };

constexpr std::size_t json_depth_max = 32;  // a position needs 2; members of others may be deeper

void write_id(place_tag tag, struct_id id, lib0::encoder& out) {
  out.write_var_uint(static_cast<std::uint8_t>(tag));
  out.write_var_uint(id.client);
  out.write_var_uint(id.clock);
}

struct_id read_id(lib0::decoder& in) {
  const client_id client = in.read_var_uint();
  return {client, in.read_var_uint()};
}

void append_id(std::string_view name, struct_id id, std::string& out) {
  if (out.size() > 1) out.push_back(',');
  out.append("\"").append(name).append("\":{\"client\":").append(std::to_string(id.client));
  out.append(",\"clock\":").append(std::to_string(id.clock)).append("}");
}

/// An integer of JavaScript, or nothing. Leaves the decoder behind the value either way.
std::optional<std::int64_t> read_integer(lib0::decoder& in) {
  const auto tag = static_cast<lib0::any_tag>(*in.cursor());
  lib0::decoder value{in.skip_any(json_depth_max)};
  value.read_uint8();
  if (tag == lib0::any_tag::integer) {
    const lib0::decoder::var_int read = value.read_var_int();
    const auto magnitude = static_cast<std::int64_t>(read.magnitude);
    return read.is_negative ? -magnitude : magnitude;
  }
  const bool is_single = tag == lib0::any_tag::float32;
  if (!is_single && tag != lib0::any_tag::float64) return {};
  std::uint64_t bits = 0;
  for (const std::uint8_t byte : value.read_bytes(is_single ? 4 : 8)) bits = bits << 8 | byte;
  const double number = is_single ? std::bit_cast<float>(static_cast<std::uint32_t>(bits))
                                  : std::bit_cast<double>(bits);
  constexpr auto largest = static_cast<double>(lib0::max_safe_integer);
  if (std::trunc(number) != number || std::fabs(number) > largest) return {};
  return static_cast<std::int64_t>(number);
}

/// Reads the members of an object that was made from JSON. `failed` is set if they are no position.
class json_members {
 public:
  explicit json_members(byte_view object) : in_(object) {
    is_object_ = static_cast<lib0::any_tag>(in_.read_uint8()) == lib0::any_tag::object;
    left_ = is_object_ ? in_.read_var_uint() : 0;
  }
  bool is_object() const noexcept { return is_object_; }

  /// Steps to the next member that is not null; false at the end.
  bool next(std::string_view& key) {
    while (left_ > 0) {
      --left_;
      key = in_.read_var_string("object key");
      if (static_cast<lib0::any_tag>(*in_.cursor()) != lib0::any_tag::null) return true;
      in_.read_uint8();
    }
    return false;
  }

  lib0::decoder& value() noexcept { return in_; }

 private:
  lib0::decoder in_;
  std::uint64_t left_ = 0;
  bool is_object_ = false;
};

std::optional<struct_id> read_json_id(lib0::decoder& in) {
  json_members members{in.skip_any(json_depth_max)};
  std::optional<std::int64_t> client, clock;
  for (std::string_view key; members.next(key);) {
    const auto number = read_integer(members.value());
    if (key == "client") client = number;
    if (key == "clock") clock = number;
  }
  if (!client || !clock || *client < 0 || *clock < 0) return {};
  return struct_id{static_cast<client_id>(*client), static_cast<std::uint64_t>(*clock)};
}

std::optional<std::string> read_json_string(lib0::decoder& in) {
  lib0::decoder value{in.skip_any(json_depth_max)};
  if (static_cast<lib0::any_tag>(value.read_uint8()) != lib0::any_tag::string) return {};
  return std::string{value.read_var_string("tname")};
}

/// Takes over one member; false if it has a wrong value.
bool read_member(std::string_view key, lib0::decoder& in, relative_position& into) {
  if (key == "item") return (into.item = read_json_id(in)).has_value();
  if (key == "assoc") {
    const auto assoc = read_integer(in);
    into.assoc = assoc.value_or(0);
    return assoc.has_value();
  }
  if (key == "type") {
    const auto id = read_json_id(in);
    if (id) into.type = type_ref{*id};
    return id.has_value();
  }
  if (key == "tname") {
    auto name = read_json_string(in);
    const bool is_string = name.has_value();
    if (is_string) into.type = type_ref{*name};
    return is_string;
  }
  in.skip_any(json_depth_max);
  return true;
}

/// Visible units in front of an item in its chain.
std::size_t units_left_of(const struct_store& in, const item& of) {
  std::size_t units = 0;
  for (item_handle at = of.left; at != none; at = in.at(at).left)
    if (in.at(at).is_visible()) units += in.at(at).length;
  return units;
}

struct_id id_in(const struct_store& in, const item& of, std::size_t offset) {
  return {in.clients().id(of.client), of.clock + offset};
}

/// The id that a place in a chain is tied to; nothing at its end.
std::optional<struct_id> find_anchor(const struct_store& in, chain_handle sequence,
                                     std::size_t index, std::int64_t assoc) {
  if (assoc < 0) {  // tied to the unit in front
    if (index == 0) return {};
    --index;
  }
  for (item_handle at = in.chain_at(sequence).head; at != none; at = in.at(at).right) {
    const item& current = in.at(at);
    if (current.is_visible()) {
      if (current.length > index) return id_in(in, current, index);
      index -= current.length;
    }
    // Beyond the end it is tied to the last unit, even a deleted one.
    if (current.right == none && assoc < 0) return id_in(in, current, current.length - 1);
  }
  return {};
}

tl::expected<absolute_position, unresolved>
resolve_type_end(const struct_store& in, const type_ref& name, std::int64_t assoc) {
  const type_handle type = find_type(in, name);
  if (type == none && name.item)
    return tl::unexpected(in.find(*name.item) == none ? unresolved::unknown
                                                      : unresolved::collected);
  const std::size_t length = type == none ? 0 : in.type_at(type).length;
  return absolute_position{name, assoc >= 0 ? length : 0, assoc};
}

}  // namespace

byte_buffer relative_position::encode() const {
  lib0::encoder out{32};
  if (item) {
    write_id(place_tag::item, *item, out);
  } else if (type->item) {
    write_id(place_tag::type, *type->item, out);
  } else {
    out.write_var_uint(static_cast<std::uint8_t>(place_tag::root));
    out.write_var_string(type->name);
  }
  out.write_var_int(static_cast<std::uint64_t>(assoc < 0 ? -assoc : assoc), assoc < 0);
  return out.take();
}

result<relative_position> relative_position::decode(byte_view bytes) {
  lib0::decoder in{bytes};
  relative_position read;
  switch (in.read_var_uint()) {
    case static_cast<std::uint8_t>(place_tag::item): read.item = read_id(in); break;
    case static_cast<std::uint8_t>(place_tag::root):
      read.type = type_ref{in.read_var_string("root name")};
      break;
    case static_cast<std::uint8_t>(place_tag::type): read.type = type_ref{read_id(in)}; break;
    default: in.fail(errc::unknown_content, "kind of relative position");
  }
  if (in.ok() && !in.at_end()) {
    const lib0::decoder::var_int value = in.read_var_int();
    const auto magnitude = static_cast<std::int64_t>(value.magnitude);
    read.assoc = value.is_negative ? -magnitude : magnitude;
  }
  if (in.ok() && !in.at_end()) in.fail(errc::trailing_bytes, "behind the relative position");
  if (!in.ok()) return in.error();
  return read;
}

std::string relative_position::to_json() const {
  std::string out = "{";
  if (type && type->item) append_id("type", *type->item, out);
  if (type && !type->item) {
    out.append("\"tname\":");
    json::append_string(type->name, out);
  }
  if (item) append_id("item", *item, out);
  out.append(out.size() > 1 ? ",\"assoc\":" : "\"assoc\":").append(std::to_string(assoc));
  out.push_back('}');
  return out;
}

result<relative_position> relative_position::from_json(std::string_view text) {
  if (!is_valid_utf8(as_bytes(text))) return fail(errc::invalid_utf8, "relative position");
  if (!json::is_valid_json(text, json_depth_max))
    return fail(errc::invalid_json, "relative position");
  lib0::encoder value;
  json::json_to_any(text, value);
  json_members members{value.view()};
  relative_position read;
  bool is_good = members.is_object();
  for (std::string_view key; is_good && members.next(key);)
    is_good = read_member(key, members.value(), read);
  if (!is_good || (!read.type && !read.item))
    return fail(errc::invalid_json, "relative position without a place");
  return read;
}

std::optional<relative_position> relative_position_at(const struct_store& in, const type_ref& type,
                                                      std::size_t index, std::int64_t assoc) {
  const type_handle found = find_type(in, type);
  if (found == none && type.item) return {};
  relative_position position;
  position.type = type;
  position.assoc = assoc;
  if (found != none) position.item = find_anchor(in, in.type_at(found).sequence, index, assoc);
  return position;
}

tl::expected<absolute_position, unresolved> resolve(const struct_store& in,
                                                    const relative_position& position) {
  if (!position.item) {
    if (!position.type) return tl::unexpected(unresolved::unknown);
    return resolve_type_end(in, *position.type, position.assoc);
  }
  const item_handle handle = in.find(*position.item);
  if (handle == none) return tl::unexpected(unresolved::unknown);
  const item& unit = in.at(handle);
  if (unit.is_gc()) return tl::unexpected(unresolved::collected);
  const type_handle type = in.chain_at(unit.chain).type;
  absolute_position found{ref_of(in, type), 0, position.assoc};
  const item_handle owner = in.type_at(type).owner;
  if (owner != none && in.at(owner).is_deleted != 0) return found;
  found.index = units_left_of(in, unit);
  if (unit.is_visible())
    found.index += position.item->clock - unit.clock + (position.assoc >= 0 ? 0 : 1);
  return found;
}

}  // namespace troupe::crdt
