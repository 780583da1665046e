#include "actors/session_host.hpp"

namespace troupe {

namespace {

/// A connection that is only told why it cannot stay.
class refused_connection final : public connection_handler {
 public:
  explicit refused_connection(std::shared_ptr<node_metrics> metrics)
      : metrics_(std::move(metrics)) {}

  void on_open() override {}
  void on_frame(frame_kind, byte_view) override {}
  void on_pong() override {}
  void on_closed(close_reason reason) override { metrics_->closed(reason).inc(); }

 private:
  std::shared_ptr<node_metrics> metrics_;
};

}  // namespace

void session_host::on_upgrade(io_unit& unit, std::shared_ptr<websocket_connection> connection,
                              upgrade_request request) {
  const std::shared_ptr<session_environment>& environment = environments_.at(&unit);
  if (!environment->places->enter()) {
    connection->start(std::make_shared<refused_connection>(environment->metrics));
    connection->close(close_reason::server_at_capacity);
    return;
  }
  caf::actor_config config{&unit};
  system_.spawn_class<session, caf::no_spawn_options>(
      config, unit, environment, ++last_id_, std::move(request.document), std::move(connection));
}

}  // namespace troupe
