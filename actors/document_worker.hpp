// Does for a document what takes long, on CAF's workers, so that the document's I/O thread serves
// the others meanwhile. Spawned by a document for one piece of work, to which it lends its state;
// ends with its answer. If the work fails, so does the document.
#pragma once

#include <functional>
#include <memory>

#include "actors/caf_compat.hpp"
#include "actors/interfaces.hpp"
#include "protocol/hosted_document.hpp"

namespace troupe {

using document_work = std::function<void(hosted_document&, document_effects&)>;

/// A state on its way: the document gives it away and gets it back with the answer.
struct lent_document {
  std::unique_ptr<hosted_document> state;
  document_effects effects;
  document_work work;
};

class document_worker final : public document_worker_actor::base {
 public:
  explicit document_worker(caf::actor_config& config) : document_worker_actor::base(config) {}

  const char* name() const override { return "troupe.helper"; }

 protected:
  behavior_type make_behavior() override {
    end_on_exception(this);
    return {[this](const work_on_document& order) {
      lent_document& lent = *order.lent;
      lent.work(*lent.state, lent.effects);
      quit();
      return worked_on_document{};
    }};
  }
};

}  // namespace troupe
