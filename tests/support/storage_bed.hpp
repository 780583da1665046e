// What tests of storage need: short ways to write and read documents, a RocksDB store in a
// directory of its own, and a view into a closed store that can damage it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <rocksdb/db.h>

#include "storage/memory_backend.hpp"
#include "storage/record.hpp"
#include "storage/rocksdb_backend.hpp"
#include "storage/rocksdb_options.hpp"
#include "storage/rocksdb_reader.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/support/temporary_directory.hpp"

namespace troupe::test {

inline shared_bytes bytes_of(std::string_view text) {
  return shared_bytes::copy_of(as_bytes(text));
}

/// Different bytes everywhere that no compression makes small.
inline std::string noise(std::size_t size, std::uint32_t seed = 1) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) {
    seed = seed * 1664525 + 1013904223;
    byte = static_cast<char>(seed >> 24);
  }
  return bytes;
}

inline storage::log_append append_of(const std::string& document, storage::sequence first,
                                     const std::vector<std::string>& updates) {
  storage::log_append append{std::make_shared<const std::string>(document), first, {}};
  for (const std::string& update : updates) append.updates.push_back(bytes_of(update));
  return append;
}

inline result<void> append_to(storage::backend& to, const std::string& document,
                              storage::sequence first, const std::vector<std::string>& updates) {
  storage::batch batch;
  batch.appends = {append_of(document, first, updates)};
  return to.write(batch);
}

inline result<void> write_checkpoint(storage::backend& to, const std::string& document,
                                     storage::sequence covers, std::string_view state) {
  storage::batch batch;
  batch.checkpoints = {{document, covers, bytes_of(state)}};
  return to.write(batch);
}

/// A stored document as texts.
struct stored_texts {
  std::string checkpoint;
  std::vector<std::string> updates;
  storage::sequence last = 0;
  std::string damage = {};

  bool operator==(const stored_texts&) const = default;
};

inline stored_texts texts_of(const storage::stored_document& stored) {
  stored_texts texts{
      std::string{as_text(stored.checkpoint.view())}, {}, stored.last, stored.damage};
  for (const shared_slice& update : stored.updates)
    texts.updates.emplace_back(as_text(update.view()));
  return texts;
}

inline stored_texts load_from(storage::backend& from, const std::string& document) {
  auto stored = from.load(document);
  INFO("loading " << document << ": " << (stored ? "" : to_string(stored.error())));
  REQUIRE(stored.has_value());
  return texts_of(*stored);
}

/// A store in memory, with the same face as the next.
class memory_bed {
 public:
  storage::memory_backend& operator*() { return backend_; }
  storage::memory_backend* operator->() { return &backend_; }

 private:
  storage::memory_backend backend_;
};

/// A RocksDB store that can be closed and opened again, on a disk that fails on request.
class rocksdb_bed {
 public:
  rocksdb_bed() {
    settings.path = (directory.path() / "store").string();
    settings.env = disk->make_env();
  }

  result<void> try_open() {
    close();
    auto opened = storage::rocksdb_backend::open(settings);
    if (!opened) return tl::unexpected(opened.error());
    store_ = std::move(*opened);
    return {};
  }
  void open() {
    const auto opened = try_open();
    INFO((opened ? "" : to_string(opened.error())));
    REQUIRE(opened.has_value());
  }
  void close() { store_.reset(); }
  storage::rocksdb_backend& operator*() {
    if (!store_) open();
    return *store_;
  }
  storage::rocksdb_backend* operator->() { return &**this; }

  temporary_directory directory;
  std::shared_ptr<faulty_file_system> disk = faulty_file_system::make();
  storage::rocksdb_settings settings;

 private:
  std::unique_ptr<storage::rocksdb_backend> store_;
};

/// The keys of a closed store.
class raw_store {
 public:
  explicit raw_store(const storage::rocksdb_settings& settings) {
    rocksdb::DB* db = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    const auto status = rocksdb::DB::Open(storage::make_database_options(settings), settings.path,
                                          storage::make_families(settings), &handles, &db);
    INFO(status.ToString());
    REQUIRE(status.ok());
    store_ = std::make_unique<storage::rocksdb_store>(std::unique_ptr<rocksdb::DB>{db}, handles);
  }

  void put(storage::family in, const std::string& key, const std::string& value) {
    REQUIRE(store_->db().Put({}, store_->handle(in), key, value).ok());
  }
  void remove(storage::family in, const std::string& key) {
    REQUIRE(store_->db().Delete({}, store_->handle(in), key).ok());
  }
  std::string value_of(storage::family in, const std::string& key) {
    std::string value;
    REQUIRE(store_->db().Get({}, store_->handle(in), key, &value).ok());
    return value;
  }
  void flip_bit(storage::family in, const std::string& key) {
    std::string value = value_of(in, key);
    value.back() = static_cast<char>(value.back() ^ 4);
    put(in, key, value);
  }
  std::size_t count(storage::family in) {
    const std::unique_ptr<rocksdb::Iterator> at{store_->db().NewIterator({}, store_->handle(in))};
    std::size_t number = 0;
    for (at->SeekToFirst(); at->Valid(); at->Next()) ++number;
    return number;
  }
  /// Puts everything into tables.
  void flush() {
    for (std::size_t i = 0; i < storage::family_count; ++i)
      REQUIRE(store_->db().Flush({}, store_->handle(static_cast<storage::family>(i))).ok());
  }

 private:
  std::unique_ptr<storage::rocksdb_store> store_;
};

}  // namespace troupe::test
