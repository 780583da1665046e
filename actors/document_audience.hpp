// The sessions of a document by the I/O unit they live on, with the credit and the closings that
// the current turn has for each unit. At the end of a turn it sends each unit one batch. Owner: a
// document actor.
#pragma once

#include <cstdint>
#include <vector>

#include "actors/interfaces.hpp"
#include "base/flat_map.hpp"

namespace troupe {

class document_audience {
 public:
  void join(session_id session, const hub_actor& hub);
  /// Returns false if the session had not joined.
  bool leave(session_id session);

  bool has_sessions() const noexcept { return !unit_of_session_.empty(); }
  std::size_t session_count() const noexcept { return unit_of_session_.size(); }
  /// How many joins it has ever seen.
  std::uint64_t joins() const noexcept { return joins_; }

  /// The document has handled some input of a session, which gets its credit back.
  void note_handled(session_id session, credit_amount amount);
  /// The session is to be closed.
  void note_closing(session_id session, close_reason reason);
  /// The session is to show whether its client is there.
  void note_probe(session_id session);

  /// Hands out the batch of each unit that has something to receive, `send(hub, batch)`, and
  /// forgets the notes.
  template <class Send>
  void end_turn(document_id document, const deliveries_by_dialect& deliveries, Send&& send);

  void clear() { units_.clear(); }

 private:
  struct unit {
    hub_actor hub;
    std::size_t sessions = 0;
    std::vector<deliver_batch::handled> progress;
    std::vector<deliver_batch::closing> closings;
    std::vector<session_id> probes;
  };

  unit* find_unit(session_id session);

  std::vector<unit> units_;
  flat_map<session_id, std::uint32_t> unit_of_session_;
  std::uint64_t joins_ = 0;
};

template <class Send>
void document_audience::end_turn(document_id document, const deliveries_by_dialect& deliveries,
                                 Send&& send) {
  const bool is_quiet = deliveries.empty();
  for (unit& each : units_) {
    if (is_quiet && each.progress.empty() && each.closings.empty() && each.probes.empty()) continue;
    if (each.sessions == 0 && each.closings.empty()) {
      each.progress.clear();  // those sessions have left
      each.probes.clear();
      continue;
    }
    send(each.hub, deliver_batch{document, deliveries, std::exchange(each.progress, {}),
                                 std::exchange(each.closings, {}), std::exchange(each.probes, {})});
  }
}

}  // namespace troupe
