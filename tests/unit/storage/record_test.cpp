#include "storage/record.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "base/compression.hpp"
#include "base/crc32c.hpp"
#include "tests/support/storage_bed.hpp"

namespace troupe::record_test {

using namespace troupe::storage;

namespace {

const document_id plan = id_of("plan");

std::string record_value(const std::string& key, const log_record& record) {
  const record_header header = make_record_header(key, record);
  return std::string{header.data(), header.size()}.append(as_text(record.update));
}

std::string chunk_value(const std::string& key, const checkpoint_chunk& chunk) {
  const chunk_header header = make_chunk_header(key, chunk);
  return std::string{header.data(), header.size()}.append(as_text(chunk.bytes));
}

/// The only chunk of a checkpoint, compressed, and what its header says of the state.
std::string compressed_value(const std::string& key, byte_view frame, std::size_t size) {
  return chunk_value(key, {3, size, 0, frame, true});
}

/// The chunks of a state, as key and value.
std::vector<std::pair<std::string, std::string>> chunks_of(const std::string& state,
                                                           sequence covers, generation of = 1) {
  std::vector<std::pair<std::string, std::string>> chunks;
  for (std::uint32_t part = 0; part < chunk_count(state.size()); ++part) {
    const std::string bytes = state.substr(part * chunk_size_bytes_max, chunk_size_bytes_max);
    const std::string key = chunk_key(plan, of, part);
    chunks.emplace_back(
        key, chunk_value(key, {covers, state.size(), crc32c(as_bytes(state)), as_bytes(bytes)}));
  }
  return chunks;
}

document_meta some_meta() { return {plan, 1, 2, 3, false, false, 4, 5, 6, 7, 8, 9, 10, 11, 12}; }

/// Calls back with each single bit of key and value changed, and each beginning of the value.
template <class Check>
void damage_all(const std::string& key, const std::string& value, Check check) {
  for (std::size_t bit = 0; bit < key.size() * 8; ++bit) {
    std::string other = key;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
    CAPTURE("key", bit);
    check(other, value);
  }
  for (std::size_t bit = 0; bit < value.size() * 8; ++bit) {
    std::string other = value;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
    CAPTURE("value", bit);
    check(key, other);
  }
  for (std::size_t size = 0; size < value.size(); ++size) {
    CAPTURE("size", size);
    check(key, value.substr(0, size));
  }
  check(key, value + '\0');
}

/// The value with other bytes at a place and the right checksum all the same.
std::string resealed(const std::string& key, std::string value, std::size_t at, char byte) {
  value[at] = byte;
  std::uint32_t crc = crc32c(as_bytes(key));
  crc = crc32c(as_bytes(value).first(1), crc);
  crc = crc32c(as_bytes(value).subspan(5), crc);
  for (std::size_t i = 0; i < 4; ++i) value[1 + i] = static_cast<char>(crc >> 8 * (3 - i));
  return value;
}

}  // namespace

TEST_CASE("keys sort by document, then by number", "[storage][record]") {
  const document_id other = id_of("other");
  std::vector<std::string> keys;
  for (const sequence number : {0ull, 1ull, 255ull, 256ull, 1ull << 40, ~0ull})
    keys.push_back(log_key(plan, number));
  CHECK(std::is_sorted(keys.begin(), keys.end()));
  CHECK(begin_key(plan) < keys.front());
  CHECK(keys.back() < end_key(plan));
  CHECK(chunk_key(plan, 1, 2) < chunk_key(plan, 1, 10));
  CHECK(chunk_key(plan, 1, ~0u) < chunk_key(plan, 2, 0));
  CHECK(chunk_key(plan, ~0ull, ~0u) < end_key(plan));
  CHECK((other < plan) == (end_key(other) < begin_key(plan)));
}

TEST_CASE("keys are read as they were written", "[storage][record]") {
  const auto log = read_log_key(log_key(plan, 0x0102030405060708));
  REQUIRE(log.has_value());
  CHECK(log->id == plan);
  CHECK(log->number == 0x0102030405060708);
  const auto chunk = read_chunk_key(chunk_key(plan, 3, 4));
  REQUIRE(chunk.has_value());
  CHECK(chunk->id == plan);
  CHECK(chunk->of == 3);
  CHECK(chunk->part == 4);
  CHECK_FALSE(read_log_key(chunk_key(plan, 3, 4)).has_value());
  CHECK(read_log_key("").error().detail == "a key of the log has 0 bytes and not 24");
  CHECK(read_chunk_key(log_key(plan, 1)).error().detail ==
        "a key of a checkpoint has 24 bytes and not 28");
}

TEST_CASE("a log record comes back, and no bit of it can change", "[storage][record]") {
  const std::string key = log_key(plan, 17);
  for (const std::string& update : {std::string{}, std::string{"update"}}) {
    const std::string value = record_value(key, {1'700'000'000'123, 7, as_bytes(update)});
    CHECK(value.size() == record_header_size + update.size());
    const auto record = decode_record(key, value);
    REQUIRE(record.has_value());
    CHECK(record->stored_at == 1'700'000'000'123);
    CHECK(record->origin == 7);
    CHECK(as_text(record->update) == update);
    damage_all(key, value, [](const std::string& k, const std::string& v) {
      const auto damaged = decode_record(k, v);
      REQUIRE_FALSE(damaged.has_value());
      CHECK(damaged.error().code == errc::corrupt_document);
    });
  }
}

TEST_CASE("a failure says which record it is and what is wrong with it", "[storage][record]") {
  const std::string key = log_key(plan, 17);
  std::string value = record_value(key, {1, 0, as_bytes("update")});
  CHECK(to_string(in_document("plan\n", decode_record(key, value.substr(0, 5)).error())) ==
        "corrupt_document: document 'plan\\x0a': record 17: it ends too early at byte 5");
  value.back() = 'E';
  const std::string detail = decode_record(key, value).error().detail;
  CHECK(detail.starts_with("record 17: its checksum is "));
  CHECK(detail.ends_with(", as it says"));
}

TEST_CASE("a value of a newer version is told from a damaged one", "[storage][record]") {
  const std::string key = log_key(plan, 1);
  const std::string value = record_value(key, {1, 0, as_bytes("update")});
  const auto newer = decode_record(key, resealed(key, value, 0, 2));
  REQUIRE_FALSE(newer.has_value());
  CHECK(to_string(newer.error()) ==
        "newer_format: record 1: its version is 2, this server reads 1");
  CHECK(decode_record(key, resealed(key, value, 5, 1)).error().code == errc::newer_format);
  CHECK(decode_record(key, resealed(key, value, 0, 0)).error().code == errc::corrupt_document);
  const auto shorter = resealed(key, value.substr(0, record_header_size - 1), 5, 0);
  CHECK(decode_record(key, shorter).error().code == errc::corrupt_document);
}

TEST_CASE("a checkpoint comes back from its chunks, whatever its size", "[storage][record]") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, chunk_size_bytes_max,
                                 chunk_size_bytes_max + 1, 2 * chunk_size_bytes_max}) {
    const std::string state = test::noise(size);
    const auto chunks = chunks_of(state, 42);
    CHECK(chunks.size() == chunk_count(size));
    checkpoint_reader reader;
    for (const auto& [key, value] : chunks) {
      CHECK_FALSE(reader.is_whole());
      REQUIRE(reader.add(key, value));
    }
    CHECK(reader.is_whole());
    CHECK(reader.covers() == 42);
    const auto whole = reader.finish();
    REQUIRE(whole.has_value());
    CHECK(as_text(whole->view()) == state);
  }
}

