// Reads the fields of an update from one stream (format v1) or from one column per kind of field
// (v2). The decoder of updates is a template over these two readers. Both check every length before
// they use it, and return views of the input, or of scratch where the input does not hold the bytes
// in one piece. Source: yjs 13.6 UpdateDecoder.js.
#pragma once

#include <algorithm>

#include "base/utf8.hpp"
#include "protocol/crdt/wire/content_slice.hpp"
#include "protocol/crdt/wire/limits.hpp"
#include "protocol/crdt/wire/scratch_arena.hpp"
#include "protocol/json/validate.hpp"
#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/rle.hpp"

namespace troupe::crdt {

/// Fails `in` where a text is no JSON, or is nested too deep.
inline void check_json(std::string_view text, const limits& limit, const char* field,
                       lib0::decoder& in) {
  if (json::is_valid_json(text, limit.any_depth_max)) [[likely]]
    return;
  in.fail(json::check_json(text, limit.any_depth_max).error().code, field);
}

/// Format v1: everything in one stream.
class reader_v1 {
 public:
  static constexpr bool value_is_any = false;
  static constexpr bool is_one_stream = true;
  static constexpr unsigned structs_per_check = 1;  ///< How often ok() is worth its cost.

  /// How many structs so many bytes may stand for.
  static constexpr std::uint64_t structs_max(std::size_t size, const limits& /*limit*/) noexcept {
    return size;
  }

  reader_v1(byte_view update, const limits& limit, scratch_arena&) : in_(update), limit_(limit) {}

  bool ok() const noexcept { return in_.ok(); }
  tl::unexpected<failure> error() const { return in_.error(); }
  void fail(errc code, const char* detail) noexcept { in_.fail(code, detail); }

  /// What stands outside of structs: counts, clocks, lengths of skips.
  lib0::decoder& rest() noexcept { return in_; }

  std::uint64_t read_struct_count() noexcept { return in_.read_count(2, "struct count"); }
  std::uint64_t read_client() noexcept { return in_.read_var_uint(last_client_); }
  std::uint8_t read_info() noexcept { return in_.read_uint8(); }
  std::uint64_t read_left_clock() noexcept { return in_.read_var_uint(); }
  std::uint64_t read_right_clock() noexcept { return in_.read_var_uint(); }
  bool read_parent_is_root() noexcept { return in_.read_var_uint() == 1; }
  std::uint64_t read_type_kind() noexcept { return in_.read_var_uint(); }
  std::uint64_t read_length() noexcept { return in_.read_var_uint(); }
  std::uint64_t read_value_count() noexcept { return in_.read_count(1, "value count"); }
  std::string_view read_string(const char* field) noexcept { return in_.read_var_string(field); }
  std::string_view read_string(const char* field, std::uint32_t& utf16_length) noexcept {
    return in_.read_var_string(field, utf16_length);
  }
  std::string_view read_key(const char* field) noexcept { return read_string(field); }

  byte_view read_embed() { return as_bytes(read_json("embed")); }

  byte_view read_format(std::string_view& key) {
    const std::uint8_t* const first = in_.cursor();
    key = read_string("format key");
    read_json("format value");
    return {first, in_.cursor()};
  }

  byte_view read_json_values(std::uint64_t count) {
    const std::uint8_t* const first = in_.cursor();
    for (std::uint64_t i = 0; i < count && ok(); ++i) {
      const std::string_view text = in_.read_var_string("JSON value");
      if (ok() && text != "undefined") check_json(text, limit_, "JSON value", in_);
    }
    return {first, in_.cursor()};
  }

  byte_view read_subdocument(std::string_view& guid) {
    const std::uint8_t* const first = in_.cursor();
    guid = read_string("guid");
    in_.skip_any(limit_.any_depth_max);
    return {first, in_.cursor()};
  }

  // Ranges of the delete set. next_delete_client comes before the ranges of each client.
  void next_delete_client() noexcept {}
  std::uint64_t read_delete_clock() noexcept {
    return in_.read_var_uint(clock_max, "delete range clock");
  }
  std::uint64_t read_delete_length() noexcept {
    return in_.read_var_uint(clock_max, "delete range length");
  }

 private:
  std::string_view read_json(const char* field) {
    const std::string_view text = in_.read_var_string(field);
    if (ok()) check_json(text, limit_, field, in_);
    return text;
  }

  lib0::decoder in_;
  lib0::decoder::familiar_var_uint last_client_;
  const limits& limit_;
};

/// The string column of v2: all texts as one, cut at UTF-16 lengths, if need be through surrogate
/// pairs.
class string_column {
 public:
  string_column(byte_view column, scratch_arena& scratch) noexcept
      : in_(column), scratch_(scratch), lengths_(read_texts()) {}

