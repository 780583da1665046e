#include <algorithm>
#include <cstring>

#include "protocol/crdt/wire/decoded_update.hpp"
#include "protocol/crdt/wire/familiar_ids.hpp"
#include "protocol/crdt/wire/info_byte.hpp"
#include "protocol/crdt/wire/quick_content.hpp"
#include "protocol/crdt/wire/update_reader.hpp"
#include "protocol/lib0/quick_reader.hpp"

namespace troupe::crdt {

namespace {

/// Limits of the memory that is reserved in advance: at most so many structs, and, for the blocks
/// that follow, one struct per so many bytes.
constexpr std::uint64_t structs_reserved_max = 1 << 17;
constexpr std::uint64_t bytes_per_struct = 8;

/// An update of up to so many bytes is copied, with so many zeros behind it.
constexpr std::size_t small_update_max = 1024;
constexpr std::size_t slack_of_small = 192;

using namespace info_byte;

/// One pass over the bytes of an update. Errors stick in the reader; every loop checks it.
template <class Reader>
class update_parser {
 public:
  /// Requires: `slack` bytes behind the update can be read.
  update_parser(byte_view update, std::size_t slack, const limits& limit, decoded_update& out)
      : in_(update, limit, out.scratch),
        update_size_(update.size()),
        slack_(slack),
        structs_left_(std::min<std::uint64_t>(limit.structs_per_update_max,
                                              Reader::structs_max(update.size(), limit))),
        limit_(limit),
        quick_limits_{limit.name_size_max, limit.any_depth_max},
        out_(out) {}

  result<void> parse() {
    const std::uint64_t block_count = in_.rest().read_count(2, "client count");
    for (std::uint64_t left = block_count; left > 0 && in_.ok(); --left) parse_block(left - 1);
    if (has_client_twice()) out_.is_canonical = false;
    if (in_.ok()) parse_deletes();
    if (in_.ok() && !in_.rest().at_end()) in_.fail(errc::trailing_bytes, "behind the delete set");
    if (!in_.ok()) return in_.error();
    return {};
  }

 private:
  [[gnu::noinline]] void parse_block(std::uint64_t blocks_left) {
    const std::uint64_t count = in_.read_struct_count();
    if (count > structs_left_) in_.fail(errc::update_too_large, "structs");
    structs_left_ -= count;
    const std::uint8_t* const id_at = in_.rest().cursor();
    const client_index client = read_client("client");
    block_id_ = out_.clients.id(client);
    block_client_ = client;
    owner_ = {};
    const auto id_size = static_cast<std::size_t>(in_.rest().cursor() - id_at);
    if (in_.ok() && id_size >= 1 && id_size <= sizeof(std::uint64_t))  // with v2 it is elsewhere
      own_ = familiar_client{id_at, id_size, client};
    std::uint64_t clock = in_.rest().read_var_uint(clock_max, "clock");
    const auto first = static_cast<std::uint32_t>(out_.structs.size());
    make_room(count, blocks_left);
    for (std::uint64_t done = 0; done < count && in_.ok();) {
      if constexpr (Reader::is_one_stream) {
        done += slack_ == 0 ? parse_common_structs<false>(client, count - done, clock)
                            : parse_small_update(client, count - done, clock);
        done += parse_fields(client, count - done, clock);
        if (done == count) break;
      }
      const std::uint64_t check_at = std::min(count, done + Reader::structs_per_check);
      for (; done < check_at; ++done) {
        struct_view& current = out_.structs.emplace_back();
        current.clock = static_cast<clock_type>(clock);
        const std::uint64_t length = parse_struct(client, current);
        clock += length;
        if (clock > clock_max) {
          in_.fail(errc::number_too_large, "end of struct");
          clock = 0;
        }
        current.length = static_cast<clock_type>(length);
        if (length == 0) out_.is_canonical = false;
        if (length == 0 || current.kind == content_kind::skip || merge_gc(current, first))
          out_.structs.pop_back();
      }
    }
    const auto added = static_cast<std::uint32_t>(out_.structs.size()) - first;
    if (added > 0)
      out_.blocks.push_back({client, first, added});
    else
      out_.is_canonical = false;
  }

