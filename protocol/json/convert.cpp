#include "protocol/json/convert.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <unordered_map>
#include <vector>

#include "protocol/json/write.hpp"
#include "protocol/lib0/any.hpp"

namespace troupe::json {

using lib0::any_tag;

namespace {

void write_tag(any_tag tag, lib0::encoder& out) { out.write_uint8(static_cast<std::uint8_t>(tag)); }

template <class Unsigned>
void write_big_endian(Unsigned value, lib0::encoder& out) {
  for (unsigned shift = sizeof(Unsigned) * 8; shift > 0; shift -= 8)
    out.write_uint8(static_cast<std::uint8_t>(value >> (shift - 8)));
}

/// The narrowest of integer, float32 and float64 that holds the number.
void write_number(double value, lib0::encoder& out) {
  constexpr double integer_max = 2147483647;
  if (std::trunc(value) == value && std::fabs(value) <= integer_max) {
    const auto magnitude = static_cast<std::uint64_t>(std::fabs(value));
    write_tag(any_tag::integer, out);
    out.write_var_int(magnitude, std::signbit(value));
  } else if (static_cast<double>(static_cast<float>(value)) == value) {
    write_tag(any_tag::float32, out);
    write_big_endian(std::bit_cast<std::uint32_t>(static_cast<float>(value)), out);
  } else {
    write_tag(any_tag::float64, out);
    write_big_endian(std::bit_cast<std::uint64_t>(value), out);
  }
}

void append_utf8(std::uint32_t code, std::string& out) {
  const auto tail = [&](unsigned shift) {
    out.push_back(static_cast<char>(0x80 | (code >> shift & 0x3f)));
  };
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xc0 | code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xe0 | code >> 12));
    tail(6);
    tail(0);
  } else {
    out.push_back(static_cast<char>(0xf0 | code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

/// Whether the key is an array index of JavaScript.
bool is_index(std::string_view key, std::uint32_t& index) {
  if (key.empty() || (key.size() > 1 && key[0] == '0')) return false;
  const auto read = std::from_chars(key.data(), key.data() + key.size(), index);
  return read.ec == std::errc{} && read.ptr == key.data() + key.size() && index != 0xffff'ffff;
}

/// The members of an object as JavaScript keeps them: of equal keys the first place and the last
/// value, those that are array indices in front.
template <class Value>
class object_members {
 public:
  void set(std::string key, Value value) {
    const auto [place, is_new] = places_.try_emplace(key, members_.size());
    if (is_new)
      members_.emplace_back(std::move(key), std::move(value));
    else
      members_[place->second].second = std::move(value);
  }

  /// Call once, after the last set.
  const std::vector<std::pair<std::string, Value>>& ordered() {
    std::ranges::stable_sort(members_, is_listed_before,
                             [](const auto& m) -> const std::string& { return m.first; });
    return members_;
  }

 private:
  std::vector<std::pair<std::string, Value>> members_;
  std::unordered_map<std::string, std::size_t> places_;
};

/// Reads a text that is known to be valid.
class json_reader {
 public:
  json_reader(std::string_view text, lib0::encoder& out) : rest_(text), out_(&out) {}

  void read_value() {
    skip_space();
    switch (rest_[0]) {
      case '{': return read_object();
      case '[': return read_array();
      case '"': {
        const std::string text = read_string();
        write_tag(any_tag::string, *out_);
        return out_->write_var_string(text);
      }
      case 't': return read_word(4, any_tag::true_value);
      case 'f': return read_word(5, any_tag::false_value);
      case 'n': return read_word(4, any_tag::null);
      default: return read_number();
    }
  }

 private:
  void skip_space() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n\r\t"), rest_.size()));
  }

  /// Steps over a comma, or over the bracket that ends a container.
  bool take_separator() {
    skip_space();
    const bool has_more = rest_[0] == ',';
    rest_.remove_prefix(1);
    return has_more;
  }

  bool take_empty(char bracket) {
    rest_.remove_prefix(1);
    skip_space();
    if (rest_[0] != bracket) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void read_word(std::size_t size, any_tag tag) {
    rest_.remove_prefix(size);
    write_tag(tag, *out_);
  }

  void read_number() {
    const std::size_t end = std::min(rest_.find_first_not_of("+-.eE0123456789"), rest_.size());
    const std::string text{rest_.substr(0, end)};
    rest_.remove_prefix(end);
    write_number(std::strtod(text.c_str(), nullptr), *out_);
  }

  std::uint32_t read_hex4() {
    std::uint32_t code = 0;
    std::from_chars(rest_.data(), rest_.data() + 4, code, 16);
    rest_.remove_prefix(4);
    return code;
  }

  std::string read_string() {
    std::string text;
    rest_.remove_prefix(1);
    for (;;) {
      const std::size_t plain = rest_.find_first_of("\"\\");
      text.append(rest_.substr(0, plain));
      const bool is_end = rest_[plain] == '"';
      rest_.remove_prefix(plain + 1);
      if (is_end) return text;
      read_escape(text);
    }
  }

  void read_escape(std::string& text) {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    switch (c) {
      case 'b': text.push_back('\b'); return;
      case 'f': text.push_back('\f'); return;
      case 'n': text.push_back('\n'); return;
      case 'r': text.push_back('\r'); return;
      case 't': text.push_back('\t'); return;
      case 'u': break;
      default: text.push_back(c); return;
    }
    std::uint32_t code = read_hex4();
    const bool is_high = code >= 0xd800 && code < 0xdc00;
    if (is_high && rest_.starts_with("\\u")) {
      const std::string_view before = rest_;
      rest_.remove_prefix(2);
      const std::uint32_t low = read_hex4();
      if (low >= 0xdc00 && low < 0xe000)
        return append_utf8(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00), text);
      rest_ = before;
    }
    if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
    append_utf8(code, text);
  }

  void read_array() {
    std::uint64_t count = 0;
    lib0::encoder elements;
    lib0::encoder* const outer = std::exchange(out_, &elements);
    for (bool has_more = !take_empty(']'); has_more; has_more = take_separator(), ++count)
      read_value();
    out_ = outer;
    write_tag(any_tag::array, *out_);
    out_->write_var_uint(count);
    out_->write_bytes(elements.view());
  }

  void read_object() {
    object_members<byte_buffer> members;
    lib0::encoder* const outer = out_;
    for (bool has_more = !take_empty('}'); has_more; has_more = take_separator()) {
      skip_space();
      std::string key = read_string();
      skip_space();
      rest_.remove_prefix(1);  // the colon
      lib0::encoder value;
      out_ = &value;
      read_value();
      members.set(std::move(key), value.take());
    }
    out_ = outer;
    const auto& ordered = members.ordered();
    write_tag(any_tag::object, *out_);
    out_->write_var_uint(ordered.size());
    for (const auto& [key, value] : ordered) {
      out_->write_var_string(key);
      out_->write_bytes(value);
    }
  }

  std::string_view rest_;
  lib0::encoder* out_;
};

template <class Unsigned>
Unsigned read_big_endian(lib0::decoder& in) {
  Unsigned value = 0;
  for (const std::uint8_t byte : in.read_bytes(sizeof(Unsigned)))
    value = static_cast<Unsigned>(value << 8) | byte;
  return value;
}

/// Writes a value that is known to be valid as JSON text.
class any_reader {
 public:
  any_reader(lib0::decoder& in, flavour flavour, std::string& out)
      : in_(in), flavour_(flavour), out_(&out) {}

  void read_value() {
    switch (static_cast<any_tag>(in_.read_uint8())) {
      case any_tag::false_value: return append("false");
      case any_tag::true_value: return append("true");
      case any_tag::integer: return read_integer();
      case any_tag::float32:
        return append_number(std::bit_cast<float>(read_big_endian<std::uint32_t>(in_)), *out_);
      case any_tag::float64:
        return append_number(std::bit_cast<double>(read_big_endian<std::uint64_t>(in_)), *out_);
      case any_tag::bigint: return read_bigint();
      case any_tag::string: return append_string(as_text(in_.read_var_bytes()), *out_);
      case any_tag::object:
        return flavour_ == flavour::javascript ? read_javascript_object() : read_object();
      case any_tag::array: return read_array();
      case any_tag::bytes:
        if (flavour_ == flavour::javascript) return read_javascript_bytes();
        return append_base64_string(in_.read_var_bytes(), *out_);
      default: return append("null");
    }
  }

 private:
  void append(std::string_view text) { out_->append(text); }

  void read_integer() {
    const lib0::decoder::var_int value = in_.read_var_int();
    if (value.is_negative && value.magnitude != 0) out_->push_back('-');
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value.magnitude);
    append({digits, static_cast<std::size_t>(end.ptr - digits)});
  }

  void read_bigint() {
    const auto value = static_cast<std::int64_t>(read_big_endian<std::uint64_t>(in_));
    append(flavour_ == flavour::javascript ? "null" : std::to_string(value));
  }

  void read_array() {
    const std::uint64_t count = in_.read_var_uint();
    out_->push_back('[');
    for (std::uint64_t i = 0; i < count && in_.ok(); ++i) {
      if (i > 0) out_->push_back(',');
      read_value();
    }
    out_->push_back(']');
  }

  void read_object() {
    const std::uint64_t count = in_.read_var_uint();
    out_->push_back('{');
    for (std::uint64_t i = 0; i < count && in_.ok(); ++i) {
      if (i > 0) out_->push_back(',');
      append_string(as_text(in_.read_var_bytes()), *out_);
      out_->push_back(':');
      read_value();
    }
    out_->push_back('}');
  }

  /// As JSON.stringify shows a Uint8Array.
  void read_javascript_bytes() {
    const byte_view bytes = in_.read_var_bytes();
    out_->push_back('{');
    for (std::size_t i = 0; i < bytes.size(); ++i)
      out_->append(i > 0 ? ",\"" : "\"")
          .append(std::to_string(i))
          .append("\":")
          .append(std::to_string(bytes[i]));
    out_->push_back('}');
  }

  void read_javascript_object() {
    const std::uint64_t count = in_.read_var_uint();
    object_members<std::string> members;  // an undefined one is empty
    std::string* const outer = out_;
    for (std::uint64_t i = 0; i < count && in_.ok(); ++i) {
      std::string key{in_.read_var_string("object key")};
      const bool is_undefined = *in_.cursor() == static_cast<std::uint8_t>(any_tag::undefined);
      std::string value;
      out_ = &value;
      read_value();
      members.set(std::move(key), is_undefined ? std::string{} : std::move(value));
    }
    out_ = outer;
    const char* separator = "{";
    for (const auto& [key, value] : members.ordered()) {
      if (value.empty()) continue;
      append(std::exchange(separator, ","));
      append_string(key, *out_);
      out_->append(":").append(value);
    }
    append(*separator == '{' ? "{}" : "}");
  }

  lib0::decoder& in_;
  flavour flavour_;
  std::string* out_;
};

}  // namespace

bool is_listed_before(std::string_view a, std::string_view b) {
  std::uint32_t index_a = 0, index_b = 0;
  const bool a_is_index = is_index(a, index_a);
  const bool b_is_index = is_index(b, index_b);
  return a_is_index && (!b_is_index || index_a < index_b);
}

void json_to_any(std::string_view text, lib0::encoder& out) { json_reader{text, out}.read_value(); }

void any_to_json(lib0::decoder& in, flavour flavour, std::string& out) {
  any_reader{in, flavour, out}.read_value();
}

}  // namespace troupe::json
