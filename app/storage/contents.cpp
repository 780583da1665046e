#include "app/storage/contents.hpp"

#include "protocol/crdt/doc.hpp"

namespace troupe {

namespace {

/// Applies what is stored and notes what is wrong with it.
class loading {
 public:
  /// Returns what is wrong with a piece; empty: nothing.
  std::string load(const std::string& what, byte_view update) {
    std::vector<crdt::repaired_struct> repaired;
    const auto loaded = doc_.load_update(update, repaired);
    if (!loaded) return what + ": not an update: " + to_string(loaded.error());
    for (const crdt::repaired_struct& each : repaired)
      unusable_.push_back(what + ": contents that Yjs clients cannot use: in " +
                          std::to_string(each.client) + ":" + std::to_string(each.clock) + " " +
                          to_string(each.how));
    return {};
  }

  const std::vector<std::string>& unusable() const noexcept { return unusable_; }
  const crdt::doc& doc() const noexcept { return doc_; }

 private:
  // What was deleted may be kept by a rule of the server.
  crdt::doc doc_{crdt::doc_settings{.gc = crdt::garbage_collection::off, .limit = {}}};
  std::vector<std::string> unusable_;
};

std::string record_name(storage::sequence number) { return "record " + std::to_string(number); }

}  // namespace

std::vector<storage::damage> check_contents(const storage::stored_document& stored) {
  std::vector<storage::damage> found;
  loading into;
  const auto load = [&](const std::string& what, byte_view update) {
    if (std::string why = into.load(what, update); !why.empty())
      found.push_back({{}, {errc::corrupt_document, std::move(why)}, false});
  };
  if (stored.checkpoint.size() > 0) load("its checkpoint", stored.checkpoint.view());
  storage::sequence number = stored.last - stored.updates.size();
  for (const shared_slice& update : stored.updates) load(record_name(++number), update.view());
  for (const std::string& each : into.unusable())
    found.push_back({{}, {errc::unusable_content, each}, true});
  return found;
}

rebuilt_document rebuild(const storage::broken_document& broken) {
  rebuilt_document rebuilt;
  loading into;
  std::size_t used = 0;
  const auto load = [&](const std::string& what, byte_view update) {
    std::string why = into.load(what, update);
    used += why.empty() ? 1 : 0;
    if (!why.empty()) rebuilt.lost.push_back(std::move(why));
  };
  for (const storage::rescued_checkpoint& each : broken.checkpoints)
    if (each.state.size() > 0)
      load(each.generation == 0 ? "its newest version"
                                : "checkpoint " + std::to_string(each.generation),
           each.state.view());
  for (const storage::rescued_update& each : broken.updates)
    load(record_name(each.number), each.update.view());
  if (used == 0) return rebuilt;
  rebuilt.state = shared_bytes::copy_of(into.doc().encode_state_as_update());
  rebuilt.has_gap = into.doc().has_gap();
  return rebuilt;
}

}  // namespace troupe