  /// For `count` structs, and, since growing copies all, for those of the blocks that are left.
  void make_room(std::uint64_t count, std::uint64_t blocks_left) {
    std::vector<struct_view>& structs = out_.structs;
    const std::size_t expected = structs.size() + std::min(count, structs_reserved_max);
    if (expected <= structs.capacity()) return;
    const std::uint64_t of_others =
        blocks_left == 0 ? 0 : std::min(update_size_ / bytes_per_struct, structs_reserved_max);
    structs.reserve(std::max<std::size_t>(expected + of_others, 2 * structs.capacity()));
  }

  bool has_client_twice() const {
    const auto& blocks = out_.blocks;
    if (blocks.size() < 2) return false;
    std::vector<bool> is_seen(out_.clients.size());
    return std::ranges::any_of(blocks, [&](const client_block& block) {
      const bool was_seen = is_seen[block.client];
      is_seen[block.client] = true;
      return was_seen;
    });
  }

  /// GC structs in a row become one, so that a run of a million of them, which v2 writes in a few
  /// bytes, takes no memory. `current` is the newest struct of the block that began at `first`.
  bool merge_gc(const struct_view& current, std::uint32_t first) {
    if (current.kind != content_kind::gc || out_.structs.size() - 1 == first) return false;
    struct_view& before = out_.structs[out_.structs.size() - 2];
    if (before.kind != content_kind::gc || before.clock + before.length != current.clock)
      return false;
    before.length += current.length;
    return true;
  }

  /// Fills all of `out` but its length and returns that, unchecked.
  std::uint64_t parse_struct(client_index client, struct_view& out) {
    const std::uint8_t info = in_.read_info();
    out.kind = static_cast<content_kind>(info & kind_bits);
    if (out.kind == content_kind::gc) return read_length();
    if (out.kind == content_kind::skip) return in_.rest().read_var_uint(clock_max, "length");
    out.has_key = (info & key_bit) != 0;
    if ((info & origin_bit) != 0) {
      out.origin.client = read_client("origin");
      out.origin.clock = read_clock(client, out, out.origin.client, in_.read_left_clock());
    }
    if ((info & right_origin_bit) != 0) {
      out.right_origin.client = read_client("right origin");
      out.right_origin.clock =
          read_clock(client, out, out.right_origin.client, in_.read_right_clock());
    }
    if ((info & (origin_bit | right_origin_bit)) == 0) parse_parent(client, out);
    return parse_content(out);
  }

  client_index read_client(const char* field) {
    const client_id id = in_.read_client();
    if (id == last_id_) return last_client_;    // structs mostly refer to one client...
    if (id == block_id_) return block_client_;  // ...or to their own
    if (id > lib0::max_safe_integer) in_.fail(errc::number_too_large, field);
    last_id_ = id;
    return last_client_ = out_.clients.find_or_add(id);
  }

  /// Reads structs of the common kind, up to `count`, and returns how many there were. `clock` is
  /// that of the next one.
  template <bool has_slack>
  [[gnu::always_inline]] std::uint64_t parse_common_structs(client_index own, std::uint64_t count,
                                                            std::uint64_t& clock) {
    lib0::decoder& stream = in_.rest();
    const std::uint8_t* at = stream.cursor();
    const std::uint8_t* const end = at + stream.remaining();
    const std::uint8_t* const readable = has_slack ? end + slack_ : end;
    std::uint64_t done = 0;
    std::uint64_t next_clock = clock;  // in a register
    for (; done < count && readable - at >= common_size_max; ++done) {
      struct_view& next = out_.structs.emplace_back();
      next.clock = static_cast<clock_type>(next_clock);
      const std::uint8_t* const behind = parse_common(own, at, readable, next);
      if (behind == nullptr || (has_slack && behind > end)) {
        out_.structs.pop_back();
        break;
      }
      next_clock += next.length;
      at = behind;
    }
    clock = next_clock;
    stream.skip_to(at);
    return done;
  }

  [[gnu::noinline]] std::uint64_t parse_small_update(client_index own, std::uint64_t count,
                                                     std::uint64_t& clock) {
    return parse_common_structs<true>(own, count, clock);
  }

