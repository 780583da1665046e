// Updates (format v1) put together by hand, struct by struct, so that a test says exactly what
// arrives: valid updates, updates no editor would write, and wrong ones. The builder checks
// nothing.
//
//   update_builder{}.client(1).text(in_root("t"), "ab").erase(1, 0, 1).build()
//
// A client() call starts a block; the struct calls behind it go into that block, one clock after
// the other. erase() may stand anywhere: deletions are written behind all blocks, in the order of
// calls, one entry per call.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/crdt/wire/struct_view.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::test {

struct item_id {
  crdt::client_id client = 0;
  std::uint64_t clock = 0;
};

/// Where an item says it stands: next to its neighbours at creation, or, without any, in a parent.
struct item_place {
  std::optional<item_id> origin;
  std::optional<item_id> right_origin;
  std::optional<std::string> root;
  std::optional<item_id> parent;
  std::optional<std::string> key;
  bool has_key_flag = false;  ///< Bit 5 although the key is inherited from a neighbour.
};

inline item_place in_root(std::string_view name) {
  item_place place;
  place.root = std::string{name};
  return place;
}
inline item_place in_root(std::string_view name, std::string_view key) {
  item_place place = in_root(name);
  place.key = std::string{key};
  return place;
}
inline item_place in_type(item_id parent) {
  item_place place;
  place.parent = parent;
  return place;
}
inline item_place in_type(item_id parent, std::string_view key) {
  item_place place = in_type(parent);
  place.key = std::string{key};
  return place;
}
inline item_place after(item_id origin) {
  item_place place;
  place.origin = origin;
  return place;
}
inline item_place before(item_id right_origin) {
  item_place place;
  place.right_origin = right_origin;
  return place;
}
inline item_place between(item_id origin, item_id right_origin) {
  item_place place = after(origin);
  place.right_origin = right_origin;
  return place;
}
/// Behind `origin` in the chain of a key, as a map entry that replaces another is written.
inline item_place after_value(item_id origin) {
  item_place place = after(origin);
  place.has_key_flag = true;
  return place;
}

class update_builder {
 public:
  update_builder& client(crdt::client_id client, std::uint64_t clock = 0) {
    blocks_.push_back({client, clock, 0, {}});
    return *this;
  }

  update_builder& gc(std::uint64_t length) { return sized(0, length); }
  update_builder& skip(std::uint64_t length) { return sized(10, length); }

  update_builder& deleted(const item_place& at, std::uint64_t length) {
    begin(1, at).write_var_uint(length);
    return *this;
  }
  /// Values as JSON texts, as very old clients write them.
  update_builder& json(const item_place& at, const std::vector<std::string>& texts) {
    lib0::encoder& out = begin(2, at);
    out.write_var_uint(texts.size());
    for (const std::string& text : texts) out.write_var_string(text);
    return *this;
  }
  update_builder& binary(const item_place& at, byte_view bytes) {
    begin(3, at).write_var_bytes(bytes);
    return *this;
  }
  update_builder& text(const item_place& at, std::string_view utf8) {
    begin(4, at).write_var_string(utf8);
    return *this;
  }
  update_builder& embed(const item_place& at, std::string_view json_text) {
    begin(5, at).write_var_string(json_text);
    return *this;
  }
  update_builder& format(const item_place& at, std::string_view key, std::string_view json_text) {
    lib0::encoder& out = begin(6, at);
    out.write_var_string(key);
    out.write_var_string(json_text);
    return *this;
  }
  update_builder& type(const item_place& at, std::uint64_t kind) {
    begin(7, at).write_var_uint(kind);
    return *this;
  }
  update_builder& type(const item_place& at, crdt::type_kind kind) {
    return type(at, static_cast<std::uint64_t>(kind));
  }
  update_builder& element(const item_place& at, crdt::type_kind kind, std::string_view node_name) {
    type(at, kind);
    blocks_.back().structs.write_var_string(node_name);
    return *this;
  }
  /// Small integers (below 64) as `any` values.
  update_builder& numbers(const item_place& at, const std::vector<std::uint8_t>& values) {
    lib0::encoder& out = begin(8, at);
    out.write_var_uint(values.size());
    for (const std::uint8_t value : values) {
      out.write_uint8(125);
      out.write_uint8(value);
    }
    return *this;
  }
  /// `count` values that are given in their encoding.
  update_builder& any(const item_place& at, std::uint64_t count, byte_view encoded) {
    lib0::encoder& out = begin(8, at);
    out.write_var_uint(count);
    out.write_bytes(encoded);
    return *this;
  }
  update_builder& subdocument(const item_place& at, std::string_view guid, byte_view options) {
    lib0::encoder& out = begin(9, at);
    out.write_var_string(guid);
    out.write_bytes(options);
    return *this;
  }
  /// One struct that is given in its encoding.
  update_builder& raw(byte_view encoded) {
    ++blocks_.back().count;
    blocks_.back().structs.write_bytes(encoded);
    return *this;
  }

  update_builder& erase(crdt::client_id client, std::uint64_t clock, std::uint64_t length) {
    erasures_.push_back({client, clock, length});
    return *this;
  }

  byte_buffer build() const {
    lib0::encoder out;
    out.write_var_uint(blocks_.size());
    for (const block& written : blocks_) {
      out.write_var_uint(written.count);
      out.write_var_uint(written.client);
      out.write_var_uint(written.clock);
      out.write_bytes(written.structs.view());
    }
    out.write_var_uint(erasures_.size());
    for (const erasure& written : erasures_) {
      out.write_var_uint(written.client);
      out.write_var_uint(1);
      out.write_var_uint(written.clock);
      out.write_var_uint(written.length);
    }
    return out.take();
  }

 private:
  struct block {
    crdt::client_id client;
    std::uint64_t clock;
    std::uint64_t count;
    lib0::encoder structs;
  };
  struct erasure {
    crdt::client_id client;
    std::uint64_t clock;
    std::uint64_t length;
  };

  update_builder& sized(std::uint8_t kind, std::uint64_t length) {
    ++blocks_.back().count;
    blocks_.back().structs.write_uint8(kind);
    blocks_.back().structs.write_var_uint(length);
    return *this;
  }

  /// Writes everything in front of the content.
  lib0::encoder& begin(std::uint8_t kind, const item_place& at) {
    ++blocks_.back().count;
    lib0::encoder& out = blocks_.back().structs;
    const unsigned info = kind | (at.key || at.has_key_flag ? 0x20u : 0u) |
                          (at.right_origin ? 0x40u : 0u) | (at.origin ? 0x80u : 0u);
    out.write_uint8(static_cast<std::uint8_t>(info));
    const auto write_id = [&out](item_id id) {
      out.write_var_uint(id.client);
      out.write_var_uint(id.clock);
    };
    if (at.origin) write_id(*at.origin);
    if (at.right_origin) write_id(*at.right_origin);
    if (at.origin || at.right_origin) return out;
    out.write_var_uint(at.root ? 1 : 0);
    if (at.root)
      out.write_var_string(*at.root);
    else if (at.parent)
      write_id(*at.parent);
    if (at.key) out.write_var_string(*at.key);
    return out;
  }

  std::vector<block> blocks_;
  std::vector<erasure> erasures_;
};

}  // namespace troupe::test
