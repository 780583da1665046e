#include "protocol/crdt/wire/update_writer.hpp"

#include "protocol/crdt/wire/info_byte.hpp"

namespace troupe::crdt {

namespace {

using namespace info_byte;

template <class Writer>
void write_parent(const parent_view& parent, const client_lookup& ids, Writer& out) {
  out.write_parent_is_root(parent.is_root);
  if (parent.is_root)
    out.write_name(parent.name);
  else
    out.write_left_id(ids.id(parent.owner.client), parent.owner.clock);
  if (parent.has_key) out.write_name(parent.key);
}

/// The value behind the key of a format: as JSON text it has its length in front.
template <class Writer>
void write_format(const struct_view& view, Writer& out) {
  lib0::decoder in{view.content_bytes()};
  out.write_key(in.read_var_string("format key"));
  const byte_view value = view.value_is_any ? in.read_bytes(in.remaining()) : in.read_var_bytes();
  out.write_value(value, view.value_is_any);
}

template <class Writer>
void write_content(const struct_view& view, Writer& out) {
  switch (view.kind) {
    case content_kind::deleted: return out.write_length(view.length);
    case content_kind::json: return out.write_json_values(view.content_bytes(), view.length);
    case content_kind::binary: return out.rest().write_var_bytes(view.content_bytes());
    case content_kind::string: return out.write_text(view.content_bytes(), view.length);
    case content_kind::embed: return out.write_value(view.content_bytes(), view.value_is_any);
    case content_kind::format: return write_format(view, out);
    case content_kind::type:
      out.write_type_kind(view.type);
      if (view.type == type_kind::xml_element || view.type == type_kind::xml_hook)
        out.write_key(as_text(view.content_bytes()));
      return;
    case content_kind::any:
      out.write_length(view.length);
      return out.rest().write_bytes(view.content_bytes());
    case content_kind::doc: {
      lib0::decoder in{view.content_bytes()};
      out.write_name(in.read_var_string("guid"));
      return out.rest().write_bytes(in.read_bytes(in.remaining()));
    }
    default: TROUPE_CHECK(false && "a struct without content has been written already");
  }
}

}  // namespace

template <class Writer>
void write_struct(const struct_view& view, const client_lookup& ids, Writer& out) {
  auto info = static_cast<std::uint8_t>(view.kind);
  if (view.kind == content_kind::gc) {
    out.write_info(info);
    return out.write_length(view.length);
  }
  if (view.has_key) info |= key_bit;
  if (view.has_right_origin()) info |= right_origin_bit;
  if (view.has_origin()) info |= origin_bit;
  out.write_info(info);
  if (view.has_origin()) out.write_left_id(ids.id(view.origin.client), view.origin.clock);
  if (view.has_right_origin())
    out.write_right_id(ids.id(view.right_origin.client), view.right_origin.clock);
  if (!view.has_origin() && !view.has_right_origin()) write_parent(*view.parent, ids, out);
  write_content(view, out);
}

template void write_struct(const struct_view&, const client_lookup&, writer_v1&);
template void write_struct(const struct_view&, const client_lookup&, writer_v2&);

}  // namespace troupe::crdt
