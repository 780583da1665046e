#include "protocol/crdt/read/export_json.hpp"

#include <algorithm>
#include <memory>

#include "protocol/crdt/read/contents_kind.hpp"
#include "protocol/crdt/read/export_delta.hpp"
#include "protocol/crdt/read/export_text.hpp"
#include "protocol/crdt/read/export_xml.hpp"
#include "protocol/json/write.hpp"

namespace troupe::crdt {

namespace {

template <class Visibility>
class json_exporter {
 public:
  json_exporter(const struct_store& from, const Visibility& visible, std::string& out)
      : from_(from), visible_(visible), out_(out) {}

  void run(type_handle type, json_form form) {
    open(type, form);
    while (!open_.empty()) step();
  }

  void run(unit_place unit) {
    append_values(
        from_.at(unit.handle), unit.offset, 1, [] {}, [] {});
    while (!open_.empty()) step();
  }

 private:
  struct entry {
    std::string_view key;
    unit_place value;
  };

  /// What an open type is written as. `keys` is what follows the delta of a mixed one, `end` what
  /// follows its keys.
  enum class stage : std::uint8_t { array, map, delta, keys, end };

  /// A type that is being written: what is left of its sequence, or of its sorted entries.
  struct open_type {
    stage at = stage::array;
    bool is_first = true;
    bool has_all_values = false;  // a delta shows values that are no text
    bool is_in_insert = false;    // a child stands in an insert of the delta
    type_handle type = none;
    item_handle next = none;
    std::vector<entry> entries;  // descending: taken from the back
    std::unique_ptr<delta_writer> delta;
  };

  void open(type_handle type, json_form form) {
    switch (form) {
      case json_form::array: return open_array(type);
      case json_form::map: return open_map(type);
      case json_form::text: return append_text_as_json(type);
      case json_form::delta:
      case json_form::full_delta: return open_delta(type, form);
      case json_form::by_kind: return open_by_kind(type);
      case json_form::by_contents: return open_by_contents(type);
    }
  }

  /// As toJSON of yjs. An XML fragment with keys or values is one of yjs 14, where
  /// every nested type without a name is called so: its contents tell what it is.
  void open_by_kind(type_handle type) {
    switch (from_.type_at(type).kind) {
      case type_kind::array: return open_array(type);
      case type_kind::map:
      case type_kind::xml_hook: return open_map(type);
      case type_kind::text: return append_text_as_json(type);
      case type_kind::xml_element: return append_xml_as_json(type, type_kind::xml_element);
      case type_kind::xml_text: return append_xml_as_json(type, type_kind::xml_text);
      case type_kind::xml_fragment:
        if (contents_of(from_, visible_, type).kind == contents_kind::empty)
          return append_xml_as_json(type, type_kind::xml_fragment);
        return open_by_contents(type);
      case type_kind::unknown: return open_by_contents(type);
    }
  }

  void open_by_contents(type_handle type) {
    contents_kind kind = contents_of(from_, visible_, type).kind;
    if (kind == contents_kind::empty) kind = held_kind_of(from_, type);
    switch (kind) {
      case contents_kind::empty: out_.append("null"); return;
      case contents_kind::text: return append_text_as_json(type);
      case contents_kind::array: return open_array(type);
      case contents_kind::map: return open_map(type);
      case contents_kind::xml: return append_xml_as_json(type, type_kind::xml_fragment);
      case contents_kind::mixed: break;
    }
    out_.append("{\"delta\":");
    push(stage::keys, type);
    open_delta(type, json_form::full_delta);
  }

  open_type& push(stage at, type_handle type) {
    open_type& opened = open_.emplace_back();
    opened.at = at;
    opened.type = type;
    opened.next = from_.chain_at(from_.type_at(type).sequence).head;
    return opened;
  }

  void open_array(type_handle type) {
    out_.push_back('[');
    push(stage::array, type);
  }

  void open_delta(type_handle type, json_form form) {
    open_type& opened = push(stage::delta, type);
    opened.has_all_values = form == json_form::full_delta;
    opened.delta = std::make_unique<delta_writer>(out_);
  }

  void open_map(type_handle type) {
    out_.push_back('{');
    std::vector<entry>& entries = push(stage::map, type).entries;
    for (chain_handle keyed = from_.type_at(type).keyed; keyed != none;
         keyed = from_.chain_at(keyed).next) {
      const unit_place value = visible_.value_of(from_, from_.chain_at(keyed));
      if (value.handle != none)
        entries.push_back({from_.string_at(from_.chain_at(keyed).key), value});
    }
    std::ranges::sort(entries, std::ranges::greater{}, &entry::key);
  }

