// What a document reports to the webhook feed: that it opens and closes, who joins and leaves, who
// has edited, here and at other nodes, and that another node has all of it. Who has edited goes
// with each append, for the webhooks and for the versions; without both it does nothing. Owner: a
// document actor, on its thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/webhook_feed.hpp"
#include "protocol/cluster/peer_message.hpp"
#include "protocol/identity.hpp"
#include "protocol/session_id.hpp"
#include "storage/backend.hpp"

namespace troupe {

class document_reporter {
 public:
  /// `feed`: null: there are no webhooks. `names_authors`: appends say who has edited, also without
  /// a feed.
  document_reporter(std::shared_ptr<webhook_feed> feed, std::string document,
                    bool names_authors = false)
      : feed_(std::move(feed)),
        document_(std::move(document)),
        names_authors_(names_authors || feed_) {}

  void on_opened() {
    if (!feed_) return;
    is_open_ = true;
    note(webhook::event_kind::document_opened);
  }
  /// Whether document.opened still has to be reported.
  bool may_open() const noexcept { return feed_ && !is_open_; }
  /// Whoever is still there has left, too.
  void on_closed() {
    names_authors_ = false;
    if (!feed_) return;
    for (const auto& [session, who] : sessions_)
      note(webhook::event_kind::session_left, session, who);
    sessions_.clear();
    if (std::exchange(is_open_, false)) note(webhook::event_kind::document_closed);
    feed_ = nullptr;
  }

  void on_join(const joining_session& who) {
    if (feed_ || (names_authors_ && !user_of(who.who).empty()))
      sessions_.insert_or_assign(who.session, who.who);
    note(webhook::event_kind::session_joined, who.session, who.who);
  }
  void on_leave(session_id session) {
    const auto found = sessions_.find(session);
    if (found == sessions_.end()) return;
    note(webhook::event_kind::session_left, session, found->second);
    sessions_.erase(found);
  }

  /// A session has edited, or nobody in particular (no_session).
  void on_edit(session_id session) {
    if (!names_authors_ || session == no_session || session == last_author_) return;
    last_author_ = session;
    if (const auto found = sessions_.find(session); found != sessions_.end())
      add(user_of(found->second), credits_.users);
  }
  /// A program has edited under this name, for this user; either may be empty.
  void on_edit_by(const std::string& user, const std::string& origin) {
    if (!names_authors_) return;
    add(user, credits_.users);
    add(origin, credits_.origins);
  }

  // --- other nodes ---

  /// Those who have edited here, who were not yet announced to the other nodes; nothing: nobody.
  std::optional<cluster::peer_authors> take_unreported() {
    const bool has_news =
        credits_.users.size() > reported_users_ || credits_.origins.size() > reported_origins_;
    if (!has_news) return std::nullopt;
    const auto from = [](const std::vector<std::string>& all, std::size_t told) {
      return std::vector<std::string>{all.begin() + static_cast<std::ptrdiff_t>(told), all.end()};
    };
    cluster::peer_authors unreported{from(credits_.users, reported_users_),
                                     from(credits_.origins, reported_origins_)};
    note_reported();
    return unreported;
  }
  /// The updates that come next from a peer are by these.
  void expect_peer_edits(const cluster::peer_authors* who) {
    if (names_authors_) of_peer_ = who != nullptr ? *who : cluster::peer_authors{};
  }
  /// One of them has changed the document. Requires: take_unreported() was called since on_edit().
  void on_peer_edit() {
    if (!names_authors_) return;
    for (const std::string& each : of_peer_.users) add(each, credits_.users);
    for (const std::string& each : of_peer_.origins) add(each, credits_.origins);
    of_peer_ = {};
    note_reported();
  }
  /// Another node has stored all that this one has of the document.
  void on_stored_elsewhere(const cluster::node_uuid& by) {
    if (feed_ && feed_->wants(webhook::event_kind::document_changed))
      feed_->note_stored_elsewhere(document_, by);
  }

  /// Who has edited since the last call; null: nobody asks, or nobody with a name.
  std::shared_ptr<const storage::append_credits> take_credits() {
    last_author_ = no_session;
    reported_users_ = reported_origins_ = 0;
    if (credits_.users.empty() && credits_.origins.empty()) return nullptr;
    return std::make_shared<const storage::append_credits>(std::exchange(credits_, {}));
  }

 private:
  void note_reported() noexcept {
    reported_users_ = credits_.users.size();
    reported_origins_ = credits_.origins.size();
  }
  static void add(const std::string& name, std::vector<std::string>& to) {
    if (name.empty() || to.size() >= storage::append_credits::count_max) return;
    for (const std::string& each : to)
      if (each == name) return;
    to.push_back(name);
  }

  void note(webhook::event_kind what, session_id session = no_session,
            const identity_ptr& who = nullptr) {
    if (!feed_ || !feed_->wants(what)) return;
    webhook::event event;
    event.what = what;
    event.document = document_;
    event.session = session;
    event.user = user_of(who);
    feed_->note(std::move(event));
  }

  std::shared_ptr<webhook_feed> feed_;
  std::string document_;
  bool names_authors_;
  std::unordered_map<session_id, identity_ptr> sessions_;  // without a feed those with a user
  storage::append_credits credits_;
  std::size_t reported_users_ = 0;  // of credits_, as the next
  std::size_t reported_origins_ = 0;
  cluster::peer_authors of_peer_;
  session_id last_author_ = no_session;
  bool is_open_ = false;
};

}  // namespace troupe
