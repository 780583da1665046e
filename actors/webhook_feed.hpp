// Events that the application is to be notified of: documents, the store and its thread note them
// here, the webhook sender takes them. Shared by all of them; each call locks a mutex for a moment.
// Thread: any.
//
// A change is announced on disk in the batch that stores it, unless an announcement of the same
// document is there already and not yet taken (ADR 16). So a document that is edited all the time
// costs one small record each few seconds, and none of its changes can get lost. Other events are
// noted in memory, and stored by the sender soon afterwards; a removal before it is made.
//
// In a cluster each node that stores a change has announced it on disk, and the document's home
// delivers. The others keep their announcements until the home has stored all of the change, and
// has had time to deliver it; whoever becomes home meanwhile delivers.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "actors/cluster_links.hpp"
#include "protocol/webhook/change_tracker.hpp"
#include "protocol/webhook/delivery_queue.hpp"
#include "protocol/webhook/event.hpp"
#include "storage/backend.hpp"
#include "storage/outbox.hpp"

namespace troupe {

/// An event as it is stored, and back. An announcement of an unknown topic is of a newer server.
storage::announcement to_announcement(const webhook::delivery& of, bool is_dead = false);
std::optional<webhook::delivery> to_delivery(const storage::announcement& of);

/// The details of a removal that is announced and not yet made. After a crash it is looked up
/// whether it was.
inline constexpr std::string_view unconfirmed_removal = R"({"unconfirmed":true})";

class webhook_feed {
 public:
  struct settings {
    webhook::event_set events;
    webhook::change_tracker::settings changes;
    std::size_t noted_max = 10'000;  ///< Events that the sender has not taken.
    /// From when the home has a change until the others take it for delivered: longer than it waits
    /// before it tries.
    std::chrono::milliseconds standby{30'000};
  };

  /// `last`: the greatest number that is stored. `homes`: null: the node is alone.
  webhook_feed(settings with, std::shared_ptr<storage::outbox> outbox,
               storage::announcement_number last,
               std::shared_ptr<const newest_links> homes = nullptr);

  /// Before all else, in a cluster: takes the changes out of what an earlier process has left, as
  /// their home may be another node now.
  void adopt(std::vector<storage::announcement>& left);

  bool wants(webhook::event_kind kind) const noexcept { return settings_.events.contains(kind); }

  // --- by the store's thread ---

  /// What is to be stored with a batch. Each call is followed by one of end_write().
  std::vector<storage::announcement> begin_write(const storage::batch& what);
  void end_write(const storage::batch& what, std::vector<storage::announcement> announced,
                 bool is_written);

  /// Announces a removal durably, before it is made. Returns its number; 0: nobody asks for it.
  storage::announcement_number begin_removal(const std::string& document);
  void end_removal(storage::announcement_number number, bool is_removed);

  /// What was stored of the document is not here any more.
  void on_gone(const std::string& document);

  // --- by anybody ---

  /// Something other than a change, that is wanted. Its id and its time are filled in.
  void note(webhook::event what);

  /// Another node has stored all that this one has of the document.
  void note_stored_elsewhere(const std::string& document, const cluster::node_uuid& by);

  // --- by the sender ---

  struct taken {
    std::vector<webhook::delivery> stored;                   ///< Announced on disk already.
    std::vector<webhook::delivery> unstored;                 ///< In order; to be stored.
    std::vector<storage::announcement_number> void_numbers;  ///< On disk, of nothing.
    std::uint64_t left_out = 0;  ///< So many there was no room for, since the last call.
  };
  taken take();
  /// At the end: changes that are not due, too.
  taken take_all();

 private:
  using clock = std::chrono::steady_clock;

  webhook::delivery make(webhook::event_kind what, std::string document);
  void adopt_change(const storage::announcement& of, clock::time_point now);
  taken take_noted();
  webhook::duty duty_for(const std::string& document, const webhook::stored_elsewhere* elsewhere,
                         clock::time_point now) const;

  const settings settings_;
  const std::shared_ptr<storage::outbox> outbox_;
  const std::shared_ptr<const newest_links> homes_;
  std::mutex mutex_;  // guards what follows
  webhook::change_tracker changes_;
  /// Announced in batches of which nobody knows whether they are stored; they are written again.
  std::unordered_map<std::string, storage::announcement> unsure_;
  std::unordered_map<storage::announcement_number, webhook::delivery> removals_;
  taken noted_;
  storage::announcement_number last_;
};

/// Announces what a batch of the store changes. Between the store and its backend.
class announcing_backend final : public storage::backend {
 public:
  announcing_backend(std::shared_ptr<storage::backend> below, std::shared_ptr<webhook_feed> feed)
      : below_(std::move(below)), feed_(std::move(feed)) {}

  result<storage::stored_document> load(const std::string& document) override {
    return below_->load(document);
  }
  result<void> write(const storage::batch& what) override;
  result<void> recover() override { return below_->recover(); }

 private:
  std::shared_ptr<storage::backend> below_;
  std::shared_ptr<webhook_feed> feed_;
};

}  // namespace troupe
