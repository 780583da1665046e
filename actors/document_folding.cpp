// How a document that nobody edits keeps its state small. Functions of the class document.
#include "actors/document.hpp"

namespace troupe {

/// Keeps the state as its bytes until the next edit, unless something waits in it.
void document::fold() {
  if (is_checkpointing_ || is_unloading_ || work_.state()->is_folded()) return;
  work_.run(
      weight_of(durability_.state_size(), heavy_update_bytes),
      [](hosted_document& of, document_effects&) { of.fold(); }, [this] { note_folding(); });
}

/// Whether nobody has edited the document for a while, as far as its ticks show. The directory has
/// waited as long before it sends one that has no sessions.
bool document::is_quiet() {
  const auto now = current_time();
  const std::uint64_t version = work_.state()->version();
  if (std::exchange(seen_version_, version) != version) edited_at_ = now;
  const bool is_used = audience_.has_sessions() || (peers_ && peers_->core().has_users());
  return !is_used || now - edited_at_ >= settings_.fold_after;
}

/// Notes whether the state is folded now. One that was decoded counts as edited.
void document::note_folding() {
  if (!work_.state() || work_.state()->is_folded() == is_folded_) return;
  is_folded_ = !is_folded_;
  if (is_folded_) {
    note_freed(work_.state()->describe().size_in_memory);
    releases_memory_ = true;
    schedule_flush();
  } else {
    edited_at_ = current_time();
  }
  if (!settings_.metrics) return;
  settings_.metrics->folded_documents().inc(is_folded_ ? 1 : -1);
  (is_folded_ ? settings_.metrics->folds() : settings_.metrics->unfolds()).inc();
}

}  // namespace troupe
