#include "protocol/crdt/read/contents_kind.hpp"

#include "protocol/crdt/read/export_xml.hpp"

namespace troupe::crdt {

namespace {

enum class element_class : std::uint8_t { text, value, xml, nothing };

element_class class_of(const struct_store& from, const item& of) noexcept {
  switch (of.kind()) {
    case content_kind::string:
    case content_kind::embed:
    case content_kind::format: return element_class::text;
    case content_kind::type: {
      const type_kind kind = from.type_at(of.content).kind;
      const bool stands_in_xml = is_xml(kind) || kind == type_kind::xml_hook;
      return stands_in_xml ? element_class::xml : element_class::value;
    }
    case content_kind::gc:
    case content_kind::deleted:
    case content_kind::skip: return element_class::nothing;
    default: return element_class::value;
  }
}

struct sequence_contents {
  bool has_text = false;
  bool has_values = false;
  bool has_xml = false;

  contents_kind kind() const noexcept {
    if (has_text) return has_values || has_xml ? contents_kind::mixed : contents_kind::text;
    if (has_values) return contents_kind::array;
    return has_xml ? contents_kind::xml : contents_kind::empty;
  }
};

template <class Visibility>
sequence_contents look_through(const struct_store& from, const Visibility& visible,
                               chain_handle sequence) {
  sequence_contents found;
  for (item_handle at = from.chain_at(sequence).head; at != none; at = from.at(at).right) {
    const element_class what = class_of(from, from.at(at));
    bool shows = false;
    visible.for_each_part(from.at(at), [&](clock_type, clock_type) { shows = true; });
    if (!shows) continue;
    found.has_text = found.has_text || what == element_class::text;
    found.has_values = found.has_values || what == element_class::value;
    found.has_xml = found.has_xml || what == element_class::xml;
  }
  return found;
}

/// Shows what is deleted, too.
struct visible_ever {
  template <class Visit>
  void for_each_part(const item& of, Visit visit) const {
    visit(clock_type{0}, of.length);
  }
};

}  // namespace

std::string_view to_string(contents_kind kind) noexcept {
  switch (kind) {
    case contents_kind::empty: return "empty";
    case contents_kind::text: return "text";
    case contents_kind::array: return "array";
    case contents_kind::map: return "map";
    case contents_kind::xml: return "xml";
    case contents_kind::mixed: return "mixed";
  }
  return "empty";
}

template <class Visibility>
type_contents contents_of(const struct_store& from, const Visibility& visible, type_handle type) {
  const type_record& record = from.type_at(type);
  type_contents contents;
  contents.kind = look_through(from, visible, record.sequence).kind();
  contents.length = visible.length_of(from, type);
  for (chain_handle keyed = record.keyed; keyed != none; keyed = from.chain_at(keyed).next)
    contents.key_count += visible.value_of(from, from.chain_at(keyed)).handle != none;
  if (contents.key_count > 0)
    contents.kind =
        contents.kind == contents_kind::empty ? contents_kind::map : contents_kind::mixed;
  return contents;
}

contents_kind held_kind_of(const struct_store& from, type_handle type) {
  const type_record& record = from.type_at(type);
  if (record.keyed == none) return look_through(from, visible_ever{}, record.sequence).kind();
  const bool has_sequence = from.chain_at(record.sequence).head != none;
  return has_sequence ? contents_kind::mixed : contents_kind::map;
}

template type_contents contents_of(const struct_store&, const visible_now&, type_handle);
template type_contents contents_of(const struct_store&, const visible_at&, type_handle);

}  // namespace troupe::crdt
