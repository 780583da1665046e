// Edits by programs that have no Yjs library: operations become one update by a client of the
// server's own.
#include "base/hash.hpp"
#include "protocol/crdt/store/struct_store.hpp"
#include "protocol/hosted_document.hpp"

namespace troupe {

namespace {

bool writes(const edits::batch& what) {
  return std::ranges::any_of(what.operations(), [](const edits::operation& each) {
    return each.what != edits::kind::test;
  });
}

}  // namespace

/// A client id that the document does not know, above those that yjs 13 chooses.
crdt::client_id hosted_document::new_client() const {
  constexpr std::uint64_t all = (std::uint64_t{1} << 53) - 1;
  constexpr std::uint64_t highest = std::uint64_t{1} << 52;
  const crdt::doc& state = state_.decoded();
  for (std::uint64_t seed = seed_ + version_;; ++seed) {
    const crdt::client_id id = (splitmix64(seed) & all) | highest;
    if (state.contents().clients().find(id) == crdt::no_client) return id;
  }
}

/// One client for all edits as long as the document is open: every state vector has each client for
/// ever, and a program may edit many times a second. Nobody else may ever use its clocks: should
/// one have come from elsewhere, the next edit has another client.
crdt::client_id hosted_document::editing_client() {
  const crdt::struct_store& in = state_.decoded().contents();
  const crdt::client_index known = in.clients().find(editing_client_);
  const crdt::clock_type next = known == crdt::no_client ? 0 : in.state_of(known).end;
  if (editing_client_ != 0 && next == editing_clock_) return editing_client_;
  editing_clock_ = 0;
  return editing_client_ = new_client();
}

tl::expected<edits::applied_edits, edits::edit_error>
hosted_document::apply(const edits::batch& what) {
  if (refusing_ && writes(what)) {
    failure why = *refusing_;
    return tl::unexpected(edits::edit_error{edits::edit_error::no_index, {}, std::move(why)});
  }
  crdt::doc& state = state_.decoded();
  const crdt::client_id own = editing_client();
  auto applied = edits::apply(what, state, own);
  if (!applied || !applied->changed) return applied;
  const crdt::client_index known = state.contents().clients().find(own);
  if (known != crdt::no_client) editing_clock_ = state.contents().state_of(known).end;
  pending_.settle(state_.pending_size(), nullptr);
  ++version_;
  return applied;
}

document_effects::refusal hosted_document::refusal_of(const edits::edit_error& why,
                                                      const origin& from, dialect in,
                                                      std::string_view message_id) {
  document_effects::refusal refused{
      from, in, request_part::edit, {why.why.code, edits::to_string(why)}, std::string{message_id}};
  if (why.index != edits::edit_error::no_index) refused.edit_index = why.index;
  return refused;
}

void hosted_document::on_edit(const origin& from, const edits::batch& what,
                              std::string_view origin_name, document_effects& out) {
  auto applied = apply(what);
  if (!applied) {
    out.refusals.push_back(refusal_of(applied.error(), from, dialect::y_websocket, {}));
    return;
  }
  if (!applied->changed) return;
  broadcast_update(no_session, applied->update, out);
  out.writes.push_back({std::move(applied->update), from, dialect::y_websocket, std::nullopt,
                        std::string{origin_name.substr(0, origin_name_bytes_max)}});
}

/// Its author receives it like all others: it has no document of its own that shows it already.
/// What comes again under its id, unanswered or not, has taken effect: operations, unlike Yjs
/// updates, would do it twice.
void hosted_document::on_session_edit(const asked& by, time_point now, document_effects& out) {
  const std::string_view id = by.what.message_id;
  const std::string owner = message_id_owner(by.from, by.by.who());
  const seen before = id.empty() ? seen::fresh : window_->look_up(owner, id, by.what.body, now);
  if (before == seen::reused)
    return refuse(by, request_part::message,
                  failure{errc::message_id_reused, "another message had this messageId"}, out);
  const origin from = origin::of_session(by.from);
  document_effects::storage_write write{
      {}, from, by.what.in, notice{.kind = notice_kind::ack, .body = {}, .extra = as_bytes(id)}};
  if (before == seen::fresh) {
    const auto refuse_edit = [&](const edits::edit_error& why) {
      out.refusals.push_back(refusal_of(why, from, by.what.in, id));
    };
    const auto what = edits::batch::parse(as_text(by.what.body));
    if (!what) return refuse_edit(what.error());
    auto applied = apply(*what);
    if (!applied) return refuse_edit(applied.error());
    if (!id.empty()) window_->note(owner, id, by.what.body, now);
    if (applied->changed) {
      broadcast_update(no_session, applied->update, out);
      write.update = std::move(applied->update);
    }
  }
  out.writes.push_back(std::move(write));
}

}  // namespace troupe
