// Reads a family of a damaged database: everything but the blocks that cannot be read, over which
// no iterator goes. Includes RocksDB: for the sources of the RocksDB backend only.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <rocksdb/iterator.h>

namespace troupe::storage {

/// Hears a key and its value; they are gone after the call.
using entry_visitor = std::function<void(std::string_view key, std::string_view value)>;
/// Hears that between two keys something cannot be read, and why.
using gap_visitor =
    std::function<void(std::string_view after, std::string_view before, const rocksdb::Status&)>;

/// Visits the keys in [begin, end) in order; an empty end stands for that of the family. Requires
/// an iterator without bounds and in total order. Around an unreadable block it looks for the
/// nearest keys that can be read, on both sides.
void scan(rocksdb::Iterator& at, std::string_view begin, std::string_view end,
          const entry_visitor& visit, const gap_visitor& gap);

}  // namespace troupe::storage
