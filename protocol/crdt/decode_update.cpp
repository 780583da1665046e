#include "protocol/crdt/decoded_update.hpp"
#include "protocol/json/validate.hpp"
#include "protocol/lib0/decoder.hpp"

namespace troupe::crdt {

namespace {

constexpr std::uint8_t kind_bits = 0x1f;
constexpr std::uint8_t key_bit = 0x20;
constexpr std::uint8_t right_origin_bit = 0x40;
constexpr std::uint8_t origin_bit = 0x80;

/// One pass over the bytes of an update. Errors stick in the lib0 decoder; every loop checks it.
class update_parser {
 public:
  update_parser(byte_view update, const limits& limit, decoded_update& out)
      : in_(update), limit_(limit), out_(out) {}

  result<void> parse() {
    parse_structs();
    parse_deletes();
    if (in_.ok() && !in_.at_end()) in_.fail(errc::trailing_bytes, "behind the delete set");
    if (!in_.ok()) return in_.error();
    return {};
  }

 private:
  void parse_structs() {
    const std::uint64_t block_count = in_.read_count(3, "client count");
    for (std::uint64_t i = 0; i < block_count && in_.ok(); ++i) parse_block();
  }

  void parse_block() {
    const std::uint64_t count = in_.read_count(2, "struct count");
    const client_index client = read_client("client");
    std::uint64_t clock = in_.read_var_uint(clock_max, "clock");
    const auto first = static_cast<std::uint32_t>(out_.structs.size());
    for (std::uint64_t i = 0; i < count && in_.ok(); ++i) {
      struct_view current;
      current.clock = static_cast<clock_type>(clock);
      const std::uint64_t length = parse_struct(client, current);
      clock += length;
      if (clock > clock_max) in_.fail(errc::number_too_large, "end of struct");
      if (length == 0) out_.is_canonical = false;
      if (length == 0 || current.kind == content_kind::skip) continue;
      current.length = static_cast<clock_type>(length);
      out_.structs.push_back(current);
    }
    if (out_.structs.size() > limit_.structs_per_update_max)
      in_.fail(errc::update_too_large, "structs");
    const auto added = static_cast<std::uint32_t>(out_.structs.size()) - first;
    if (client >= has_block_.size()) has_block_.resize(client + 1);
    if (has_block_[client]) out_.is_canonical = false;
    has_block_[client] = true;
    if (added > 0) out_.blocks.push_back({client, first, added});
  }

  /// Fills all of `out` but its length and returns that, unchecked.
  std::uint64_t parse_struct(client_index client, struct_view& out) {
    const std::uint8_t info = in_.read_uint8();
    out.kind = static_cast<content_kind>(info & kind_bits);
    if (out.kind == content_kind::gc || out.kind == content_kind::skip)
      return in_.read_var_uint(clock_max, "length");
    out.has_key = (info & key_bit) != 0;
    if ((info & origin_bit) != 0) read_id(client, out.clock, out.origin_client, out.origin_clock);
    if ((info & right_origin_bit) != 0)
      read_id(client, out.clock, out.right_origin_client, out.right_origin_clock);
    if ((info & (origin_bit | right_origin_bit)) == 0) parse_parent(client, out);
    return parse_content(out);
  }

  client_index read_client(const char* field) {
    const client_id id = in_.read_var_uint(lib0::max_safe_integer, field);
    return out_.clients.find_or_add(id);
  }

  /// An id that the struct at (own_client, own_clock) refers to: known to its author, so not a
  /// later one of its own.
  void read_id(client_index own_client, clock_type own_clock, client_index& client,
               clock_type& clock) {
    client = read_client("id");
    clock = static_cast<clock_type>(in_.read_var_uint(clock_max - 1, "clock of an id"));
    if (client == own_client && clock >= own_clock)
      in_.fail(errc::invalid_reference, "id of a later struct");
  }

  void parse_parent(client_index client, struct_view& out) {
    parent_view parent;
    parent.is_root = in_.read_var_uint() == 1;
    if (parent.is_root)
      parent.name = read_name("root name");
    else
      read_id(client, out.clock, parent.client, parent.clock);
    parent.has_key = out.has_key;
    if (parent.has_key) parent.key = read_name("key");
    out.parent = &out_.parents.emplace_back(parent);
  }

  std::string_view read_name(const char* field) {
    const std::string_view name = in_.read_var_string(field);
    if (name.size() > limit_.name_size_max) in_.fail(errc::name_too_long, field);
    return name;
  }

