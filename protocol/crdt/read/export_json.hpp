// Types as JSON, whatever is nested in them: arrays, maps, texts as strings or as deltas, XML types
// as the string of XML that yjs's toJSON gives. Members of objects in the order of their bytes, so
// that equal documents give equal text. Types in types are walked with an explicit stack, since
// their depth is up to whoever wrote the document. Values are of flavour lossless
// (json/convert.hpp); a subdocument is {"guid":...}.
#pragma once

#include "protocol/crdt/read/visibility.hpp"

namespace troupe::crdt {

/// How a type is read.
enum class json_form : std::uint8_t {
  array,        ///< [value, ...]; text among values character by character.
  map,          ///< {"key":value, ...}
  text,         ///< "plain text"
  delta,        ///< [{"insert":..., "attributes":{...}}, ...]; values and subdocuments left out.
  full_delta,   ///< The same with every value and subdocument as an insert.
  by_kind,      ///< A nested type as toJSON of yjs does; a root by its contents.
  by_contents,  ///< By contents_kind: text, array, map, XML string; if mixed {"delta": full delta,
                ///< "keys": map}. If empty, by what it has held; null if that is not known.
};

template <class Visibility>
void append_json(const struct_store& from, const Visibility& visible, type_handle type,
                 json_form form, std::string& out);

/// One unit of an item, as it stands in an array or a map. Requires: it is there and visible.
void append_unit_json(const struct_store& from, unit_place unit, std::string& out);

extern template void append_json(const struct_store&, const visible_now&, type_handle, json_form,
                                 std::string&);
extern template void append_json(const struct_store&, const visible_at&, type_handle, json_form,
                                 std::string&);

}  // namespace troupe::crdt
