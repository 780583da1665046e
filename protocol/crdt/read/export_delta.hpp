// Writes a text in the form of Quill: a JSON list of {"insert": text or value, "attributes":
// {...}}. The caller adds the items of the text in order; the writer keeps the attributes in force.
// Source: yjs 13.6 YText.toDelta. A new entry begins at each visible format and embed, as there, so
// that neighbours may have equal attributes; keys come in the order of their bytes.
#pragma once

#include "protocol/crdt/read/content_text.hpp"
#include "protocol/crdt/read/json_buffer.hpp"

namespace troupe::crdt {

class delta_writer {
 public:
  explicit delta_writer(json_buffer& out) : out_(&out) { out.push_back('['); }

  void add_text(std::string_view text) { run_.append(text); }

  /// Applies an item of kind format.
  void add_format(const struct_store& from, const item& format);

  /// What is written between these two is the value of one insert.
  void begin_insert();
  void end_insert();

  void finish();

 private:
  void end_run();

  json_buffer* out_;
  std::string run_;  // text since the last format or embed
  text_attributes attributes_;
  bool is_first_ = true;
};

}  // namespace troupe::crdt
