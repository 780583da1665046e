// Bringing back an earlier state of a document, as one edit by the server.
#include "base/hash.hpp"
#include "protocol/crdt/edit/edit.hpp"
#include "protocol/hosted_document.hpp"

namespace troupe {

namespace {

/// A client id that the document does not know, above those that yjs 13 chooses.
crdt::client_id new_client_of(const crdt::doc& state, std::uint64_t seed) {
  constexpr std::uint64_t all = (std::uint64_t{1} << 53) - 1;
  constexpr std::uint64_t highest = std::uint64_t{1} << 52;
  for (;; ++seed) {
    const crdt::client_id id = (splitmix64(seed) & all) | highest;
    if (state.contents().clients().find(id) == crdt::no_client) return id;
  }
}

}  // namespace

void hosted_document::on_restore(const origin& from, byte_view then, document_effects& out) {
  const auto refuse = [&](failure why) {
    out.refusals.push_back({from, dialect::y_websocket, request_part::update, std::move(why), {}});
  };
  if (refusing_) return refuse(*refusing_);
  crdt::doc& state = state_.decoded();
  crdt::doc_settings settings;
  settings.limit = state.limits();
  crdt::doc wanted{settings};
  std::vector<crdt::repaired_struct> repaired;
  if (const auto loaded = wanted.load_update(then, repaired); !loaded)
    return refuse(loaded.error());
  auto edit = state.edit(new_client_of(state, seed_ + version_));
  if (!edit) return refuse(edit.error());
  const auto restored = edit->restore(wanted);
  if (!edit->commit().changed) {
    if (!restored) refuse(restored.error());
    return;
  }
  pending_.settle(state_.pending_size(), nullptr);
  ++version_;
  byte_buffer change = state.encode_last_change();
  broadcast_update(from, change, out);
  out.writes.push_back({std::move(change), from, dialect::y_websocket, std::nullopt});
}

}  // namespace troupe
