#include "storage/memory_engine.hpp"

namespace troupe::storage {

result<stored_document> memory_engine::load(const std::string& document) {
  stored_document stored;
  const auto found = documents_.find(document);
  if (found == documents_.end()) return stored;
  stored.snapshot = found->second.snapshot;
  stored.last = found->second.covered;
  for (const record& r : found->second.log) {
    stored.updates.push_back(r.update);
    stored.last = r.number;
  }
  return stored;
}

result<void> memory_engine::write(const batch& what) {
  for (const log_append& append : what.appends) {
    entry& of = documents_[*append.document];
    sequence number = append.first;
    for (const shared_slice& update : append.updates) of.log.push_back({number++, update});
  }
  for (const snapshot_write& snapshot : what.snapshots) {
    entry& of = documents_[snapshot.document];
    of.snapshot = snapshot.state;
    of.covered = snapshot.covers;
    std::erase_if(of.log, [&](const record& r) { return r.number <= snapshot.covers; });
    if (of.log.empty()) std::vector<record>{}.swap(of.log);
  }
  return {};
}

}  // namespace troupe::storage
