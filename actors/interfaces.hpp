// Every actor of a node and every message between them, on one page: for each actor what it is,
// what it understands, then its messages. A message is a struct; atoms are an actor's notes to
// itself. Plain values that the pure classes need stand in deliveries.hpp, operator_view.hpp and
// storage/backend.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/result.hpp>
#include <caf/typed_actor.hpp>

#include "actors/admin_routes.hpp"
#include "actors/cluster_view.hpp"
#include "actors/deliveries.hpp"
#include "actors/message_types.hpp"
#include "actors/operator_view.hpp"
#include "actors/peer_wire.hpp"
#include "base/close_reason.hpp"
#include "net/http_message.hpp"
#include "protocol/cluster/replica.hpp"
#include "protocol/identity.hpp"
#include "protocol/request.hpp"
#include "protocol/webhook/authorisation.hpp"
#include "storage/backend.hpp"

namespace troupe {

// --- session: one per WebSocket, on the I/O unit of its socket; frames reach it as calls ---

using session_actor =
    caf::typed_actor<caf::result<void>(close_session)>;  // end the connection with a reason

struct close_session {
  close_reason reason = close_reason::server_stopping;
};

// --- hub: one per I/O unit, the mailbox of the unit's session table ---

using hub_actor = caf::typed_actor<
    caf::result<void>(deliver_batch),      // push frames to the sessions of a document on this unit
    caf::result<void>(close_subscribers),  // close all sessions of a document on this unit
    caf::result<void>(close_all_sessions),             // close all of them, or a part, for a drain
    caf::result<changed_access>(change_access),        // change what sessions may do, or close them
    caf::result<listed_sessions>(list_sessions),       // a page of the sessions of this unit
    caf::result<listed_sessions>(describe_sessions),   // those named
    caf::result<surveyed_sessions>(survey_sessions)>;  // a slice of all, in few words

struct close_subscribers {
  document_id document = 0;
  close_reason reason = close_reason::document_failed;
};
struct close_all_sessions {
  close_reason reason = close_reason::server_stopping;
  /// Which part of them, so that their clients come back one after the other. A larger one has
  /// those of a smaller one among them.
  unsigned share = all_sessions;
};
struct change_access {
  std::shared_ptr<const access_change> what;
};

// --- document: one per open document, on an I/O unit; the only one that touches its state ---

using document_actor = caf::typed_actor<
    caf::result<void>(join_document),    // a session subscribes; it receives every later change
    caf::result<void>(leave_document),   // a session is gone, its presence with it
    caf::result<void>(client_batch),     // requests of a subscriber
    caf::result<void>(presence_missed),  // a session reads again and needs all presence
    caf::result<void>(session_silent),   // a probed session has given no sign of life
    caf::result<void>(change_rights),    // a session may do more or less from now on
    caf::result<settled_documents>(settle_documents),  // answer once all before this is handled
    caf::result<void>(document_event),                 // the server has an event for the sessions
    caf::result<void>(update_stored),                  // the log is durable up to a sequence
    caf::result<void>(storing_failed),     // its updates cannot be stored, though others can
    caf::result<void>(document_tick),      // presence grows old
    caf::result<void>(document_returned),  // a worker has done what the document lent it
    caf::result<void>(unload_document),    // end if nobody is subscribed, else answer document_busy
    caf::result<imported_update>(import_update),    // an operator's update; answered when durable
    caf::result<exported_state>(export_state),      // the whole state, encoded
    caf::result<listed_presence>(list_presence),    // what some of its subscribers show
    caf::result<listed_clients>(list_clients),      // a page of who is present
    caf::result<document_info>(describe_document),  // how many subscribers it has
    caf::result<void>(peer_news),                   // what a peer says, or that its link is up
    caf::result<void>(cluster_changed),             // there are other peers, or other keepers
    caf::result<visited_document>(visit_document),  // answer once all keepers have everything
    caf::result<void>(log_changed),                 // look at the log that all nodes share
    caf::result<void>(flush_atom)>;                 // note to itself: send what this turn produced

struct join_document {
  joining_session who;
  hub_actor hub;  ///< Through which the session receives the document.
};
struct leave_document {
  session_id session = no_session;
};
struct client_batch {
  session_id session = no_session;
  request_batch requests;
};
struct session_silent {
  session_id session = no_session;
};
struct presence_missed {
  session_id session = no_session;
};
struct change_rights {
  session_id session = no_session;
  rights may;
};
/// Whether what these documents were sent before has been handled.
struct settle_documents {
  std::vector<std::string> names;  ///< For the directory; a document settles itself.
};
struct settled_documents {
  std::vector<std::string> names;  ///< Those that are open, and have.
};
struct document_event {
  std::string payload;      ///< JSON text.
  bool is_of_peer = false;  ///< All nodes have been notified of it.
};
struct update_stored {
  storage::sequence up_to = 0;
};
struct storing_failed {
  failure why;
};
struct document_tick {};
struct lent_document;  // document_work.hpp
struct document_returned {
  std::shared_ptr<lent_document> lent;
};
struct log_changed {};
struct unload_document {
  bool waits_for_worker = true;  ///< False: the node ends, and what a worker still does is lost.
  bool is_removed = false;       ///< It ends with subscribers, too; they are being closed.
  bool is_dropped = false;       ///< Only if it is of no use to this node: its copy goes next.
  bool is_final = false;         ///< The node ends, whoever elsewhere uses the document.
};
struct export_state {
  std::string document;
  /// In a cluster: as it is on this node, whatever others have. Else the document is opened, for
  /// which enough of its keepers must answer.
  bool is_local = false;
  bool wants_state = true;  ///< Else only whether it exists.
  bool is_opened = false;   ///< Opened for that, also where there is no cluster.
};
struct exported_state {
  bool is_open = true;  ///< Else the store is to be asked.
  shared_bytes state;
  std::string version = {};  ///< Of the state.
  bool exists = true;        ///< Something was stored of it, at any node that was asked.
};
struct describe_document {};

// --- directory: one per node; it alone starts and ends documents, so the two never race ---

using directory_actor = caf::typed_actor<
    caf::result<opened_document>(open_document),  // the document, opened if need be
    caf::result<void>(document_idle),             // a document has lost its last subscriber
    caf::result<void>(document_busy),  // a document that was asked to unload has subscribers
    caf::result<void>(second_passed),  // time for idle documents and ageing presence
    caf::result<listed_documents>(list_documents),      // a page of the open documents
    caf::result<surveyed_documents>(survey_documents),  // a slice of them, to be asked one by one
    caf::result<listed_presence>(list_presence),        // what some sessions show in some documents
    caf::result<settled_documents>(settle_documents),   // answer once they have handled all before
    caf::result<listed_clients>(list_clients),          // a page of who is present in a document
    caf::result<notified_document>(notify_document),    // pass an event on to a document
    caf::result<found_open>(find_open),                 // which of these are open
    caf::result<imported_update>(import_update),  // pass it on to the document, opened if need be
    caf::result<exported_state>(export_state),    // its state, if it is open, or opened for that
    caf::result<removed_document>(remove_document),    // close its sessions, end it, then remove it
    caf::result<removed_document>(adopt_generation),   // another node has removed it, or begun anew
    caf::result<void>(announce_generation),            // notify the other nodes what became of it
    caf::result<void>(note_generation),                // another node has stored it
    caf::result<visited_document>(spread_generation),  // answer once all keepers have stored it
    caf::result<void>(cluster_changed),                // pass it on to all documents
    caf::result<visited_document>(visit_document),  // pass it on to the document, opened if need be
    caf::result<dropped_copy>(drop_copy),           // other nodes keep it, and have all of it
    caf::result<node_drained>(close_documents),     // unload everything, then answer
    caf::result<void>(drain_atom)>;                 // note to itself: workers had time enough

/// The join, if there is one, is sent to the document before the answer.
struct open_document {
  std::string name;
  std::optional<join_document> join;  ///< Nothing: it is needed open, but by no session.
  bool is_for_peer = false;           ///< The limit of open documents is not for these.
};
struct opened_document {
  document_id id = 0;
  document_actor document;
};
struct document_idle {
  document_id id = 0;
  std::uint64_t joins = 0;  ///< How many joins it has seen; more may be on their way.
};
struct document_busy {
  document_id id = 0;
};
/// A slice of the open documents, in no order that means anything.
struct survey_documents {
  survey_place from;
  std::size_t limit = 0;
};
struct surveyed_documents {
  struct entry {
    std::string name;
    document_actor document;
    bool is_unloading = false;
  };

