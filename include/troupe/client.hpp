// How a program in C++ reads, edits and observes the documents of a troupe node as a CAF peer: the
// typed actors and messages of the gateway (gateway.enabled, docs/caf-client.md), and a few
// functions that connect to it. It needs CAF 0.18.7 and nothing else of troupe; link with
// troupe_client.
//
//   troupe::client::config cfg;              // an actor_system_config with what a connection needs
//   caf::actor_system system{cfg};
//   auto opened = troupe::client::connect(system, {.host = "127.0.0.1", .token = token});
//   self->request(opened->session, 10s, troupe::read_document{"notes",
//   troupe::document_form::json})
//
// Texts are UTF-8, and bytes are std::string, which CAF copies as a whole. All that is sent or
// received has a limit. An error is a troupe::client_error with a text.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/default_enum_inspect.hpp>
#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/is_error_code_enum.hpp>
#include <caf/result.hpp>
#include <caf/timespan.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

namespace troupe {

// --- limits ---

namespace client {

inline constexpr std::uint32_t tag = 0x54'52'50'47;  ///< "TRPG"
inline constexpr std::uint32_t version = 1;
inline constexpr std::size_t token_size_bytes_max = std::size_t{8} * 1024;
inline constexpr std::size_t name_size_bytes_max = 512;
inline constexpr std::size_t origin_size_bytes_max = 128;
inline constexpr std::size_t edits_size_bytes_max = std::size_t{16} * 1024 * 1024;
/// Of a document that is read; larger ones are read by other means.
inline constexpr std::size_t contents_size_bytes_max = std::size_t{256} * 1024 * 1024;
/// Updates that one document_changed carries.
inline constexpr std::size_t changes_size_bytes_max = std::size_t{256} * 1024;
/// Documents that a session observes at once.
inline constexpr std::size_t observed_documents_max = 1000;
/// How often a program shows that it is alive. A node of a cluster ends connections that are silent
/// for cluster.heartbeat.timeout.
inline constexpr std::chrono::milliseconds heartbeat_interval{1000};
/// Requests of a session that have no answer yet.
inline constexpr std::size_t requests_max = 64;

}  // namespace client

// --- errors ---

enum class client_error : std::uint8_t {
  invalid_request = 1,  ///< It cannot be understood, or is too large; the text says what is wrong.
  wrong_token,          ///< The token is no good, or not any more.
  forbidden,            ///< The token has no right to this.
  other_version,        ///< The node speaks another version of this interface.
  refused_edit,         ///< The document does not take the edits; the text names the first one.
  edit_conflict,        ///< The document is not what the edits, or their condition, say.
  too_large,            ///< The contents are larger than an answer may be.
  unavailable,          ///< Not now: try again later. It may yet have been done.
  removed,              ///< The document was removed.
};

std::string to_string(client_error code);
bool from_string(caf::string_view text, client_error& code);
bool from_integer(std::uint8_t number, client_error& code);
template <class Inspector>
bool inspect(Inspector& with, client_error& code) {
  return caf::default_enum_inspect(with, code);
}

// --- what the gateway understands ---

struct client_mark {
  std::uint32_t tag = client::tag;
  std::uint32_t version = client::version;

  bool is_ours() const noexcept { return tag == client::tag && version == client::version; }
};
template <class Inspector>
bool inspect(Inspector& with, client_mark& what) {
  return with.object(what).fields(with.field("tag", what.tag), with.field("version", what.version));
}

/// Opens a session, which lives as long as its owner.
struct open_client_session {
  client_mark mark = {};
  std::string token = {};            ///< The admin token, or that of a user; it is secret.
  caf::strong_actor_ptr owner = {};  ///< Null: whoever sends this.
};
template <class Inspector>
bool inspect(Inspector& with, open_client_session& what) {
  return with.object(what).fields(with.field("mark", what.mark), with.field("token", what.token),
                                  with.field("owner", what.owner));
}

struct opened_client_session {
  client_mark mark = {};
  std::string program = {};            ///< Version of the node: "0.1.0".
  caf::strong_actor_ptr session = {};  ///< A client::session.
};
template <class Inspector>
bool inspect(Inspector& with, opened_client_session& what) {
  return with.object(what).fields(with.field("mark", what.mark),
                                  with.field("program", what.program),
                                  with.field("session", what.session));
}

// --- what a session understands ---

/// As what the contents of a document are read.
enum class document_form : std::uint8_t {
  update,  ///< A Yjs update of the whole state (format v1).
  json,    ///< All roots, or one, as JSON.
  text,    ///< One root, as plain text.
  xml,     ///< One root, as XML.
  delta,   ///< One root, as a Quill delta.
};

struct read_document {
  std::string document = {};
  std::uint8_t form = 0;  ///< document_form
  std::string root = {};  ///< Empty: all roots, or the only one.

