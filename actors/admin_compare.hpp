// What two states of a document show differently, as JSON that a person and a script can read. It
// goes by what is shown, not by who wrote it: a text that was deleted and brought back is the same
// text. Format: docs/admin.md. Pure. Thread: any.
#pragma once

#include <string>

#include "protocol/crdt/doc.hpp"

namespace troupe {

struct compare_limits {
  /// Insertions and deletions of one root beyond which all between the first and the last is one
  /// deletion and one insertion.
  std::size_t changes_max = 2'000;
  /// Of the answer; roots that find no room are named only.
  std::size_t size_max = 4 * 1024 * 1024;
};

/// {"roots":{...},"unchanged":[...],"omitted":[...]}
std::string compare_documents(const crdt::doc& before, const crdt::doc& after,
                              const compare_limits& limit = {});

}  // namespace troupe
