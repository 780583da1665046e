// What an operator does with stored documents: list, inspect and remove them, keep versions of
// them, back them up, check that all of them can be read. Documents never use it.
//
// Thread: any, also while documents are loaded and written. The failures are those of the backend
// (backend.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/errc.hpp"
#include "storage/backend.hpp"

namespace troupe::storage {

/// What is known of one document without reading its contents. Times are in milliseconds since 1970
/// (UTC).
struct document_info {
  std::string name;
  std::uint64_t created_at = 0;
  std::uint64_t changed_at = 0;
  sequence last = 0;              ///< Number of the newest update.
  std::uint64_t log_records = 0;  ///< Behind the checkpoint.
  std::uint64_t log_bytes = 0;    ///< Of their updates.
  std::uint64_t checkpoint_size = 0;
  std::uint64_t generation = 0;  ///< Of the checkpoint; 0: there is none.
  std::uint64_t life = 1;        ///< How often the document was created.
  bool is_removed = false;       ///< A tombstone is all that is left.
  bool is_admitted = false;      ///< Removed, but may be created again.
  std::string damage;            ///< Why the rest is not known; empty: it is.
};

struct document_query {
  std::string prefix;  ///< Of the names.
  std::string after;   ///< Only names behind this one in the order of their bytes.
  std::size_t limit = 100;
  bool with_removed = false;
};

struct document_page {
  std::vector<document_info> documents;  ///< In the order of the bytes of their names.
  bool has_more = false;                 ///< Ask again, after the last one.
};

/// Counts the versions of a document: 1, 2, 3, ... One that was removed is not given again, but the
/// next life of the document begins anew.
using version_number = std::uint64_t;

/// What is known of a version, a state of a document that is kept.
struct version_info {
  version_number number = 0;
  std::string label;             ///< May be empty.
  std::uint64_t created_at = 0;  ///< Milliseconds since 1970 (UTC).
  bool is_automatic = false;     ///< The server made it, and may remove it.
  sequence covers = 0;           ///< Number of the last update that is in it.
  std::uint64_t size = 0;        ///< Of its state.
  std::uint64_t stored_size = 0;
  append_credits by{};   ///< Who has edited since the version before, as far as it is known.
  std::string damage{};  ///< Why the rest is not known; empty: it is.

  bool operator==(const version_info&) const = default;
};

/// A version to be kept.
struct version_draft {
  std::string label = {};
  bool is_automatic = false;
  sequence covers = 0;
  byte_view state = {};
  append_credits by = {};
};

inline constexpr std::uint64_t version_size_bytes_max = 1024 * 1024 * 1024;
inline constexpr std::size_t version_label_size_max = 200;

struct version_query {
  std::string document;
  version_number after = 0;  ///< Only those behind this one.
  std::size_t limit = 100;
};

struct version_page {
  std::vector<version_info> versions;  ///< By their numbers.
  bool has_more = false;               ///< Ask again, after the last one.
};

struct stored_version {
  version_info info;
  shared_bytes state;
};

struct store_stats {
  std::uint64_t documents_estimated = 0;  ///< Tombstones included.
  std::uint64_t log_bytes = 0;            ///< Of each kind, with what is not yet cleaned up.
  std::uint64_t checkpoint_bytes = 0;
  std::uint64_t meta_bytes = 0;
  std::uint64_t version_bytes = 0;
  std::uint64_t journal_bytes = 0;  ///< Written and not yet sorted in.
  std::uint64_t free_bytes = 0;     ///< On the disk.
  std::uint64_t awaited_bytes = 0;  ///< How much must be free until writes work again; 0: they do.
  bool is_writable = true;          ///< Else a write has failed, and recover() has not succeeded.
};

/// A value as it lies in the store, checksum and all.
struct raw_piece {
  std::string label;  ///< "record 17", "checkpoint 2 chunk 0"
  std::string value;
  std::string damage;  ///< Why it cannot be used; empty: it can.
};

/// All that lies in the store of one document, whether or not it can be read.
struct raw_document {
  std::vector<raw_piece> pieces;
  std::vector<std::string> gaps;  ///< What the store could not even show, and why.
  bool is_complete = true;        ///< Else there is more than was asked for.
};

/// One thing that is wrong with what is stored.
struct damage {
  std::string document;  ///< Empty if it is unknown.
  failure what;
  bool is_readable = false;  ///< The document can be loaded all the same.
};

struct verify_report {
  static constexpr std::size_t damages_max = 1000;

