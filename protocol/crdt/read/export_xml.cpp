#include "protocol/crdt/read/export_xml.hpp"

#include <algorithm>

#include "protocol/crdt/read/content_text.hpp"
#include "protocol/crdt/read/export_text.hpp"
#include "protocol/lib0/any.hpp"

namespace troupe::crdt {

namespace {

constexpr std::string_view object_text = "[object Object]";

void append_lower_case(std::string_view name, std::string& out) {
  const std::size_t at = out.size();
  out.append(name);
  for (std::size_t i = at; i < out.size(); ++i)
    if (out[i] >= 'A' && out[i] <= 'Z') out[i] = static_cast<char>(out[i] - 'A' + 'a');
}

template <class Visibility>
class xml_exporter {
 public:
  xml_exporter(const struct_store& from, const Visibility& visible, std::string& out)
      : from_(from), visible_(visible), out_(out) {}

  void run(type_handle type, type_kind kind) {
    open(type, kind);
    while (depth_ > 0) step();
  }

 private:
  struct entry {
    std::string_view key;
    unit_place value;
  };

  /// A type that is being written: what is left of its attributes, then of its sequence.
  struct open_type {
    bool is_text = false;           // formats are tags
    bool has_open_tag = false;      // "<name", and attributes may follow
    bool is_in_run = false;         // of a text: the tags around a run are open...
    item_handle next = none;        // of the sequence
    std::vector<entry> attributes;  // descending: taken from the back
    std::string after_child;        // what closes what a child was put into
    std::string after_run;          // ...and this closes them
    std::string end;                // closing tag
    text_attributes formats;
  };

  void open(type_handle type, type_kind kind) {
    if (kind == type_kind::text) return append_text(from_, visible_, type, out_);
    if (!is_xml(kind)) {
      out_.append(object_text);
      return;
    }
    open_type& opened = push();
    opened.next = from_.chain_at(from_.type_at(type).sequence).head;
    opened.is_text = kind == type_kind::xml_text;
    if (kind != type_kind::xml_element) return;
    const string_handle name = from_.type_at(type).name;
    opened.has_open_tag = true;
    opened.end.append("</");
    append_lower_case(name == no_string ? "undefined" : from_.string_at(name), opened.end);
    collect_attributes(type, opened.attributes);
    out_.append("<").append(opened.end, 2);
    opened.end.push_back('>');
  }

  /// Opens a type, with the memory of one that was closed.
  open_type& push() {
    if (depth_ == open_.size()) open_.emplace_back();
    return open_[depth_++];
  }

  /// Closes the innermost one. Requires: its attributes have been written, and no run is open.
  void pop() {
    open_type& closed = innermost();
    closed.end.clear();
    closed.formats.clear();
    --depth_;
  }

  open_type& innermost() noexcept { return open_[depth_ - 1]; }

  void collect_attributes(type_handle type, std::vector<entry>& attributes) {
    for (chain_handle keyed = from_.type_at(type).keyed; keyed != none;) {
      const chain& list = from_.chain_at(keyed);
      const unit_place value = visible_.value_of(from_, list);
      if (value.handle != none) attributes.push_back({from_.string_at(list.key), value});
      keyed = list.next;
    }
    std::sort(attributes.begin(), attributes.end(),
              [](const entry& a, const entry& b) { return utf16_less(b.key, a.key); });
  }

  /// Writes one attribute or item of the innermost open type, or closes it. References to open
  /// types end where a child is opened.
  void step() {
    open_type& current = innermost();
    out_.append(current.after_child);
    current.after_child.clear();
    if (!current.attributes.empty()) return append_attribute(current);
    if (current.has_open_tag) out_.push_back('>');
    current.has_open_tag = false;
    if (current.next == none) {
      end_run(current);
      out_.append(current.end);
      pop();
      return;
    }
    const item& child = from_.at(current.next);
    current.next = child.right;
    visible_.for_each_part(child, [&](clock_type offset, clock_type length) {
      if (innermost().is_text)
        append_text_part(child, offset, length);
      else
        append_part(child, offset, length);
    });
  }

  void append_attribute(open_type& current) {
    const entry attribute = current.attributes.back();
    current.attributes.pop_back();
    out_.append(" ").append(attribute.key).append("=\"");
    current.after_child.push_back('"');
    append_part(from_.at(attribute.value.handle), attribute.value.offset, 1);
  }

  /// Units of an item as strings, one after the other.
  void append_part(const item& of, clock_type offset, clock_type length) {
    switch (of.kind()) {
      case content_kind::string:
        out_.append(as_text(content_part(from_, of, offset, length, scratch_)));
        return;
      case content_kind::any:
      case content_kind::json:
        if (append_one_string(of)) return;
        for_each_value(of.kind(), content_part(from_, of, offset, length, scratch_), length,
                       [this](value_view value) { append_as_string(value, out_); });
        return;
      case content_kind::binary: return append_bytes(from_.content_of(of));
      case content_kind::embed: return append_as_string(embedded_value(from_, of), out_);
      case content_kind::doc: out_.append(object_text); return;
      case content_kind::type: return open(of.content, from_.type_at(of.content).kind);
      default: return;
    }
  }

  /// What most attributes are: one value, a string. False if it is another.
  bool append_one_string(const item& of) {
    const byte_view content = from_.content_of(of);
    if (of.kind() != content_kind::any || of.length != 1 ||
        content[0] != static_cast<std::uint8_t>(lib0::any_tag::string))
      return false;
    lib0::decoder in{content.subspan(1)};
    out_.append(as_text(in.read_var_bytes()));
    return true;
  }

  void append_bytes(byte_view bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i)
      out_.append(i > 0 ? "," : "").append(std::to_string(bytes[i]));
  }

  /// Units of a text. Runs between formats and embeds stand in one set of tags, an embed in one of
  /// its own; other values do not show. Source: yjs YText.toDelta.
  void append_text_part(const item& of, clock_type offset, clock_type length) {
    open_type& text = innermost();
    switch (of.kind()) {
      case content_kind::string:
        if (!text.is_in_run) text.formats.append_tags(out_, text.after_run);
        text.is_in_run = true;
        return append_part(of, offset, length);
      case content_kind::format: end_run(text); return text.formats.apply(from_, of);
      case content_kind::embed:
      case content_kind::type:
        end_run(text);
        text.formats.append_tags(out_, text.after_child);
        return append_part(of, offset, length);
      default: return;
    }
  }

  void end_run(open_type& text) {
    if (!text.is_in_run) return;
    out_.append(text.after_run);
    text.after_run.clear();
    text.is_in_run = false;
  }

  const struct_store& from_;
  const Visibility& visible_;
  std::string& out_;
  std::vector<open_type> open_;  // the first depth_ are open
  std::size_t depth_ = 0;
  byte_buffer scratch_;
};

}  // namespace

template <class Visibility>
void append_xml(const struct_store& from, const Visibility& visible, type_handle type,
                type_kind kind, std::string& out) {
  xml_exporter<Visibility>{from, visible, out}.run(type, kind);
}

template void append_xml(const struct_store&, const visible_now&, type_handle, type_kind,
                         std::string&);
template void append_xml(const struct_store&, const visible_at&, type_handle, type_kind,
                         std::string&);

}  // namespace troupe::crdt