  std::vector<entry> documents;
  survey_place next;
  bool has_more = false;
  bool begins_anew = false;  ///< Earlier answers do not count.
  std::size_t count = 0;     ///< How many are open in all.
};
/// For the sessions of a document, if it is open.
struct notify_document {
  std::string document;
  std::string payload;  ///< JSON text.
};
struct notified_document {
  bool is_open = false;
};
struct find_open {
  std::vector<std::string> names;
};
struct found_open {
  std::vector<std::string> names;
};
struct remove_document {
  std::string name;
};
struct removed_document {
  bool was_there = false;
  std::optional<failure> why;    ///< It could not be removed.
  std::uint64_t generation = 0;  ///< storage::document_generation, from now on.
  /// It is removed here, and too few of the other nodes that keep it have said so in time.
  bool is_unconfirmed = false;
};
/// Whatever is stored of an older one is removed. Answered with the one that it has then.
struct adopt_generation {
  std::string document;
  std::uint64_t generation = 0;  ///< 0: only asks.
};
struct announce_generation {
  std::string document;
};
/// For a sweep: of a document of which nothing is left but its generation.
struct spread_generation {
  std::string document;
};
struct note_generation {
  cluster::peer_id by = 0;
  std::string document;
  std::uint64_t generation = 0;
};
struct close_documents {};

// --- peer link: one per peer of a cluster; carries messages between documents of two nodes ---

using peer_link_actor =
    caf::typed_actor<caf::result<void>(attach_document),  // a document wants messages of this peer
                     caf::result<void>(detach_document),  // it has ended
                     caf::result<void>(send_to_peer),     // a message for the other end
                     caf::result<void>(expect_link),      // batches of this epoch may come
                     caf::result<void>(connect_link),     // the other end is known
                     caf::result<void>(end_link),         // say bye, or give the connection up
                     caf::result<void>(peer_batch),       // from the other end
                     caf::result<void>(second_passed),    // look at what is owed
                     caf::result<void>(flush_atom),       // note to itself: send what has queued up
                     caf::result<described_link>(describe_link)>;  // its figures

struct attach_document {
  std::string name;
  document_actor document;
};
struct detach_document {
  std::string name;
  caf::actor_id document = 0;
};
struct send_to_peer {
  shared_bytes message;  ///< cluster::encode(peer_message).
  cluster::traffic_class of = cluster::traffic_class::data;
  std::shared_ptr<const std::string> document;  ///< Null: it is about none.
};
struct expect_link {
  cluster::link_epoch epoch = 0;
};
struct connect_link {
  caf::strong_actor_ptr remote;
  cluster::link_epoch epoch = 0;
  bool speaks_first = false;  ///< Else nothing is sent before the other end has.
};
struct end_link {
  bool says_bye = false;
};
struct describe_link {};
struct described_link {
  cluster::peer_id peer = 0;
  bool is_up = false;
  std::size_t documents = 0;  ///< Of this node, that are attached to the peer.
  cluster::link_figures figures;
};

/// Events of a peer for a document, in the order in which they happened.
struct peer_news {
  enum class kind : std::uint8_t {
    up,    ///< The link is there; nothing that was sent before counts.
    down,  ///< It is lost.
    lost,  ///< Some of what the document sent could not be.
    presence_lost,
    gone,    ///< Its replica has ended.
    placed,  ///< Of no peer: the member list, or the state of moves, has changed.
    block,
  };

