#include "actors/session_host.hpp"

#include "actors/unit_choice.hpp"
#include "net/request_target.hpp"

namespace troupe {

namespace {

/// A client that mistakes the port for another kind retries again and again.
constexpr std::chrono::seconds wrong_scheme_log_interval{1};

/// How much of a refused origin the log shows.
constexpr std::size_t origin_shown_bytes_max = 200;

/// A connection that only hears why it cannot stay.
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

/// An upgrade with its route, on its way to its unit.
class session_host::admitted final : public admitted_upgrade {
 public:
  admitted(session_host& host, route way) : host_(host), route_(std::move(way)) {}

  io_unit& choose_unit(io_unit& current) override {
    return host_.choose_unit(current, route_.document);
  }
  void on_connection(io_unit& unit, std::shared_ptr<websocket_connection> connection) override {
    host_.spawn_session(unit, std::move(connection), std::move(route_));
  }

 private:
  session_host& host_;
  route route_;
};

session_host::session_host(caf::actor_system& system, std::string empty_document_name)
    : system_(system),
      empty_document_name_(std::move(empty_document_name)),
      schemes_logged_(wrong_scheme_log_interval) {}

result<std::unique_ptr<admitted_upgrade>> session_host::admit(upgrade_request request) {
  TROUPE_ASSIGN(auto path, decoded_path(request.target));
  TROUPE_ASSIGN(auto way,
                route_for({.path = std::move(path),
                           .user = query_parameter(query_of_target(request.target), "userId")},
                          empty_document_name_));
  return std::make_unique<admitted>(*this, std::move(way));
}

void session_host::spawn_session(io_unit& unit, std::shared_ptr<websocket_connection> connection,
                                 route way) {
  const std::shared_ptr<session_environment>& environment = environments_.at(&unit);
  if (!environment->slots->acquire()) {
    connection->start(std::make_shared<refused_connection>(environment->metrics));
    connection->close(close_reason::server_at_capacity);
    return;
  }
  caf::actor_config config{&unit};
  system_.spawn_class<session, caf::no_spawn_options>(config, unit, environment, ++last_id_,
                                                      std::move(way), std::move(connection));
}

io_unit& session_host::choose_unit(io_unit& current, const std::string& document) {
  if (units_.size() == 1 || document.empty()) return current;
  io_unit* const home = units_[unit_index(document, units_.size())];
  std::size_t all = 0;
  io_unit* emptiest = home;
  for (io_unit* const unit : units_) {
    all += unit->connection_count();
    if (unit->connection_count() < emptiest->connection_count()) emptiest = unit;
  }
  return is_overfull(home->connection_count(), all, units_.size()) ? *emptiest : *home;
}

void session_host::on_refused(admission why) {
  metrics_->turned_away(why == admission::too_many ? "too_many" : "too_fast").inc();
}

/// How often the thing has happened since its last line, or 0 if no line is due.
std::uint64_t session_host::count_for_log(log_quota& quota, std::string_view key) {
  const std::lock_guard lock{log_mutex_};
  return quota.note(key, io_unit::clock::now());
}

void session_host::on_origin_refused(std::string_view origin, const std::string& remote_address) {
  metrics_->turned_away("origin").inc();
  const std::string_view shown = origin.substr(0, origin_shown_bytes_max);
  const std::uint64_t count = count_for_log(origins_logged_, shown);
  if (count == 0) return;
  log_line(log_severity::warning,
           "pages of " + std::string{shown} +
               " may not connect (server.allowed_origins): " + std::to_string(count) +
               " refused since the last such line, now from " + remote_address);
}

void session_host::on_out_of_resources(const std::string& why) {
  metrics_->accept_failures().inc();
  const std::uint64_t count = count_for_log(failures_logged_, why);
  if (count == 0) return;
  log_line(log_severity::error, "new connections have to wait: " + why + " (" +
                                    std::to_string(count) +
                                    " attempts failed since the last such line); raise the limit "
                                    "of open files (ulimit -Hn) or lower limits.max_connections");
}

void session_host::on_wrong_scheme(wrong_scheme spoken, const std::string& remote_address) {
  const bool is_plain = spoken == wrong_scheme::plain;
  metrics_->turned_away(is_plain ? "plain" : "tls").inc();
  if (count_for_log(schemes_logged_, {}) == 0) return;
  log_line(log_severity::warning,
           remote_address + (is_plain ? " spoke plain HTTP to a TLS port; its URL must begin with "
                                        "wss:// or https://"
                                      : " spoke TLS to a plain port; its URL must begin with ws:// "
                                        "or http://, or server.tls.certificate be set"));
}

}  // namespace troupe
