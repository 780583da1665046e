#include "storage/version_record.hpp"

#include "base/compression.hpp"
#include "base/crc32c.hpp"
#include "base/utf8.hpp"
#include "storage/record.hpp"
#include "storage/sealed_value.hpp"

namespace troupe::storage {
namespace {

constexpr std::size_t version_key_size = id_size + 8 + 4;
constexpr std::size_t entry_size = prologue_size + 8 + 8 + 8 + 8 + 4 + 1;
constexpr std::size_t count_size = prologue_size + 8;
constexpr std::uint8_t flag_automatic = 1;
constexpr std::uint8_t flag_credits = 2;
constexpr std::uint8_t codec_zstd = 1;

constexpr std::size_t credit_size_max = 0xffff;

void append_text(std::string& to, std::string_view text) {
  append(to, text.size(), 2);
  to.append(text);
}

/// Names that are too long for the format are left out.
void append_names(std::string& to, const std::vector<std::string>& names) {
  std::vector<std::string_view> kept;
  for (const std::string& each : names)
    if (each.size() <= credit_size_max && kept.size() < append_credits::count_max)
      kept.push_back(each);
  append(to, kept.size(), 1);
  for (const std::string_view each : kept) append_text(to, each);
}

/// Reads what the functions above have written; `ok` ends up false if it does not fit.
struct name_reader {
  std::string_view rest;
  bool ok = true;