  /// The same for structs that parse_field() reads, until common ones seem to follow.
  [[gnu::noinline]] std::uint64_t parse_fields(client_index own, std::uint64_t count,
                                               std::uint64_t& clock) {
    constexpr unsigned common_max = 8;
    lib0::decoder& stream = in_.rest();
    const std::uint8_t* at = stream.cursor();
    const std::uint8_t* const end = at + stream.remaining();
    const std::uint8_t* const readable = end + slack_;
    std::uint64_t done = 0;
    for (unsigned common = 0; done < count && common < common_max; ++done) {
      struct_view& next = out_.structs.emplace_back();
      next.clock = static_cast<clock_type>(clock);
      const std::uint8_t* const behind = parse_field(own, at, readable, next);
      if (behind == nullptr || behind > end) {
        out_.structs.pop_back();
        break;
      }
      const bool is_common =
          next.parent == nullptr && !next.has_key &&
          (next.kind == content_kind::string || next.kind == content_kind::deleted);
      common = is_common ? common + 1 : 0;
      clock += next.length;
      at = behind;
    }
    stream.skip_to(at);
    return done;
  }

  /// Nearly every struct is text or a tombstone beside an item that was there before. Reads one in
  /// one go, if each number is of a common size, and returns where it ends; nullptr if it is
  /// another, or wrong. Text and tombstones take the same path, since no processor could guess
  /// which one comes. Requires: common_size_max bytes from `at` on.
  [[gnu::always_inline]] const std::uint8_t* parse_common(client_index own, const std::uint8_t* at,
                                                          const std::uint8_t* end,
                                                          struct_view& out) {
    lib0::quick_reader in{at};
    const std::uint8_t info = in.read_uint8();
    const std::uint32_t kind = info & kind_bits;
    const std::uint32_t is_text = kind == static_cast<std::uint32_t>(content_kind::string);
    const std::uint32_t is_tombstone = kind == static_cast<std::uint32_t>(content_kind::deleted);
    if ((is_text | is_tombstone) == 0 || (info & (origin_bit | right_origin_bit)) == 0)
      return nullptr;
    bool is_odd = false;
    if ((info & origin_bit) != 0) {
      out.origin.client = read_known_client(in);
      out.origin.clock = in.read_small();
      is_odd = is_odd_id({own, out.clock}, out.origin);
    }
    if ((info & right_origin_bit) != 0) {
      out.right_origin.client = read_known_client(in);
      out.right_origin.clock = in.read_small();
      is_odd |= is_odd_id({own, out.clock}, out.right_origin);
    }
    const std::uint32_t number = in.read_mostly_short();
    const std::uint32_t size = number & (0 - is_text);
    std::uint32_t length = number;
    if (size > lib0::size_max_of_few || !lib0::is_ascii_in_few(in.at(), size)) {
      if (size > static_cast<std::size_t>(end - in.at())) return nullptr;
      const auto units = utf16_length_if_valid({in.at(), size});
      if (!units) return nullptr;
      length = static_cast<std::uint32_t>(*units);
    }
    if (is_odd || in.is_odd() || length == 0 || out.clock + std::uint64_t{length} > clock_max)
      return nullptr;
    out.length = length;
    out.content = in.at();
    out.content_size = size;
    out.kind = static_cast<content_kind>(kind);
    out.is_ascii = length == size;
    out.has_key = (info & key_bit) != 0;
    return in.at() + size;
  }

