#include "app/doc/dump.hpp"

#include "protocol/json/convert.hpp"

namespace troupe {

namespace {

using crdt::content_kind;

constexpr std::size_t bytes_shown_max = 16;

std::string hex_text(byte_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : bytes) {
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
  return out;
}

std::string any_json(lib0::decoder& in) {
  std::string json;
  json::any_to_json(in, json::flavour::lossless, json);
  return json;
}

std::string values_text(const crdt::struct_view& of) {
  lib0::decoder in{of.content_bytes()};
  std::string json{"["};
  for (crdt::clock_type i = 0; i < of.length; ++i) {
    if (i > 0) json.push_back(',');
    if (of.kind == content_kind::any)
      json.append(any_json(in));
    else
      json.append(in.read_var_string("JSON value"));
  }
  return one_line(json + "]");
}

/// The value of an embed or a format, whose bytes the decoder is at.
std::string value_text(const crdt::struct_view& of, std::string_view json, lib0::decoder& in) {
  return one_line(of.value_is_any ? any_json(in) : std::string{json});
}

std::string format_text(const crdt::struct_view& of) {
  lib0::decoder in{of.content_bytes()};
  std::string text = quoted_text(in.read_var_string("format key")) + "=";
  if (of.value_is_any) return text + value_text(of, {}, in);
  return text + value_text(of, in.read_var_string("format value"), in);
}

std::string content_text(const crdt::struct_view& of) {
  const byte_view bytes = of.content_bytes();
  lib0::decoder in{bytes};
  switch (of.kind) {
    case content_kind::string: return quoted_text(as_text(bytes));
    case content_kind::json:
    case content_kind::any: return values_text(of);
    case content_kind::embed: return value_text(of, as_text(bytes), in);
    case content_kind::format: return format_text(of);
    case content_kind::binary: {
      const bool is_long = bytes.size() > bytes_shown_max;
      return hex_text(bytes.first(std::min(bytes.size(), bytes_shown_max))) +
             (is_long ? "... (" + std::to_string(bytes.size()) + " bytes)" : "");
    }
    case content_kind::type: {
      std::string text{to_string(of.type)};
      return bytes.empty() ? text : text + ' ' + quoted_text(as_text(bytes));
    }
    case content_kind::doc: {
      const std::string guid = quoted_text(in.read_var_string("guid"));
      return guid + ' ' + one_line(any_json(in));
    }
    default: return {};
  }
}

class dump_writer {
 public:
  dump_writer(const crdt::decoded_update& update, std::string& out) : update_(update), out_(out) {}

  void write() {
    for (const crdt::client_block& block : update_.blocks) write_block(block);
    if (update_.deletes.empty()) return;
    out_.append("delete set\n");
    for (const crdt::client_range& deleted : update_.deletes)
      out_.append("  ")
          .append(id_text(deleted.client, deleted.range.clock))
          .append(" +")
          .append(std::to_string(deleted.range.length))
          .append("\n");
  }

 private:
  std::string id_text(crdt::client_index client, crdt::clock_type clock) const {
    return std::to_string(update_.clients.id(client)) + ":" + std::to_string(clock);
  }

  void write_block(const crdt::client_block& block) {
    const auto structs = std::span{update_.structs}.subspan(block.first, block.count);
    out_.append("client ").append(std::to_string(update_.clients.id(block.client)));
    out_.append(", clocks ").append(std::to_string(structs.front().clock)).append(" to ");
    out_.append(std::to_string(structs.back().clock + structs.back().length - 1)).append("\n");
    crdt::clock_type next = structs.front().clock;
    for (const crdt::struct_view& view : structs) {
      if (view.clock != next)
        write_head(block.client, next, view.clock - next, "skip").append("\n");
      write_struct(block.client, view);
      next = view.clock + view.length;
    }
  }

  std::string& write_head(crdt::client_index client, crdt::clock_type clock,
                          crdt::clock_type length, std::string_view kind) {
    return out_.append("  ")
        .append(id_text(client, clock))
        .append(" +")
        .append(std::to_string(length))
        .append(" ")
        .append(kind);
  }

  void write_struct(crdt::client_index client, const crdt::struct_view& view) {
    write_head(client, view.clock, view.length, to_string(view.kind));
    if (view.has_origin())
      out_.append(" origin=").append(id_text(view.origin.client, view.origin.clock));
    if (view.has_right_origin())
      out_.append(" right=").append(id_text(view.right_origin.client, view.right_origin.clock));
    if (view.parent != nullptr) write_parent(*view.parent);
    if (view.parent == nullptr && view.has_key) out_.append(" key=(that of its neighbour)");
    const std::string content = content_text(view);
    if (!content.empty()) out_.append(" ").append(content);
    out_.append("\n");
  }

  void write_parent(const crdt::parent_view& parent) {
    if (parent.is_root)
      out_.append(" root=").append(quoted_text(parent.name));
    else
      out_.append(" parent=").append(id_text(parent.owner.client, parent.owner.clock));
    if (parent.has_key) out_.append(" key=").append(quoted_text(parent.key));
  }

  const crdt::decoded_update& update_;
  std::string& out_;
};

}  // namespace

std::string_view to_string(content_kind kind) noexcept {
  switch (kind) {
    case content_kind::gc: return "gc";
    case content_kind::deleted: return "deleted";
    case content_kind::json: return "json";
    case content_kind::binary: return "binary";
    case content_kind::string: return "string";
    case content_kind::embed: return "embed";
    case content_kind::format: return "format";
    case content_kind::type: return "type";
    case content_kind::any: return "any";
    case content_kind::doc: return "doc";
    case content_kind::skip: return "skip";
  }
  return "unknown";
}

std::string_view to_string(crdt::type_kind kind) noexcept {
  switch (kind) {
    case crdt::type_kind::array: return "array";
    case crdt::type_kind::map: return "map";
    case crdt::type_kind::text: return "text";
    case crdt::type_kind::xml_element: return "xml_element";
    case crdt::type_kind::xml_fragment: return "xml_fragment";
    case crdt::type_kind::xml_hook: return "xml_hook";
    case crdt::type_kind::xml_text: return "xml_text";
    case crdt::type_kind::unknown: break;
  }
  return "unknown";
}

std::string dump_text(const doc_source& source) {
  std::string out;
  crdt::decoded_update update;
  const std::vector<byte_view>& updates = source.list.updates;
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const auto start = static_cast<std::size_t>(updates[i].data() - source.input->bytes.data());
    out.append("update ").append(std::to_string(i + 1)).append(" of ").append(source.input->name);
    out.append(": ").append(std::to_string(updates[i].size())).append(" bytes from byte ");
    out.append(std::to_string(start)).append(", format ");
    out.append(source.list.format() == crdt::update_format::v2 ? "v2\n" : "v1\n");
    if (crdt::decode_update(updates[i], source.list.format(), reading_limits(), update))
      dump_writer{update, out}.write();
  }
  return out;
}

}  // namespace troupe
