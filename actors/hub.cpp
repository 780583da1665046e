#include "actors/hub.hpp"

namespace troupe {

hub::hub(caf::actor_config& config, io_unit& unit, std::shared_ptr<session_table> table)
    : io_actor(config, unit), table_(std::move(table)) {}

hub::behavior_type hub::make_behavior() {
  end_on_exception(this);
  return {
      [this](const deliver_batch& batch) { table_->deliver(batch); },
      [this](const close_subscribers& which) {
        table_->close_subscribers(which.document, which.reason);
      },
      [this](const close_all_sessions& why) { table_->close_all(why.reason, why.share); },
      [this](const change_access& change) { return table_->change_access(*change.what); },
      [this](const list_sessions& which) { return table_->list(which); },
      [this](const describe_sessions& which) { return table_->describe(which); },
      [this](const survey_sessions& which) { return table_->survey(which); },
  };
}

}  // namespace troupe