  void append_text_as_json(type_handle type) {
    std::string text;
    append_text(from_, visible_, type, text);
    json::append_string(text, out_);
  }

  void append_xml_as_json(type_handle type, type_kind kind) {
    std::string text;
    append_xml(from_, visible_, type, kind, text);
    json::append_string(text, out_);
  }

  /// Writes one item of the innermost open type, or closes it. References to open types end where
  /// a child is opened.
  void step() {
    open_type& current = open_.back();
    switch (current.at) {
      case stage::array: return step_array(current);
      case stage::map: return step_map(current);
      case stage::delta: return step_delta(current);
      case stage::keys:
        current.at = stage::end;
        out_.append(",\"keys\":");
        return open_map(current.type);
      case stage::end: return close('}');
    }
  }

  void close(char bracket) {
    out_.push_back(bracket);
    open_.pop_back();
  }

  void separate() {
    if (!open_.back().is_first) out_.push_back(',');
    open_.back().is_first = false;
  }

  void step_map(open_type& current) {
    if (current.entries.empty()) return close('}');
    const entry member = current.entries.back();
    current.entries.pop_back();
    separate();
    json::append_string(member.key, out_);
    out_.push_back(':');
    append_values(
        from_.at(member.value.handle), member.value.offset, 1, [] {}, [] {});
  }

  void step_array(open_type& current) {
    if (current.next == none) return close(']');
    const item& element = from_.at(current.next);
    current.next = element.right;
    visible_.for_each_part(element, [&](clock_type offset, clock_type length) {
      append_values(
          element, offset, length, [this] { separate(); }, [] {});
    });
  }

  void step_delta(open_type& current) {
    if (std::exchange(current.is_in_insert, false)) current.delta->end_insert();
    if (current.next == none) {
      current.delta->finish();
      open_.pop_back();
      return;
    }
    const item& element = from_.at(current.next);
    current.next = element.right;
    visible_.for_each_part(element, [&](clock_type offset, clock_type length) {
      append_to_delta(open_.back(), element, offset, length);
    });
  }

  void append_to_delta(open_type& current, const item& element, clock_type offset,
                       clock_type length) {
    delta_writer& delta = *current.delta;
    switch (element.kind()) {
      case content_kind::string:
        return delta.add_text(as_text(content_part(from_, element, offset, length, scratch_)));
      case content_kind::format: return delta.add_format(from_, element);
      case content_kind::type:
        delta.begin_insert();
        current.is_in_insert = true;
        return open_by_kind(element.content);
      case content_kind::embed: break;
      default:
        if (!current.has_all_values) return;
    }
    append_values(
        element, offset, length, [&] { delta.begin_insert(); }, [&] { delta.end_insert(); });
  }

  /// Writes units of an item, with before() in front of each and after() behind each that is not a
  /// type. Items that are no elements have none.
  template <class Before, class After>
  void append_values(const item& of, clock_type offset, clock_type length, Before before,
                     After after) {
    const auto append_one = [&](auto append) {
      before();
      append();
      after();
    };
    switch (of.kind()) {
      case content_kind::any:
      case content_kind::json:
        for_each_value(of.kind(), content_part(from_, of, offset, length, scratch_), length,
                       [&](value_view value) { append_one([&] { append_as_json(value, out_); }); });
        return;
      case content_kind::string:
        for_each_character(
            content_part(from_, of, offset, length, scratch_),
            [&](std::string_view one) { append_one([&] { json::append_string(one, out_); }); });
        return;
      case content_kind::type: before(); return open_by_kind(of.content);
      case content_kind::binary:
        return append_one([&] { json::append_base64_string(from_.content_of(of), out_); });
      case content_kind::embed:
        return append_one([&] { append_as_json(embedded_value(from_, of), out_); });
      case content_kind::doc:
        return append_one([&] { append_subdocument_json(from_.content_of(of), out_); });
      default: return;
    }
  }

  const struct_store& from_;
  const Visibility& visible_;
  std::string& out_;
  std::vector<open_type> open_;
  byte_buffer scratch_;
};

}  // namespace

template <class Visibility>
void append_json(const struct_store& from, const Visibility& visible, type_handle type,
                 json_form form, std::string& out) {
  json_exporter<Visibility>{from, visible, out}.run(type, form);
}

void append_unit_json(const struct_store& from, unit_place unit, std::string& out) {
  const visible_now visible;
  json_exporter<visible_now>{from, visible, out}.run(unit);
}

template void append_json(const struct_store&, const visible_now&, type_handle, json_form,
                          std::string&);
template void append_json(const struct_store&, const visible_at&, type_handle, json_form,
                          std::string&);

}  // namespace troupe::crdt
