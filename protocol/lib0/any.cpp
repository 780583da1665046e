#include "protocol/lib0/any.hpp"

#include <bit>

#include "protocol/lib0/number_text.hpp"

namespace troupe::lib0 {

namespace {

void append_integer(decoder& input, std::string& out) {
  const decoder::var_int value = input.read_var_int();
  if (value.is_negative && value.magnitude != 0) out.push_back('-');
  out.append(std::to_string(value.magnitude));
}

template <class Unsigned>
Unsigned read_big_endian(decoder& input) {
  Unsigned value = 0;
  for (const std::uint8_t byte : input.read_bytes(sizeof(Unsigned)))
    value = static_cast<Unsigned>(value << 8) | byte;
  return value;
}

void append_sequence_as_json(decoder& input, bool is_object, std::string& out) {
  const std::uint64_t count = input.read_var_uint();
  out.push_back(is_object ? '{' : '[');
  for (std::uint64_t i = 0; i < count && input.ok(); ++i) {
    if (i > 0) out.push_back(',');
    if (is_object) {
      append_json_string(input.read_var_string("object key"), out);
      out.push_back(':');
    }
    append_any_as_json(input, out);
  }
  out.push_back(is_object ? '}' : ']');
}

}  // namespace

void append_any_as_json(decoder& input, std::string& out) {
  switch (static_cast<any_tag>(input.read_uint8())) {
    case any_tag::false_value: out.append("false"); return;
    case any_tag::true_value: out.append("true"); return;
    case any_tag::integer: append_integer(input, out); return;
    case any_tag::float32:
      append_number(std::bit_cast<float>(read_big_endian<std::uint32_t>(input)), out);
      return;
    case any_tag::float64:
      append_number(std::bit_cast<double>(read_big_endian<std::uint64_t>(input)), out);
      return;
    case any_tag::bigint:
      out.append(std::to_string(static_cast<std::int64_t>(read_big_endian<std::uint64_t>(input))));
      return;
    case any_tag::string: append_json_string(input.read_var_string("string value"), out); return;
    case any_tag::object: append_sequence_as_json(input, true, out); return;
    case any_tag::array: append_sequence_as_json(input, false, out); return;
    case any_tag::bytes: append_base64_json(input.read_var_bytes(), out); return;
    default: out.append("null"); return;
  }
}

void append_json_string(std::string_view text, std::string& out) {
  static constexpr char hex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    switch (c) {
      case '"': out.append("\\\""); break;
      case '\\': out.append("\\\\"); break;
      case '\b': out.append("\\b"); break;
      case '\f': out.append("\\f"); break;
      case '\n': out.append("\\n"); break;
      case '\r': out.append("\\r"); break;
      case '\t': out.append("\\t"); break;
      default:
        if (code < 0x20)
          out.append("\\u00").append(1, hex[code >> 4]).append(1, hex[code & 15]);
        else
          out.push_back(c);
    }
  }
  out.push_back('"');
}

void append_base64_json(byte_view bytes, std::string& out) {
  static constexpr char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  out.push_back('"');
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? bytes[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      out.push_back(k <= count ? digits[group >> (18 - 6 * k) & 63] : '=');
  }
  out.push_back('"');
}

}  // namespace troupe::lib0
