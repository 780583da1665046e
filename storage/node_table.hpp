// Which nodes run that share a store: each says again and again that it is there, and learns who
// else is. One that has not for a while is forgotten, so nobody has to be notified of the end of a
// node.
//
// Thread: any. Every function may block as a load does, and fails with storage_failed.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/errc.hpp"
#include "storage/document_id.hpp"

namespace troupe::storage {

/// A run of a node.
struct node_row {
  document_id id{};     ///< A uuid.
  std::string cluster;  ///< Of clusters that share a store each sees its own nodes.
  std::string name;
  std::string address;  ///< HOST:PORT.

  bool operator==(const node_row&) const = default;
};

class node_table {
 public:
  virtual ~node_table() = default;

  /// The node is there. Returns all of its cluster that have said so within `absence_max`, by the
  /// clock of the store, in the order in which they came; this one is among them.
  virtual result<std::vector<node_row>> note_present(const node_row& self,
                                                     std::chrono::milliseconds absence_max) = 0;
  /// The node ends.
  virtual result<void> note_gone(const document_id& id) = 0;
};

}  // namespace troupe::storage
