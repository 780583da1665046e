// The actor that reads documents from storage, on a thread of its own, so that a document which
// opens waits for no fsync of the store's. It sees what is durable; a document unloads only when
// all of it is. Where other nodes write to the store as well, documents ask it now and then what
// they have written; it looks for all that have asked meanwhile at once.
//
// Its mailbox is bounded by the number of open documents: each loads once, and has one look under
// way.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <caf/typed_response_promise.hpp>

#include "actors/caf_compat.hpp"
#include "actors/interfaces.hpp"

namespace troupe {

/// What is stored of a document. A failure is logged, and an error for the session: never an empty
/// document.
caf::result<loaded_document> load(storage::backend& from, const std::string& document);

/// All that it understands.
using local_store_reader_actor =
    store_reader_actor::extend<caf::result<looked_at_log>(look_at_log),
                               caf::result<void>(flush_atom)>;  // note to itself: look for all that
                                                                // have asked

class store_reader final : public local_store_reader_actor::base {
 public:
  store_reader(caf::actor_config& config, std::shared_ptr<storage::backend> backend)
      : local_store_reader_actor::base(config), backend_(std::move(backend)) {}

  const char* name() const override { return "troupe.store-reader"; }

 protected:
  behavior_type make_behavior() override {
    end_on_exception(this);
    return {
        [this](const load_document& which) { return load(*backend_, which.name); },
        [this](const look_at_log& which) { return on_look(which); },
        [this](flush_atom) { on_flush(); },
    };
  }

 private:
  using promise = caf::typed_response_promise<looked_at_log>;

  caf::result<looked_at_log> on_look(const look_at_log& which);
  void on_flush();

  std::shared_ptr<storage::backend> backend_;
  std::vector<storage::read_position> asked_;
  std::vector<promise> promises_;  // of these
};

}  // namespace troupe