  read_document() = default;
  explicit read_document(std::string of, document_form as = document_form::json,
                         std::string root_name = {})
      : document(std::move(of)), form(static_cast<std::uint8_t>(as)), root(std::move(root_name)) {}
};
template <class Inspector>
bool inspect(Inspector& with, read_document& what) {
  return with.object(what).fields(with.field("document", what.document),
                                  with.field("form", what.form), with.field("root", what.root));
}

struct document_contents {
  std::string contents = {};
  std::string version = {};  ///< Of the state; the same wherever a document has the same state.
};
template <class Inspector>
bool inspect(Inspector& with, document_contents& what) {
  return with.object(what).fields(with.field("contents", what.contents),
                                  with.field("version", what.version));
}

/// Edits all or nothing. Answered when they are stored durably.
struct edit_document {
  std::string document = {};
  std::string edits = {};       ///< A JSON array of operations, as in docs/backend-api.md.
  std::string origin = {};      ///< Who has edited, for webhooks; may be empty.
  std::string if_version = {};  ///< Only if the document has this version; empty: any.
};
template <class Inspector>
bool inspect(Inspector& with, edit_document& what) {
  return with.object(what).fields(
      with.field("document", what.document), with.field("edits", what.edits),
      with.field("origin", what.origin), with.field("if_version", what.if_version));
}

/// Applies a Yjs update. Answered when it is stored durably.
struct apply_client_update {
  std::string document = {};
  std::string update = {};  ///< Format v1.
  std::string origin = {};
  std::string if_version = {};
};
template <class Inspector>
bool inspect(Inspector& with, apply_client_update& what) {
  return with.object(what).fields(
      with.field("document", what.document), with.field("update", what.update),
      with.field("origin", what.origin), with.field("if_version", what.if_version));
}

struct edited_document {
  bool has_changed = false;        ///< Else there was nothing new in it.
  bool waits_for_missing = false;  ///< Some of the update waits for earlier ones.
  std::string version = {};        ///< Of the document, afterwards.
};
template <class Inspector>
bool inspect(Inspector& with, edited_document& what) {
  return with.object(what).fields(with.field("has_changed", what.has_changed),
                                  with.field("waits_for_missing", what.waits_for_missing),
                                  with.field("version", what.version));
}

/// The sender receives document_changed from now on, whoever edits, itself included; then
/// observation_ended once.
struct observe_document {
  std::string document = {};
};
template <class Inspector>
bool inspect(Inspector& with, observe_document& what) {
  return with.object(what).fields(with.field("document", what.document));
}

struct observing_document {
  std::string document = {};
};
template <class Inspector>
bool inspect(Inspector& with, observing_document& what) {
  return with.object(what).fields(with.field("document", what.document));
}

/// The sender has handled a document_changed, and receives the next one.
struct changes_noted {
  std::string document = {};
  std::uint64_t number = 0;
};
template <class Inspector>
bool inspect(Inspector& with, changes_noted& what) {
  return with.object(what).fields(with.field("document", what.document),
                                  with.field("number", what.number));
}

struct stop_observing {
  std::string document = {};
};
template <class Inspector>
bool inspect(Inspector& with, stop_observing& what) {
  return with.object(what).fields(with.field("document", what.document));
}

// --- what an observer receives ---

/// The document has changed. There is one of these under way at a time: the next one comes when
/// changes_noted has said that this one is handled, and has all that happened meanwhile.
struct document_changed {
  std::string document = {};
  std::uint64_t number = 0;  ///< 1, 2, 3, ...
  /// Yjs updates (format v1), in their order.
  std::vector<std::string> updates = {};
  /// There were too many to keep: read the document again.
  bool has_missed = false;
};
template <class Inspector>
bool inspect(Inspector& with, document_changed& what) {
  return with.object(what).fields(
      with.field("document", what.document), with.field("number", what.number),
      with.field("updates", what.updates), with.field("has_missed", what.has_missed));
}

/// The document is not observed any more. Read it again after observing it anew.
struct observation_ended {
  std::string document = {};
  std::string why = {};
};
template <class Inspector>
bool inspect(Inspector& with, observation_ended& what) {
  return with.object(what).fields(with.field("document", what.document),
                                  with.field("why", what.why));
}

namespace client {

/// What a node publishes at gateway.port.
using gateway = caf::typed_actor<caf::result<opened_client_session>(open_client_session)>;

/// A session of one program.
using session =
    caf::typed_actor<caf::result<document_contents>(read_document),
                     caf::result<edited_document>(edit_document),
                     caf::result<edited_document>(apply_client_update),
                     caf::result<observing_document>(observe_document),
                     caf::result<void>(changes_noted), caf::result<void>(stop_observing)>;

/// An actor that observes documents.
using observer =
    caf::typed_actor<caf::result<void>(document_changed), caf::result<void>(observation_ended)>;

// --- connecting ---

/// Where a gateway is, and who asks.
struct target {
  std::string host = "127.0.0.1";
  std::uint16_t port = 3004;
  std::string token = {};
  std::chrono::seconds patience{10};  ///< For all that connecting takes.
};

/// Files in PEM that a program shows where the node has cluster.tls; all or none.
struct certificates {
  std::string certificate = {};
  std::string key = {};
  std::string authority = {};
};

/// The configuration of an actor system that connects to gateways; it registers the types of this
/// header. Derive from it for types of your own, which may have the ids from first_own_type_id on.
class config : public caf::actor_system_config {
 public:
  explicit config(certificates shown = {});
};

inline constexpr caf::type_id_t first_own_type_id = 1000;

struct connection {
  client::session session = {};
  std::string program = {};  ///< Version of the node.
};

/// Connects and opens a session for `owner`, which it ends with. Blocks for at most
/// `where.patience`. Fails with a client_error, or with what CAF says about the connection.
/// Requires: `owner` is an actor of `system`, which was made with a client::config.
caf::expected<connection> connect(caf::actor_system& system, const target& where,
                                  const caf::strong_actor_ptr& owner);

}  // namespace client

}  // namespace troupe

