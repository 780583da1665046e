// The documents of a y-leveldb store, read with LevelDB itself. The directory stays as it is: what
// LevelDB writes when it opens a store goes to a directory of links, which is gone afterwards.
//
// Thread: one.
#pragma once

#include <memory>

#include "app/moving/document_source.hpp"

namespace troupe::moving {

/// Opens the store and keeps others from opening it. Fails with store_in_use, corrupt_store (no
/// LevelDB store, or one that cannot be opened) and storage_failed; the detail names the directory.
result<std::unique_ptr<document_source>> open_leveldb(const std::string& directory,
                                                      source_names names);

}  // namespace troupe::moving