  cluster::peer_id peer = 0;
  kind what = kind::up;
  std::shared_ptr<const cluster::document_block> block{};
};
struct cluster_links;  // cluster_links.hpp
struct cluster_changed {
  std::shared_ptr<const cluster_links> links;
};

/// For a sweep: whether the keepers of a document have all that this node has of it.
struct visit_document {
  std::string document;
};
struct visited_document {
  std::uint64_t list = 0;                 ///< Number of the member list under which it judges.
  std::vector<cluster::peer_id> lacking;  ///< Keepers that have not confirmed everything.
  bool may_be_dropped = false;            ///< The copy of this node, which others keep.
};
struct drop_copy {
  std::string document;
};
struct dropped_copy {
  bool is_dropped = false;  ///< Else it is in use, or has versions that somebody named.
};

// --- sweeper: one per node of a cluster, on a thread of its own; brings documents to their keepers

using sweeper_actor = caf::typed_actor<
    caf::result<void>(cluster_changed),       // there is another list, or all have moved
    caf::result<void>(link_changed),          // a peer is up, which may lack something
    caf::result<void>(document_left_behind),  // a document has ended before all had it
    caf::result<void>(flush_atom)>;           // note to itself: continue

struct document_left_behind {
  std::string document;
  std::vector<cluster::peer_id> lacking;
};

// --- cluster: one per node where cluster.enabled; who is a member, and the links to them ---

using cluster_actor = caf::typed_actor<
    caf::result<peer_welcome>(peer_hello),             // from another node: who it is
    caf::result<void>(peer_said),                      // what a peer says that is about no document
    caf::result<void>(link_changed),                   // a link is up, or lost
    caf::result<void>(documents_moved),                // all documents are where a list wants them
    caf::result<announced_access>(announce_access),    // notify all nodes; answer once it is done
    caf::result<void>(nodes_present),                  // who is there, where all share a store
    caf::result<void>(second_passed),                  // note to itself: dial who is missing
    caf::result<node_drained>(drain_node),             // say bye to all
    caf::result<described_cluster>(describe_cluster),  // for operators
    caf::result<changed_members>(change_members)>;     // an operator's order

struct peer_said {
  cluster::peer_id peer = 0;
  cluster::node_message what;
};
struct nodes_present {
  std::vector<cluster::member> nodes;  ///< In the order in which they came.
};
struct link_changed {
  cluster::peer_id peer = 0;
  bool is_up = false;
  std::string why;  ///< It is lost; empty: the connection has ended.
};
struct documents_moved {
  std::uint64_t list_number = 0;
  bool may_drop = false;  ///< Those of all nodes are, so that copies which belong elsewhere may go.
};
/// The application changes what users may do.
struct announce_access {
  std::string change;        ///< JSON text: admin::to_text().
  std::uint64_t number = 0;  ///< access_change::made_at; 0: no node is asked whether it is done.
};
struct announced_access {
  std::uint64_t sessions = 0;
  std::uint64_t unfinished = 0;     ///< See applied_access, as the next.
  std::vector<std::string> silent;  ///< Names of nodes.
};

// --- store: one per node, on a thread of its own; writes to storage, in batches ---

using store_actor = caf::typed_actor<
    caf::result<loaded_document>(load_document),      // all of a document, what is queued included
    caf::result<void>(append_updates),                // confirmed to the document by update_stored
    caf::result<void>(write_checkpoint),              // replaces the log up to a sequence
    caf::result<removed_document>(remove_document),   // behind all that is queued
    caf::result<removed_document>(adopt_generation),  // what another node knows of a document
    caf::result<dropped_copy>(drop_copy),             // forget a document, which other nodes keep
    caf::result<void>(flush_atom),     // note to itself: write what has queued up as one batch
    caf::result<void>(recover_atom)>;  // note to itself: look whether writes work again

// --- store reader: one per node, on a thread of its own; a load waits for no write ---

using store_reader_actor =
    caf::typed_actor<caf::result<loaded_document>(load_document)>;  // all that is durable

/// The same, where other nodes write to the store as well.
using log_reader_actor = caf::typed_actor<caf::result<looked_at_log>(
    look_at_log)>;  // what they have written to a document

struct load_document {
  std::string name;
};
struct look_at_log {
  storage::read_position from;
};
struct looked_at_log {
  std::shared_ptr<const storage::log_news> news;  ///< Null: nothing is known.
};
struct loaded_document {
  storage::stored_document stored;
};
struct append_updates {
  storage::log_append append;
  std::size_t bytes = 0;  ///< Of its updates.
  document_actor confirm_to;
  /// What is confirmed, where numbers of the document are not those of the log; 0: they are.
  storage::sequence up_to = 0;
};
struct write_checkpoint {
  storage::checkpoint_write checkpoint;
};

// --- upstream: one per node with upstream.url; asks the server that this one replaces ---

/// Also what a fetcher understands, which fetches one document for it.
using upstream_actor =
    caf::typed_actor<caf::result<fetched_document>(fetch_document)>;  // all that it has of it

struct fetch_document {
  std::string name;
};
struct fetched_document {
  std::vector<shared_bytes> updates;  ///< In order; none, or none with contents: it is empty.
  std::optional<failure> why{};       ///< Nothing is known of it.
};

// --- version maker: one per node; keeps versions of documents that have changed ---

using version_maker_actor =
    caf::typed_actor<caf::result<void>(second_passed),  // note to itself: once a second
                     caf::result<void>(version_made)>;  // a worker is done with one

struct version_made {
  std::shared_ptr<const std::string> document;
  std::optional<failure> why;  ///< It could not be made.
};

// --- webhook sender: one per node where webhooks.url is set, on a thread of its own ---

using webhook_sender_actor = caf::typed_actor<
    caf::result<void>(webhook_answered),                 // the HTTP client is done with one
    caf::result<described_webhooks>(describe_webhooks),  // how many wait, which were given up
    caf::result<replayed_webhooks>(replay_webhooks),     // try those again that were given up
    caf::result<void>(flush_atom)>;                      // note to itself: look what is due

struct webhook_answered {
  std::uint64_t number = 0;
  std::string why;  ///< It was not delivered; empty: it was.
};

// --- authoriser: one per node where access.mode is webhook; asks the application ---

using authoriser_actor =
    caf::typed_actor<caf::result<authorised>(authorise),         // may somebody open a document
                     caf::result<void>(authorisation_answered),  // the HTTP client is done with a
                                                                 // question
                     caf::result<void>(forget_authorisations)>;  // ask anew, whatever is known

struct authorise {
  webhook::question what;
};
struct authorised {
  enum class outcome : std::uint8_t {
    granted,
    denied,       ///< Asking again does not help.
    unavailable,  ///< The application did not answer, or nothing sensible; try again later.
  };

