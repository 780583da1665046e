// What `troupe inspect` and the inspector of a node say to each other over CAF's network layer:
// questions and answers, each with a tag, a version and an inspect, in a block of type ids of their
// own that no other type of troupe can shift. Of all versions alike are only the greeting and its
// answer, by which two versions find out that they are two. Lists have a limit, and so have texts.
// Times are in milliseconds, sizes in bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <caf/result.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

namespace troupe {

namespace inspection {

inline constexpr std::uint32_t tag = 0x54'52'50'49;  ///< "TRPI"
inline constexpr std::uint32_t version = 1;
inline constexpr std::size_t rows_max = 1000;
inline constexpr std::size_t text_size_bytes_max = 1024;

/// The text as an answer may carry it.
inline std::string cut(const std::string& text) { return text.substr(0, text_size_bytes_max); }

/// Whether none of the texts is longer than an answer may carry.
template <class... Texts>
bool are_short(const Texts&... texts) noexcept {
  return (... && (texts.size() <= text_size_bytes_max));
}

/// Whether an answer may carry these texts.
inline bool is_short_list(const std::vector<std::string>& texts) noexcept {
  return texts.size() <= rows_max &&
         std::ranges::all_of(texts, [](const std::string& each) { return are_short(each); });
}

/// Which come first.
enum class document_order : std::uint8_t { size, memory, sessions, name };
enum class session_order : std::uint8_t { queue, in, out, documents, idle, id };

}  // namespace inspection

// --- what all messages begin with ---

struct inspect_mark {
  std::uint32_t tag = inspection::tag;
  std::uint32_t version = inspection::version;

  bool is_ours() const noexcept { return tag == inspection::tag && version == inspection::version; }
};
template <class Inspector>
bool inspect(Inspector& with, inspect_mark& what) {
  return with.object(what).fields(with.field("tag", what.tag), with.field("version", what.version));
}

/// How an answer came about.
struct inspect_source {
  std::uint64_t age = 0;    ///< Since its figures were gathered.
  std::uint64_t total = 0;  ///< How many there are, in the list or not.
  bool is_partial = false;  ///< Somebody has not answered, or not yet.
};
template <class Inspector>
bool inspect(Inspector& with, inspect_source& what) {
  return with.object(what).fields(with.field("age", what.age), with.field("total", what.total),
                                  with.field("is_partial", what.is_partial));
}

// --- the greeting ---

struct inspect_hello {
  inspect_mark mark = {};
};
template <class Inspector>
bool inspect(Inspector& with, inspect_hello& what) {
  return with.object(what).fields(with.field("mark", what.mark));
}

struct inspect_welcome {
  inspect_mark mark = {};
  std::string program = {};  ///< Its version: "0.1.0".
  std::string node = {};     ///< cluster.node; empty: it is in no cluster.

  bool is_well_formed() const noexcept { return inspection::are_short(program, node); }
};
template <class Inspector>
bool inspect(Inspector& with, inspect_welcome& what) {
  return with.object(what).fields(with.field("mark", what.mark),
                                  with.field("program", what.program),
                                  with.field("node", what.node));
}

// --- the node, and the cluster as it sees it ---

struct inspect_node {
  inspect_mark mark = {};
};
template <class Inspector>
bool inspect(Inspector& with, inspect_node& what) {
  return with.object(what).fields(with.field("mark", what.mark));
}

struct member_row {
  std::string name = {};
  std::string address = {};
  std::string uuid = {};
  std::string role = {};   ///< "member", "leaving", "gone" or "candidate"
  std::string state = {};  ///< "self", "up" or "down"
  std::string why_down = {};
  std::uint64_t incarnation = 0;  ///< 0: it is not known.
  std::uint64_t lag = 0;          ///< Age of the oldest batch that it has not acknowledged.
  std::uint64_t queued_bytes = 0;
  std::uint64_t in_flight_bytes = 0;
  std::uint64_t moved_list = 0;  ///< Up to which list its documents are in place.

