// Bringing back an earlier state of a document, as one edit by the server.
#include "protocol/crdt/edit/edit.hpp"
#include "protocol/hosted_document.hpp"

namespace troupe {

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
  auto edit = state.edit(new_client());
  if (!edit) return refuse(edit.error());
  const auto restored = edit->restore(wanted);
  if (!edit->commit().changed) {
    if (!restored) refuse(restored.error());
    return;
  }
  pending_.settle(state_.pending_size(), nullptr);
  ++version_;
  byte_buffer change = state.encode_last_change();
  broadcast_update(from.session(), change, out);
  out.writes.push_back({std::move(change), from, dialect::y_websocket, std::nullopt});
}

}  // namespace troupe
