// Where `troupe storage repair` writes the bytes of broken documents as they are, before anything
// is done with them: a folder for each document, named by its id, with a file for each value, one
// for each usable update, and a text index.
#pragma once

#include <string>

#include "storage/repair.hpp"

namespace troupe {

class raw_folder {
 public:
  /// Nothing is made until the first document comes.
  explicit raw_folder(std::string path) : path_(std::move(path)) {}

  /// Fails with storage_failed, which names the file.
  result<void> add(const storage::broken_document& broken);

  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace troupe
