// Reading a document: plain text and JSON of its types. Nested types are walked with an explicit
// stack, since their depth is up to whoever wrote the document.

#include <algorithm>

#include "protocol/crdt/content_slice.hpp"
#include "protocol/crdt/doc.hpp"
#include "protocol/lib0/any.hpp"

namespace troupe::crdt {

namespace {

std::string text_of(const store& from, type_handle type) {
  std::string text;
  for (item_handle at = from.chain_at(from.type_at(type).sequence).head; at != none;
       at = from.at(at).right) {
    const item& current = from.at(at);
    if (current.kind() == content_kind::string && current.is_deleted == 0)
      text.append(as_text(from.content_of(current)));
  }
  return text;
}

class json_exporter {
 public:
  explicit json_exporter(const store& from) : from_(from) {}

  std::string run(type_handle type, type_kind kind) {
    open(type, kind);
    while (!open_.empty()) step();
    return std::move(out_);
  }

 private:
  /// A type that is being written: what is left of its sequence, or of its sorted entries.
  struct open_type {
    bool is_map = false;
    bool is_first = true;
    item_handle next = none;
    std::vector<std::pair<std::string_view, item_handle>>
        entries;  // descending: taken from the back
  };

  void open(type_handle type, type_kind kind) {
    switch (kind) {
      case type_kind::array: open_array(type); return;
      case type_kind::map: open_map(type); return;
      case type_kind::text: lib0::append_json_string(text_of(from_, type), out_); return;
      default: out_.append("null"); return;
    }
  }

  void open_array(type_handle type) {
    out_.push_back('[');
    open_.emplace_back().next = from_.chain_at(from_.type_at(type).sequence).head;
  }

  void open_map(type_handle type) {
    out_.push_back('{');
    open_type& map = open_.emplace_back();
    map.is_map = true;
    for (chain_handle keyed = from_.type_at(type).keyed; keyed != none;
         keyed = from_.chain_at(keyed).next) {
      const chain& entry = from_.chain_at(keyed);
      if (entry.tail != none && from_.at(entry.tail).is_visible())
        map.entries.emplace_back(from_.string_at(entry.key), entry.tail);
    }
    std::sort(map.entries.rbegin(), map.entries.rend());
  }

  /// Writes one item of the innermost open type, or closes it.
  void step() {
    open_type& current = open_.back();
    if (current.is_map) {
      if (current.entries.empty()) return close('}');
      const auto [key, value] = current.entries.back();
      current.entries.pop_back();
      separate();
      lib0::append_json_string(key, out_);
      out_.push_back(':');
      append_item(from_.at(value), last_value);
      return;
    }
    if (current.next == none) return close(']');
    const item& element = from_.at(current.next);
    current.next = element.right;
    if (element.is_visible()) append_item(element, all_values);
  }

  void close(char bracket) {
    out_.push_back(bracket);
    open_.pop_back();
  }

  void separate() {
    if (!open_.back().is_first) out_.push_back(',');
    open_.back().is_first = false;
  }

  enum which_values { all_values, last_value };

  void append_item(const item& element, which_values which) {
    const byte_view content = from_.content_of(element);
    const bool one = which == last_value;  // the key has been written, no comma between
    switch (element.kind()) {
      case content_kind::any:
      case content_kind::json: return append_values(element, content, which);
      case content_kind::string: return append_characters(content, which);
      case content_kind::type:
        if (!one) separate();
        return open(element.content, from_.type_at(element.content).kind);
      default: break;
    }
    if (!one) separate();
    lib0::decoder in{content};
    switch (element.kind()) {
      case content_kind::binary: return lib0::append_base64_json(content, out_);
      case content_kind::embed:
        if (element.value_is_any != 0) return lib0::append_any_as_json(in, out_);
        out_.append(as_text(content));
        return;
      case content_kind::doc:
        out_.append("{\"guid\":");
        lib0::append_json_string(in.read_var_string("guid"), out_);
        out_.push_back('}');
        return;
      default: out_.append("null");
    }
  }

  void append_values(const item& element, byte_view content, which_values which) {
    const std::size_t skipped = which == last_value ? element.length - 1 : 0;
    lib0::decoder in{content.subspan(size_of_values(element.kind(), content, skipped))};
    for (std::size_t i = skipped; i < element.length; ++i) {
      if (which == all_values) separate();
      if (element.kind() == content_kind::any) {
        lib0::append_any_as_json(in, out_);
      } else {
        const std::string_view text = in.read_var_string("JSON value");
        out_.append(text == "undefined" ? "null" : text);
      }
    }
  }

  /// Text in a place of values counts character by character.
  void append_characters(byte_view text, which_values which) {
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = at + 1;
      while (end < text.size() && (text[end] & 0xc0) == 0x80) ++end;
      const bool is_wanted = which == all_values || end == text.size();
      if (which == all_values) separate();
      if (is_wanted) lib0::append_json_string(as_text(text.subspan(at, end - at)), out_);
      at = end;
    }
  }

  const store& from_;
  std::string out_;
  std::vector<open_type> open_;
};

}  // namespace

std::string doc::text(std::string_view root) const {
  const type_handle type = store_.find_root(root);
  return type == none ? std::string{} : text_of(store_, type);
}

std::string doc::array_json(std::string_view root) const {
  const type_handle type = store_.find_root(root);
  return type == none ? "[]" : json_exporter{store_}.run(type, type_kind::array);
}

std::string doc::map_json(std::string_view root) const {
  const type_handle type = store_.find_root(root);
  return type == none ? "{}" : json_exporter{store_}.run(type, type_kind::map);
}

}  // namespace troupe::crdt
