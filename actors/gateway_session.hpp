// The actor behind one program that has joined as a CAF peer (include/troupe/client.hpp). The
// gateway spawns it for the token that the program has shown; it reads, edits and observes
// documents with the rights of that token, which it looks up anew for each request, and for what it
// observes every few seconds. Changes of access reach it through the gateway, at once.
//
// What the program asks is bounded by client::requests_max and, for users, by a rate. To a document
// that it observes it is a hub of one session: the document's batches fill its mailbox, but it
// handles each at once, and keeps for the program no more than a change_feed does. It ends with its
// owner, whom it watches: also when the connection is lost.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/typed_response_promise.hpp>
#include <troupe/client.hpp>

#include "actors/admin_documents.hpp"
#include "actors/caf_compat.hpp"
#include "actors/gateway_changes.hpp"
#include "actors/gateway_desk.hpp"
#include "actors/interfaces.hpp"

namespace troupe {

/// What the program may ask, and what the node sends the session.
using gateway_session_actor = local_gateway_session_actor::extend<
    caf::result<document_contents>(read_document), caf::result<edited_document>(edit_document),
    caf::result<edited_document>(apply_client_update),
    caf::result<observing_document>(observe_document), caf::result<void>(changes_noted),
    caf::result<void>(stop_observing)>;

class gateway_session final : public gateway_session_actor::base {
 public:
  gateway_session(caf::actor_config& config, std::shared_ptr<gateway_desk> desk,
                  std::shared_ptr<void> place, gateway_client who, caf::strong_actor_ptr owner);

  const char* name() const override { return "troupe.gateway-session"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  /// A document that the program observes.
  struct observed {
    document_id id = 0;
    document_actor document;
    caf::strong_actor_ptr observer;
    change_feed feed{client::changes_size_bytes_max};
  };
  /// A document that the directory opens for it.
  struct opening {
    std::string document;
    bool is_closed = false;  ///< To it, meanwhile.
  };
  /// Changes that only this session keeps.
  static constexpr std::size_t narrowed_max = 100;
  /// A token that has ended, or has less rights, is noticed after this time by what it observes.
  static constexpr std::chrono::seconds look_at_rights{2};

  using observed_map = std::map<std::string, observed>;
  using contents_promise = caf::typed_response_promise<document_contents>;
  /// A question for contents that a worker writes out, and its place among those.
  struct awaited_contents {
    contents_promise promise;
    std::shared_ptr<void> place;
  };

  caf::result<document_contents> on_read(const read_document& which);
  void write_out(const std::string& name, const admin::export_query& query,
                 const exported_state& live, awaited_contents awaited);
  void on_contents(const contents_made& made);
  caf::result<edited_document> on_edit(const edit_document& order);
  caf::result<edited_document> on_update(const apply_client_update& order);
  caf::result<observing_document> on_observe(const observe_document& which);
  void on_noted(const changes_noted& which);
  void on_stop_observing(const stop_observing& which);

  changed_access on_change(const access_change& change);
  listed_sessions on_list(const list_sessions& which) const;
  session_info describe_session() const;
  void ask_for_address();
  std::optional<rights> rights_to(const std::string& document) const;
  bool may_read(const std::string& document) const;
  bool narrow(const access_change& change);
  void end_at_once(close_reason why);

  void on_batch(const deliver_batch& batch);
  void on_down(const caf::down_msg& down);
  void on_second();

  caf::error refusal_of(const std::string& document, right needed);
  caf::result<edited_document> carry_out(import_update order, const std::string& origin,
                                         const std::string& if_version);
  caf::error opened_too_late(const opening& which, const opened_document& opened);
  void begin_observing(const std::string& name, const opened_document& opened,
                       const caf::strong_actor_ptr& observer);
  void send_news(const std::string& name, observed& of);
  void end_observing(observed_map::iterator which, const std::string& why);
  void forget(const observed& of);
  void end();
  void end_if_nothing_opens();
  observed_map::iterator find(document_id id);

  std::shared_ptr<gateway_desk> desk_;
  std::shared_ptr<void> place_;
  gateway_client who_;
  identity_ptr identity_;  // null: an operator
  caf::strong_actor_ptr owner_;
  const session_id id_;
  std::size_t requests_ = 0;                       // without an answer
  std::vector<std::shared_ptr<opening>> opening_;  // documents, which it has to leave again
  std::vector<access_change> narrowed_;            // for those who are here, by operators
  std::string address_;                            // empty: this machine, or not known
  const std::chrono::system_clock::time_point connected_since_ = std::chrono::system_clock::now();
  std::uint64_t requests_seen_ = 0;
  bool is_ending_ = false;
  observed_map observed_;
  std::map<std::uint64_t, awaited_contents> contents_;  // by number
  std::uint64_t last_contents_ = 0;
};

}  // namespace troupe