  std::uint64_t parse_content(struct_view& out) {
    switch (out.kind) {
      case content_kind::deleted: return in_.read_var_uint(clock_max, "length");
      case content_kind::json: return parse_json_values(out);
      case content_kind::binary: return keep(out, in_.read_var_bytes()), 1;
      case content_kind::string: return parse_string(out);
      case content_kind::embed: return parse_json_text(out), 1;
      case content_kind::format: return parse_format(out), 1;
      case content_kind::type: return parse_type(out), 1;
      case content_kind::any: return parse_any_values(out);
      case content_kind::doc: return parse_subdocument(out), 1;
      default: in_.fail(errc::unknown_content, "content reference"); return 0;
    }
  }

  static void keep(struct_view& out, byte_view content) {
    out.content = content.data();
    out.content_size = static_cast<std::uint32_t>(content.size());
  }
  static void keep(struct_view& out, std::string_view content) { keep(out, as_bytes(content)); }

  /// From `first` to where the decoder stands now.
  void keep_from(struct_view& out, const std::uint8_t* first) {
    keep(out, byte_view{first, in_.cursor()});
  }

  std::uint64_t parse_string(struct_view& out) {
    std::uint32_t length = 0;
    const std::string_view text = in_.read_var_string("string content", length);
    keep(out, text);
    out.is_ascii = length == text.size();
    return length;
  }

  std::string_view read_json_text(const char* field) {
    const std::string_view text = in_.read_var_string(field);
    if (in_.ok() && !json::is_valid_json(text, limit_.any_depth_max))
      in_.fail(errc::invalid_json, field);
    return text;
  }

  void parse_json_text(struct_view& out) { keep(out, read_json_text("embed")); }

  std::uint64_t parse_json_values(struct_view& out) {
    const std::uint64_t count = in_.read_count(1, "JSON value count");
    const std::uint8_t* const first = in_.cursor();
    for (std::uint64_t i = 0; i < count && in_.ok(); ++i) {
      const std::string_view text = in_.read_var_string("JSON value");
      if (in_.ok() && text != "undefined" && !json::is_valid_json(text, limit_.any_depth_max))
        in_.fail(errc::invalid_json, "JSON value");
    }
    keep_from(out, first);
    return count;
  }

  void parse_format(struct_view& out) {
    const std::uint8_t* const first = in_.cursor();
    read_name("format key");
    read_json_text("format value");
    keep_from(out, first);
  }

  void parse_type(struct_view& out) {
    const std::uint64_t kind = in_.read_var_uint();
    if (kind > static_cast<std::uint64_t>(type_kind::xml_text))
      return in_.fail(errc::unknown_type, "type reference");
    out.type = static_cast<type_kind>(kind);
    if (out.type == type_kind::xml_element || out.type == type_kind::xml_hook)
      keep(out, read_name("node name"));
  }

  std::uint64_t parse_any_values(struct_view& out) {
    const std::uint64_t count = in_.read_count(1, "value count");
    const std::uint8_t* const first = in_.cursor();
    for (std::uint64_t i = 0; i < count && in_.ok(); ++i) in_.skip_any(limit_.any_depth_max);
    keep_from(out, first);
    return count;
  }

  void parse_subdocument(struct_view& out) {
    const std::uint8_t* const first = in_.cursor();
    read_name("guid");
    in_.skip_any(limit_.any_depth_max);
    keep_from(out, first);
  }

  void parse_deletes() {
    const std::uint64_t client_count = in_.read_count(2, "delete set client count");
    for (std::uint64_t i = 0; i < client_count && in_.ok(); ++i) {
      const client_index client = read_client("delete set client");
      const std::uint64_t range_count = in_.read_count(2, "delete range count");
      for (std::uint64_t k = 0; k < range_count && in_.ok(); ++k) {
        const std::uint64_t clock = in_.read_var_uint(clock_max, "delete range clock");
        const std::uint64_t length = in_.read_var_uint(clock_max - clock, "delete range length");
        if (length == 0) continue;
        out_.deletes.push_back(
            {client, {static_cast<clock_type>(clock), static_cast<clock_type>(length)}});
      }
    }
  }

  lib0::decoder in_;
  std::vector<bool> has_block_;  // per client
  const limits& limit_;
  decoded_update& out_;
};

}  // namespace

void decoded_update::clear() {
  clients.clear();
  blocks.clear();
  structs.clear();
  parents.clear();
  deletes.clear();
  is_canonical = true;
}

result<void> decode_update(byte_view update, const limits& limit, decoded_update& out) {
  out.clear();
  return update_parser{update, limit, out}.parse();
}

}  // namespace troupe::crdt
