// What survives: for each document a checkpoint and a log of the updates behind it. Values are
// opaque bytes. This is the way that documents use at every edit; what an operator does with stored
// documents is the archive's (archive.hpp), of which documents know nothing.
//
// Thread: any may load, at any time; one thread at a time writes. A load waits for no write, least
// of all for its fsync, and sees only what is durable. write() returns when the batch is durable,
// so that one batch can carry what many documents wrote meanwhile.
//
// Fits a store that several nodes share, too: it numbers the updates of a document itself
// (next_number), in the order in which they become durable, and each node compacts what it has
// loaded, no more: a checkpoint says up to which number it covers, and only that is replaced.
//
// Every function fails with one of
//   disk_full         nothing is confirmed; try recover() again once there is space
//   storage_failed    the disk or its system failed; recover() returns whether it works again
//   corrupt_document  what is stored of this document cannot be read whole; others are not affected
//   corrupt_store     the store is damaged as a whole
//   newer_format      this document was stored by a newer server
//   document_removed  this document has a tombstone
//   storage_conflict  a write does not fit what is stored of its document
// The last five but corrupt_store are about one document, which the detail names: a batch that
// fails so was not written at all, and its other documents can be written without that one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "storage/outbox.hpp"

namespace troupe::storage {

/// Position of an update in the log of its document: 1, 2, 3, ...
using sequence = std::uint64_t;

/// As the first number of an append: the one behind the last, whatever that is.
inline constexpr sequence next_number = 0;

/// Who made the updates of an append, for those who are notified of writes. The log does not keep
/// it.
struct append_credits {
  static constexpr std::size_t count_max = 100;  ///< Of each list.

  std::vector<std::string> users;
  std::vector<std::string> origins;  ///< Names of backends that edited.

  bool empty() const noexcept { return users.empty() && origins.empty(); }
  /// Each once; what is above count_max is left out.
  void add(const append_credits& more) {
    add_to(users, more.users);
    add_to(origins, more.origins);
  }
  bool operator==(const append_credits&) const = default;

 private:
  static void add_to(std::vector<std::string>& list, const std::vector<std::string>& more) {
    for (const std::string& each : more)
      if (list.size() < count_max && std::ranges::find(list, each) == list.end())
        list.push_back(each);
  }
};

/// Orders what may have become of a document, the same on all nodes: 0: it was never stored; 2, 4,
/// 6,
/// ...: it is in its first, second, third life, or may begin it; 3, 5, ...: removed in the first,
/// second.
constexpr std::uint64_t document_generation(std::uint64_t life, bool is_removed,
                                            bool is_admitted) noexcept {
  return 2 * life + (is_removed ? (is_admitted ? 2 : 1) : 0);
}

/// What an entry without contents says of a document of some generation, 3 or more: removed in a
/// life, or admitted to the next one.
struct document_end {
  std::uint64_t life = 0;
  bool is_admitted = false;
};
constexpr document_end end_of_generation(std::uint64_t generation) noexcept {
  const bool is_admitted = generation % 2 == 0;
  return {is_admitted ? generation / 2 - 1 : generation / 2, is_admitted};
}

/// Updates of one document with consecutive numbers.
struct log_append {
  std::shared_ptr<const std::string> document;
  /// Follows the last number that is stored. What is stored already may come again, unchanged: the
  /// outcome of a write that failed is not always known.
  sequence first = 0;
  std::vector<shared_slice> updates;
  std::uint64_t origin = 0;  ///< Which node took them from their clients; 0: this one.
  std::shared_ptr<const append_credits> by = {};  ///< Null: nobody asks.
  /// Of the document that they belong to; one of another generation does not get them. 0: any.
  std::uint64_t generation = 0;
};

/// Replaces the checkpoint of a document and drops its log up to and including `covers`. One that
/// covers less than the newest changes nothing.
struct checkpoint_write {
  std::string document;
  sequence covers = 0;
  shared_bytes state;
  std::uint64_t generation = 0;  ///< As of an append.
};

/// Written as one: after a crash all of it is there or none. The appends count before the
/// checkpoints.
struct batch {
  std::vector<log_append> appends;
  std::vector<checkpoint_write> checkpoints;
  std::vector<announcement> announcements{};  ///< Of these appends.

  bool empty() const noexcept {
    return appends.empty() && checkpoints.empty() && announcements.empty();
  }
  void clear() {
    appends.clear();
    checkpoints.clear();
    announcements.clear();
  }
};

/// All that is stored of a document. Applying the checkpoint and then the log restores it.
struct stored_document {
  shared_bytes checkpoint;            ///< Empty if there is none.
  std::vector<shared_slice> updates;  ///< In order.
  sequence last = 0;                  ///< Of the newest update, or of what the checkpoint covers.
  /// Which life of the document this is, for nodes that keep it together; see
  /// document_generation().
  std::uint64_t generation = 0;
  /// What could not be read, though the document is whole without it; empty: nothing. It wants a
  /// line in the log and a new checkpoint.
  std::string damage = {};
  std::uint64_t checkpoint_number = 0;  ///< Of those of the document; 0: it has none.
};

// --- what several nodes write ---

/// How far a node has read a document.
struct read_position {
  std::string document;
  sequence known = 0;
  std::uint64_t checkpoint_number = 0;
  std::uint64_t origin = 0;  ///< Whose updates it has without reading them; at most 2^63 - 1.
};

/// What is behind that.
struct log_news {
  std::uint64_t generation = 0;  ///< 0: nothing is stored.
  /// In order. Before them comes a checkpoint that is another one, with all the log behind that: it
  /// may have what is in no record, or not yet.
  std::vector<shared_slice> updates;
  sequence known = 0;  ///< How far they go.
  std::uint64_t checkpoint_number = 0;
  bool has_more = false;
  sequence covers = 0;        ///< Of the newest checkpoint.
  std::size_t log_bytes = 0;  ///< Behind it.
  std::size_t checkpoint_size = 0;
};

class backend {
 public:
  virtual ~backend() = default;

  /// A document that was never written is empty. One of which something is stored that cannot be
  /// read is a failure, never an empty document.
  virtual result<stored_document> load(const std::string& document) = 0;

  /// Returns when all of `what` is durable. If it fails, nothing of it may be confirmed, though
  /// after storage_failed and disk_full it may be there all the same. From then on writes may
  /// continue failing until recover() succeeds.
  virtual result<void> write(const batch& what) = 0;

  /// What others have written to documents, one answer for each. Only of a store that several
  /// nodes may write.
  virtual result<std::vector<log_news>> look(const std::vector<read_position>&) {
    return fail(errc::storage_failed, "this store belongs to one node");
  }

  /// After a failed write: tries to make writes possible again and returns when they are. Fails
  /// with disk_full (the detail says how much space it waits for, and no path) or storage_failed
  /// while they are not, and can be called again. Thread: the one that writes. May block for as
  /// long as a load takes.
  virtual result<void> recover() { return {}; }
};

}  // namespace troupe::storage
