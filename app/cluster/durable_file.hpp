// Small files that are replaced as a whole: after a crash there is the old one or the new one. Both
// functions block; that of writing for as long as the disk takes to sync twice.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/errc.hpp"

namespace troupe::cluster {

/// The contents; nothing: there is no such file. Fails with storage_failed, and with corrupt_store
/// for a file of more than `size_max` bytes; the detail names the file.
result<std::optional<std::string>> read_small_file(const std::string& path, std::size_t size_max);

/// Writes beside the file, syncs, renames, and syncs the directory. Only its owner may read the
/// file. Fails with disk_full and storage_failed; the detail names the file.
result<void> replace_file(const std::string& path, std::string_view text);

}  // namespace troupe::cluster
