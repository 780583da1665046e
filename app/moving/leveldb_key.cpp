#include "app/moving/leveldb_key.hpp"

#include "protocol/lib0/decoder.hpp"

namespace troupe::moving {

namespace {

constexpr std::uint8_t text_tag = 0;
constexpr std::uint8_t number_tag = 1;

std::string_view read_text(lib0::decoder& from) {
  if (from.read_uint8() != text_tag) from.fail(errc::unknown_content, "key: a text is expected");
  return from.read_var_string("key");
}

std::uint32_t read_number(lib0::decoder& from) {
  if (from.read_uint8() != number_tag)
    from.fail(errc::unknown_content, "key: a number is expected");
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number = number << 8 | from.read_uint8();
  return number;
}

void append_text(std::string& to, std::string_view text) {
  to.push_back(static_cast<char>(text_tag));
  std::size_t size = text.size();
  for (; size >= 0x80; size >>= 7) to.push_back(static_cast<char>(size | 0x80));
  to.push_back(static_cast<char>(size));
  to.append(text);
}

}  // namespace

result<leveldb_key> decode_leveldb_key(byte_view key) {
  lib0::decoder from{key};
  leveldb_key found;
  const std::string_view space = read_text(from);
  found.document = read_text(from);
  if (space == "v1_sv") {
    found.what = leveldb_key::kind::state_vector;
  } else if (space == "v1") {
    const std::string_view kind = read_text(from);
    if (kind == "update") {
      found.number = read_number(from);
    } else if (kind == "meta") {
      found.what = leveldb_key::kind::meta;
      read_text(from);
    } else {
      from.fail(errc::unknown_content, "key: neither an update nor a meta value");
    }
  } else {
    from.fail(errc::unknown_content, "key: not of y-leveldb");
  }
  if (!from.ok()) return from.error();
  if (!from.at_end()) return fail(errc::trailing_bytes, "key", from.offset());
  return found;
}

std::string leveldb_update_key(std::string_view document, std::uint32_t number) {
  std::string key;
  append_text(key, "v1");
  append_text(key, document);
  append_text(key, "update");
  key.push_back(static_cast<char>(number_tag));
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(number >> shift));
  return key;
}

std::string leveldb_state_vector_key(std::string_view document) {
  std::string key;
  append_text(key, "v1_sv");
  append_text(key, document);
  return key;
}

result<std::uint64_t> decode_leveldb_covered(byte_view value) {
  lib0::decoder from{value};
  const std::uint64_t number = from.read_var_uint();
  if (!from.ok()) return from.error();
  return number;
}

}  // namespace troupe::moving
