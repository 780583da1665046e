// What there is to tell the application: documents, the store and its thread note it here, the
// webhook sender takes it. Shared by all of them; each call takes a mutex for a moment. Thread:
// any.
//
// A change is announced on disk in the batch that stores it, unless an announcement of the same
// document is there already and not yet taken (ADR 16). So a document that is edited all the time
// costs one small record each few seconds, and none of its changes can get lost. Other events are
// noted in memory, and stored by the sender soon afterwards; a removal before it is made.
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
  };

  /// `last`: the greatest number that is stored.
  webhook_feed(settings with, std::shared_ptr<storage::outbox> outbox,
               storage::announcement_number last);

  bool wants(webhook::event_kind kind) const noexcept { return settings_.events.contains(kind); }

  // --- by the store's thread ---

  /// What is to be stored with a batch. Each call is followed by one of end_write().
  std::vector<storage::announcement> begin_write(const storage::batch& what);
  void end_write(const storage::batch& what, std::vector<storage::announcement> announced,
                 bool is_written);

  /// Announces a removal durably, before it is made. Returns its number; 0: nobody asks for it.
  storage::announcement_number begin_removal(const std::string& document);
  void end_removal(storage::announcement_number number, bool is_removed);

  // --- by anybody ---

  /// Something other than a change, that is wanted. Its id and its time are filled in.
  void note(webhook::event what);

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
  taken take_noted();

  const settings settings_;
  const std::shared_ptr<storage::outbox> outbox_;
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
