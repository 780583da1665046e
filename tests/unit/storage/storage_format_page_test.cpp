// The examples of docs/storage-format.md, run through the code: each is decoded to what the page
// says of it, and encoded again, byte for byte.
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "base/crc32c.hpp"
#include "storage/announcement_record.hpp"
#include "storage/record.hpp"
#include "storage/version_record.hpp"
#include "tests/support/hex_bytes.hpp"
#include "tests/support/source_tree.hpp"

namespace troupe::storage_format_page_test {

using namespace troupe::storage;

namespace {

struct example {
  std::string key;
  std::string value;
};

std::string bytes_of(const std::string& digits) {
  const byte_buffer bytes = test::hex(digits);
  return std::string{as_text(bytes)};
}

/// The blocks that are fenced as ```hex KIND: a line "key ...", a line "value ..." and its rest.
std::vector<example> examples(const std::string& kind) {
  std::vector<example> all;
  std::istringstream page{test::read_text("docs/storage-format.md")};
  for (std::string line; std::getline(page, line);) {
    if (line != "```hex " + kind) continue;
    std::string key;
    std::string value;
    while (std::getline(page, line) && line != "```") {
      REQUIRE(line.size() > 6);
      (line.starts_with("key   ") ? key : value) += line.substr(6);
    }
    all.push_back({bytes_of(key), bytes_of(value)});
  }
  return all;
}

example only(const std::string& kind) {
  const auto all = examples(kind);
  REQUIRE(all.size() == 1);
  return all[0];
}

const std::string hello = bytes_of("01010100040104746578740568656c6c6f00");
constexpr time_ms made_at = 1'700'000'000'000;  // 2023-11-14 22:13:20 UTC

}  // namespace

TEST_CASE("the log record of the page is read and written as it says", "[storage][docs]") {
  const auto [key, value] = only("record");
  const auto record = decode_record(key, value);
  REQUIRE(record.has_value());
  CHECK(record->stored_at == made_at + 123);
  CHECK(record->origin == 0);
  CHECK(as_text(record->update) == hello);
  CHECK(log_key(id_of("plan"), 17) == key);
  const record_header header = make_record_header(key, *record);
  CHECK(std::string{header.data(), header.size()} + hello == value);
}

TEST_CASE("the chunk of the page is read and written as it says", "[storage][docs]") {
  const auto [key, value] = only("chunk");
  const auto chunk = decode_chunk(key, value);
  REQUIRE(chunk.has_value());
  CHECK(chunk->covers == 17);
  CHECK(chunk->checkpoint_size == hello.size());
  CHECK(chunk->checkpoint_crc == crc32c(as_bytes(hello)));
  CHECK(as_text(chunk->bytes) == hello);
  CHECK(chunk_key(id_of("plan"), 2, 0) == key);
  const chunk_header header = make_chunk_header(key, *chunk);
  CHECK(std::string{header.data(), header.size()} + hello == value);
  CHECK(chunk_size_bytes_max == 1'048'576);
}

TEST_CASE("the compressed chunk of the page is read as it says", "[storage][docs]") {
  const auto [key, value] = only("compressed chunk");
  const auto chunk = decode_chunk(key, value);
  REQUIRE(chunk.has_value());
  CHECK(chunk->is_compressed);
  CHECK(chunk->covers == 17);
  CHECK(chunk_key(id_of("plan"), 3, 0) == key);
  const std::string state = bytes_of("010101000401047465787450") + std::string(80, 'z') + '\0';
  CHECK(chunk->checkpoint_size == state.size());
  const chunk_header header = make_chunk_header(key, *chunk);
  CHECK(std::string{header.data(), header.size()}.append(as_text(chunk->bytes)) == value);
  checkpoint_reader reader;
  REQUIRE(reader.add(key, value));
  CHECK(as_text(reader.finish()->view()) == state);
}

TEST_CASE("the meta entries of the page are read and written as it says", "[storage][docs]") {
  document_meta plan;
  plan.id = id_of("plan");
  plan.created_at = made_at;
  plan.changed_at = made_at + 123;
  plan.counted = 19;
  plan.log_records = 2;
  plan.log_bytes = 40;
  plan.newest = 2;
  plan.covers = 17;
  plan.checkpoint_size = 18;
  plan.previous = 1;
  plan.previous_covers = 9;
  plan.previous_size = 15;
  document_meta removed;
  removed.id = id_of("plan");
  removed.created_at = made_at;
  removed.changed_at = made_at + 999;
  removed.is_removed = true;
  const auto all = examples("meta");
  REQUIRE(all.size() == 2);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const document_meta& meant = i == 0 ? plan : removed;
    CHECK(all[i].key == meta_key("plan"));
    CHECK(decode_meta(all[i].key, all[i].value) == meant);
    CHECK(encode_meta(all[i].key, meant) == all[i].value);
  }
}

