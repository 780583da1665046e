// What a document has for the sessions of one I/O unit at the end of a turn, as plain values: made
// by document_output and document_audience, carried by the hub's mailbox, dealt out by
// session_table. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/close_reason.hpp"
#include "protocol/audience.hpp"
#include "protocol/dialect.hpp"
#include "protocol/document_id.hpp"
#include "protocol/session/credit.hpp"
#include "protocol/session_id.hpp"

namespace troupe {

/// A share of the sessions is given in thousandths.
inline constexpr unsigned all_sessions = 1000;

/// What a frame is for: presence may be left out for a session that reads too slowly, and is made
/// up for later.
enum class traffic : std::uint8_t { content, presence };

/// Frames for some sessions of a document.
struct delivery {
  audience to = audience::all;
  session_id session = no_session;  ///< The one, or the one left out.
  traffic what = traffic::content;
  shared_slice frames;  ///< With their WebSocket headers.
};
using delivery_list = std::vector<delivery>;

/// The deliveries of a turn, in their order, for each dialect. Those of the first dialect lie in
/// the object: most turns have no others.
class deliveries_by_dialect {
 public:
  delivery_list& in(dialect one) {
    const std::size_t index = index_of(one);
    if (index == 0) return first_;
    if (more_.size() < index) more_.resize(index);
    return more_[index - 1];
  }
  const delivery_list& in(dialect one) const {
    static const delivery_list none;
    const std::size_t index = index_of(one);
    if (index == 0) return first_;
    return index <= more_.size() ? more_[index - 1] : none;
  }

  bool empty() const noexcept {
    return first_.empty() && std::ranges::all_of(more_, &delivery_list::empty);
  }

  /// Calls `visit(dialect, deliveries)` for each dialect that has any.
  template <class Visit>
  void for_each(Visit&& visit) const {
    if (!first_.empty()) visit(static_cast<dialect>(0), first_);
    for (std::size_t i = 0; i < more_.size(); ++i)
      if (!more_[i].empty()) visit(static_cast<dialect>(i + 1), more_[i]);
  }

 private:
  delivery_list first_;
  std::vector<delivery_list> more_;
};

/// Everything that one document has for one I/O unit.
struct deliver_batch {
  /// What the document has handled of a session's input since the last batch.
  struct handled {
    session_id session = no_session;
    credit_amount amount;
  };
  struct closing {
    session_id session = no_session;
    close_reason reason = close_reason::malformed_message;
  };

  document_id document = 0;
  deliveries_by_dialect deliveries;
  std::vector<handled> progress;
  std::vector<closing> closings;
  std::vector<session_id> probes;  ///< Sessions that are to show whether their clients are there.

  delivery_list& in(dialect one) { return deliveries.in(one); }
  const delivery_list& in(dialect one) const { return deliveries.in(one); }
};

}  // namespace troupe
