// What the bytes of stored documents mean, for the `storage` commands: whether Yjs clients can load
// them, and a new state from the pieces of a document that cannot be loaded.
#pragma once

#include <string>
#include <vector>

#include "storage/repair.hpp"

namespace troupe {

/// What is wrong with a checkpoint and the log behind it: bytes that are no update, and contents
/// that no client could use, which a server repairs when it loads the document.
std::vector<storage::damage> check_contents(const storage::stored_document& stored);

/// A document put together from what can be read of it.
struct rebuilt_document {
  shared_bytes state;             ///< Empty: there was nothing to put together.
  std::vector<std::string> lost;  ///< A line for each piece that was no use.
  bool has_gap = false;           ///< Parts wait for updates that are lost; clients may have them.
};

/// Updates of Yjs may be applied in any order and more than once, so each piece helps.
rebuilt_document rebuild(const storage::broken_document& broken);

}  // namespace troupe
