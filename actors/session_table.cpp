#include "actors/session_table.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr std::size_t failed_max = 256;

}  // namespace

table_session* session_table::find(session_id id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second;
}

bool session_table::subscribe(document_id document, session_id id) {
  if (std::ranges::find(failed_, document) != failed_.end()) return false;
  if (table_session* const session = find(id)) subscribers_[document].push_back({id, session});
  return true;
}

void session_table::unsubscribe(document_id document, session_id id) {
  const auto found = subscribers_.find(document);
  if (found == subscribers_.end()) return;
  std::erase_if(found->second, [id](const subscriber& s) { return s.id == id; });
  if (found->second.empty()) subscribers_.erase(found);
}

void session_table::deliver(const deliver_batch& batch) {
  const auto subscribed = subscribers_.find(batch.document);
  for (const deliver_batch::delivery& delivery : batch.deliveries) {
    if (delivery.to == receivers::one) {
      if (table_session* const session = find(delivery.session)) session->deliver(delivery.frame);
      continue;
    }
    if (subscribed == subscribers_.end()) continue;
    const session_id left_out =
        delivery.to == receivers::all_but_one ? delivery.session : no_session;
    for (const subscriber& s : subscribed->second)
      if (s.id != left_out) s.session->deliver(delivery.frame);
  }
  for (const deliver_batch::handled& progress : batch.progress)
    if (table_session* const session = find(progress.session)) session->on_handled(progress);
  for (const deliver_batch::closing& closing : batch.closings)
    if (table_session* const session = find(closing.session)) session->close(closing.reason);
}

void session_table::close_subscribers(document_id document, close_reason reason) {
  failed_.push_back(document);
  if (failed_.size() > failed_max) failed_.pop_front();
  const auto found = subscribers_.find(document);
  if (found == subscribers_.end()) return;
  for (const subscriber& s : found->second) s.session->close(reason);
}

void session_table::close_all(close_reason reason) {
  for (const auto& [id, session] : sessions_) session->close(reason);
}

void session_table::on_second(table_session::time_point now) {
  for (const auto& [id, session] : sessions_) session->on_second(now);
}

}  // namespace troupe
