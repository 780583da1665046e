#include "protocol/json/write.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "protocol/json/text.hpp"

namespace troupe::json {

namespace {

void append_escape(char c, std::string& out) {
  static constexpr char hex[] = "0123456789abcdef";
  const auto code = static_cast<unsigned char>(c);
  switch (c) {
    case '"': out.append("\\\""); return;
    case '\\': out.append("\\\\"); return;
    case '\b': out.append("\\b"); return;
    case '\f': out.append("\\f"); return;
    case '\n': out.append("\\n"); return;
    case '\r': out.append("\\r"); return;
    case '\t': out.append("\\t"); return;
    default: out.append("\\u00").append(1, hex[code >> 4]).append(1, hex[code & 15]); return;
  }
}

}  // namespace

void append_string(std::string_view text, std::string& out) {
  if (!is_valid_utf8(as_bytes(text))) {
    using library = nlohmann::json;
    out += library(std::string{text}).dump(-1, ' ', false, library::error_handler_t::replace);
    return;
  }
  out.push_back('"');
  for (;;) {
    const std::size_t plain = plain_prefix(text);
    out.append(text.substr(0, plain));
    if (plain == text.size()) break;
    append_escape(text[plain], out);
    text.remove_prefix(plain + 1);
  }
  out.push_back('"');
}

void append_base64_string(byte_view bytes, std::string& out) {
  out.push_back('"');
  append_base64(bytes, out);
  out.push_back('"');
}

void append_number(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out.append("null");
    return;
  }
  if (value == 0) {  // negative zero too
    out.push_back('0');
    return;
  }
  // 1. The shortest digits and their exponent, from "-d.ddde[+-]xx".
  char scientific[40];
  const auto end = std::to_chars(scientific, scientific + sizeof scientific, value,
                                 std::chars_format::scientific);
  std::string_view text{scientific, static_cast<std::size_t>(end.ptr - scientific)};
  if (text.front() == '-') {
    out.push_back('-');
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  std::string digits{text.substr(0, 1)};
  if (e > 1) digits.append(text.substr(2, e - 2));
  const bool is_small = text[e + 1] == '-';
  int exponent = 0;
  std::from_chars(text.data() + e + 2, text.data() + text.size(), exponent);
  const int point = (is_small ? -exponent : exponent) + 1;  // the value is 0.digits * 10^point
  const int count = static_cast<int>(digits.size());
  // 2. Plain notation from 1e-6 up to 1e21.
  if (point > 0 && point <= 21) {
    if (count <= point)
      out.append(digits).append(static_cast<std::size_t>(point - count), '0');
    else
      out.append(digits, 0, static_cast<std::size_t>(point))
          .append(".")
          .append(digits, static_cast<std::size_t>(point));
  } else if (point <= 0 && point > -6) {
    out.append("0.").append(static_cast<std::size_t>(-point), '0').append(digits);
  } else {
    // 3. Exponential notation beyond.
    out.push_back(digits[0]);
    if (count > 1) out.append(".").append(digits, 1);
    out.append(point > 0 ? "e+" : "e-").append(std::to_string(std::abs(point - 1)));
  }
}

std::string& writer::separated() {
  if (!std::exchange(is_first_, false)) out_.push_back(',');
  return out_;
}

writer& writer::open(char bracket) {
  separated().push_back(bracket);
  is_first_ = true;
  return *this;
}

writer& writer::close(char bracket) {
  out_.push_back(bracket);
  is_first_ = false;
  return *this;
}

writer& writer::name(std::string_view text) {
  append_string(text, separated());
  out_.push_back(':');
  is_first_ = true;
  return *this;
}

writer& writer::value(std::uint64_t number) {
  separated().append(std::to_string(number));
  return *this;
}

writer& writer::raw(std::string_view json) {
  separated().append(json);
  return *this;
}

writer& writer::value(std::string_view text) {
  append_string(text, separated());
  return *this;
}

}  // namespace troupe::json