  /// The same for what maps, arrays and elements consist of: values, types, and the first text or
  /// tombstone in a type or under a key.
  const std::uint8_t* parse_field(client_index own, const std::uint8_t* at, const std::uint8_t* end,
                                  struct_view& out) {
    if (end - at < field_size_max) return nullptr;
    lib0::quick_reader in{at};
    const std::uint8_t info = in.read_uint8();
    const auto kind = static_cast<content_kind>(info & kind_bits);
    bool is_odd = false;
    if ((info & origin_bit) != 0) {
      out.origin.client = read_known_client(in);
      out.origin.clock = in.read_small();
      is_odd = is_odd_id({own, out.clock}, out.origin);
      if (in.is_odd()) return nullptr;  // what follows begins elsewhere
    }
    if ((info & right_origin_bit) != 0) {
      out.right_origin.client = read_known_client(in);
      out.right_origin.clock = in.read_small();
      is_odd |= is_odd_id({own, out.clock}, out.right_origin);
    }
    parent_view parent;
    const bool has_parent = (info & (origin_bit | right_origin_bit)) == 0;
    if (has_parent && !parse_quick_parent({own, out.clock}, (info & key_bit) != 0, in, parent))
      return nullptr;
    if (is_odd || in.is_odd() || in_.rest().has_seen_bytes_as_prototype() ||
        !read_quick_content(kind, in, end, quick_limits_, out) ||
        out.clock + std::uint64_t{out.length} > clock_max)
      return nullptr;
    out.kind = kind;
    out.has_key = (info & key_bit) != 0;
    if (has_parent) out.parent = &out_.parents.push_back(parent);
    return in.at();
  }

  /// False if the parent is not written in the common way.
  bool parse_quick_parent(unit_id own, bool has_key, lib0::quick_reader& in, parent_view& parent) {
    parent.has_key = has_key;
    if (owner_.is_next(in)) {  // one more field of an object; own clocks only rise
      in.skip(owner_.size());
      parent.owner = owner_.id();
      return !has_key || read_short_name(in, quick_limits_, parent.key);
    }
    const std::uint8_t* const first = in.at();
    const std::uint8_t how = in.read_uint8();
    parent.is_root = how == 1;
    if (how > 1) return false;
    if (parent.is_root) {
      if (!read_short_name(in, quick_limits_, parent.name)) return false;
    } else {
      parent.owner.client = read_known_client(in);
      parent.owner.clock = in.read_small();
      if (in.is_odd() || is_odd_id(own, parent.owner)) return false;
      owner_ = familiar_owner{first, static_cast<std::size_t>(in.at() - first), parent.owner};
    }
    return !has_key || read_short_name(in, quick_limits_, parent.key);
  }

  /// Whether the struct that begins at `own` may not refer to an id.
  static bool is_odd_id(unit_id own, unit_id referred) noexcept {
    return referred.is_none() | ((referred.client == own.client) & (referred.clock >= own.clock));
  }

  /// The index of the next client if it is one of the two that were seen last; else no_client,
  /// unless a slower look finds one that the update has named before.
  [[gnu::always_inline]] client_index read_known_client(lib0::quick_reader& in) {
    const std::uint64_t ahead = in.peek();
    if ((ahead & own_.mask) == own_.bytes) {
      in.skip(own_.size);
      return own_.index;
    }
    if ((ahead & other_.mask) != other_.bytes) return learn_client(in);
    in.skip(other_.size);
    return other_.index;
  }

  /// Makes the client whose id comes next the other known one. Returns no_client, and the reader is
  /// odd, if there is none, or if the reader was odd before: then this is not where an id begins,
  /// and the document must not learn what stands here.
  [[gnu::always_inline]] client_index learn_client(lib0::quick_reader& in) {
    lib0::decoder ahead{{in.at(), sizeof(std::uint64_t)}};
    const client_id id = ahead.read_var_uint();
    if (in.is_odd() || !ahead.ok()) return in.set_odd(), no_client;
    other_ = familiar_client{in.at(), ahead.offset(), out_.clients.find_or_add(id)};
    in.skip(ahead.offset());
    return other_.index;
  }

  /// The clock of an id that the struct `of` of `own` refers to: known to its author, so not a
  /// later one of its own.
  clock_type read_clock(client_index own, const struct_view& of, client_index client,
                        std::uint64_t clock) {
    if (clock >= clock_max) in_.fail(errc::number_too_large, "clock of an id");
    if (client == own && clock >= of.clock)
      in_.fail(errc::invalid_reference, "id of a later struct");
    return static_cast<clock_type>(clock);
  }

  std::uint64_t read_length() {
    const std::uint64_t length = in_.read_length();
    if (length <= clock_max) return length;
    in_.fail(errc::number_too_large, "length");
    return 0;
  }

