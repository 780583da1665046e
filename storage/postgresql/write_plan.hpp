// What a batch of the backend means for what is stored: which rows go in, which are replaced, and
// what is known of each document afterwards. Knows the documents as they are, and no database.
// Pure. Failures are those of backend::write, with the name of the document.
#pragma once

#include <compare>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/record.hpp"

namespace troupe::storage::postgresql {

/// The names in a batch, each once, in the order of their ids: whoever locks them does so in the
/// same order.
std::map<document_id, std::string> documents_of(const batch& what);

/// A row of the log.
struct planned_record {
  document_id id{};
  sequence number = 0;
  std::uint64_t origin = 0;
  shared_slice update;
};

/// A checkpoint with what goes for it.
struct planned_checkpoint {
  document_id id{};
  generation dropped = 0;      ///< Whose rows go; 0: none do.
  sequence dropped_up_to = 0;  ///< Of the log; 0: none of it does.
  generation of = 0;
  sequence covers = 0;
  shared_bytes state;
};

/// A document that the batch changes.
struct planned_document {
  std::string name;
  document_meta meta;         ///< As it is afterwards.
  bool is_new = false;        ///< It has no row.
  bool is_rewritten = false;  ///< More than its log has changed: the whole row.
  std::uint64_t records = 0;  ///< That are appended.
  std::uint64_t bytes = 0;    ///< Of their updates.
};

/// A record of which an append says that it is stored.
struct claimed_record {
  document_id id{};
  sequence number = 0;

  auto operator<=>(const claimed_record&) const = default;
};

class write_plan {
 public:
  /// Whether the newest checkpoint of a document, of this generation, is known to be damaged.
  using damage_test = std::function<bool(const std::string& document, generation newest)>;
  /// The stored update of a record; nothing: it is not there.
  using stored_update = std::function<std::optional<std::string_view>(const claimed_record&)>;

  write_plan(time_ms now, damage_test is_damaged) : now_(now), is_damaged_(std::move(is_damaged)) {}

  /// A document as it is stored. One that is not known has nothing stored.
  void know(const std::string& name, const document_meta& meta);

  /// The records of appends that are stored already, if the appends are right: to be compared.
  std::vector<claimed_record> claimed_by(const std::vector<log_append>& appends) const;

  /// To be called with the appends of a batch in order, then with its checkpoints.
  result<void> add(const log_append& append, const stored_update& stored);
  result<void> add(const checkpoint_write& write);

  const std::vector<planned_record>& records() const noexcept { return records_; }
  const std::vector<planned_checkpoint>& checkpoints() const noexcept { return checkpoints_; }
  const std::map<document_id, planned_document>& documents() const noexcept { return documents_; }

 private:
  result<planned_document*> find(const std::string& name, std::uint64_t generation);

  time_ms now_;
  damage_test is_damaged_;
  std::map<document_id, document_meta> known_;
  std::map<document_id, planned_document> documents_;
  std::vector<planned_record> records_;
  std::vector<planned_checkpoint> checkpoints_;
};

}  // namespace troupe::storage::postgresql
