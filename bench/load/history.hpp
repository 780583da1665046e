// The updates of one author that make the document of a join: recorded, or made. The generator
// writes them to a server; the relay of bench/compare takes the state they come to as its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "protocol/crdt/doc.hpp"

namespace troupe::load {

struct history {
  std::vector<byte_buffer> updates;
  std::unique_ptr<crdt::doc> document = std::make_unique<crdt::doc>();  ///< What they come to.
  bool is_whole = true;  ///< Whether they are one; if not, an update is missing or no update.
};

/// One update (v1), from a file.
history read_history(const std::string& path);

/// Updates of at least `size` bytes in all: insertions of so many characters at random places. The
/// same arguments make the same updates.
history make_history(std::size_t size, unsigned characters);

}  // namespace troupe::load