TEST_CASE("no bit of a chunk can change", "[storage][record]") {
  const auto chunks = chunks_of("a small state", 3);
  damage_all(chunks[0].first, chunks[0].second, [](const std::string& k, const std::string& v) {
    const auto damaged = decode_chunk(k, v);
    REQUIRE_FALSE(damaged.has_value());
    CHECK(damaged.error().code == errc::corrupt_document);
  });
}

TEST_CASE("a checkpoint with a chunk too few, too many or of another is noticed",
          "[storage][record]") {
  const std::string state = test::noise(2 * chunk_size_bytes_max + 5);
  const auto chunks = chunks_of(state, 3);
  checkpoint_reader without_last;
  REQUIRE(without_last.add(chunks[0].first, chunks[0].second));
  REQUIRE(without_last.add(chunks[1].first, chunks[1].second));
  CHECK(without_last.finish().error().detail == "only 2097152 of 2097157 bytes are there");
  CHECK(checkpoint_reader{}.finish().error().detail == "nothing of it is there");

  checkpoint_reader without_second;
  REQUIRE(without_second.add(chunks[0].first, chunks[0].second));
  CHECK(without_second.add(chunks[2].first, chunks[2].second).error().detail ==
        "chunk 1 of checkpoint generation 1: it is missing");

  const auto others = chunks_of(test::noise(state.size(), 2), 3);
  checkpoint_reader mixed;
  REQUIRE(mixed.add(chunks[0].first, chunks[0].second));
  CHECK(mixed.add(others[1].first, others[1].second).error().detail ==
        "chunk 1 of checkpoint generation 1: it is of another checkpoint");

  const std::string key = chunk_key(plan, 1, 3);
  const std::string value = chunk_value(key, {3, state.size(), 0, as_bytes("more")});
  CHECK(decode_chunk(key, value).error().detail ==
        "chunk 3 of checkpoint generation 1: the checkpoint has only 3 chunks");
  const std::string small = chunk_key(plan, 1, 0);
  CHECK(decode_chunk(small, chunk_value(small, {3, 5, 0, as_bytes("1234")})).error().detail ==
        "chunk 0 of checkpoint generation 1: it has 4 bytes and not 5");

  checkpoint_reader wrong_sum;
  REQUIRE(wrong_sum.add(small, chunk_value(small, {3, 5, 0, as_bytes("12345")})));
  CHECK(wrong_sum.finish().error().detail == "the checksum of the whole is wrong");
}

