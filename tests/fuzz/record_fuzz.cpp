// A key and a value as a damaged store may hold them: the first byte says what they are taken for,
// the second how long the key is. A value whose checksum was made right is read as well, so that
// the search gets behind it. What is accepted is written again as it was.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "base/crc32c.hpp"
#include "storage/announcement_record.hpp"
#include "storage/record.hpp"
#include "storage/version_record.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace {

using namespace troupe;
using namespace troupe::storage;

constexpr std::uint8_t kinds = 9;
const std::size_t marker_size = encode_marker({}).size();

void require(bool condition) {
  if (!condition) std::abort();
}

/// The value with the checksum that belongs to it.
std::string sealed(std::string_view key, std::string value) {
  if (value.size() < 6) return value;
  std::uint32_t crc = crc32c(as_bytes(key));
  crc = crc32c(as_bytes(value).first(1), crc);
  crc = crc32c(as_bytes(value).subspan(5), crc);
  for (std::size_t i = 0; i < 4; ++i) value[1 + i] = static_cast<char>(crc >> 8 * (3 - i));
  return value;
}

template <class Header>
std::string joined(const Header& header, byte_view rest) {
  return std::string{header.data(), header.size()}.append(as_text(rest));
}

void read(std::uint8_t kind, const std::string& key, const std::string& value) {
  switch (kind % kinds) {
    case 0:
      if (const auto record = decode_record(key, value))
        require(joined(make_record_header(key, *record), record->update) == value);
      break;
    case 1: {
      const auto chunk = decode_chunk(key, value);
      if (chunk) require(joined(make_chunk_header(key, *chunk), chunk->bytes) == value);
      checkpoint_reader reader;
      if (reader.add(key, value)) {
        require(chunk.has_value() && chunk->covers == reader.covers());
        require(!reader.add(key, value).has_value());
      }
      if (const auto whole = reader.finish())
        require(chunk && whole->size() == chunk->checkpoint_size);
      break;
    }
    case 2:
      if (const auto meta = decode_meta(key, value)) require(encode_meta(key, *meta) == value);
      break;
    case 3:
      if (const auto name = decode_name(key, value)) require(encode_name(key, *name) == value);
      break;
    case 4:
      // More may follow, for formats to come.
      if (const auto marker = decode_marker(value); marker && value.size() == marker_size)
        require(encode_marker(*marker) == value);
      break;
    case 5:
      if (const auto entry = decode_version(key, value)) {
        require(encode_version(key, *entry) == value);
        require(!version_reader{*entry}.add(key, value).has_value());
        require(version_reader{*entry}.finish().has_value() == false);
      }
      break;
    case 6:
      if (const auto part = decode_version_chunk(key, value))
        require(encode_version_chunk(key, *part) == value);
      if (const auto last = decode_version_count(key, value))
        require(encode_version_count(key, *last) == value);
      break;
    case 8:
      if (const auto what = decode_announcement(key, value))
        require(encode_announcement(key, *what) == value);
      break;
    default:
      if (const auto at = read_version_key(key))
        require(version_key(at->id, at->number, at->part) == key);
      if (const auto at = read_log_key(key)) require(log_key(at->id, at->number) == key);
      if (const auto at = read_chunk_key(key)) require(chunk_key(at->id, at->of, at->part) == key);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const byte_view rest{data + 2, size - 2};
  const std::size_t key_size = std::min<std::size_t>(data[1], rest.size());
  const std::string key{as_text(rest.first(key_size))};
  const std::string value{as_text(rest.subspan(key_size))};
  read(data[0], key, value);
  read(data[0], key, sealed(data[0] % kinds == 4 ? marker_key : key, value));
  return 0;
}
