// Every actor of a node and every message between them, on one page. A message is a struct; atoms
// are for an actor's notes to itself. All of these stay on their node (they carry handles and
// shared bytes), so none is serialised; the type ids are announced at the end.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/result.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include "base/bytes.hpp"
#include "base/close_reason.hpp"
#include "net/http_message.hpp"
#include "protocol/audience.hpp"
#include "protocol/json/request.hpp"
#include "protocol/session_id.hpp"
#include "protocol/sync/message.hpp"
#include "storage/backend.hpp"

namespace troupe {

/// Names an opened document on its node. A document that is closed and opened again has a new one.
using document_id = std::uint64_t;

// --- messages ---

struct open_document;
struct opened_document;
struct join_document;
struct leave_document;
struct client_batch;
struct client_request;
struct unload_document;
struct document_tick;
struct document_idle;
struct document_busy;
struct document_event;
struct presence_missed;
struct work_on_document;
struct worked_on_document;
struct append_updates;
struct update_stored;
struct write_checkpoint;
struct load_document;
struct loaded_document;
struct deliver_batch;
struct list_documents;
struct listed_documents;
struct list_presence;
struct list_sessions;
struct listed_presence;
struct listed_sessions;
struct notify_document;
struct notified_document;
struct close_subscribers;
struct close_all_sessions;
struct close_session;
struct answer_admin_request;
struct drain_node;
struct node_drained;
struct second_passed;
struct close_documents;
struct session_info;
struct document_info;

}  // namespace troupe

CAF_BEGIN_TYPE_ID_BLOCK(troupe_actors, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(troupe_actors, (troupe::answer_admin_request))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::append_updates))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::client_batch))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::client_request))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::close_all_sessions))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::close_documents))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::close_session))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::close_subscribers))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::deliver_batch))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::document_busy))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::document_event))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::document_idle))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::document_tick))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::drain_node))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::join_document))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::leave_document))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::list_documents))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::list_presence))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::list_sessions))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::listed_documents))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::listed_presence))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::listed_sessions))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::load_document))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::loaded_document))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::node_drained))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::notified_document))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::notify_document))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::open_document))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::opened_document))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::presence_missed))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::second_passed))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::unload_document))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::update_stored))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::work_on_document))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::worked_on_document))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::write_checkpoint))
CAF_ADD_ATOM(troupe_actors, troupe, flush_atom)
CAF_ADD_ATOM(troupe_actors, troupe, drain_atom)
CAF_END_TYPE_ID_BLOCK(troupe_actors)

