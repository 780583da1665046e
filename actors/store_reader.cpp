#include "actors/store_reader.hpp"

#include "actors/failure_codes.hpp"

namespace troupe {

caf::result<loaded_document> load(storage::backend& from, const std::string& document) {
  auto stored = from.load(document);
  if (!stored) {
    const bool is_removed = stored.error().code == errc::document_removed;
    const bool may_pass =
        stored.error().code == errc::storage_failed || stored.error().code == errc::disk_full;
    log_line(is_removed ? log_severity::debug : log_severity::error,
             "loading '" + document + "' failed: " + to_string(stored.error()));
    return to_caf_error(is_removed ? close_reason::document_removed
                        : may_pass ? close_reason::storage_unavailable
                                   : close_reason::document_failed);
  }
  if (!stored->damage.empty())
    log_line(log_severity::warning, "'" + document + "' is whole, but " + stored->damage);
  return loaded_document{std::move(*stored)};
}

}  // namespace troupe
