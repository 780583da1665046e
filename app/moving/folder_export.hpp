// Writes the documents of a store into a folder, a file each (file_name.hpp) with the state as one
// update of format v1. A file is there as a whole or not at all, and durable.
//
// Thread: one.
#pragma once

#include "app/moving/importer.hpp"
#include "storage/archive.hpp"
#include "storage/backend.hpp"

namespace troupe::moving {

/// What becomes of a file that is there with other contents.
enum class existing_file : std::uint8_t { refuse, replace };

struct export_report {
  std::uint64_t documents = 0;
  std::uint64_t written = 0;
  std::uint64_t unchanged = 0;  ///< The file was there with the same bytes.
  std::uint64_t bytes = 0;
  std::vector<import_problem> problems;  ///< The first problems_listed_max.
  std::uint64_t problems_in_total = 0;

  void add_problem(std::string document, std::string what);
};

/// Fails as archive does, and with storage_failed and disk_full if a file cannot be written.
result<export_report> export_documents(storage::backend& from, storage::archive& names,
                                       const std::string& folder, existing_file rule);

}  // namespace troupe::moving