  bool is_well_formed() const noexcept {
    return inspection::are_short(name, address, uuid, role, state, why_down);
  }
};
template <class Inspector>
bool inspect(Inspector& with, member_row& what) {
  return with.object(what).fields(
      with.field("name", what.name), with.field("address", what.address),
      with.field("uuid", what.uuid), with.field("role", what.role), with.field("state", what.state),
      with.field("why_down", what.why_down), with.field("incarnation", what.incarnation),
      with.field("lag", what.lag), with.field("queued_bytes", what.queued_bytes),
      with.field("in_flight_bytes", what.in_flight_bytes),
      with.field("moved_list", what.moved_list));
}

struct inspected_node {
  inspect_mark mark = {};
  inspect_source source = {};  ///< `total`: of the members.
  std::string program = {};
  std::uint64_t process = 0;
  std::uint64_t uptime = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t cpu_time = 0;  ///< Of all its threads, since it has started.
  std::uint64_t running_actors = 0;
  std::uint64_t connections = 0;
  std::uint64_t open_documents = 0;
  std::uint64_t messages = 0;        ///< Of clients, since it has started.
  std::uint64_t unstored_bytes = 0;  ///< Of updates that storage has not confirmed.
  std::string storage_refusal = {};  ///< Why edits are refused; empty: they are not.
  // Of the cluster; empty where it is in none.
  std::string cluster = {};
  std::string name = {};
  std::string why_not_joined = {};
  std::uint64_t list_number = 0;
  std::vector<member_row> members = {};

  bool is_well_formed() const noexcept {
    return members.size() <= inspection::rows_max &&
           inspection::are_short(program, storage_refusal, cluster, name, why_not_joined) &&
           std::ranges::all_of(members, &member_row::is_well_formed);
  }
};
template <class Inspector>
bool inspect(Inspector& with, inspected_node& what) {
  return with.object(what).fields(
      with.field("mark", what.mark), with.field("source", what.source),
      with.field("program", what.program), with.field("process", what.process),
      with.field("uptime", what.uptime), with.field("memory_bytes", what.memory_bytes),
      with.field("cpu_time", what.cpu_time), with.field("running_actors", what.running_actors),
      with.field("connections", what.connections),
      with.field("open_documents", what.open_documents), with.field("messages", what.messages),
      with.field("unstored_bytes", what.unstored_bytes),
      with.field("storage_refusal", what.storage_refusal), with.field("cluster", what.cluster),
      with.field("name", what.name), with.field("why_not_joined", what.why_not_joined),
      with.field("list_number", what.list_number), with.field("members", what.members));
}

// --- actors ---

struct inspect_actors {
  inspect_mark mark = {};
};
template <class Inspector>
bool inspect(Inspector& with, inspect_actors& what) {
  return with.object(what).fields(with.field("mark", what.mark));
}

/// The actors of one name. Times in nanoseconds, since the node has started; 0: CAF measures
/// nothing of them.
struct actor_row {
  static constexpr std::int64_t not_known = -1;

  std::string name = {};
  std::uint64_t asked = 0;           ///< Of how many the node knows, and has asked.
  std::int64_t answer = not_known;   ///< In nanoseconds: what the slowest took to answer.
  std::uint64_t silent = 0;          ///< That have not answered in time.
  std::int64_t mailbox = not_known;  ///< Messages that wait.
  std::uint64_t messages = 0;        ///< That were measured.
  std::uint64_t handling_mean = 0;
  std::uint64_t handling_p99 = 0;  ///< As the bound of a bucket of CAF's histogram.
  std::uint64_t waiting_mean = 0;  ///< In the mailbox.
  std::uint64_t waiting_p99 = 0;

  bool is_well_formed() const noexcept { return inspection::are_short(name); }
};
template <class Inspector>
bool inspect(Inspector& with, actor_row& what) {
  return with.object(what).fields(
      with.field("name", what.name), with.field("asked", what.asked),
      with.field("answer", what.answer), with.field("silent", what.silent),
      with.field("mailbox", what.mailbox), with.field("messages", what.messages),
      with.field("handling_mean", what.handling_mean),
      with.field("handling_p99", what.handling_p99), with.field("waiting_mean", what.waiting_mean),
      with.field("waiting_p99", what.waiting_p99));
}

struct inspected_actors {
  inspect_mark mark = {};
  inspect_source source = {};  ///< `total`: all actors that run.
  std::vector<actor_row> actors = {};

