#include "base/base64.hpp"

#include <algorithm>
#include <array>

namespace troupe {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr char padding = '=';

/// Set in the entry of a character that has no value; the 24 bits of a group stand below it.
constexpr std::uint32_t no_value = std::uint32_t{1} << 24;

using value_table = std::array<std::uint32_t, 256>;

/// The values of all characters, shifted to where the n-th character of a group belongs.
constexpr value_table values_at(unsigned place, std::string_view letters) {
  value_table values{};
  values.fill(no_value);
  for (std::size_t i = 0; i < letters.size(); ++i)
    values[static_cast<std::uint8_t>(letters[i])] = static_cast<std::uint32_t>(i)
                                                    << (18 - 6 * place);
  return values;
}

/// What reads an alphabet.
struct decoding {
  std::string_view letters;
  std::array<value_table, 4> values;
};

constexpr decoding decoding_of(std::string_view letters) {
  return {
      letters,
      {values_at(0, letters), values_at(1, letters), values_at(2, letters), values_at(3, letters)}};
}

constexpr decoding standard = decoding_of(alphabet);
constexpr decoding url = decoding_of(url_alphabet);

/// Two characters for each number of twelve bits: half as many steps as with one each.
constexpr std::array<std::array<char, 2>, 4096> pairs = [] {
  std::array<std::array<char, 2>, 4096> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = {alphabet[i >> 6], alphabet[i & 63]};
  return all;
}();

/// The 24 bits of four characters, with bits above them if one has no value.
std::uint32_t group_at(const char* at, const decoding& by) noexcept {
  const auto byte = [at](std::size_t i) { return static_cast<std::uint8_t>(at[i]); };
  return by.values[0][byte(0)] | by.values[1][byte(1)] | by.values[2][byte(2)] |
         by.values[3][byte(3)];
}

void put_group(std::uint32_t group, std::uint8_t* to, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<std::uint8_t>(group >> (16 - 8 * i));
}

tl::unexpected<failure> fail_at_first_stranger(std::string_view text, std::size_t from,
                                               const decoding& by) {
  const std::size_t at = text.find_first_not_of(by.letters, from);
  const bool is_padding = text[at] == padding && by.letters == alphabet;
  return fail(errc::invalid_base64,
              is_padding ? "padding before the end" : "a character outside of the alphabet", at);
}

/// Decodes a text without its padding into bytes or text. Requires: some bytes have a text of this
/// size.
template <class Bytes>
result<Bytes> decode(std::string_view text, const decoding& by) {
  const std::size_t rest = text.size() % 4;
  const std::size_t whole = text.size() - rest;
  Bytes bytes;
  bytes.resize(whole / 4 * 3 + (rest > 0 ? rest - 1 : 0));
  auto* to = reinterpret_cast<std::uint8_t*>(bytes.data());
  for (std::size_t at = 0; at < whole; at += 4, to += 3) {
    const std::uint32_t group = group_at(text.data() + at, by);
    if (group >= no_value) return fail_at_first_stranger(text, at, by);
    put_group(group, to, 3);
  }
  if (rest == 0) return bytes;
  // What is missing is read as zeros ('A'); what it does not leave to a byte must be zero as well.
  std::array<char, 4> last = {'A', 'A', 'A', 'A'};
  std::ranges::copy(text.substr(whole), last.begin());
  const std::uint32_t group = group_at(last.data(), by);
  if (group >= no_value) return fail_at_first_stranger(text, whole, by);
  if ((group & (rest == 2 ? 0xFFFFU : 0xFFU)) != 0)
    return fail(errc::invalid_base64, "bits set behind the last byte", text.size() - 1);
  put_group(group, to, rest - 1);
  return bytes;
}

template <class Bytes>
result<Bytes> decode_url(std::string_view text) {
  if (text.size() % 4 == 1)
    return fail(errc::invalid_base64, "no bytes have a text of this size", text.size());
  return decode<Bytes>(text, url);
}

}  // namespace

void append_base64(byte_view bytes, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + base64_size(bytes.size()));
  char* to = out.data() + before;
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 3; left -= 3, at += 3, to += 4) {
    const std::uint32_t group = std::uint32_t{at[0]} << 16 | std::uint32_t{at[1]} << 8 | at[2];
    std::memcpy(to, pairs[group >> 12].data(), 2);
    std::memcpy(to + 2, pairs[group & 4095].data(), 2);
  }
  if (left == 0) return;
  const std::uint32_t group =
      std::uint32_t{at[0]} << 16 | (left == 2 ? std::uint32_t{at[1]} << 8 : 0U);
  std::memcpy(to, pairs[group >> 12].data(), 2);
  to[2] = left == 2 ? alphabet[group >> 6 & 63] : padding;
  to[3] = padding;
}

result<byte_buffer> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return fail(errc::invalid_base64, "its size is no multiple of four", text.size());
  if (text.empty()) return byte_buffer{};
  const std::size_t padded =
      text.back() != padding ? 0U : (text[text.size() - 2] == padding ? 2U : 1U);
  return decode<byte_buffer>(text.substr(0, text.size() - padded), standard);
}

void append_base64url(byte_view bytes, std::string& out) {
  const std::size_t before = out.size();
  append_base64(bytes, out);
  while (out.size() > before && out.back() == padding) out.pop_back();
  std::replace(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(), '+', '-');
  std::replace(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(), '/', '_');
}

result<byte_buffer> decode_base64url(std::string_view text) {
  return decode_url<byte_buffer>(text);
}

result<std::string> decode_base64url_text(std::string_view text) {
  return decode_url<std::string>(text);
}

}  // namespace troupe
