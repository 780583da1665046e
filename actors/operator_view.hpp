// Sessions and documents as an operator sees them, the questions that ask for them, and what an
// operator adds to a document, as plain values. A question carries its subject and its page, so
// that nobody lists more than is shown. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/close_reason.hpp"
#include "base/errc.hpp"
#include "protocol/dialect.hpp"
#include "protocol/edits/batch.hpp"
#include "protocol/identity.hpp"
#include "protocol/session_id.hpp"
#include "protocol/state_version.hpp"

namespace troupe {

/// How many sessions or documents one page lists.
constexpr std::size_t page_size_default = 1000;
constexpr std::size_t page_size_max = 10'000;
/// A page ends early, and says where the next begins, when its text grows to this size.
constexpr std::size_t listed_bytes_max = 4 * 1024 * 1024;
/// How much of what a session shows is listed.
constexpr std::size_t listed_presence_bytes_max = 1024;

/// What the application changes for sessions that are here or on their way: those of a user, of a
/// token, in a document, or of several of these together.
struct access_change {
  std::string user = {};      ///< Empty: any.
  std::string token_id = {};  ///< Empty: any.
  std::string document = {};  ///< Empty: all that a session has joined, and the session itself.
  std::optional<rights> may = {};  ///< What is left to them at most; nothing: they are closed.
  close_reason why = close_reason::access_revoked;  ///< Of what is closed.
  bool is_grant = false;    ///< `may` comes to what they may do, instead of being all that is left.
  bool is_passing = false;  ///< Only those who are here are meant.
  /// Milliseconds since 1970 by the node that made it; of changes for the same subject the latest
  /// counts, whenever a node receives it. 0: not known.
  std::uint64_t made_at = 0;

  bool concerns(const identity_ptr& who) const {
    return (user.empty() || user == user_of(who)) &&
           (token_id.empty() || token_id == token_id_of(who));
  }
  bool concerns(const identity_ptr& who, std::string_view of) const {
    return concerns(user_of(who), token_id_of(who), of);
  }
  bool concerns(std::string_view who, std::string_view token, std::string_view of) const {
    return (user.empty() || user == who) && (token_id.empty() || token_id == token) &&
           (document.empty() || document == of);
  }
};

/// Which sessions that were, and in which documents.
struct changed_access {
  std::uint64_t sessions = 0;
  std::vector<std::string> documents;
};

/// How a change of access has gone, on all nodes that have said so.
struct applied_access {
  std::uint64_t sessions = 0;
  std::uint64_t unfinished = 0;       ///< Requests from before it that were not waited for.
  std::vector<std::string> silent{};  ///< The nodes that have not said that it is done.
  bool has_failed = false;            ///< Not all of this node have answered in time.
};

struct session_info {
  session_id id = no_session;
  std::string user;  ///< Empty: nobody in particular.
  std::string remote_address;
  std::vector<std::string> documents;
  dialect_set speaks;
  std::chrono::system_clock::time_point connected_since;
  std::chrono::system_clock::time_point last_pong;
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t queued_bytes = 0;
  std::chrono::milliseconds idle{0};  ///< Since its client has sent a message; by the second.
};

struct document_info {
  std::string name;
  std::uint64_t sessions = 0;
  bool is_unloading = false;
  std::uint64_t state_bytes = 0;   ///< As stored: checkpoint and log.
  std::uint64_t memory_bytes = 0;  ///< Of limits.max_document_size; 0 while a worker has the state.
  std::uint64_t client_ids = 0;    ///< Of limits.max_client_ids; 0 likewise.
  bool is_folded = false;          ///< Its state is kept encoded; false likewise.
};

/// A page of sessions, by their ids.
struct list_sessions {
  std::string document;           ///< Those joined to it; empty: all.
  session_id after = no_session;  ///< Those with a greater id.
  std::size_t limit = page_size_default;
};
struct listed_sessions {
  std::vector<session_info> sessions;
  std::size_t count = 0;  ///< How many there are in all, on this page and elsewhere.
  bool has_more = false;  ///< Behind the last of the page.
  /// Up to which id the list is known to be whole, where lists of several units are put together.
  session_id whole_to = std::numeric_limits<session_id>::max();
};

/// Those of a unit that are still there, in no order.
struct describe_sessions {
  std::vector<session_id> sessions;
};

/// How much a session weighs: what can be computed for all of them without holding up a unit.
struct session_load {
  session_id id = no_session;
  std::uint64_t queued_bytes = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint32_t documents = 0;
  std::chrono::milliseconds idle{0};
};

/// How far a survey has come, in a table that changes meanwhile.
struct survey_place {
  std::size_t bucket = 0;
  std::size_t bucket_count = 0;  ///< When it began; 0: it begins.
};

/// A slice of the sessions of a unit. What comes and goes meanwhile may be missed.
struct survey_sessions {
  survey_place from;
  std::size_t limit = 0;
};
struct surveyed_sessions {
  std::vector<session_load> sessions;
  survey_place next;
  bool has_more = false;
  bool begins_anew = false;  ///< The table has grown; earlier answers do not count.
};

/// A page of the open documents, by their names.
struct list_documents {
  std::string after;  ///< Those behind this name; empty: all.
  std::size_t limit = page_size_default;
  std::string only{};  ///< The one of this name; empty: all.
};
struct listed_documents {
  std::vector<document_info> documents;
  std::size_t count = 0;  ///< How many are open in all.
  bool has_more = false;  ///< Behind the last of the page.
};

/// What some sessions show in some documents.
struct list_presence {
  std::vector<std::string> documents;
  std::vector<session_id> sessions;  ///< Ascending.
};
struct listed_presence {
  struct state {
    session_id session = no_session;
    std::string json;     ///< At most listed_presence_bytes_max.
    bool is_cut = false;  ///< Of a longer text.
  };
  std::vector<state> states;
};

/// How the webhooks are.
struct describe_webhooks {};
struct described_webhooks {
  struct dead_letter {
    std::string delivery;
    std::string event;
    std::string document;
    std::uint64_t happened_at = 0;  ///< Milliseconds since 1970 (UTC).
    std::uint64_t attempts = 0;     ///< Since the node has started.
    std::string why;
  };