  bool is_well_formed() const noexcept {
    return actors.size() <= inspection::rows_max &&
           std::ranges::all_of(actors, &actor_row::is_well_formed);
  }
};
template <class Inspector>
bool inspect(Inspector& with, inspected_actors& what) {
  return with.object(what).fields(with.field("mark", what.mark), with.field("source", what.source),
                                  with.field("actors", what.actors));
}

// --- documents ---

struct inspect_documents {
  inspect_mark mark = {};
  std::uint8_t order = 0;  ///< inspection::document_order
  std::uint64_t limit = 0;
};
template <class Inspector>
bool inspect(Inspector& with, inspect_documents& what) {
  return with.object(what).fields(with.field("mark", what.mark), with.field("order", what.order),
                                  with.field("limit", what.limit));
}

struct document_row {
  std::string name = {};
  std::uint64_t sessions = 0;
  std::uint64_t state_bytes = 0;   ///< As stored.
  std::uint64_t memory_bytes = 0;  ///< 0 while a worker has it.
  std::uint64_t client_ids = 0;
  bool is_folded = false;
  bool is_unloading = false;
  std::string home = {};                  ///< Name of the node; empty: there is no cluster.
  std::vector<std::string> keepers = {};  ///< Likewise.

  bool is_well_formed() const noexcept {
    return inspection::are_short(name, home) && inspection::is_short_list(keepers);
  }
};
template <class Inspector>
bool inspect(Inspector& with, document_row& what) {
  return with.object(what).fields(
      with.field("name", what.name), with.field("sessions", what.sessions),
      with.field("state_bytes", what.state_bytes), with.field("memory_bytes", what.memory_bytes),
      with.field("client_ids", what.client_ids), with.field("is_folded", what.is_folded),
      with.field("is_unloading", what.is_unloading), with.field("home", what.home),
      with.field("keepers", what.keepers));
}

struct inspected_documents {
  inspect_mark mark = {};
  inspect_source source = {};  ///< `total`: of the open documents.
  std::vector<document_row> documents = {};
  std::vector<std::string> silent = {};  ///< Names of those that have not answered in time.

  bool is_well_formed() const noexcept {
    return documents.size() <= inspection::rows_max &&
           std::ranges::all_of(documents, &document_row::is_well_formed) &&
           inspection::is_short_list(silent);
  }
};
template <class Inspector>
bool inspect(Inspector& with, inspected_documents& what) {
  return with.object(what).fields(with.field("mark", what.mark), with.field("source", what.source),
                                  with.field("documents", what.documents),
                                  with.field("silent", what.silent));
}

struct inspect_document {
  inspect_mark mark = {};
  std::string name = {};

  bool is_well_formed() const noexcept { return inspection::are_short(name); }
};
template <class Inspector>
bool inspect(Inspector& with, inspect_document& what) {
  return with.object(what).fields(with.field("mark", what.mark), with.field("name", what.name));
}

struct inspected_document {
  inspect_mark mark = {};
  bool is_open = false;
  bool is_stored = false;
  bool is_removed = false;  ///< A tombstone is all that is left.
  bool is_silent = false;   ///< It has not answered in time, and may be open or not.
  document_row row = {};    ///< Of one that is not open only its name and where it belongs.
  // As stored:
  std::uint64_t created_at = 0;  ///< Since 1970 (UTC), as the next.
  std::uint64_t changed_at = 0;
  std::uint64_t updates = 0;  ///< That were ever stored.
  std::uint64_t log_records = 0;
  std::uint64_t log_bytes = 0;
  std::uint64_t checkpoint_bytes = 0;
  std::string damage = {};  ///< Why this is not known; empty: it is.

