#include "protocol/json/write.hpp"

#include <algorithm>
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

/// Appends a text that needs no escape.
void append_quoted(std::string_view text, std::string& out) {
  const std::size_t at = out.size();
  out.resize(at + text.size() + 2);
  out[at] = '"';
  text.copy(out.data() + at + 1, text.size());
  out[at + text.size() + 1] = '"';
}

/// Writes a number that has few decimals, as most that people or programs write; null if it is
/// another. Two decimals of at most 15 digits are never the same double, so the one that is found
/// is the shortest.
char* write_short_decimal(double value, char* to) noexcept {
  constexpr double digits_max = 1e15;
  constexpr int decimals_max = 4;
  double scale = 1;
  for (int decimals = 0; decimals <= decimals_max; ++decimals, scale *= 10) {
    const double scaled = value * scale;
    if (!(std::fabs(scaled) < digits_max)) return nullptr;
    const auto rounded = static_cast<std::int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
    if (static_cast<double>(rounded) / scale != value) continue;
    if (rounded < 0) *to++ = '-';
    const auto digits = static_cast<std::uint64_t>(rounded < 0 ? -rounded : rounded);
    const auto unit = static_cast<std::uint64_t>(scale);
    to = std::to_chars(to, to + number_size_max, digits / unit).ptr;
    if (decimals == 0) return to;
    *to = '.';
    std::uint64_t rest = digits % unit;
    for (int i = decimals; i > 0; --i, rest /= 10) to[i] = static_cast<char>('0' + rest % 10);
    return to + decimals + 1;
  }
  return nullptr;
}

}  // namespace

void append_string(std::string_view text, std::string& out) {
  if (is_plain_ascii(text)) return append_quoted(text, out);
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

char* write_number(double value, char* to) noexcept {
  const auto put = [&to](std::string_view text) { to += text.copy(to, text.size()); };
  const auto put_zeros = [&to](int count) { to = std::fill_n(to, count, '0'); };
  if (!std::isfinite(value)) return put("null"), to;
  if (value == 0) return put("0"), to;  // negative zero too
  if (char* const end = write_short_decimal(value, to)) return end;
  // 1. The shortest digits and their exponent, from "-d.ddde[+-]xx".
  char scientific[40];
  const auto end = std::to_chars(scientific, scientific + sizeof scientific, value,
                                 std::chars_format::scientific);
  std::string_view text{scientific, static_cast<std::size_t>(end.ptr - scientific)};
  if (text.front() == '-') {
    put("-");
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  char joined[24];
  joined[0] = text[0];
  const std::size_t behind_point = e > 1 ? text.substr(2, e - 2).copy(joined + 1, e - 2) : 0;
  const std::string_view digits{joined, 1 + behind_point};
  const bool is_small = text[e + 1] == '-';
  int exponent = 0;
  std::from_chars(text.data() + e + 2, text.data() + text.size(), exponent);
  const int point = (is_small ? -exponent : exponent) + 1;  // the value is 0.digits * 10^point
  const int count = static_cast<int>(digits.size());
  // 2. Plain notation from 1e-6 up to 1e21.
  if (point > 0 && point <= 21) {
    put(digits.substr(0, static_cast<std::size_t>(std::min(count, point))));
    if (count <= point) return put_zeros(point - count), to;
    put(".");
    put(digits.substr(static_cast<std::size_t>(point)));
  } else if (point <= 0 && point > -6) {
    put("0.");
    put_zeros(-point);
    put(digits);
  } else {
    // 3. Exponential notation beyond.
    put(digits.substr(0, 1));
    if (count > 1) put(".");
    put(digits.substr(1));
    put(point > 0 ? "e+" : "e-");
    to = std::to_chars(to, to + 4, std::abs(point - 1)).ptr;
  }
  return to;
}

void append_number(double value, std::string& out) {
  char text[number_size_max];
  out.append(text, write_number(value, text));
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
