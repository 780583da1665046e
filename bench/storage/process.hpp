// What this process has used and written, and the disk below it. Read from /proc.
#pragma once

#include <cstdint>
#include <string>

#include "bench/load/histogram.hpp"

namespace troupe::bench {

/// Since the process began; only the difference of two readings has a meaning.
struct written_bytes {
  std::uint64_t by_calls = 0;  ///< Given to write() and its like (wchar of /proc/self/io).
  std::uint64_t of_pages =
      0;  ///< Pages that became dirty (write_bytes); 4 KiB for each fsync at least.
};
written_bytes read_written();

/// Resident memory.
std::uint64_t resident_bytes();

/// Of all regular files of a directory, one level.
std::uint64_t size_of_directory(const std::string& path);

/// Asks the system to forget what it has cached of the files of a directory.
void drop_caches(const std::string& path);

/// Appends `size` bytes to a new file in `directory` and calls fdatasync, so many times. The file
/// is removed. Returns false if the disk fails.
bool measure_disk(const std::string& directory, std::size_t size, unsigned count,
                  load::histogram& times);

}  // namespace troupe::bench