TEST_CASE("a checkpoint comes back from chunks of which some are compressed", "[storage][record]") {
  const std::string state = std::string(chunk_size_bytes_max, 'a') + test::noise(100);
  const byte_buffer frame = compress(as_bytes(state).first(chunk_size_bytes_max));
  const std::uint32_t crc = crc32c(as_bytes(state));
  const std::string first = chunk_key(plan, 1, 0);
  const std::string second = chunk_key(plan, 1, 1);
  const std::string value = chunk_value(first, {9, state.size(), crc, frame, true});
  CHECK(value.size() < 1000);
  checkpoint_reader reader;
  REQUIRE(reader.add(first, value));
  CHECK_FALSE(reader.is_whole());
  REQUIRE(reader.add(second, chunk_value(second, {9, state.size(), crc,
                                                  as_bytes(state).subspan(chunk_size_bytes_max)})));
  const auto whole = reader.finish();
  REQUIRE(whole.has_value());
  CHECK(as_text(whole->view()) == state);
  damage_all(first, value, [](const std::string& k, const std::string& v) {
    CHECK_FALSE(decode_chunk(k, v).has_value());
  });
}

TEST_CASE("a compressed chunk that holds more, less or nothing of a checkpoint is damage",
          "[storage][record]") {
  const std::string key = chunk_key(plan, 1, 0);
  const auto refused = [&](byte_view frame, std::size_t size) {
    checkpoint_reader reader;
    const auto added = reader.add(key, compressed_value(key, frame, size));
    REQUIRE_FALSE(added.has_value());
    CHECK(added.error().code == errc::corrupt_document);
    return added.error().detail;
  };
  const byte_buffer frame = compress(as_bytes(std::string(500, 'a')));
  const std::string chunk = "chunk 0 of checkpoint generation 1: ";
  CHECK(refused(frame, 499) == chunk + "500 bytes where 499 are allowed");
  CHECK(refused(frame, 501) == chunk + "it has 500 bytes and not 501");
  CHECK(refused(byte_view{frame}.first(frame.size() - 1), 500).starts_with(chunk));
  CHECK(refused(as_bytes("no frame"), 500).starts_with(chunk));
  // A frame that promises much takes no memory before it is believed.
  const byte_buffer bomb = compress(as_bytes(std::string(64 << 20, 'a')));
  CHECK(refused(bomb, chunk_size_bytes_max) == chunk + "67108864 bytes where 1048576 are allowed");
}

TEST_CASE("what is known of a document comes back, and no bit of it can change",
          "[storage][record]") {
  const std::string key = meta_key("plan");
  CHECK(key == "d/plan");
  for (const bool is_removed : {false, true}) {
    document_meta meta = some_meta();
    meta.is_removed = meta.is_admitted = is_removed;
    const std::string value = encode_meta(key, meta);
    CHECK(decode_meta(key, value) == meta);
    damage_all(key, value, [](const std::string& k, const std::string& v) {
      const auto damaged = decode_meta(k, v);
      REQUIRE_FALSE(damaged.has_value());
      CHECK(damaged.error().code == errc::corrupt_document);
    });
  }
}

TEST_CASE("the name of an id comes back, and no bit of it can change", "[storage][record]") {
  const std::string key = name_key(plan);
  const std::string value = encode_name(key, "plan");
  CHECK(decode_name(key, value) == "plan");
  damage_all(key, value, [](const std::string& k, const std::string& v) {
    CHECK_FALSE(decode_name(k, v).has_value());
  });
}

TEST_CASE("the marker of a store tells damaged, newer and foreign ones apart",
          "[storage][record]") {
  const std::string key{marker_key};
  const std::string value = encode_marker({1, 1'700'000'000'000});
  const auto marker = decode_marker(value);
  REQUIRE(marker.has_value());
  CHECK(marker->format == 1);
  CHECK(marker->created_at == 1'700'000'000'000);
  damage_all("", value, [](const std::string&, const std::string& v) {
    REQUIRE_FALSE(decode_marker(v).has_value());
    CHECK(decode_marker(v).error().code == errc::corrupt_store);
  });
  const auto newer = decode_marker(encode_marker({store_format + 1, 1}));
  REQUIRE_FALSE(newer.has_value());
  CHECK(to_string(newer.error()) ==
        "newer_format: the store has format 2, this server reads up to 1");
  CHECK(decode_marker(resealed(key, value, 0, 2)).error().code == errc::newer_format);
  CHECK(decode_marker(resealed(key, value, 6, 'T')).error().code == errc::corrupt_store);
  CHECK(decode_marker(encode_marker({0, 1})).error().code == errc::corrupt_store);
}

}  // namespace troupe::record_test
