// A storage backend for tests: keeps documents in memory, holds writes back until they are
// released, and fails on request.
#pragma once

#include <condition_variable>
#include <mutex>

#include "storage/memory_backend.hpp"

namespace troupe::test {

class gated_backend final : public storage::backend {
 public:
  result<storage::stored_document> load(const std::string& document) override {
    std::lock_guard lock{mutex_};
    if (fails_to_load_) return fail(errc::storage_failed, "the test says so");
    return memory_.load(document);
  }

  result<void> write(const storage::batch& what) override {
    std::unique_lock lock{mutex_};
    opened_.wait(lock, [this] { return is_open_; });
    if (fails_to_write_) return fail(errc::storage_failed, "the test says so");
    return memory_.write(what);
  }

  void close_gate() { set(is_open_, false); }
  void open_gate() { set(is_open_, true); }
  void fail_loads(bool fails) { set(fails_to_load_, fails); }
  void fail_writes(bool fails) { set(fails_to_write_, fails); }

  /// For operators, whom no gate holds back.
  storage::archive& archive() noexcept { return memory_; }

  storage::stored_document stored(const std::string& document) {
    std::lock_guard lock{mutex_};
    return *memory_.load(document);
  }

 private:
  void set(bool& flag, bool value) {
    {
      std::lock_guard lock{mutex_};
      flag = value;
    }
    opened_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable opened_;
  storage::memory_backend memory_;
  bool is_open_ = true;
  bool fails_to_load_ = false;
  bool fails_to_write_ = false;
};

}  // namespace troupe::test
