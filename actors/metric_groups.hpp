// The metrics of a node that belong together, as structs of pointers into CAF's registry: what
// passes through sockets, what documents do, what storage takes, how the links to peers are.
// docs/operating.md says what each counts. Owner: node_metrics. Thread: any.
#pragma once

#include <array>

#include "actors/metric_maker.hpp"
#include "protocol/dialect.hpp"

namespace troupe {

/// What passes through the sockets of clients; I/O units add to it once a second (unit_tally).
struct traffic_metrics {
  explicit traffic_metrics(metric_maker& make);

  metric_gauge* connections;
  metric_counter* messages;
  metric_counter* sent_frames;
  metric_counter* received_bytes;
  metric_counter* sent_bytes;
  metric_counter* deliveries;
  metric_gauge* queued_bytes;
  labelled<metric_gauge> dialect_sessions;
};

/// What documents do; they add to it once a turn, or less often.
struct document_metrics {
  explicit document_metrics(metric_maker& make);

  metric_gauge* open;
  metric_counter* loaded;
  metric_counter* unloaded;
  metric_counter* evicted;
  metric_times* load_time;
  metric_times* apply_time;        ///< Of the requests of one read of a session.
  metric_times* worker_time;       ///< Of a piece of work that a worker did.
  metric_times* acknowledge_time;  ///< From an edit to its confirmation.
  metric_counter* coalesced_updates;
  metric_gauge* pending_bytes;
  metric_counter* compares;
  metric_counter* differences;
  metric_counter* sent_fills;
  metric_counter* repairs;
};

/// What the store writes.
struct storage_metrics {
  explicit storage_metrics(metric_maker& make);

  metric_times* commit_time;
  metric_sizes* commit_size;
  metric_counter* committed_updates;
  metric_gauge* waiting_bytes;
};

/// The links to other nodes; the label is the name of the other one.
struct peer_metrics {
  explicit peer_metrics(metric_maker& make);

  labelled<metric_gauge> up;
  labelled<metric_gauge> queued_bytes;
  labelled<metric_gauge> unacknowledged_batches;
  labelled<metric_gauge> unacknowledged_bytes;
  labelled<metric_seconds> lag;
  labelled<metric_counter> sent_bytes;
  labelled<metric_counter> received_bytes;
  labelled<metric_counter> dropped_messages;
};

}  // namespace troupe