  std::string url;  ///< Without its query.
  std::uint64_t queued = 0;
  std::uint64_t queued_bytes = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t oldest_since = 0;  ///< Milliseconds since 1970 (UTC); 0: nothing waits.
  std::uint64_t failures_in_row = 0;
  std::string last_failure;
  std::uint64_t sent = 0;  ///< Since the node has started, as are the next two.
  std::uint64_t failed = 0;
  std::uint64_t left_out = 0;
  std::uint64_t dead_count = 0;
  std::vector<dead_letter> dead;  ///< The oldest of them.
};

/// Tries to deliver what was given up.
struct replay_webhooks {
  std::string delivery;  ///< Empty: all.
};
struct replayed_webhooks {
  std::uint64_t count = 0;
};

/// Who is present in a document, whatever session shows it.
struct list_clients {
  std::string document;
  std::optional<std::uint64_t> after{};  ///< Those with a greater client id; nothing: all.
  std::size_t limit = page_size_default;
};
struct listed_clients {
  struct client {
    std::uint64_t id = 0;
    session_id session = no_session;  ///< To which it belongs.
    std::string json;                 ///< At most listed_presence_bytes_max.
    bool is_cut = false;              ///< Of a longer text.
  };
  bool is_open = false;  ///< Else nobody is there.
  std::vector<client> clients;
  std::size_t count = 0;
  bool has_more = false;
};

/// What an operator adds to a document.
struct import_update {
  enum class policy : std::uint8_t {
    merge,
    only_new,  ///< Nothing was ever stored of the document.
    create,    ///< The same; the document is stored even if it is empty.
    restore,   ///< The update is an earlier state, which the document is to show again.
  };

  std::string document;
  shared_bytes update;
  policy how = policy::merge;
  std::shared_ptr<const edits::batch> edits = {};  ///< Instead of the update; null: none.
  std::string origin_name = {};                    ///< See hosted_document::on_edit().
  std::string user = {};  ///< Whose token it came with; empty: an operator's.
  version_condition condition = {};
  bool wants_version = false;            ///< In the answer.
  std::shared_ptr<void> under_way = {};  ///< See answer_admin_request; kept until it is applied.
};
struct imported_update {
  enum class outcome : std::uint8_t {
    changed,
    known,      ///< There was nothing new in it.
    exists,     ///< It was for a new document.
    unmatched,  ///< The document is not what the condition says.
    refused,
    unconfirmed,  ///< It has it now, but too few of the nodes that keep it have said so in time.
  };

  outcome what = outcome::changed;
  bool has_gap = false;                        ///< The document waits for updates that come before.
  failure refusal{};                           ///< Why it is refused.
  std::optional<std::size_t> edit_index = {};  ///< Which of the edits was wrong.
  std::string version = {};                    ///< Afterwards, or where it does not match.
};

}  // namespace troupe
