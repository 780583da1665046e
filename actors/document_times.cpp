// How long things take in a document, for the metrics. Functions of the class document.
#include "actors/document.hpp"

namespace troupe {

namespace {

double seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

/// Thread: a worker's. `metrics`: null where nobody wants to know how long it takes.
void work_on(lent_document& lent, const std::shared_ptr<node_metrics>& metrics) {
  if (!metrics) return lent.do_work();
  const auto began = std::chrono::steady_clock::now();
  lent.do_work();
  metrics->documents().worker_time->observe(seconds(std::chrono::steady_clock::now() - began));
}

}  // namespace

void document::note_loaded() const {
  if (!settings_.metrics) return;
  settings_.metrics->documents().loaded->inc();
  if (takes_times())
    settings_.metrics->documents().load_time->observe(seconds(edited_at_ - opened_at_));
}

/// The clock is read once more for each read of a session, and only while somebody wants to know.
bool document::handle(document_work::batch_rest& rest) {
  const auto now = current_time();
  if (!takes_times()) return handle_requests(rest, now);
  ages_.on_arrival(now);
  const bool is_done = handle_requests(rest, now);
  settings_.metrics->documents().apply_time->observe(seconds(current_time() - now));
  return is_done;
}

/// What is confirmed by now.
void document::note_ages() {
  if (!ages_.has_confirmed(durability_.confirmed())) return;
  ages_.confirm(durability_.confirmed(), current_time(), [this](auto age) {
    settings_.metrics->documents().acknowledge_time->observe(seconds(age));
  });
}

document_work::lender document::make_lender() {
  if (!settings_.workers) return {};
  return [this](const std::shared_ptr<lent_document>& lent) {
    settings_.workers->submit(
        [lent, metrics = takes_times() ? settings_.metrics : nullptr] { work_on(*lent, metrics); },
        [lent, to = document_actor{this}] { tell_anonymously(to, document_returned{lent}); });
  };
}

}  // namespace troupe
