// An actor pinned to an io_unit: it always runs on the unit's thread, between the events of its
// sockets, whichever thread sends to it. With io_unit.hpp this is the bridge between Asio and CAF.
//
//   caf::actor_config config{&unit};
//   system.spawn_class<session, caf::no_spawn_options>(config, unit, ...);
//
// Lifetime: any thread may drop the last handle of an actor, and the destructor runs there. So an
// actor releases what belongs to its thread (connections, tables) in on_exit(), not in the
// destructor. (CAF turns a raw pointer to an actor among the arguments of spawn into a handle; wrap
// one in a struct.)
#pragma once

#include <exception>
#include <utility>

#include <caf/abstract_actor.hpp>
#include <caf/actor_config.hpp>
#include <caf/error.hpp>
#include <caf/logger.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/resumable.hpp>
#include <caf/sec.hpp>

#include "net/io_unit.hpp"

namespace troupe {

template <class Base>
class io_actor : public Base {
 public:
  template <class... Args>
  io_actor(caf::actor_config& config, io_unit& unit, Args&&... args)
      : Base(config, std::forward<Args>(args)...), unit_(&unit) {}

  /// Without a unit it is an ordinary actor on CAF's workers.
  io_actor(caf::actor_config& config, io_unit* unit) : Base(config), unit_(unit) {}

  using Base::enqueue;

  /// Replaces the sender's execution unit by our own. Thread: any.
  bool enqueue(caf::mailbox_element_ptr element, caf::execution_unit* of_sender) override {
    return Base::enqueue(std::move(element), unit_ == nullptr ? of_sender : unit_);
  }

  caf::resumable::subtype_t subtype() const override {
    return unit_ == nullptr ? Base::subtype() : caf::resumable::io_actor;
  }

  /// Runs `f`, the handling of a socket event, as if it were a message handler: `f` may send, and
  /// its quit() takes effect when it returns. An exception ends the actor. Does nothing if the
  /// actor has ended.
  /// Requires: a strong handle to this actor is held; not called from a handler of this actor.
  template <class F>
  void in_actor(F&& f) {
    if (this->getf(caf::abstract_actor::is_terminated_flag)) return;
    CAF_PUSH_AID(this->id());
    this->context(unit_);
    try {
      std::forward<F>(f)();
    } catch (const std::exception& error) {
      CAF_LOG_IMPL("troupe", CAF_LOG_LEVEL_ERROR, this->name() << ": " << error.what());
      this->quit(caf::make_error(caf::sec::runtime_error, error.what()));
    } catch (...) {
      this->quit(caf::make_error(caf::sec::runtime_error, "unknown exception"));
    }
    // Outside a message handler quit() only sets a flag; finalize() carries it out.
    if (this->getf(caf::abstract_actor::is_initialized_flag)) this->finalize();
  }

  /// Requires: a unit has been set.
  io_unit& unit() noexcept { return *unit_; }

 private:
  io_unit* unit_;
};

}  // namespace troupe
