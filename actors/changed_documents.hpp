// Which documents have changed since a version of them was made: the store's thread notes them, the
// version maker takes them when one is due. noting_backend stands between the store and its
// backend, and notes what a batch has written. Thread: any.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
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
    for (const storage::log_append& append : written.appends)
      if (!append.updates.empty()) schedule_.note_change(append.document, now);
  }
  /// The next document of which a version is due; null: none.
  version_schedule::name take_due() {
    const std::lock_guard lock{mutex_};
    return schedule_.take_due(version_schedule::time_point::clock::now());
  }

 private:
  std::mutex mutex_;
  version_schedule schedule_;
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
