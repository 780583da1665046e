// A storage backend for tests: keeps documents in memory, holds writes back until they are
// released, and fails on request.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>

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
    ++held_;
    came_.notify_all();
    opened_.wait(lock, [this] { return is_open_; });
    --held_;
    ++writes_;
    if (fails_to_write_) return fail(*fails_to_write_, "the test says so");
    for (const storage::log_append& append : what.appends)
      if (*append.document == unstorable_)
        return fail(errc::storage_conflict, "'" + unstorable_ + "' does not fit");
    return memory_.write(what);
  }

  result<std::vector<storage::log_news>>
  look(const std::vector<storage::read_position>& which) override {
    std::lock_guard lock{mutex_};
    if (fails_to_load_) return fail(errc::storage_failed, "the test says so");
    return memory_.look(which);
  }

  result<void> recover() override {
    std::lock_guard lock{mutex_};
    ++recoveries_;
    if (fails_to_write_) return fail(*fails_to_write_, "the test still says so");
    return {};
  }

  void close_gate() { set(is_open_, false); }
  /// Whether a write comes to the closed gate within this time.
  bool await_held(std::chrono::milliseconds patience) {
    std::unique_lock lock{mutex_};
    return came_.wait_for(lock, patience, [this] { return held_ > 0; });
  }
  void open_gate() { set(is_open_, true); }
  void fail_loads(bool fails) { set(fails_to_load_, fails); }
  void fail_writes(errc why) { set(fails_to_write_, why); }
  void end_failing() { set(fails_to_write_, std::nullopt); }
  /// Writes with appends to this document fail.
  void fail_document(const std::string& name) { set(unstorable_, name); }
  int writes() {
    std::lock_guard lock{mutex_};
    return writes_;
  }
  /// How often recovery was tried.
  int recoveries() {
    std::lock_guard lock{mutex_};
    return recoveries_;
  }

  /// For operators, whom no gate holds back.
  storage::archive& archive() noexcept { return memory_; }

  storage::stored_document stored(const std::string& document) {
    std::lock_guard lock{mutex_};
    return *memory_.load(document);
  }

 private:
  template <class Value>
  void set(Value& what, std::type_identity_t<Value> value) {
    {
      std::lock_guard lock{mutex_};
      what = std::move(value);
    }
    opened_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable came_;  // a write, to the gate
  int held_ = 0;                  // writes that wait there
  std::condition_variable opened_;
  storage::memory_backend memory_;
  bool is_open_ = true;
  bool fails_to_load_ = false;
  std::optional<errc> fails_to_write_;
  std::string unstorable_;
  int recoveries_ = 0;
  int writes_ = 0;
};

}  // namespace troupe::test
