// The counterparts of update_reader.hpp: write the fields of an update into one stream (v1) or into
// one column per kind of field (v2). write_struct and the writers of whole updates are templates
// over them. Source: yjs 13.6 UpdateEncoder.js.
#pragma once

#include "base/check.hpp"
#include "base/utf8.hpp"
#include "protocol/crdt/wire/client_lookup.hpp"
#include "protocol/json/convert.hpp"
#include "protocol/lib0/encoder.hpp"
#include "protocol/lib0/rle.hpp"

namespace troupe::crdt {

class writer_v1 {
 public:
  static constexpr bool value_is_any = false;
  static constexpr bool is_one_stream = true;

  explicit writer_v1(lib0::encoder& out) : out_(out) {}

  /// What stands outside of structs: counts, clocks, lengths of skips.
  lib0::encoder& rest() noexcept { return out_; }

  void write_client(client_id id) { out_.write_var_uint(id); }
  void write_info(std::uint8_t info) { out_.write_uint8(info); }
  void write_left_id(client_id client, clock_type clock) { write_id(client, clock); }
  void write_right_id(client_id client, clock_type clock) { write_id(client, clock); }
  void write_parent_is_root(bool is_root) { out_.write_var_uint(is_root ? 1 : 0); }
  void write_name(std::string_view name) { out_.write_var_string(name); }
  void write_key(std::string_view key) { out_.write_var_string(key); }
  void write_text(byte_view text, clock_type) { out_.write_var_bytes(text); }
  void write_type_kind(type_kind kind) { out_.write_var_uint(static_cast<std::uint8_t>(kind)); }
  void write_length(clock_type length) { out_.write_var_uint(length); }

  void write_json_values(byte_view values, clock_type count) {
    out_.write_var_uint(count);
    out_.write_bytes(values);
  }

  /// An embedded value or that of a format; `is_any`: it is lib0 `any`, not JSON text.
  void write_value(byte_view value, bool is_any) {
    if (!is_any) return out_.write_var_bytes(value);
    lib0::decoder in{value};
    std::string text;
    json::any_to_json(in, json::flavour::javascript, text);
    out_.write_var_string(text);
  }

  void begin_delete_client() noexcept {}
  void write_delete_range(clock_range range) {
    out_.write_var_uint(range.clock);
    out_.write_var_uint(range.length);
  }

  void finish() noexcept {}

 private:
  void write_id(client_id client, clock_type clock) {
    out_.write_var_uint(client);
    out_.write_var_uint(clock);
  }

  lib0::encoder& out_;
};

class writer_v2 {
 public:
  static constexpr bool value_is_any = true;
  static constexpr bool is_one_stream = false;

  explicit writer_v2(lib0::encoder& out) : out_(out) {}

  lib0::encoder& rest() noexcept { return rest_; }

  void write_client(client_id id) { client_.write(id); }
  void write_info(std::uint8_t info) { info_.write(info); }
  void write_left_id(client_id client, clock_type clock) {
    client_.write(client);
    left_clock_.write(clock);
  }
  void write_right_id(client_id client, clock_type clock) {
    client_.write(client);
    right_clock_.write(clock);
  }
  void write_parent_is_root(bool is_root) { parent_info_.write(is_root ? 1 : 0); }
  void write_name(std::string_view name) {
    string_.write(name, *utf16_length_if_valid(as_bytes(name)));
  }
  /// Like yjs, numbers each key anew and always writes its text.
  void write_key(std::string_view key) {
    key_clock_.write(next_key_++);
    write_name(key);
  }
  void write_text(byte_view text, clock_type utf16_length) {
    string_.write(as_text(text), utf16_length);
  }
  void write_type_kind(type_kind kind) { type_kind_.write(static_cast<std::uint8_t>(kind)); }
  void write_length(clock_type length) { length_.write(length); }

  void write_json_values(byte_view values, clock_type count) {
    length_.write(count);
    lib0::decoder in{values};
    for (clock_type i = 0; i < count; ++i) write_name(in.read_var_string("JSON value"));
  }

  void write_value(byte_view value, bool is_any) {
    if (is_any)
      rest_.write_bytes(value);
    else
      json::json_to_any(as_text(value), rest_);
  }

  void begin_delete_client() noexcept { delete_clock_ = 0; }
  void write_delete_range(clock_range range) {
    rest_.write_var_uint(range.clock - delete_clock_);
    rest_.write_var_uint(range.length - 1);
    delete_clock_ = range.end();
  }

  /// Puts the columns together. Call once, at the end.
  void finish() {
    out_.write_uint8(0);  // feature flags
    out_.write_var_bytes(key_clock_.finish());
    out_.write_var_bytes(client_.finish());
    out_.write_var_bytes(left_clock_.finish());
    out_.write_var_bytes(right_clock_.finish());
    out_.write_var_bytes(info_.view());
    string_.finish(out_);
    out_.write_var_bytes(parent_info_.view());
    out_.write_var_bytes(type_kind_.finish());
    out_.write_var_bytes(length_.finish());
    out_.write_bytes(rest_.view());
  }

 private:
  lib0::encoder& out_;
  lib0::encoder rest_;
  lib0::int_diff_opt_rle_encoder key_clock_;
  lib0::uint_opt_rle_encoder client_;
  lib0::int_diff_opt_rle_encoder left_clock_;
  lib0::int_diff_opt_rle_encoder right_clock_;
  lib0::rle_encoder info_;
  lib0::string_encoder string_;
  lib0::rle_encoder parent_info_;
  lib0::uint_opt_rle_encoder type_kind_;
  lib0::uint_opt_rle_encoder length_;
  std::uint64_t next_key_ = 0;
  clock_type delete_clock_ = 0;
};

/// Writes one struct. `ids` resolves its client indices.
template <class Writer>
void write_struct(const struct_view& view, const client_lookup& ids, Writer& out);

/// A gap between two structs of one client.
template <class Writer>
void write_skip(clock_type length, Writer& out) {
  out.write_info(static_cast<std::uint8_t>(content_kind::skip));
  out.rest().write_var_uint(length);
}

extern template void write_struct(const struct_view&, const client_lookup&, writer_v1&);
extern template void write_struct(const struct_view&, const client_lookup&, writer_v2&);

}  // namespace troupe::crdt
