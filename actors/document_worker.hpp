// Does for a document what takes long, on CAF's workers, so that the document's I/O thread serves
// the others meanwhile. A document spawns one for one piece of work and lends it its state; the
// worker ends with its answer. If the work fails, so does the document.
#pragma once

#include "actors/caf_compat.hpp"
#include "actors/document_work.hpp"
#include "actors/interfaces.hpp"

namespace troupe {

class document_worker final : public document_worker_actor::base {
 public:
  explicit document_worker(caf::actor_config& config) : document_worker_actor::base(config) {}

  const char* name() const override { return "troupe.worker"; }

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