// Ids 400 to 499. A number here is part of the format: new ones are added at the end.
CAF_BEGIN_TYPE_ID_BLOCK(troupe_client, 400)
CAF_ADD_TYPE_ID(troupe_client, (troupe::client_error))
CAF_ADD_TYPE_ID(troupe_client, (troupe::open_client_session))
CAF_ADD_TYPE_ID(troupe_client, (troupe::opened_client_session))
CAF_ADD_TYPE_ID(troupe_client, (troupe::read_document))
CAF_ADD_TYPE_ID(troupe_client, (troupe::document_contents))
CAF_ADD_TYPE_ID(troupe_client, (troupe::edit_document))
CAF_ADD_TYPE_ID(troupe_client, (troupe::apply_client_update))
CAF_ADD_TYPE_ID(troupe_client, (troupe::edited_document))
CAF_ADD_TYPE_ID(troupe_client, (troupe::observe_document))
CAF_ADD_TYPE_ID(troupe_client, (troupe::observing_document))
CAF_ADD_TYPE_ID(troupe_client, (troupe::changes_noted))
CAF_ADD_TYPE_ID(troupe_client, (troupe::stop_observing))
CAF_ADD_TYPE_ID(troupe_client, (troupe::document_changed))
CAF_ADD_TYPE_ID(troupe_client, (troupe::observation_ended))
CAF_END_TYPE_ID_BLOCK(troupe_client)

static_assert(caf::id_block::troupe_client::end <= 500);

CAF_ERROR_CODE_ENUM(troupe::client_error)
