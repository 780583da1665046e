// Which documents have changed since a version of them was made, and who changed them: the store's
// thread notes both, the version maker takes the documents when a version is due, and whoever makes
// a version takes the names. noting_backend stands between the store and its
// backend, and notes what a batch has written. Thread: any.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "protocol/version_policy.hpp"
#include "storage/backend.hpp"

namespace troupe {

class changed_documents {
 public:
  explicit changed_documents(std::chrono::milliseconds interval) : schedule_(interval) {}

  void note(const version_schedule::name& document) {
    const std::lock_guard lock{mutex_};
    schedule_.note_change(document, version_schedule::time_point::clock::now());
  }
  /// Of everything that is appended.
  void note(const storage::batch& written) {
    const std::lock_guard lock{mutex_};
    const auto now = version_schedule::time_point::clock::now();
    for (const storage::log_append& append : written.appends) {
      if (append.updates.empty()) continue;
      schedule_.note_change(append.document, now);
      if (append.by) add_credits(*append.document, *append.by);
    }
  }
  /// The next document of which a version is due; null: none.
  version_schedule::name take_due() {
    const std::lock_guard lock{mutex_};
    return schedule_.take_due(version_schedule::time_point::clock::now());
  }

  /// Who has edited a document since the last call; they are forgotten.
  storage::append_credits take_credits(const std::string& document) {
    const std::lock_guard lock{mutex_};
    const auto found = credits_.find(document);
    if (found == credits_.end()) return {};
    storage::append_credits taken = std::move(found->second);
    credits_.erase(found);
    return taken;
  }
  /// For a version that could not be made.
  void give_back(const std::string& document, const storage::append_credits& taken) {
    const std::lock_guard lock{mutex_};
    add_credits(document, taken);
  }

 private:
  void add_credits(const std::string& document, const storage::append_credits& more) {
    if (more.empty()) return;
    if (credits_.size() < version_schedule::documents_max || credits_.contains(document))
      credits_[document].add(more);
  }

  std::mutex mutex_;
  version_schedule schedule_;
  std::unordered_map<std::string, storage::append_credits> credits_;
};

class noting_backend final : public storage::backend {
 public:
  noting_backend(std::shared_ptr<storage::backend> below,
                 std::shared_ptr<changed_documents> changes)
      : below_(std::move(below)), changes_(std::move(changes)) {}

  result<storage::stored_document> load(const std::string& document) override {
    return below_->load(document);
  }
  result<void> write(const storage::batch& what) override {
    auto written = below_->write(what);
    if (written) changes_->note(what);
    return written;
  }
  result<void> recover() override { return below_->recover(); }

 private:
  std::shared_ptr<storage::backend> below_;
  std::shared_ptr<changed_documents> changes_;
};

}  // namespace troupe
