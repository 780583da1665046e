// What the writer remembers of documents between its batches: a batch of documents that it knows
// asks the database for nothing, so it takes one way there and back, not two. What is remembered
// may be wrong, as others write, too; the statement that relies on it compares (writer.cpp).
// Pure. Thread: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "storage/postgresql/write_plan.hpp"

namespace troupe::storage::postgresql {

class known_documents {
 public:
  /// Beyond so many all are forgotten.
  static constexpr std::size_t documents_max = 16'384;

  /// Tells the plan how the documents are, or returns false: one is not remembered, or others have
  /// been seen to write it, and would most likely have done so again.
  bool recall(const std::map<document_id, std::string>& names, write_plan& into) const;

  /// How the database has a document, before this writes it.
  void note_read(const std::string& name, const document_meta& meta);
  /// How it is after a batch, which is committed.
  void note_written(const planned_document& of);
  /// A batch has failed: what is there now is not known.
  void note_failure();

 private:
  struct remembered {
    std::uint64_t life = 0;
    sequence last = 0;
    bool is_certain = false;
    bool has_other_writers = false;
  };

  std::unordered_map<std::string, remembered> all_;
};

}  // namespace troupe::storage::postgresql