namespace troupe {

// --- actors ---

/// One per WebSocket, pinned to the io_unit of its socket. Frames reach it as calls, not messages.
using session_actor =
    caf::typed_actor<caf::result<void>(close_session)>;  // end the connection with a reason

/// One per io_unit: the mailbox of the unit's session table.
using hub_actor = caf::typed_actor<
    caf::result<void>(deliver_batch),      // push frames to the sessions of a document on this unit
    caf::result<void>(close_subscribers),  // close all sessions of a document on this unit
    caf::result<void>(close_all_sessions),         // close everything, for a drain
    caf::result<listed_sessions>(list_sessions)>;  // the sessions of this unit

/// One per piece of work that takes long: does it for a document, on CAF's workers.
using document_worker_actor =
    caf::typed_actor<caf::result<worked_on_document>(work_on_document)>;  // then ends

/// One per open document, on an I/O thread: the only one who touches its state.
using document_actor = caf::typed_actor<
    caf::result<void>(join_document),    // a session subscribes; it hears of every later change
    caf::result<void>(leave_document),   // a session is gone, its presence with it
    caf::result<void>(client_batch),     // messages of a subscriber, binary dialect
    caf::result<void>(client_request),   // a message of a subscriber, JSON dialect
    caf::result<void>(presence_missed),  // a session reads again, tell it who is present
    caf::result<void>(document_event),   // the server has news for the JSON sessions
    caf::result<listed_presence>(list_presence),  // what its subscribers show
    caf::result<void>(update_stored),             // the log is durable up to a sequence
    caf::result<void>(document_tick),             // presence grows old
    caf::result<void>(unload_document),  // end if nobody is subscribed, else answer document_busy
    caf::result<void>(flush_atom)>;      // note to itself: send what this turn has produced

/// One per node: finds or opens documents. It alone starts and ends them, so the two never race.
using directory_actor = caf::typed_actor<
    caf::result<opened_document>(open_document),  // joins the session to the document; opens that
                                                  // if need be
    caf::result<void>(document_idle),             // a document has lost its last subscriber
    caf::result<void>(document_busy),  // a document that was told to unload has subscribers
    caf::result<void>(second_passed),  // time for idle documents and ageing presence
    caf::result<listed_documents>(list_documents),    // the open documents
    caf::result<listed_presence>(list_presence),      // what the sessions show in all of them
    caf::result<notified_document>(notify_document),  // passes news on to a document
    caf::result<node_drained>(close_documents)>;      // unload everything, then answer

/// One per node, on a thread of its own: all reading and writing of storage, in batches.
using store_actor = caf::typed_actor<
    caf::result<loaded_document>(load_document),  // all that is stored of a document
    caf::result<void>(append_updates),            // confirmed to the document by update_stored
    caf::result<void>(write_checkpoint),          // replaces the log up to a sequence
    caf::result<void>(flush_atom)>;  // note to itself: write what has queued up as one batch

/// One per node: watches the others, passes the seconds, drains.
using supervisor_actor =
    caf::typed_actor<caf::result<void>(second_passed),  // note to itself: once a second
                     caf::result<void>(drain_atom),     // note to itself: look whether the sessions
                                                        // are gone
                     caf::result<listed_sessions>(list_sessions),  // the sessions of all units
                     caf::result<listed_documents>(list_documents),
                     caf::result<listed_presence>(list_presence),
                     caf::result<notified_document>(notify_document),
                     caf::result<node_drained>(drain_node)>;  // close sessions, then documents;
                                                              // answers when all is done

/// One per request to the admin listener: asks the supervisor and answers.
using admin_request_actor = caf::typed_actor<caf::result<void>(answer_admin_request)>;  // then ends

// --- the messages ---

struct open_document {
  std::string name;
  session_id session = no_session;
  hub_actor hub;  ///< Where the session hears of the document.
};
struct opened_document {
  document_id id = 0;
  document_actor document;
};
struct join_document {
  session_id session = no_session;
  hub_actor hub;
};
struct leave_document {
  session_id session = no_session;
};
/// How much of a session's credit a message takes until it is handled: a question may be answered
/// with the whole document, so only a few of them may be on their way.
constexpr std::uint32_t question_weight = 256;
constexpr std::uint32_t credit_weight(sync::message_kind kind) noexcept {
  const bool is_question =
      kind == sync::message_kind::sync_step1 || kind == sync::message_kind::query_awareness;
  return is_question ? question_weight : 1;
}
constexpr std::uint32_t credit_weight(json::request_kind kind) noexcept {
  return kind == json::request_kind::sync ? question_weight : 1;
}

/// What one session said in the binary dialect, as much as came at once.
struct client_batch {
  struct message {
    sync::message_kind kind = sync::message_kind::query_awareness;
    std::size_t offset = 0;  ///< Where in `bytes` its body lies.
    std::size_t size = 0;
  };

  session_id session = no_session;
  shared_bytes bytes;  ///< The bodies, one behind the other.
  std::vector<message> messages;

