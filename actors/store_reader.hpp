// The actor that reads documents from storage, on a thread of its own, so that a document which
// opens waits for no fsync of the store's. It sees what is durable; a document unloads only when
// all of it is.
#pragma once

#include <memory>
#include <string>

#include "actors/caf_compat.hpp"
#include "actors/interfaces.hpp"

namespace troupe {

/// What is stored of a document. A failure is logged, and an error for the session: never an empty
/// document.
caf::result<loaded_document> load(storage::backend& from, const std::string& document);

class store_reader final : public store_reader_actor::base {
 public:
  store_reader(caf::actor_config& config, std::shared_ptr<storage::backend> backend)
      : store_reader_actor::base(config), backend_(std::move(backend)) {}

  const char* name() const override { return "troupe.store-reader"; }

 protected:
  behavior_type make_behavior() override {
    end_on_exception(this);
    return {[this](const load_document& which) { return load(*backend_, which.name); }};
  }

 private:
  std::shared_ptr<storage::backend> backend_;
};

}  // namespace troupe
