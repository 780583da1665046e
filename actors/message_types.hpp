// The messages between actors of a node, announced to CAF. None of them leaves it (they carry
// handles and shared bytes), so none is serialised. A new message is one line in the list below and
// a struct in interfaces.hpp.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>

#include "actors/peer_wire.hpp"

// Sorted. `message(name)` is applied to each.
// clang-format off
#define TROUPE_MESSAGES(message) \
  message(adopt_generation) \
  message(announce_access) \
  message(announce_generation) \
  message(announced_access) \
  message(answer_admin_request) \
  message(append_updates) \
  message(attach_document) \
  message(authorisation_answered) \
  message(authorise) \
  message(authorised) \
  message(change_access) \
  message(change_members) \
  message(change_rights) \
  message(changed_access) \
  message(changed_members) \
  message(client_batch) \
  message(close_all_sessions) \
  message(close_documents) \
  message(close_session) \
  message(close_subscribers) \
  message(cluster_changed) \
  message(connect_link) \
  message(contents_made) \
  message(deliver_batch) \
  message(describe_cluster) \
  message(describe_document) \
  message(describe_link) \
  message(describe_sessions) \
  message(describe_webhooks) \
  message(described_cluster) \
  message(described_link) \
  message(described_webhooks) \
  message(detach_document) \
  message(document_busy) \
  message(document_event) \
  message(document_idle) \
  message(document_info) \
  message(document_left_behind) \
  message(document_returned) \
  message(document_tick) \
  message(documents_moved) \
  message(drain_node) \
  message(drop_copy) \
  message(dropped_copy) \
  message(end_link) \
  message(expect_link) \
  message(export_state) \
  message(exported_state) \
  message(fetch_document) \
  message(fetched_document) \
  message(find_open) \
  message(forget_authorisations) \
  message(found_open) \
  message(import_update) \
  message(imported_update) \
  message(join_document) \
  message(keys_answered) \
  message(leave_document) \
  message(link_changed) \
  message(list_clients) \
  message(list_documents) \
  message(list_presence) \
  message(list_sessions) \
  message(listed_clients) \
  message(listed_documents) \
  message(listed_presence) \
  message(listed_sessions) \
  message(load_document) \
  message(loaded_document) \
  message(log_changed) \
  message(look_at_log) \
  message(looked_at_log) \
  message(node_drained) \
  message(nodes_present) \
  message(note_generation) \
  message(notified_document) \
  message(notify_document) \
  message(open_document) \
  message(opened_document) \
  message(peer_news) \
  message(peer_said) \
  message(presence_missed) \
  message(refresh_keys) \
  message(refreshed_keys) \
  message(remove_document) \
  message(removed_document) \
  message(replay_webhooks) \
  message(replayed_webhooks) \
  message(second_passed) \
  message(send_to_peer) \
  message(session_silent) \
  message(settle_documents) \
  message(settled_documents) \
  message(spread_generation) \
  message(storing_failed) \
  message(survey_documents) \
  message(survey_sessions) \
  message(surveyed_documents) \
  message(surveyed_sessions) \
  message(unload_document) \
  message(update_stored) \
  message(version_made) \
  message(visit_document) \
  message(visited_document) \
  message(webhook_answered) \
  message(write_checkpoint)
// clang-format on

#define TROUPE_DECLARE(name) struct name;
#define TROUPE_ADD_TYPE_ID(name) CAF_ADD_TYPE_ID(troupe_actors, (troupe::name))
#define TROUPE_ALLOW_UNSAFE(name) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::name)

namespace troupe {
TROUPE_MESSAGES(TROUPE_DECLARE)
}  // namespace troupe

// Behind those that other processes see, so that a new message shifts none of them: from 200 on
// those of other nodes (peer_wire.hpp), from 300 on inspection (inspect_wire.hpp), from 400 on
// those of backends (include/troupe/client.hpp).
static_assert(caf::id_block::troupe_wire::end <= 300);
CAF_BEGIN_TYPE_ID_BLOCK(troupe_actors, 500)
TROUPE_MESSAGES(TROUPE_ADD_TYPE_ID)
CAF_ADD_ATOM(troupe_actors, troupe, flush_atom)
CAF_ADD_ATOM(troupe_actors, troupe, drain_atom)
CAF_ADD_ATOM(troupe_actors, troupe, recover_atom)
CAF_END_TYPE_ID_BLOCK(troupe_actors)

TROUPE_MESSAGES(TROUPE_ALLOW_UNSAFE)

#undef TROUPE_DECLARE
#undef TROUPE_ADD_TYPE_ID
#undef TROUPE_ALLOW_UNSAFE
