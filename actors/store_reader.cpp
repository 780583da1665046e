#include "actors/store_reader.hpp"

#include <utility>

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

caf::result<looked_at_log> store_reader::on_look(const look_at_log& which) {
  auto answer = make_response_promise<looked_at_log>();
  // The note goes to the end of the mailbox: who has asked by then is answered with it.
  if (asked_.empty()) tell(this, local_store_reader_actor{this}, flush_atom_v);
  asked_.push_back(which.from);
  promises_.push_back(answer);
  return answer;
}

/// A document that cannot be read does not hide the others.
void store_reader::on_flush() {
  const auto asked = std::exchange(asked_, {});
  auto answers = std::exchange(promises_, {});
  auto all = backend_->look(asked);
  const bool is_of_one = !all && all.error().code == errc::corrupt_document;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    auto one = is_of_one ? backend_->look({asked[i]}) : result<std::vector<storage::log_news>>{};
    if (is_of_one && !one)
      log_line(log_severity::error, "looking at the log failed: " + to_string(one.error()));
    auto& from = is_of_one ? one : all;
    looked_at_log answer;
    if (from)
      answer.news = std::make_shared<storage::log_news>(std::move((*from)[is_of_one ? 0 : i]));
    answers[i].deliver(std::move(answer));
  }
}

}  // namespace troupe
