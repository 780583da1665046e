// The state of a document and the work on it. Work that is queued is done in its order, one piece
// at a time, while the state is here. Work that takes long is lent with the state to a worker
// (worker_pool), so that the other documents of this thread are served meanwhile; what comes in
// between waits in the queue. Owner: a document actor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include <caf/error.hpp>
#include <caf/typed_response_promise.hpp>

#include "actors/interfaces.hpp"
#include "base/fifo.hpp"
#include "protocol/hosted_document.hpp"

namespace troupe {

/// A piece of work that a worker does for a document.
using lent_work = std::function<void(hosted_document&, document_effects&)>;

/// A state on its way: the document gives it away and gets it back with the answer.
struct lent_document {
  std::unique_ptr<hosted_document> state;
  document_effects effects;
  lent_work work;
  std::string failure;  ///< Why the work has failed, and with it the document; empty: it has not.

  /// Thread: a worker's.
  void do_work() noexcept {
    try {
      work(*state, effects);
    } catch (const std::exception& error) {
      failure = error.what();
    } catch (...) {
      failure = "unknown exception";
    }
  }
};

/// From this size on an update, or what is loaded, would stall the other documents of the thread
/// for a millisecond or more.
constexpr std::size_t heavy_update_bytes = 64 * 1024;
/// The same for a state that has to be encoded.
constexpr std::size_t heavy_state_bytes = 512 * 1024;

/// Steps of searching (crdt::doc::apply_update) that an update may take there: about 2 ms.
constexpr std::uint64_t light_steps_max = 200'000;

/// Whether work may be done where the document runs.
enum class weight : std::uint8_t { light, heavy };

constexpr weight weight_of(std::size_t size, std::size_t heavy_from) noexcept {
  return size >= heavy_from ? weight::heavy : weight::light;
}

/// Whether this is the sync of a session that has a part of the document already.
constexpr bool is_difference(const client_request& what) noexcept {
  return what.kind == request_kind::sync && !is_newcomer(what);
}

/// The weight of a request on a document whose encoded state has this size, about. A newcomer's
/// sync is light: the whole state is encoded beforehand.
inline weight weight_of(const client_request& what, std::size_t state_size) noexcept {
  if (is_difference(what) && state_size >= heavy_state_bytes) return weight::heavy;
  // Both walk over the document.
  if (what.kind == request_kind::contents || what.kind == request_kind::edit)
    return weight_of(std::max(what.body.size(), state_size), heavy_update_bytes);
  return weight_of(what.body.size(), heavy_update_bytes);
}

/// What an operator asks for, with the answer that is awaited.
struct operator_import {
  import_update order;
  caf::typed_response_promise<imported_update> promise;
};
struct operator_export {
  caf::typed_response_promise<exported_state> promise;
  bool wants_state = true;
};
struct awaited_settling {
  caf::typed_response_promise<settled_documents> promise;
};

class document_work {
 public:
  /// News of a peer; of a block, some messages may have been handled.
  struct news_rest {
    peer_news news;
    std::size_t next = 0;
  };
  /// What others have written to the log; of its updates some may have been applied.
  struct log_rest {
    looked_at_log log;
    std::size_t next = 0;
    std::shared_ptr<bool> has_failed = std::make_shared<bool>(false);
  };
  /// A batch of which the first requests may have been handled.
  struct batch_rest {
    client_batch batch;
    std::size_t next = 0;
  };
  using input =
      std::variant<batch_rest, joining_session, leave_document, document_tick, document_event,
                   presence_missed, session_silent, change_rights, operator_import, operator_export,
                   awaited_settling, fetched_document, news_rest, log_rest>;
  /// Starts a worker on what is lent; on_returned() is called with it later.
  using lender = std::function<void(std::shared_ptr<lent_document>)>;

  /// `lend`: empty where nobody else waits for this thread; then all work is done at once.
  document_work(std::unique_ptr<hosted_document> state, lender lend)
      : state_(std::move(state)), lend_(std::move(lend)) {}

  /// Null while it is lent.
  hosted_document* state() noexcept { return state_.get(); }
  const hosted_document* state() const noexcept { return state_.get(); }
  bool can_lend() const noexcept { return static_cast<bool>(lend_); }

  /// Of the work that was done. The document clears them when it has carried them out.
  document_effects& effects() noexcept { return effects_; }

  /// `next`: one of the kinds of input.
  template <class Input>
  void push(Input&& next) {
    waiting_.emplace_back(std::forward<Input>(next));
  }
  bool has_waiting() const noexcept { return !waiting_.empty(); }

  /// Handles what waits while the state is here: `handle(input)` returns whether all of it is
  /// handled; if not it stays in front. Does nothing within itself or before begin().
  template <class Handle>
  void handle_waiting(Handle&& handle) {
    if (!has_begun_ || std::exchange(is_handling_, true)) return;
    while (state_ && !waiting_.empty())
      if (handle(waiting_.front())) waiting_.pop_front();
    is_handling_ = false;
  }

  /// The document is loaded: what waits may be handled from now on.
  void begin() noexcept { has_begun_ = true; }
  bool has_begun() const noexcept { return has_begun_; }

  /// Does `work(state, effects)`, then `after()`: here and now if it is light, else by a worker.
  /// Requires: the state is here.
  template <class Work, class After>
  void run(weight how, Work&& work, After&& after) {
    if (how == weight::heavy && can_lend())
      return lend(std::forward<Work>(work), std::forward<After>(after));
    work(*state_, effects_);
    after();
  }

  /// A worker has done its work: the state is here again, and the rest of the work is done.
  void on_returned(lent_document& lent) {
    state_ = std::move(lent.state);
    effects_ = std::move(lent.effects);
    std::exchange(after_, nullptr)();
  }

  void release_memory() {
    waiting_.release_memory();
    effects_ = {};
    if (state_) state_->shrink();
  }

  /// Whoever waits for an answer to this gets the reason why there is none.
  static void refuse(input& what, const caf::error& why) {
    std::visit(
        [&why](auto& one) {
          if constexpr (requires { one.promise; }) one.promise.deliver(why);
        },
        what);
  }

  /// Forgets the state and whatever waits. Operators whose order waits get the reason: nothing of
  /// theirs was begun. What was, breaks its promise.
  void stop(const caf::error& why) {
    for (std::size_t i = is_handling_ ? 1 : 0; i < waiting_.size(); ++i)
      refuse(waiting_.at(i), why);
    state_.reset();
    waiting_ = {};
    lend_ = nullptr;
    after_ = nullptr;
  }

 private:
  void lend(lent_work work, std::function<void()> after) {
    after_ = std::move(after);
    const auto lent = std::make_shared<lent_document>();
    lent->state = std::move(state_);
    lent->work = std::move(work);
    lend_(lent);
  }

  std::unique_ptr<hosted_document> state_;
  document_effects effects_;
  fifo<input> waiting_;
  lender lend_;
  std::function<void()> after_;  // while it is lent
  bool has_begun_ = false;
  bool is_handling_ = false;
};

}  // namespace troupe