TEST_CASE("the name and the marker of the page are read and written as it says",
          "[storage][docs]") {
  const example name = only("name");
  CHECK(name.key == name_key(id_of("plan")));
  CHECK(decode_name(name.key, name.value) == "plan");
  CHECK(encode_name(name.key, "plan") == name.value);
  const example marker = only("marker");
  CHECK(marker.key == marker_key);
  const auto decoded = decode_marker(marker.value);
  REQUIRE(decoded.has_value());
  CHECK(decoded->format == store_format);
  CHECK(decoded->created_at == made_at);
  CHECK(encode_marker(*decoded) == marker.value);
}

TEST_CASE("the version of the page is read and written as it says", "[storage][docs]") {
  const example entry = only("version");
  CHECK(entry.key == version_key(id_of("plan"), 3, 0));
  const auto decoded = decode_version(entry.key, entry.value);
  REQUIRE(decoded.has_value());
  CHECK(decoded->info ==
        version_info{3, "before the talk", made_at + 123, false, 17, hello.size(), 27, {}});
  CHECK(encode_version(entry.key, *decoded) == entry.value);
  const example named = only("version-authors");
  CHECK(named.key == version_key(id_of("plan"), 4, 0));
  const auto with_authors = decode_version(named.key, named.value);
  REQUIRE(with_authors.has_value());
  CHECK(with_authors->info == version_info{4, "", made_at + 123, true, 17, hello.size(), 27,
                                           append_credits{{"ada", "bob"}, {"importer"}}});
  CHECK(encode_version(named.key, *with_authors) == named.value);
  const example chunk = only("version-chunk");
  CHECK(chunk.key == version_key(id_of("plan"), 3, 1));
  const auto part = decode_version_chunk(chunk.key, chunk.value);
  REQUIRE(part.has_value());
  CHECK(encode_version_chunk(chunk.key, *part) == chunk.value);
  version_reader reader{*decoded};
  REQUIRE(reader.add(chunk.key, chunk.value));
  const auto state = reader.finish();
  REQUIRE(state.has_value());
  CHECK(as_text(state->view()) == hello);
  const example count = only("version-count");
  CHECK(count.key == version_count_key(id_of("plan")));
  CHECK(decode_version_count(count.key, count.value) == 3);
  CHECK(encode_version_count(count.key, 3) == count.value);
}

TEST_CASE("the announcement of the page is read and written as it says", "[storage][docs]") {
  const auto [key, value] = only("announcement");
  const auto what = decode_announcement(key, value);
  REQUIRE(what.has_value());
  CHECK(key == announcement_key(1'700'000'000'123'456));
  CHECK(what->created_at == made_at + 123);
  CHECK(what->since == made_at + 123);
  CHECK(what->id[15] == 15);
  CHECK_FALSE(what->is_dead);
  CHECK(what->topic == "document.changed");
  CHECK(what->document == "plan");
  CHECK(what->details == "{\"users\":[\"ada\"]}");
  CHECK(encode_announcement(key, *what) == value);
}

TEST_CASE("the tables of the page have the offsets of the examples", "[storage][docs]") {
  // A field that follows another begins where that one ends, in every table.
  std::istringstream page{test::read_text("docs/storage-format.md")};
  std::size_t tables = 0;
  std::size_t next = 0;
  for (std::string line; std::getline(page, line);) {
    if (line == "| offset | size | field |") {
      ++tables;
      next = 0;
      continue;
    }
    std::istringstream row{line};
    std::string bar;
    std::size_t offset = 0;
    if (!(row >> bar >> offset) || bar != "|") continue;
    CAPTURE(line);
    CHECK(offset == next);
    std::size_t size = 0;
    row >> bar >> size;
    next = offset + size;
  }
  CHECK(tables == 7);
}

}  // namespace troupe::storage_format_page_test
