// What survives: for each document a checkpoint and a log of the updates behind it. Values are
// opaque bytes. An implementation is driven by one thread, the store actor's; write() returns when
// the batch is durable, so that one batch can carry what many documents wrote meanwhile.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/errc.hpp"

namespace troupe::storage {

/// Position of an update in the log of its document: 1, 2, 3, ...
using sequence = std::uint64_t;

/// Updates of one document with consecutive numbers.
struct log_append {
  std::shared_ptr<const std::string> document;
  sequence first = 0;
  std::vector<shared_slice> updates;
};

/// Replaces the checkpoint of a document and drops its log up to and including `covers`.
struct checkpoint_write {
  std::string document;
  sequence covers = 0;
  shared_bytes state;
};

/// Written as one: after a crash all of it is there or none.
struct batch {
  std::vector<log_append> appends;
  std::vector<checkpoint_write> checkpoints;

  bool empty() const noexcept { return appends.empty() && checkpoints.empty(); }
  void clear() {
    appends.clear();
    checkpoints.clear();
  }
};

/// All that is stored of a document. Applying the checkpoint and then the log restores it.
struct stored_document {
  shared_bytes checkpoint;            ///< Empty if there is none.
  std::vector<shared_slice> updates;  ///< In order.
  sequence last = 0;                  ///< Of the newest update, or of what the checkpoint covers.
};

class backend {
 public:
  virtual ~backend() = default;

  /// A document that was never written is empty. Fails with storage_failed.
  virtual result<stored_document> load(const std::string& document) = 0;

  /// Returns when all of `what` is durable. Fails with storage_failed; then nothing of it may be
  /// confirmed.
  virtual result<void> write(const batch& what) = 0;
};

}  // namespace troupe::storage
