#include "actors/document_audience.hpp"

#include <algorithm>

namespace troupe {

void document_audience::join(session_id session, const hub_actor& hub) {
  leave(session);  // if it joins a second time
  std::uint32_t index = 0;
  while (index < units_.size() && units_[index].hub != hub) ++index;
  if (index == units_.size()) units_.push_back({hub, 0, {}, {}, {}});
  ++units_[index].sessions;
  ++joins_;
  unit_of_session_.insert_or_assign(session, index);
}

bool document_audience::leave(session_id session) {
  const std::uint32_t* const index = unit_of_session_.find(session);
  if (index == nullptr) return false;
  --units_[*index].sessions;
  return unit_of_session_.erase(session);
}

document_audience::unit* document_audience::find_unit(session_id session) {
  const std::uint32_t* const index = unit_of_session_.find(session);
  return index == nullptr ? nullptr : &units_[*index];
}

void document_audience::note_handled(session_id session, credit_amount amount) {
  unit* const of = find_unit(session);
  if (of == nullptr) return;
  auto& progress = of->progress;
  if (progress.empty() || progress.back().session != session) progress.push_back({session, {}});
  progress.back().amount.messages += amount.messages;
  progress.back().amount.bytes += amount.bytes;
}

void document_audience::note_closing(session_id session, close_reason reason) {
  if (unit* const of = find_unit(session)) {
    of->closings.push_back({session, reason});
  }
}

void document_audience::note_probe(session_id session) {
  if (unit* const of = find_unit(session)) of->probes.push_back(session);
}

}  // namespace troupe