  void parse_parent(client_index client, struct_view& out) {
    parent_view parent;
    parent.is_root = in_.read_parent_is_root();
    if (parent.is_root) {
      parent.name = checked_name(in_.read_string("root name"), "root name");
    } else {
      parent.owner.client = read_client("parent");
      parent.owner.clock = read_clock(client, out, parent.owner.client, in_.read_left_clock());
    }
    parent.has_key = out.has_key;
    if (parent.has_key) parent.key = checked_name(in_.read_string("key"), "key");
    out.parent = &out_.parents.push_back(parent);
  }

  std::string_view checked_name(std::string_view name, const char* field) {
    if (name.size() > limit_.name_size_max) in_.fail(errc::name_too_long, field);
    return name;
  }

  std::uint64_t parse_content(struct_view& out) {
    switch (out.kind) {
      case content_kind::deleted: return read_length();
      case content_kind::json: return parse_json_values(out);
      case content_kind::binary: return keep(out, in_.rest().read_var_bytes()), 1;
      case content_kind::string: return parse_string(out);
      case content_kind::embed: return parse_embed(out), 1;
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

  std::uint64_t parse_string(struct_view& out) {
    std::uint32_t length = 0;
    const std::string_view text = in_.read_string("string content", length);
    keep(out, as_bytes(text));
    out.is_ascii = length == text.size();
    return length;
  }

  void parse_embed(struct_view& out) {
    out.value_is_any = Reader::value_is_any;
    keep(out, in_.read_embed());
    if (Reader::value_is_any && in_.rest().has_seen_bytes_as_prototype()) handle_prototypes(out, 0);
  }

  void parse_format(struct_view& out) {
    std::string_view key;
    out.value_is_any = Reader::value_is_any;
    keep(out, in_.read_format(key));
    checked_name(key, "format key");
    if (Reader::value_is_any && in_.rest().has_seen_bytes_as_prototype())
      handle_prototypes(out, size_of_name(out));
  }

  std::uint64_t parse_json_values(struct_view& out) {
    const std::uint64_t count = in_.read_value_count();
    keep(out, in_.read_json_values(count));
    return count;
  }

  void parse_type(struct_view& out) {
    const std::uint64_t kind = in_.read_type_kind();
    if (kind > static_cast<std::uint64_t>(type_kind::xml_text))
      return in_.fail(errc::unknown_type, "type reference");
    out.type = static_cast<type_kind>(kind);
    if (out.type == type_kind::xml_element || out.type == type_kind::xml_hook)
      keep(out, as_bytes(checked_name(in_.read_key("node name"), "node name")));
  }

  std::uint64_t parse_any_values(struct_view& out) {
    const std::uint64_t count = in_.read_value_count();
    const std::uint8_t* const first = in_.rest().cursor();
    for (std::uint64_t i = 0; i < count && in_.ok(); ++i) in_.rest().skip_any(limit_.any_depth_max);
    keep(out, byte_view{first, in_.rest().cursor()});
    if (in_.rest().has_seen_bytes_as_prototype()) handle_prototypes(out, 0);
    return count;
  }

  void parse_subdocument(struct_view& out) {
    std::string_view guid;
    keep(out, in_.read_subdocument(guid));
    checked_name(guid, "guid");
    if (!in_.ok()) return;
    const std::size_t options_at = size_of_name(out);
    if (!are_usable_options(out.content_bytes().subspan(options_at))) {
      if (!may_repair(out, content_repair::options_replaced, "options of a subdocument")) return;
      keep(out, out_.scratch.keep(out.content_bytes().first(options_at), no_options()));
    } else if (in_.rest().has_seen_bytes_as_prototype()) {
      handle_prototypes(out, options_at);
    }
  }

  /// Of the text in front of a content, with its length.
  static std::size_t size_of_name(const struct_view& of) {
    lib0::decoder in{of.content_bytes()};
    in.read_var_bytes();
    return in.offset();
  }

  /// What is done with a struct that no client could use; notes it if it is to be repaired.
  bool may_repair(const struct_view& what, content_repair how, const char* field) {
    if (limit_.unusable == unusable_content::repair)
      out_.repaired.push_back({block_id_, what.clock, how});
    else
      in_.fail(errc::unusable_content, field);
    return in_.ok();
  }

  /// The any values of `out` begin at `values_at`. The reader remembers what it has seen, so that
  /// the structs behind one that was repaired are looked at as well.
  void handle_prototypes(struct_view& out, std::size_t values_at) {
    if (!in_.ok()) return;
    byte_buffer renamed{out.content_bytes().begin(), out.content_bytes().end()};
    rename_prototypes(std::span{renamed}.subspan(values_at));
    if (std::ranges::equal(renamed, out.content_bytes())) return;
    if (may_repair(out, content_repair::member_renamed, "__proto__ that is bytes"))
      keep(out, out_.scratch.keep(renamed));
  }

  void parse_deletes() {
    lib0::decoder& rest = in_.rest();
    const std::uint64_t client_count = rest.read_count(2, "delete set client count");
    for (std::uint64_t i = 0; i < client_count && rest.ok(); ++i) {
      in_.next_delete_client();
      const client_id id = rest.read_var_uint(lib0::max_safe_integer, "delete set client");
      const client_index client = out_.clients.find_or_add(id);
      const std::uint64_t range_count = rest.read_count(2, "delete range count");
      for (std::uint64_t k = 0; k < range_count && rest.ok(); ++k) {
        const std::uint64_t clock = in_.read_delete_clock();
        const std::uint64_t length = in_.read_delete_length();
        if (clock + length > clock_max) rest.fail(errc::number_too_large, "delete range length");
        if (length == 0 || !rest.ok()) continue;
        out_.deletes.push_back(
            {client, {static_cast<clock_type>(clock), static_cast<clock_type>(length)}});
      }
    }
  }

  /// The bytes of all but long texts, and of what is looked at while a common struct is read.
  static constexpr std::ptrdiff_t common_size_max = 80;
  /// The same for all but the values of the structs that parse_field() reads.
  static constexpr std::ptrdiff_t field_size_max = 160;

  Reader in_;
  familiar_client own_;    // of the block that is being parsed
  familiar_client other_;  // of the last reference to somebody else
  familiar_owner owner_;   // that the last struct with a parent named
  client_id block_id_ = ~client_id{0};
  client_index block_client_ = no_client;
  client_id last_id_ = ~client_id{0};
  client_index last_client_ = no_client;
  std::uint64_t update_size_;
  std::size_t slack_;
  std::uint64_t structs_left_;  // of the budget, whatever the structs are
  const limits& limit_;
  quick_limits quick_limits_;
  decoded_update& out_;
};

}  // namespace

void decoded_update::clear() {
  clients.clear();
  blocks.clear();
  structs.clear();
  parents.clear();
  deletes.clear();
  repaired.clear();
  scratch.clear();
  is_canonical = true;
}

result<void> append_update(byte_view update, update_format format, const limits& limit,
                           decoded_update& out) {
  out.input = update;
  if (format == update_format::v2) return update_parser<reader_v2>{update, 0, limit, out}.parse();
  return update_parser<reader_v1>{update, 0, limit, out}.parse();
}

result<void> decode_update(byte_view update, update_format format, const limits& limit,
                           decoded_update& out) {
  out.clear();
  if (format != update_format::v1 || update.size() > small_update_max)
    return append_update(update, format, limit, out);
  // Common structs are read without looking for the end.
  out.padded.resize(update.size() + slack_of_small);
  if (!update.empty()) std::memcpy(out.padded.data(), update.data(), update.size());
  std::memset(out.padded.data() + update.size(), 0, slack_of_small);
  out.input = byte_view{out.padded}.first(update.size());
  return update_parser<reader_v1>{out.input, slack_of_small, limit, out}.parse();
}

update_format detect_format(byte_view update, const limits& limit) {
  // v2 begins with the feature flag 0; v1 does only if it has no structs.
  if (update.empty() || update[0] != 0) return update_format::v1;
  decoded_update ignored;
  return decode_update(update, update_format::v2, limit, ignored) ? update_format::v2
                                                                  : update_format::v1;
}

}  // namespace troupe::crdt