  std::uint64_t documents = 0;
  std::uint64_t removed = 0;  ///< Tombstones.
  std::uint64_t records = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t versions = 0;
  std::uint64_t bytes = 0;  ///< Of updates, checkpoints and versions.
  std::uint64_t damages_in_total = 0;
  std::vector<damage> damages;  ///< The first damages_max of them.
  bool is_complete = true;      ///< Else the progress function ended it.

  void add(damage found) {
    if (++damages_in_total <= damages_max) damages.push_back(std::move(found));
  }
};

/// Looks at what the bytes of a document mean, of which storage knows nothing: gets a checkpoint
/// and the log behind it, and returns what is wrong with them. The document is the caller's to
/// name. Also called with the checkpoint before the newest, alone.
using contents_check = std::function<std::vector<damage>(const stored_document& contents)>;

/// Receives how far a verification is, after each document; returns whether it continues.
using verify_progress = std::function<bool(const verify_report& so_far, std::string_view document)>;

class archive {
 public:
  virtual ~archive() = default;

  /// A document that cannot be read is listed, with its damage.
  virtual result<document_page> list(const document_query& which) = 0;

  /// Nothing if there is no such document and never was.
  virtual result<std::optional<document_info>> info(const std::string& document) = 0;

  /// Removes log, checkpoints and versions, also where they cannot be read, and leaves a tombstone:
  /// loads and writes of the document fail with document_removed, so that a client which was away
  /// does not bring it back. Returns whether there was one to remove.
  virtual result<bool> remove(const std::string& document) = 0;

  /// The document may be created again, empty, in its next life. Returns whether it was removed.
  virtual result<bool> admit(const std::string& document) = 0;

  /// Makes true what another node knows of the document, if that is newer (document_generation): it
  /// was removed, or is in a later life, for which whatever is stored is removed. Returns the
  /// generation that the document has then.
  virtual result<std::uint64_t> adopt(const std::string& document, std::uint64_t wanted) = 0;

  /// Forgets a document as if it had never been stored, since other nodes keep it. Returns false,
  /// and nothing has happened, if it has a version that somebody named, is removed, or is not
  /// there.
  virtual result<bool> forget(const std::string& document) = 0;

  /// Keeps a state of a document. Returns what it is known as, once it is durable. Fails with
  /// document_removed if there is no such document; with name_too_long (label) and state_too_large.
  virtual result<version_info> add_version(const std::string& document,
                                           const version_draft& what) = 0;

  /// A version whose entry cannot be read is listed, with its damage. Nothing where there is no
  /// such document.
  virtual result<version_page> list_versions(const version_query& which) = 0;

  /// Nothing if there is no such version.
  virtual result<std::optional<stored_version>> read_version(const std::string& document,
                                                             version_number number) = 0;

  /// Also where it cannot be read. Returns whether there was one to remove.
  virtual result<bool> remove_version(const std::string& document, version_number number) = 0;

  /// What lies in the store of a document, up to so many bytes, for one that cannot be loaded. Of
  /// one that was never stored or has been removed nothing.
  virtual result<raw_document> raw(const std::string& document, std::size_t bytes_max) = 0;

  virtual result<store_stats> stats() = 0;

  /// Copies all that is durable now into a directory that does not exist yet, or is empty, while
  /// writes continue. The copy is a store like this one. On the same file system both may share
  /// files that never change, so a copy against a failing disk belongs on another.
  virtual result<void> backup(const std::string& directory) = 0;

  /// Reads everything and checks every checksum, that all chunks and records are there, and that
  /// nothing is stored of which no document knows, and what `check` checks, if there is one. A
  /// damage is no failure of this function.
  virtual result<verify_report> verify(const verify_progress& progress,
                                       const contents_check& check = {}) = 0;
};

}  // namespace troupe::storage