  std::string_view read(std::uint32_t& utf16_length) {
    const std::uint64_t length = lengths_.read();
    const std::size_t left = texts_.size() - at_;
    const std::size_t units_left = 2 * left;  // half of a four-byte pair is the smallest unit
    if (length > units_left) {
      in_.fail(errc::truncated, "string column");
      return {};
    }
    utf16_length = static_cast<std::uint32_t>(length);
    const byte_view rest = texts_.subspan(at_);
    if (!in_pair_ && length <= rest.size() && (is_all_ascii_ || is_ascii(rest.first(length)))) {
      at_ += length;
      return as_text(rest.first(length));
    }
    return read_slowly(rest, length);
  }

  const lib0::decoder& input() const noexcept { return in_; }
  const lib0::decoder& lengths() const noexcept { return lengths_.input(); }

 private:
  byte_view read_texts() noexcept {
    std::uint32_t utf16_length = 0;
    texts_ = as_bytes(in_.read_var_string("string column", utf16_length));
    is_all_ascii_ = utf16_length == texts_.size();
    return in_.read_bytes(in_.remaining());
  }

  /// With characters of several bytes, or starting or ending inside of a pair; its halves become
  /// U+FFFD.
  std::string_view read_slowly(byte_view rest, std::uint64_t length) {
    constexpr std::uint8_t replacement[] = {0xef, 0xbf, 0xbd};
    constexpr std::size_t pair_size = 4;
    std::size_t units = in_pair_ ? 1 : 0;
    std::size_t end = in_pair_ ? pair_size : 0;
    const std::size_t begin = length == 0 ? 0 : end;
    const bool starts_in_pair = in_pair_ && length > 0;
    if (length == 0) return {};
    while (units < length && end < rest.size()) {
      const std::uint8_t lead = rest[end];
      const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : pair_size;
      const std::size_t taken = size == pair_size ? 2 : 1;
      if (units + taken > length) break;
      units += taken;
      end += size;
    }
    const bool ends_in_pair = units < length && end < rest.size();
    if (units < length && !ends_in_pair) {
      in_.fail(errc::truncated, "string column");
      return {};
    }
    at_ += end;
    in_pair_ = ends_in_pair;
    const byte_view whole = rest.subspan(begin, end - begin);
    if (!starts_in_pair && !ends_in_pair) return as_text(whole);
    byte_buffer text;
    if (starts_in_pair) text.insert(text.end(), replacement, replacement + 3);
    text.insert(text.end(), whole.begin(), whole.end());
    if (ends_in_pair) text.insert(text.end(), replacement, replacement + 3);
    return as_text(scratch_.keep(text));
  }

  lib0::decoder in_;
  scratch_arena& scratch_;
  byte_view texts_;
  bool is_all_ascii_ = false;
  std::size_t at_ = 0;
  bool in_pair_ = false;  // the pair at at_ has been entered
  lib0::uint_opt_rle_decoder lengths_;
};

/// Format v2: columns, each run-length coded, and a rest.
class reader_v2 {
 public:
  static constexpr bool value_is_any = true;
  static constexpr bool is_one_stream = false;
  static constexpr unsigned structs_per_check = 32;

  /// Runs let a few bytes stand for any number of structs. No author has more than a few to a byte.
  static constexpr std::uint64_t structs_max(std::size_t size, const limits& limit) noexcept {
    return limit.structs_in_runs_max + 16 * std::uint64_t{size};
  }

  reader_v2(byte_view update, const limits& limit, scratch_arena& scratch)
      : rest_(update),
        limit_(limit),
        scratch_(scratch),
        reuse_left_(limit.reused_key_bytes_max),
        key_clock_(first_column()),
        client_(rest_.read_var_bytes()),
        left_clock_(rest_.read_var_bytes()),
        right_clock_(rest_.read_var_bytes()),
        info_(rest_.read_var_bytes()),
        string_(rest_.read_var_bytes(), scratch),
        parent_info_(rest_.read_var_bytes()),
        type_kind_(rest_.read_var_bytes()),
        length_(rest_.read_var_bytes()) {}

  bool ok() const noexcept { return first_failed() == nullptr; }
  /// Its offset counts from the start of the update, whichever column it stands in.
  tl::unexpected<failure> error() const {
    const auto start_of = [](const lib0::decoder& in) { return in.cursor() - in.offset(); };
    failure what = first_failed()->error().value();
    what.offset += static_cast<std::size_t>(start_of(*first_failed()) - start_of(rest_));
    return tl::unexpected(std::move(what));
  }
  void fail(errc code, const char* detail) noexcept { rest_.fail(code, detail); }

