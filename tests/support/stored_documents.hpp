// A store on disk with real Yjs contents, some of it in tables and some in the journal, for tests
// of what operators do with one that is damaged.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/doc.hpp"
#include "tests/support/storage_bed.hpp"
#include "tests/support/update_builder.hpp"

namespace troupe::test {

/// The update with which client 1 writes the nth line of a text: "1;2;3;", one line an update.
inline std::string line_update(std::uint64_t number, std::size_t width = 2) {
  std::string line = std::to_string(number) + ";";
  line.append(line.size() < width ? width - line.size() : 0, '.');
  const std::uint64_t clock = (number - 1) * width;
  const auto place = number == 1 ? in_root("text") : after({1, clock - 1});
  const byte_buffer update = update_builder{}.client(1, clock).text(place, line).build();
  return std::string{as_text(update)};
}

/// The state after the first lines, as the server writes it.
inline std::string lines_state(std::uint64_t count, std::size_t width = 2) {
  crdt::doc doc{{}};
  for (std::uint64_t number = 1; number <= count; ++number)
    REQUIRE(doc.apply_update(as_bytes(line_update(number, width))));
  const byte_buffer state = doc.encode_state_as_update();
  return std::string{as_text(state)};
}

/// What a stored document holds, as text.
inline std::string text_in(const storage::stored_document& stored) {
  crdt::doc doc{{}};
  std::vector<crdt::repaired_struct> repaired;
  if (stored.checkpoint.size() > 0) REQUIRE(doc.load_update(stored.checkpoint.view(), repaired));
  for (const shared_slice& update : stored.updates)
    REQUIRE(doc.load_update(update.view(), repaired));
  return doc.text("text");
}

inline std::string text_in(rocksdb_bed& store, const std::string& document) {
  const auto stored = store->load(document);
  INFO((stored ? "" : to_string(stored.error())));
  REQUIRE(stored.has_value());
  return text_in(*stored);
}

inline void flip_bit_of_file(const std::filesystem::path& path, std::uint64_t at, int bit = 4) {
  std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
  file.seekg(static_cast<std::streamoff>(at));
  const int byte = file.get();
  REQUIRE(byte != std::char_traits<char>::eof());
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(byte ^ 1 << bit));
}

}  // namespace troupe::test