  shared_slice body_of(const message& one) const { return {bytes, one.offset, one.size}; }
};
/// What one session asked for in the JSON dialect.
struct client_request {
  session_id session = no_session;
  std::string user;  ///< Whose message ids they are.
  std::shared_ptr<const json::request> request;
  std::size_t size = 0;  ///< Of its frame, for the session's credit.
};
/// An event of the server's own, as JSON text.
struct document_event {
  std::string payload;
};
/// Changes of presence were left out for a session that read too slowly.
struct presence_missed {
  session_id session = no_session;
};
struct lent_document;
struct work_on_document {
  std::shared_ptr<lent_document> lent;
};
struct worked_on_document {};
struct unload_document {};
struct document_tick {};
struct document_idle {
  document_id id = 0;
  std::uint64_t joins = 0;  ///< How many joins it has seen; more may be on their way.
};
struct document_busy {
  document_id id = 0;
};
/// Updates with consecutive numbers.
struct append_updates {
  std::shared_ptr<const std::string> document;
  storage::sequence first = 0;
  std::vector<shared_slice> updates;
  document_actor confirm_to;
};
struct update_stored {
  storage::sequence up_to = 0;
};
struct write_checkpoint {
  std::string document;
  storage::sequence covers = 0;
  shared_bytes state;
};
struct load_document {
  std::string name;
};
struct loaded_document {
  storage::stored_document stored;
};

/// What a frame is for: presence may be left out for who reads too slowly, and made up for later.
enum class traffic : std::uint8_t { content, presence };

/// What one document has for one io_unit. The deliveries of a dialect keep their order.
struct deliver_batch {
  struct delivery {
    audience to = audience::all;
    session_id session = no_session;  ///< The one, or the one left out.
    traffic what = traffic::content;
    shared_slice frames;  ///< With their WebSocket headers.
  };
  struct handled {
    session_id session = no_session;
    std::uint32_t messages = 0;  ///< Its messages that the document has dealt with since, each
                                 ///< by its credit_weight,
    std::size_t bytes = 0;       ///< and how many bytes they had.
  };
  struct closing {
    session_id session = no_session;
    close_reason reason = close_reason::malformed_message;
  };

  document_id document = 0;
  std::vector<delivery> binary;
  std::vector<delivery> json;
  std::vector<handled> progress;
  std::vector<closing> closings;
};
/// A session as an operator sees it.
struct session_info {
  session_id id = no_session;
  std::string user;  ///< From ?userId=; empty if there was none.
  std::string remote_address;
  std::vector<std::string> documents;
  bool speaks_binary = false;
  bool speaks_json = false;
  std::chrono::system_clock::time_point connected_since;
  std::chrono::system_clock::time_point last_pong;
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t queued_bytes = 0;
};
/// A document as an operator sees it.
struct document_info {
  std::string name;
  std::uint64_t sessions = 0;
  bool is_unloading = false;
};
struct list_sessions {};
struct listed_sessions {
  std::vector<session_info> sessions;
};
/// Who shows what in the documents.
struct list_presence {};
struct listed_presence {
  struct state {
    session_id session = no_session;
    std::string json;
  };
  std::vector<state> states;
};
struct list_documents {};
struct listed_documents {
  std::vector<document_info> documents;
};
/// For the JSON sessions of a document, if it is open.
struct notify_document {
  std::string document;
  std::string payload;  ///< JSON text.
};
struct notified_document {
  bool is_open = false;
};
struct close_subscribers {
  document_id document = 0;
  close_reason reason = close_reason::document_failed;
};
struct close_all_sessions {
  close_reason reason = close_reason::server_stopping;
};
struct close_session {
  close_reason reason = close_reason::server_stopping;
};
struct answer_admin_request {
  std::shared_ptr<const http_request> request;
};
struct drain_node {};
struct node_drained {};
struct second_passed {};
struct close_documents {};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::answer_admin_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::append_updates)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::client_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::client_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::close_all_sessions)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::close_documents)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::close_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::close_subscribers)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::deliver_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::document_busy)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::document_event)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::document_idle)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::document_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::drain_node)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::join_document)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::leave_document)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::list_documents)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::list_presence)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::list_sessions)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::listed_documents)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::listed_presence)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::listed_sessions)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::load_document)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::loaded_document)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::node_drained)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::notified_document)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::notify_document)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::open_document)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::opened_document)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::presence_missed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::second_passed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::unload_document)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::update_stored)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::work_on_document)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::worked_on_document)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::write_checkpoint)
