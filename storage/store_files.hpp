// The files of a store that nobody has open: copies of them, and directories that change places.
// What is copied is durable when a function returns. Fails with disk_full and storage_failed; the
// detail names the file.
#pragma once

#include <cstdint>
#include <string>

#include "base/errc.hpp"

namespace troupe::storage {

/// Bytes of all files in a directory, without its folders.
std::uint64_t size_of_files(const std::string& directory);

/// Bytes that are free where a path is, or will be.
std::uint64_t free_bytes_at(const std::string& path);

/// Whether a path is a directory, or will lie below it, links followed.
bool is_within(const std::string& path, const std::string& directory);

/// Copies the files into a new directory, but for the lock and what names a node of a
/// cluster (app/cluster/identity.hpp). Tables, which never change, may be
/// linked instead.
enum class tables { copied, linked };
result<void> copy_files(const std::string& from, const std::string& to, tables how);

/// Renames a directory to a name that is free, or that of an empty directory.
result<void> move_directory(const std::string& from, const std::string& to);

/// Lets two directories change places, at once where the file system can, so that neither name is
/// ever missing.
result<void> exchange_directories(const std::string& one, const std::string& other);

}  // namespace troupe::storage
