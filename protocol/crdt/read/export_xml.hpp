// XML types as yjs prints them, <name key="value">children</name>, without any escaping: a
// fragment, an element with its attributes, a text whose formats are tags. Types in types are
// walked with an explicit stack, since their depth is up to whoever wrote the document.
// Source: yjs 13.6 YXmlFragment.toString, YXmlElement.toString, YXmlText.toString.
// Differs: element names are made lower case in ASCII only; null and undefined among the children
// of a fragment are printed, where yjs throws.
#pragma once

#include "protocol/crdt/read/visibility.hpp"

namespace troupe::crdt {

/// Whether yjs exports types of this kind as XML.
constexpr bool is_xml(type_kind kind) noexcept {
  return kind == type_kind::xml_element || kind == type_kind::xml_fragment ||
         kind == type_kind::xml_text;
}

/// Appends a type as `String(type)` of yjs, read as if it were of this kind: the kinds of is_xml()
/// as XML, text as plain text, others as "[object Object]".
template <class Visibility>
void append_xml(const struct_store& from, const Visibility& visible, type_handle type,
                type_kind kind, std::string& out);

extern template void append_xml(const struct_store&, const visible_now&, type_handle, type_kind,
                                std::string&);
extern template void append_xml(const struct_store&, const visible_at&, type_handle, type_kind,
                                std::string&);

}  // namespace troupe::crdt
