// A document as a server hosts it: its Yjs state, its awareness and what its subscribers must hear,
// in both dialects. Events go in, effects come out; whoever drives it (the document actor, a test)
// carries them out. It knows no socket, clock, thread or actor, so everything a document decides
// can be tested by plain calls.
//
// Order of effects: an update is handed to storage with what tells its sender that it is stored;
// all others hear of it at once. A client that speaks first is answered with sync step 2, then step
// 1, then the awareness. Changes of presence gather until end_turn(): of several states of a client
// within a turn only the last is told.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/close_reason.hpp"
#include "protocol/audience.hpp"
#include "protocol/crdt/doc.hpp"
#include "protocol/json/reply.hpp"
#include "protocol/json/request.hpp"
#include "protocol/message_id_window.hpp"
#include "protocol/session_id.hpp"
#include "protocol/sync/awareness.hpp"
#include "protocol/sync/message.hpp"

namespace troupe {

/// Bytes that an effect names: those of the event itself, which its driver keeps until the effects
/// are carried out, or bytes of its own.
class effect_bytes {
 public:
  effect_bytes() = default;
  effect_bytes(byte_view of_event) : view_(of_event) {}
  effect_bytes(byte_buffer own) : own_(std::move(own)), is_own_(true) {}

  byte_view view() const noexcept { return is_own_ ? byte_view{own_} : view_; }
  bool empty() const noexcept { return view().empty(); }

 private:
  byte_view view_;
  byte_buffer own_;
  bool is_own_ = false;
};

/// What is to be done after an event, in this order within each list.
struct document_effects {
  /// For the sessions that speak the binary dialect.
  struct delivery {
    audience to = audience::all;
    session_id session = no_session;  ///< The one, or the one left out.
    sync::message_kind kind = sync::message_kind::update;
    effect_bytes body;
    /// The body is whole_state(), which the driver may have encoded already.
    bool is_whole_state = false;
  };
  /// For the sessions that speak the JSON dialect.
  struct text {
    audience to = audience::all;
    session_id session = no_session;
    std::string json;
    bool is_presence = false;
    std::optional<json::error_code> error = {};  ///< What it refuses, for the metrics.
  };
  /// To be appended to the log; when it, and all before it, is stored, the sender hears of it.
  struct storage_write {
    effect_bytes update;  ///< As validated. Empty: nothing is appended, only confirmed.
    session_id sender = no_session;
    effect_bytes confirmation;  ///< An update for the sender's binary dialect; empty: none.
    std::string ack;            ///< For its JSON dialect; empty: none.
  };
  struct closing {
    session_id session = no_session;
    close_reason reason = close_reason::malformed_message;
    failure why;
  };

  std::vector<delivery> deliveries;
  std::vector<text> texts;
  std::vector<storage_write> writes;
  std::vector<closing> closings;

  void clear() {
    deliveries.clear();
    texts.clear();
    writes.clear();
    closings.clear();
  }
};

class hosted_document {
 public:
  using time_point = sync::awareness::time_point;

  /// `name`: for the JSON dialect, which names the document in each message. `seed`: chooses the
  /// awareness client ids of JSON sessions; random, so that documents and nodes choose differently.
  /// `window` outlives the document: its clients may come back after it was unloaded.
  explicit hosted_document(crdt::doc_settings options, std::string name = {},
                           std::uint64_t seed = 0,
                           std::shared_ptr<message_id_window> window = nullptr);

  /// Takes in an update from storage. Fails as crdt::doc::apply_update does.
  result<void> load(byte_view update);

  /// A message of a session in the binary dialect. Whatever is wrong with it closes that session
  /// and nobody else's.
  void on_message(session_id from, sync::message_kind kind, byte_view body, time_point now,
                  document_effects& out);

  /// A message of a session in the JSON dialect, of the user whose message ids these are. Whatever
  /// is wrong with it is answered with an error.
  void on_request(session_id from, const std::string& user, const json::request& request,
                  time_point now, document_effects& out);

  /// An event of the server's own for the JSON sessions, as JSON text.
  void on_event(std::string_view payload, document_effects& out);

  /// The session is gone, its presence with it.
  void on_leave(session_id session, time_point now);

  /// The session has missed changes of presence: it is told all of it, who is gone included.
  void on_presence_missed(session_id session, document_effects& out);

  /// Time passes: presence that was not renewed vanishes, that of JSON sessions is renewed.
  void on_tick(time_point now);

  /// Nothing more comes for the moment: what has gathered goes out.
  void end_turn(document_effects& out);
  bool has_gathered() const noexcept { return !presence_changed_.empty(); }

  /// The whole state, for a snapshot or a newcomer. What waits for missing updates is part of it.
  byte_buffer whole_state() const;

  /// Gives back memory that is kept for growth.
  void shrink() { state_.shrink(); }

  /// Grows with every change of the state.
  std::uint64_t version() const noexcept { return version_; }

  const crdt::doc& state() const noexcept { return state_; }
  const sync::awareness& presence() const noexcept { return presence_; }

 private:
  struct json_session {
    sync::awareness::client_id client = 0;  ///< Its id in the awareness; 0: none yet.
  };

  void answer_sync(session_id to, byte_view wanted_from, document_effects& out);
  void take_update(session_id from, byte_view update, document_effects& out);
  void take_presence(session_id from, byte_view update, time_point now, document_effects& out);

  bool answer_json_sync(session_id to, const json::request& request, document_effects& out);
  void take_json_update(session_id from, const std::string& user, const json::request& request,
                        document_effects& out);
  bool take_json_presence(session_id from, const json::request& request, time_point now,
                          document_effects& out);
  void tell_update(session_id from, effect_bytes change, document_effects& out);
  void refuse(session_id from, json::error_code code, const std::string& detail,
              const json::request& request, document_effects& out);
  void note_presence(const std::vector<sync::awareness::client_id>& changed);
  sync::awareness::client_id client_of(session_id session, json_session& of);

  crdt::doc state_;
  sync::awareness presence_;
  std::string name_;
  std::uint64_t seed_;
  std::shared_ptr<message_id_window> window_;
  std::unordered_map<session_id, json_session> json_sessions_;
  std::vector<sync::awareness::client_id> presence_changed_;  // since the last end_turn
  std::uint64_t version_ = 0;
};

}  // namespace troupe
