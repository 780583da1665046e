#include "storage/memory_backend.hpp"

namespace troupe::storage {

result<stored_document> memory_backend::load(const std::string& document) {
  stored_document stored;
  const auto found = documents_.find(document);
  if (found == documents_.end()) return stored;
  stored.checkpoint = found->second.checkpoint;
  stored.last = found->second.covered;
  for (const record& r : found->second.log) {
    stored.updates.push_back(r.update);
    stored.last = r.number;
  }
  return stored;
}

result<void> memory_backend::write(const batch& what) {
  for (const log_append& append : what.appends) {
    entry& of = documents_[*append.document];
    sequence number = append.first;
    for (const shared_slice& update : append.updates) of.log.push_back({number++, update});
  }
  for (const checkpoint_write& checkpoint : what.checkpoints) {
    entry& of = documents_[checkpoint.document];
    of.checkpoint = checkpoint.state;
    of.covered = checkpoint.covers;
    std::erase_if(of.log, [&](const record& r) { return r.number <= checkpoint.covers; });
    if (of.log.empty()) std::vector<record>{}.swap(of.log);
  }
  return {};
}

}  // namespace troupe::storage
