// Saves what can be read of a store on disk that is damaged, into a new one. The old one is only
// read. What the bytes of a document mean is the caller's: it gets all pieces of a document that
// cannot be loaded, and says what becomes of it.
//
// Thread: one. While a store_rescue lives, nobody else opens the old store.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/archive.hpp"
#include "storage/rocksdb_backend.hpp"

namespace troupe::storage {

/// How much is read of a journal that is damaged in its middle.
enum class journal_extent {
  up_to_damage,  ///< As at the moment before: no document lacks something in its middle.
  whole,         ///< Also what is behind: documents may lack what the damaged place held.
};

struct rescue_settings {
  rocksdb_settings store;
  journal_extent journal = journal_extent::up_to_damage;
  /// Names of documents that may be in the store though their entries are lost.
  std::vector<std::string> names;
  /// Finds documents that cannot be used though their bytes are whole.
  contents_check check;
};

/// A value as it lies in the store, checksum and all.
struct raw_value {
  enum class kind : std::uint8_t { record, chunk, entry };
  kind of = kind::record;
  std::string label;  ///< "record 17", "checkpoint 2 chunk 0", "meta entry", "name of its id"
  std::string key;
  std::string value;
  std::string damage;  ///< Why it cannot be used; empty: it can.
};

struct rescued_update {
  sequence number = 0;
  shared_bytes update;
};

struct rescued_checkpoint {
  std::uint64_t generation = 0;  ///< 0: it is the newest version that can be read.
  sequence covers = 0;
  shared_bytes state;
};

/// All that can be read of a document that cannot be loaded, or is damaged where it does not hurt
/// yet.
struct broken_document {
  std::string name;   ///< Empty if it is lost.
  std::string id;     ///< In hexadecimal.
  sequence last = 0;  ///< The number of the last update of which there is a trace.
  /// Behind the last record that can be read there may be others, of which nothing is known.
  bool has_open_end = false;
  std::vector<std::string> damages;
  std::vector<rescued_checkpoint> checkpoints;  ///< The oldest first.
  std::vector<rescued_update> updates;          ///< In order, maybe with holes.
  std::vector<raw_value> raw;
};

/// What becomes of a broken document.
struct treatment {
  enum class outcome : std::uint8_t {
    rebuilt,  ///< `state` is its checkpoint, with nothing behind it.
    removed,  ///< A tombstone takes its place. One without a name vanishes.
    kept,     ///< Stays as it is. Only for one without a name, whose data can still be found.
  };
  outcome how = outcome::removed;
  shared_bytes state;
};
using document_doctor = std::function<treatment(const broken_document&)>;

/// A document of which the journal has more behind its damaged place.
struct cut_document {
  std::string name;
  sequence kept = 0;  ///< The number of the last update in front of it; 0: the document is new.
  sequence last = 0;  ///< Behind it. The same number: it was removed, created anew or compacted.
};

struct rescue_report {
  std::uint64_t documents = 0;  ///< With the broken ones.
  std::uint64_t removed = 0;    ///< Tombstones that were there.
  std::uint64_t broken = 0;
  std::uint64_t nameless = 0;  ///< Broken ones that have lost their name.
  /// Stretches of tables that cannot be read. What is missing by it shows in the documents.
  std::vector<std::string> unreadable;
};

class store_rescue {
 public:
  /// Fails with store_in_use, newer_format, corrupt_store (nothing in it can be read, or it is
  /// no store), disk_full, storage_failed.
  static result<std::unique_ptr<store_rescue>> open(rescue_settings settings);

  virtual ~store_rescue() = default;
  store_rescue() = default;
  store_rescue(const store_rescue&) = delete;
  store_rescue& operator=(const store_rescue&) = delete;

  /// What was wrong with the store as a whole, each with what was done. Empty: nothing.
  virtual const std::vector<std::string>& problems() const = 0;

  /// What up_to_damage leaves behind.
  virtual result<std::vector<cut_document>> cut() = 0;

  /// Calls `doctor` for each broken document, in no order.
  virtual result<rescue_report> examine(const document_doctor& doctor) = 0;

  /// The same, and writes the result as a new store into a directory that does not exist. It is
  /// durable when this returns.
  virtual result<rescue_report> save_to(const std::string& directory,
                                        const document_doctor& doctor) = 0;
};

}  // namespace troupe::storage