  lib0::decoder& rest() noexcept { return rest_; }

  std::uint64_t read_struct_count() noexcept {
    return rest_.read_var_uint(limit_.structs_per_update_max, "struct count");
  }
  std::uint64_t read_client() noexcept { return client_.read(); }
  std::uint8_t read_info() noexcept { return info_.read(); }
  std::uint64_t read_left_clock() noexcept { return left_clock_.read(); }
  std::uint64_t read_right_clock() noexcept { return right_clock_.read(); }
  bool read_parent_is_root() noexcept { return parent_info_.read() == 1; }
  std::uint64_t read_type_kind() noexcept { return type_kind_.read(); }
  std::uint64_t read_length() noexcept { return length_.read(); }
  /// Not bounded here: each value takes a byte of the rest or of the string column, where reading
  /// ends.
  std::uint64_t read_value_count() noexcept { return length_.read(); }
  std::string_view read_string(const char* field) {
    std::uint32_t ignored = 0;
    return read_string(field, ignored);
  }
  std::string_view read_string(const char*, std::uint32_t& utf16_length) {
    return string_.read(utf16_length);
  }

  /// Keys are numbered in the order of their first use; yjs itself never uses a number twice.
  std::string_view read_key(const char* field) {
    const std::uint64_t number = key_clock_.read();
    if (number < keys_.size()) {
      const std::string_view key = keys_[number];
      if (key.size() > reuse_left_) {
        rest_.fail(errc::update_too_large, "keys used again");
        return {};
      }
      reuse_left_ -= key.size();
      return key;
    }
    return keys_.emplace_back(read_string(field));
  }

  byte_view read_embed() { return rest_.skip_any(limit_.any_depth_max); }

  byte_view read_format(std::string_view& key) {
    key = read_key("format key");
    return with_length_in_front(key, rest_.skip_any(limit_.any_depth_max));
  }

  byte_view read_json_values(std::uint64_t count) {
    lib0::encoder values;
    for (std::uint64_t i = 0; i < count && ok(); ++i) {
      const std::string_view text = read_string("JSON value");
      if (ok() && text != "undefined") check_json(text, limit_, "JSON value", rest_);
      values.write_var_string(text);
    }
    return scratch_.keep(values.view());
  }

  byte_view read_subdocument(std::string_view& guid) {
    guid = read_string("guid");
    return with_length_in_front(guid, rest_.skip_any(limit_.any_depth_max));
  }

  void next_delete_client() noexcept { delete_clock_ = 0; }
  std::uint64_t read_delete_clock() noexcept {
    delete_clock_ += rest_.read_var_uint(clock_max, "delete range clock");
    if (delete_clock_ > clock_max) rest_.fail(errc::number_too_large, "delete range clock");
    return delete_clock_;
  }
  std::uint64_t read_delete_length() noexcept {
    const std::uint64_t length = rest_.read_var_uint(clock_max - 1, "delete range length") + 1;
    delete_clock_ += length;
    return length;
  }

 private:
  byte_view first_column() noexcept {
    rest_.read_var_uint();  // feature flags; none is defined
    return rest_.read_var_bytes();
  }

  byte_view with_length_in_front(std::string_view text, byte_view behind) {
    lib0::encoder front;
    front.write_var_string(text);
    return scratch_.keep(front.view(), behind);
  }

  const lib0::decoder* first_failed() const noexcept {
    for (const lib0::decoder* const column :
         {&rest_, &key_clock_.input(), &client_.input(), &left_clock_.input(),
          &right_clock_.input(), &info_.input(), &string_.input(), &string_.lengths(),
          &parent_info_.input(), &type_kind_.input(), &length_.input()})
      if (!column->ok()) return column;
    return nullptr;
  }

  lib0::decoder rest_;
  const limits& limit_;
  scratch_arena& scratch_;
  std::size_t reuse_left_;  // bytes of keys that come from the table
  lib0::int_diff_opt_rle_decoder key_clock_;
  lib0::uint_opt_rle_decoder client_;
  lib0::int_diff_opt_rle_decoder left_clock_;
  lib0::int_diff_opt_rle_decoder right_clock_;
  lib0::rle_decoder info_;
  string_column string_;
  lib0::rle_decoder parent_info_;
  lib0::uint_opt_rle_decoder type_kind_;
  lib0::uint_opt_rle_decoder length_;
  std::vector<std::string_view> keys_;
  std::uint64_t delete_clock_ = 0;
};

}  // namespace troupe::crdt
