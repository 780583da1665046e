#include "protocol/crdt/read/export_json.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "protocol/crdt/read/contents_kind.hpp"
#include "protocol/crdt/read/export_delta.hpp"
#include "protocol/crdt/read/export_text.hpp"
#include "protocol/crdt/read/export_xml.hpp"
#include "protocol/json/convert.hpp"
#include "protocol/json/write.hpp"
#include "protocol/lib0/any.hpp"

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
  /// A key and its value. Objects of one shape have the same keys: once enough have been sorted,
  /// the keys of the document are, and the rest is sorted by their ranks.
  struct entry {
    std::uint64_t rank;  // the first bytes of the key, before the keys are sorted
    string_handle key;
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
    std::size_t entries = 0;  // where its own begin in entries_; taken from the back
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
    opened.entries = entries_.size();
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
    const std::size_t first = push(stage::map, type).entries;
    for (chain_handle keyed = from_.type_at(type).keyed; keyed != none;) {
      const chain& list = from_.chain_at(keyed);
      const unit_place value = visible_.value_of(from_, list);
      if (value.handle != none) entries_.push_back({0, list.key, value});
      keyed = list.next;
    }
    arrange(std::span{entries_}.subspan(first));
  }

  /// The keys of an object as they were found, and where each goes.
  struct layout {
    static constexpr std::size_t size_max = 32;

    std::size_t size = 0;
    std::array<string_handle, size_max> keys{};
    std::array<std::uint8_t, size_max> places{};
  };

  /// Sorts entries, last key first. Objects of one shape have the same keys in the same order:
  /// those are compared with what was sorted before, and follow it.
  void arrange(std::span<entry> entries) {
    if (entries.size() < 2 || entries.size() > layout::size_max) return sort_descending(entries);
    layout& known = layouts_[(entries[0].key + entries.size()) % layouts_.size()];
    found_.assign(entries.begin(), entries.end());
    bool is_same = known.size == entries.size();
    for (std::size_t i = 0; is_same && i < entries.size(); ++i)
      is_same = known.keys[i] == entries[i].key;
    if (is_same) {
      sorted_ += entries.size();
      for (std::size_t i = 0; i < entries.size(); ++i) entries[known.places[i]] = found_[i];
      return;
    }
    sort_descending(entries);
    known.size = entries.size();
    for (std::size_t i = 0; i < entries.size(); ++i) {
      known.keys[i] = found_[i].key;
      const auto sorted = std::ranges::find(entries, found_[i].key, &entry::key);
      known.places[i] = static_cast<std::uint8_t>(sorted - entries.begin());
    }
  }

  void sort_descending(std::span<entry> entries) {
    sorted_ += entries.size();
    if (ranks_.empty() && sorted_ < from_.string_count()) {
      for (entry& each : entries) each.rank = first_bytes_of(each.key);
      std::ranges::sort(entries, [this](const entry& a, const entry& b) {
        return a.rank != b.rank ? a.rank > b.rank : from_.string_at(a.key) > from_.string_at(b.key);
      });
      return;
    }
    if (ranks_.empty()) rank_keys();
    for (entry& each : entries) each.rank = ranks_[each.key];
    std::ranges::sort(entries, std::ranges::greater{}, &entry::rank);
  }

  void rank_keys() {
    std::vector<std::pair<std::uint64_t, string_handle>> keys(from_.string_count());
    for (string_handle key = 0; key < keys.size(); ++key) keys[key] = {first_bytes_of(key), key};
    std::ranges::sort(keys, [this](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first
                                : from_.string_at(a.second) < from_.string_at(b.second);
    });
    ranks_.resize(keys.size());
    for (std::uint32_t rank = 0; rank < keys.size(); ++rank) ranks_[keys[rank].second] = rank;
  }

  /// A number in whose order the keys come, but for those that begin with the same eight bytes.
  std::uint64_t first_bytes_of(string_handle key) const noexcept {
    const std::string_view text = from_.string_at(key);
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < sizeof bytes; ++i)
      bytes = bytes << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0);
    return bytes;
  }

  /// A key with its quotes and the colon. Where keys come again and again, what that takes is kept.
  void append_key(string_handle key) {
    constexpr std::size_t times_min = 4;
    if (sorted_ < times_min * from_.string_count())
      return out_.append_string(from_.string_at(key), ":");
    if (member_names_.empty()) member_names_.resize(from_.string_count());
    std::string& name = member_names_[key];
    if (name.empty()) {
      json::append_string(from_.string_at(key), name);
      name.push_back(':');
    }
    out_.append(name);
  }

  void append_text_as_json(type_handle type) {
    std::string text;
    append_text(from_, visible_, type, text);
    out_.append_string(text);
  }

  void append_xml_as_json(type_handle type, type_kind kind) {
    std::string text;
    append_xml(from_, visible_, type, kind, text);
    out_.append_string(text);
  }

  /// Writes what the innermost open type has up to the next child, or closes it. References to open
  /// types end where a child is opened.
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
    while (entries_.size() != current.entries) {
      const entry member = entries_.back();
      entries_.pop_back();
      separate();
      append_key(member.key);
      const item& value = from_.at(member.value.handle);
      append_values(
          value, member.value.offset, 1, [] {}, [] {});
      if (value.kind() == content_kind::type) return;  // it may be open now
    }
    close('}');
  }

  void step_array(open_type& current) {
    while (current.next != none) {
      const item& element = from_.at(current.next);
      current.next = element.right;
      visible_.for_each_part(element, [&](clock_type offset, clock_type length) {
        append_values(
            element, offset, length, [this] { separate(); }, [] {});
      });
      if (element.kind() == content_kind::type) return;  // it may be open now
    }
    close(']');
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

  void append_embedded(value_view value) {
    out_.append_with([&](std::string& out) { append_as_json(value, out); });
  }

  /// The next of several values. Most are plain: those are written at once.
  void append_any(lib0::decoder& in) {
    const auto tag = static_cast<lib0::any_tag>(*in.cursor());
    switch (tag) {
      case lib0::any_tag::true_value:
      case lib0::any_tag::false_value:
        in.read_uint8();
        return out_.append(tag == lib0::any_tag::true_value ? std::string_view{"true"}
                                                            : std::string_view{"false"});
      case lib0::any_tag::integer: {
        in.read_uint8();
        const lib0::decoder::var_int number = in.read_var_int();
        return out_.append_integer(number.magnitude, number.is_negative);
      }
      case lib0::any_tag::float64: in.read_uint8(); return out_.append_number(in.read_float64());
      case lib0::any_tag::string:
        in.read_uint8();
        return out_.append_string(as_text(in.read_var_bytes()));
      default:
        return out_.append_with(
            [&](std::string& out) { json::any_to_json(in, json::flavour::lossless, out); });
    }
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
      case content_kind::any: {
        lib0::decoder in{content_part(from_, of, offset, length, scratch_)};
        for (clock_type i = 0; i < length; ++i) append_one([&] { append_any(in); });
        return;
      }
      case content_kind::json:
        for_each_value(of.kind(), content_part(from_, of, offset, length, scratch_), length,
                       [&](value_view value) { append_one([&] { append_embedded(value); }); });
        return;
      case content_kind::string:
        for_each_character(
            content_part(from_, of, offset, length, scratch_),
            [&](std::string_view one) { append_one([&] { out_.append_character(one); }); });
        return;
      case content_kind::type: before(); return open_by_kind(of.content);
      case content_kind::binary:
        return append_one([&] {
          out_.append_with(
              [&](std::string& out) { json::append_base64_string(from_.content_of(of), out); });
        });
      case content_kind::embed:
        return append_one([&] { append_embedded(embedded_value(from_, of)); });
      case content_kind::doc:
        return append_one([&] {
          out_.append_with(
              [&](std::string& out) { append_subdocument_json(from_.content_of(of), out); });
        });
      default: return;
    }
  }

  const struct_store& from_;
  const Visibility& visible_;
  json_buffer out_;
  std::vector<open_type> open_;
  std::vector<entry> entries_;             // of all open types
  std::vector<entry> found_;               // of one object, as they were found
  std::array<layout, 8> layouts_;          // by first key and size
  std::vector<std::uint32_t> ranks_;       // by key, once they are worth their cost
  std::vector<std::string> member_names_;  // by key, likewise
  std::size_t sorted_ = 0;                 // entries until now
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
