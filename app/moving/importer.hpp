// Takes the documents of a source into a store, one batch after the other. After each batch, what
// is stored is read again and compared with what was read: known clocks, deletions, bytes. What is
// stored already is left alone, so an import that was interrupted is started again, and resumes.
//
// Thread: one.
#pragma once

#include <functional>

#include "app/moving/document_source.hpp"
#include "storage/backend.hpp"

namespace troupe::moving {

/// What becomes of a document that is in the store with other contents.
enum class existing_document : std::uint8_t { merge, refuse };

struct import_settings {
  existing_document existing = existing_document::merge;
  bool is_dry_run = false;  ///< Reads and compares, writes nothing.
  /// Hears now and then how many documents were read.
  std::function<void(std::uint64_t)> progress;
};

struct import_problem {
  std::string document;  ///< May be empty.
  std::string what;
};

struct import_report {
  std::uint64_t documents = 0;  ///< That the source has.
  std::uint64_t imported = 0;   ///< New in the store.
  std::uint64_t merged = 0;     ///< Were in the store, and have more now.
  std::uint64_t unchanged = 0;  ///< Were in the store with all of it.
  std::uint64_t empty = 0;      ///< Hold nothing, so nothing is stored.
  std::uint64_t repaired = 0;   ///< Contents that no Yjs client could use.
  std::uint64_t bytes = 0;      ///< Of what was stored.
  /// Documents that are in the store with all that the source has of them, where parts wait for
  /// updates that the source lacks; the first problems_listed_max.
  std::vector<std::string> waiting;
  std::uint64_t waiting_in_total = 0;
  std::vector<import_problem> problems;  ///< The first problems_listed_max.
  std::uint64_t problems_in_total = 0;

  void add_problem(std::string document, std::string what);
  void add_waiting(std::string document);
};

inline constexpr std::size_t problems_listed_max = 10'000;

/// Takes all of it. `into` is null in a dry run without a store. Fails as backend does when nothing
/// can be stored, and with storage_failed if the source ends before its end.
result<import_report> import_documents(document_source& from, storage::backend* into,
                                       const import_settings& settings);

}  // namespace troupe::moving