  outcome what = outcome::unavailable;
  webhook::authorisation allowed;  ///< If granted.
  std::string why;                 ///< If not; for the log, not for the client.
};
/// Names the question by its hash.
struct authorisation_answered {
  std::uint64_t question_high = 0;
  std::uint64_t question_low = 0;
  std::uint64_t generation = 0;  ///< How often all was forgotten when it was asked.
  unsigned status = 0;
  std::string body;
  std::string why;  ///< There is no answer; empty: there is.
};
struct forget_authorisations {};

// --- key source: one per node where access.jwks_url is set; fetches the keys of tokens ---

using key_source_actor =
    caf::typed_actor<caf::result<refreshed_keys>(refresh_keys),  // a token names a key that is not
                                                                 // there
                     caf::result<void>(keys_answered),           // the HTTP client is done
                     caf::result<void>(flush_atom)>;  // note to itself: look whether it is time

struct refresh_keys {};
struct refreshed_keys {
  bool has_new = false;  ///< They were fetched just now; else what there is must do.
};
struct keys_answered {
  unsigned status = 0;
  std::string body;
  std::string why;  ///< There is no answer; empty: there is.
};

// --- node watch: one per node that shares a store, on a thread of its own; says there that the
// node runs, and reports to the cluster actor which others do ---

using node_watch_actor =
    caf::typed_actor<caf::result<void>(second_passed),        // note to itself: say so again
                     caf::result<node_drained>(drain_node)>;  // the node ends

// --- supervisor: one per node; watches the others, passes the seconds on, drains ---

using supervisor_actor = caf::typed_actor<
    caf::result<void>(second_passed),        // note to itself: once a second
    caf::result<void>(drain_atom),           // note to itself: look whether the sessions are gone
    caf::result<node_drained>(drain_node)>;  // close sessions, then documents; then answer

struct second_passed {};
struct drain_node {};
struct node_drained {};

// --- gateway session: one per program that has joined by CAF (include/troupe/client.hpp);
// documents that it observes send to it as to a hub ---

using local_gateway_session_actor =
    hub_actor::extend<caf::result<void>(contents_made),   // a worker has written out a document
                      caf::result<void>(second_passed)>;  // note to itself: look at its rights

struct contents_made {
  std::uint64_t number = 0;  ///< Of the question.
  std::shared_ptr<const http_answer> answer;
};

// --- access applier: one per change of access; ends when it is done ---

using access_applier_actor = caf::typed_actor<caf::result<void>(
    flush_atom)>;  // note to itself: requests are over, or time is up

// --- admin request, archivist: one per request to the admin listener; ends with the answer ---

using admin_request_actor = caf::typed_actor<caf::result<void>(
    answer_admin_request)>;  // ask hubs, directory or storage, then answer

struct answer_admin_request {
  std::shared_ptr<const http_request> request;
  admin::page_request page;
  /// Of requests_under_way, until all of it is done; null where nobody waits for it.
  std::shared_ptr<void> under_way = {};
};

}  // namespace troupe
