// A folder for temporary files, which goes with this object. What a process that was killed left
// behind goes when the next one makes a folder: whoever uses one holds the lock of its directory.
//
// Thread: one.
#pragma once

#include <string>

#include "base/errc.hpp"

namespace troupe::moving {

class scratch_folder {
 public:
  scratch_folder() = default;
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  ~scratch_folder();

  /// Makes one in the folder `below`, and removes those of this user there that nobody uses any
  /// more. Fails with storage_failed. Requires: none was made yet.
  result<void> make(const std::string& below);

  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
  int lock_ = -1;
};

}  // namespace troupe::moving
