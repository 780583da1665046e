#include "protocol/lib0/number_text.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace troupe::lib0 {

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

}  // namespace troupe::lib0