  std::size_t number(std::size_t size) {
    ok = ok && rest.size() >= size;
    if (!ok) return 0;
    const std::uint64_t value = number_at(rest, 0, size);
    rest.remove_prefix(size);
    return static_cast<std::size_t>(value);
  }
  std::string text() {
    const std::size_t size = number(2);
    ok = ok && rest.size() >= size;
    if (!ok) return {};
    std::string read{rest.substr(0, size)};
    rest.remove_prefix(size);
    return read;
  }
  std::vector<std::string> names() {
    std::vector<std::string> read;
    const std::size_t count = number(1);
    ok = ok && count <= append_credits::count_max;
    while (ok && read.size() < count) read.push_back(text());
    return read;
  }
};

std::string name_of(const version_position& at) {
  std::string name = "version " + std::to_string(at.number);
  if (at.part != 0) name.insert(0, "chunk " + std::to_string(at.part) + " of ");
  return name;
}

}  // namespace

// --- keys ---

std::string version_key(const document_id& id, version_number number, std::uint32_t part) {
  return key_of(id, {{number, 8}, {part, 4}});
}

std::string version_count_key(const document_id& id) { return version_key(id, 0, 0); }

result<version_position> read_version_key(std::string_view key) {
  if (key.size() != version_key_size)
    return fail(errc::corrupt_document, "a key of a version has " + std::to_string(key.size()) +
                                            " bytes and not " + std::to_string(version_key_size));
  return version_position{id_at(key, 0), number_at(key, id_size, 8),
                          static_cast<std::uint32_t>(number_at(key, id_size + 8, 4))};
}

// --- entry ---

std::string encode_version(std::string_view key, const version_entry& entry) {
  const version_info& info = entry.info;
  std::string value(prologue_size, '\0');
  value.reserve(entry_size + info.label.size());
  append(value, info.created_at, 8);
  append(value, info.covers, 8);
  append(value, info.size, 8);
  append(value, info.stored_size, 8);
  append(value, entry.frame_crc, 4);
  append(value, codec_zstd, 1);
  std::uint8_t flags = info.is_automatic ? flag_automatic : std::uint8_t{0};
  if (info.by.empty()) {
    value.append(info.label);
  } else {
    flags |= flag_credits;
    append_text(value, info.label);
    append_names(value, info.by.users);
    append_names(value, info.by.origins);
  }
  seal(key, value.data(), value.size(), flags);
  return value;
}

result<version_entry> decode_version(std::string_view key, std::string_view value) {
  TROUPE_ASSIGN(const version_position at, read_version_key(key));
  const std::string what = name_of({at.id, at.number, 0});
  TROUPE_ASSIGN(const std::uint8_t flags,
                unseal(what, key, value, entry_size, flag_automatic | flag_credits));
  if (at.number == 0 || at.part != 0)
    return fail(errc::corrupt_document, what + ": its entry is under the key of something else");
  if (number_at(value, entry_size - 1, 1) != codec_zstd)
    return fail(errc::newer_format, what + ": it is compressed in a way that is not known",
                entry_size - 1);
  version_entry entry;
  entry.info.number = at.number;
  entry.info.is_automatic = (flags & flag_automatic) != 0;
  entry.info.created_at = number_at(value, 6, 8);
  entry.info.covers = number_at(value, 14, 8);
  entry.info.size = number_at(value, 22, 8);
  entry.info.stored_size = number_at(value, 30, 8);
  entry.frame_crc = static_cast<std::uint32_t>(number_at(value, 38, 4));
  name_reader behind{value.substr(entry_size)};
  if ((flags & flag_credits) == 0) {
    entry.info.label = behind.rest;
  } else {
    entry.info.label = behind.text();
    entry.info.by.users = behind.names();
    entry.info.by.origins = behind.names();
    if (!behind.ok || !behind.rest.empty() || entry.info.by.empty())
      return fail(errc::corrupt_document, what + ": its label and its authors do not fit into it");
  }
  if (entry.info.size > version_size_bytes_max)
    return fail(errc::corrupt_document,
                what + ": it is said to have " + std::to_string(entry.info.size) + " bytes");
  return entry;
}

// --- chunks and count ---

std::string encode_version_chunk(std::string_view key, byte_view part) {
  std::string value(prologue_size, '\0');
  value.append(as_text(part));
  seal(key, value.data(), value.size(), 0);
  return value;
}

result<byte_view> decode_version_chunk(std::string_view key, std::string_view value) {
  TROUPE_ASSIGN(const version_position at, read_version_key(key));
  TROUPE_TRY(unseal(name_of(at), key, value, prologue_size, 0));
  return as_bytes(value.substr(prologue_size));
}

std::string encode_version_count(std::string_view key, version_number last) {
  std::string value(prologue_size, '\0');
  append(value, last, 8);
  seal(key, value.data(), value.size(), 0);
  return value;
}

result<version_number> decode_version_count(std::string_view key, std::string_view value) {
  TROUPE_TRY(unseal("the count of its versions", key, value, count_size, 0));
  if (value.size() != count_size)
    return fail(errc::corrupt_document, "the count of its versions: it is too long", count_size);
  return number_at(value, prologue_size, 8);
}

// --- a whole version ---

result<void> check_label(std::string_view label) {
  if (label.size() > version_label_size_max)
    return fail(errc::name_too_long, "the label of a version has " + std::to_string(label.size()) +
                                         " bytes, the most is " +
                                         std::to_string(version_label_size_max));
  if (!is_valid_utf8(as_bytes(label))) return fail(errc::invalid_utf8, "the label of a version");
  if (label.find('\0') != std::string_view::npos)
    return fail(errc::invalid_name, "the label of a version has U+0000");
  return {};
}

result<packed_version> pack_version(byte_view state) {
  if (state.size() > version_size_bytes_max)
    return fail(errc::state_too_large, "a version has " + std::to_string(state.size()) +
                                           " bytes, the most is " +
                                           std::to_string(version_size_bytes_max));
  constexpr std::size_t thorough_size_max = 4 * 1024 * 1024;
  const auto level =
      state.size() > thorough_size_max ? compression_level::quick : compression_level::thorough;
  packed_version packed{compress(state, level), 0};
  packed.crc = crc32c(packed.frame);
  return packed;
}

result<void> version_reader::add(std::string_view key, std::string_view value) {
  TROUPE_ASSIGN(const version_position at, read_version_key(key));
  if (at.part != count_ + 1)
    return fail(errc::corrupt_document,
                name_of({at.id, at.number, count_ + 1}) + ": it is missing");
  TROUPE_ASSIGN(const byte_view part, decode_version_chunk(key, value));
  if (frame_.size() + part.size() > entry_.info.stored_size)
    return fail(errc::corrupt_document, name_of(at) + ": it is of another version");
  ++count_;
  frame_.insert(frame_.end(), part.begin(), part.end());
  return {};
}

result<shared_bytes> version_reader::finish() const {
  const std::string what = "version " + std::to_string(entry_.info.number) + ": ";
  if (frame_.size() != entry_.info.stored_size)
    return fail(errc::corrupt_document, what + "only " + std::to_string(frame_.size()) + " of " +
                                            std::to_string(entry_.info.stored_size) +
                                            " compressed bytes are there");
  if (crc32c(frame_) != entry_.frame_crc)
    return fail(errc::corrupt_document, what + "the checksum of the whole is wrong");
  const auto state = decompress(frame_, static_cast<std::size_t>(entry_.info.size));
  if (!state) return fail(errc::corrupt_document, what + to_string(state.error()));
  if (state->size() != entry_.info.size)
    return fail(errc::corrupt_document, what + "it has " + std::to_string(state->size()) +
                                            " bytes and not " + std::to_string(entry_.info.size));
  return shared_bytes::copy_of(*state);
}

}  // namespace troupe::storage
