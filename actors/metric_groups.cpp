#include "actors/metric_groups.hpp"

namespace troupe {

traffic_metrics::traffic_metrics(metric_maker& make)
    : connections(make.gauge("connections", "Sockets of clients, those without a session too.")),
      messages(make.counter("messages", "Messages received from clients.")),
      sent_frames(make.counter("sent-frames", "Frames queued for clients.")),
      received_bytes(make.counter("received", "Payload of what clients sent.", "bytes")),
      sent_bytes(make.counter("sent", "Frames queued for clients, with their headers.", "bytes")),
      deliveries(make.counter("deliveries", "Pushes of frames of documents to sessions.")),
      queued_bytes(make.gauge("queued", "Output that waits for clients to read it.", "bytes")),
      dialect_sessions(
          make.gauges("dialect-sessions", "dialect", "Sessions that have spoken a dialect.")) {}

document_metrics::document_metrics(metric_maker& make)
    : open(make.gauge("open-documents", "Documents that are open.")),
      loaded(make.counter("loaded-documents", "Documents opened and loaded from storage.")),
      unloaded(make.counter("unloaded-documents", "Documents that ended, for whatever reason.")),
      evicted(make.counter("evicted-documents", "Idle documents that made room for others.")),
      load_time(make.times("document-load", "Time from opening a document until it is loaded.")),
      apply_time(make.times("apply", "Time to handle what one read of a session brought.")),
      worker_time(make.times("worker", "Time of work that a document lent to a worker.")),
      acknowledge_time(make.times("acknowledgement", "Time from an edit until it is confirmed.")),
      coalesced_updates(make.counter("coalesced-updates", "Updates sent as a part of another.")),
      pending_bytes(make.gauge("pending", "Updates that wait for earlier ones.", "bytes")),
      compares(make.counter("digest-compares", "Digests of documents sent to other nodes.")),
      differences(make.counter("digest-differences", "Times a node asked another what it lacks.")),
      sent_fills(make.counter("sent-fills", "Answers with what another node lacked.")),
      repairs(make.counter("digest-repairs", "Answers of other nodes that were applied.")) {}

storage_metrics::storage_metrics(metric_maker& make)
    : commit_time(make.times("commit", "Time to write one batch durably.")),
      commit_size(make.sizes("commit-size", "Size of one batch.")),
      committed_updates(make.counter("committed-updates", "Updates written durably.")),
      waiting_bytes(make.gauge("unstored", "Updates that wait to be written.", "bytes")) {}

peer_metrics::peer_metrics(metric_maker& make)
    : up(make.gauges("peer-up", "peer", "1 while the link to another node is up.")),
      queued_bytes(make.gauges("peer-queued", "peer", "What waits for another node.", "bytes")),
      unacknowledged_batches(make.gauges("peer-unacknowledged-batches", "peer",
                                         "Batches that another node has not acknowledged.")),
      unacknowledged_bytes(make.gauges("peer-unacknowledged", "peer",
                                       "Size of batches that are not acknowledged.", "bytes")),
      lag(make.seconds_gauges("peer-lag", "peer",
                              "Age of the oldest batch that is not acknowledged.")),
      sent_bytes(make.counters("peer-sent", "peer", "Sent to another node.", "bytes")),
      received_bytes(make.counters("peer-received", "peer", "Received from it.", "bytes")),
      dropped_messages(make.counters("peer-dropped-messages", "peer",
                                     "Messages for which the queue had no room.")) {}

}  // namespace troupe