  bool is_well_formed() const noexcept {
    return row.is_well_formed() && inspection::are_short(damage);
  }
};
template <class Inspector>
bool inspect(Inspector& with, inspected_document& what) {
  return with.object(what).fields(
      with.field("mark", what.mark), with.field("is_open", what.is_open),
      with.field("is_stored", what.is_stored), with.field("is_removed", what.is_removed),
      with.field("is_silent", what.is_silent), with.field("row", what.row),
      with.field("created_at", what.created_at), with.field("changed_at", what.changed_at),
      with.field("updates", what.updates), with.field("log_records", what.log_records),
      with.field("log_bytes", what.log_bytes),
      with.field("checkpoint_bytes", what.checkpoint_bytes), with.field("damage", what.damage));
}

// --- sessions ---

struct inspect_sessions {
  inspect_mark mark = {};
  std::uint8_t order = 0;  ///< inspection::session_order
  std::uint64_t limit = 0;
};
template <class Inspector>
bool inspect(Inspector& with, inspect_sessions& what) {
  return with.object(what).fields(with.field("mark", what.mark), with.field("order", what.order),
                                  with.field("limit", what.limit));
}

struct session_row {
  std::uint64_t id = 0;
  std::string user = {};  ///< Empty: nobody in particular.
  std::string address = {};
  std::string dialects = {};  ///< Their names, with a space between two.
  std::string document = {};  ///< One that it has joined; empty: none.
  std::uint64_t documents = 0;
  std::uint64_t queued_bytes = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t idle = 0;       ///< Since its client has sent a message.
  std::uint64_t connected = 0;  ///< For how long.

  bool is_well_formed() const noexcept {
    return inspection::are_short(user, address, dialects, document);
  }
};
template <class Inspector>
bool inspect(Inspector& with, session_row& what) {
  return with.object(what).fields(
      with.field("id", what.id), with.field("user", what.user), with.field("address", what.address),
      with.field("dialects", what.dialects), with.field("document", what.document),
      with.field("documents", what.documents), with.field("queued_bytes", what.queued_bytes),
      with.field("bytes_in", what.bytes_in), with.field("bytes_out", what.bytes_out),
      with.field("messages_in", what.messages_in), with.field("messages_out", what.messages_out),
      with.field("idle", what.idle), with.field("connected", what.connected));
}

struct inspected_sessions {
  inspect_mark mark = {};
  inspect_source source = {};
  std::uint64_t queued_bytes = 0;  ///< Of all, as the next.
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::vector<session_row> sessions = {};

  bool is_well_formed() const noexcept {
    return sessions.size() <= inspection::rows_max &&
           std::ranges::all_of(sessions, &session_row::is_well_formed);
  }
};
template <class Inspector>
bool inspect(Inspector& with, inspected_sessions& what) {
  return with.object(what).fields(
      with.field("mark", what.mark), with.field("source", what.source),
      with.field("queued_bytes", what.queued_bytes), with.field("bytes_in", what.bytes_in),
      with.field("bytes_out", what.bytes_out), with.field("sessions", what.sessions));
}

/// What a node publishes at its inspection port. A question of another version is answered with an
/// error.
using inspector_actor = caf::typed_actor<caf::result<inspect_welcome>(inspect_hello),
                                         caf::result<inspected_node>(inspect_node),
                                         caf::result<inspected_actors>(inspect_actors),
                                         caf::result<inspected_documents>(inspect_documents),
                                         caf::result<inspected_document>(inspect_document),
                                         caf::result<inspected_sessions>(inspect_sessions)>;

}  // namespace troupe

// Ids 300 to 399. A number here is part of the format: new ones are added at the end.
CAF_BEGIN_TYPE_ID_BLOCK(troupe_inspection, 300)
CAF_ADD_TYPE_ID(troupe_inspection, (troupe::inspect_hello))
CAF_ADD_TYPE_ID(troupe_inspection, (troupe::inspect_welcome))
CAF_ADD_TYPE_ID(troupe_inspection, (troupe::inspect_node))
CAF_ADD_TYPE_ID(troupe_inspection, (troupe::inspected_node))
CAF_ADD_TYPE_ID(troupe_inspection, (troupe::inspect_actors))
CAF_ADD_TYPE_ID(troupe_inspection, (troupe::inspected_actors))
CAF_ADD_TYPE_ID(troupe_inspection, (troupe::inspect_documents))
CAF_ADD_TYPE_ID(troupe_inspection, (troupe::inspected_documents))
CAF_ADD_TYPE_ID(troupe_inspection, (troupe::inspect_document))
CAF_ADD_TYPE_ID(troupe_inspection, (troupe::inspected_document))
CAF_ADD_TYPE_ID(troupe_inspection, (troupe::inspect_sessions))
CAF_ADD_TYPE_ID(troupe_inspection, (troupe::inspected_sessions))
CAF_END_TYPE_ID_BLOCK(troupe_inspection)

static_assert(caf::id_block::troupe_inspection::end <= 400);
