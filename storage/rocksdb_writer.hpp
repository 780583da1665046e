// Turns one batch of the backend into one of RocksDB: checks that it fits what is stored, and keeps
// the figures of its documents. Includes RocksDB: for the sources of the RocksDB backend only.
// Thread: the one that writes. The failures are those of backend::write, with the document's name.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include <rocksdb/write_batch.h>

#include "storage/rocksdb_reader.hpp"

namespace troupe::storage {

/// A document as it is stored, all of its log counted, so that an append need not read.
struct document_head {
  document_meta meta;
  sequence written = 0;  ///< Up to where the stored meta entry counts.
  std::uint64_t unwritten_bytes = 0;
};

/// The heads of the documents that were written last.
class head_cache {
 public:
  const document_head* find(const std::string& name) const {
    const auto found = heads_.find(name);
    return found == heads_.end() ? nullptr : &found->second;
  }
  void put(const std::string& name, const document_head& head) {
    if (heads_.size() >= heads_max) heads_.erase(heads_.begin());
    heads_.insert_or_assign(name, head);
  }
  void forget(const std::string& name) { heads_.erase(name); }
  void clear() { heads_.clear(); }

 private:
  static constexpr std::size_t heads_max = 20'000;

  std::unordered_map<std::string, document_head> heads_;
};

class rocksdb_writer {
 public:
  /// Whether the newest checkpoint of a document, of this generation, is known to be damaged.
  using damage_test = std::function<bool(const std::string& document, generation newest)>;

  rocksdb_writer(const rocksdb_store& store, head_cache& heads, time_ms now,
                 const damage_test& is_damaged);

  result<void> add(const log_append& append);
  result<void> add(const checkpoint_write& write);
  result<void> add(const announcement& what);

  /// Puts the meta entries in, last.
  rocksdb::WriteBatch& finish();

  /// To be called once the batch is durable.
  void remember();

 private:
  struct staged {
    document_head head;
    bool is_new = false;
    bool has_checkpoint = false;
    std::vector<std::uint64_t> fresh;  // the sizes of the updates that this batch appends
  };

  result<staged*> find(const std::string& document);
  result<void> check_same(const std::string& document, const staged& of, sequence number,
                          byte_view update) const;
  void put_record(staged& of, sequence number, std::uint64_t origin, const shared_slice& update);
  result<void> count_behind(staged& of, sequence covers) const;
  void put_chunks(const document_meta& meta, const shared_bytes& state);
  void drop_chunks(const document_id& id, generation of, std::uint64_t size);

  const rocksdb_store& store_;
  head_cache& heads_;
  time_ms now_;
  const damage_test& is_damaged_;
  rocksdb::WriteBatch batch_;
  std::unordered_map<std::string, staged> staged_;
};

}  // namespace troupe::storage
