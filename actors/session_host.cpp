#include "actors/session_host.hpp"

#include "actors/random_key.hpp"
#include "actors/shared_connection.hpp"
#include "actors/unit_choice.hpp"
#include "net/address_limits.hpp"
#include "net/request_target.hpp"

namespace troupe {

namespace {

/// A client that mistakes the port for another kind retries again and again.
constexpr std::chrono::seconds wrong_scheme_log_interval{1};

/// How much of a refused origin the log shows.
constexpr std::size_t origin_shown_bytes_max = 200;

/// Who comes from this machine counts for no address: a proxy that tells none brings many clients.
std::string charged_address(const std::string& address) {
  return is_loopback_address(address) ? std::string{} : address;
}

/// A connection that only gets the reason why it cannot stay.
class refused_connection final : public connection_handler {
 public:
  /// `ended` is called with the reason when the connection is gone.
  explicit refused_connection(std::function<void(close_reason)> ended) : ended_(std::move(ended)) {}

  void on_open() override {}
  void on_frame(frame_kind, byte_view) override {}
  void on_pong() override {}
  void on_closed(close_reason reason) override { ended_(reason); }

 private:
  std::function<void(close_reason)> ended_;
};

}  // namespace

/// An upgrade with its route, on its way to its unit.
class session_host::admitted final : public admitted_upgrade {
 public:
  admitted(session_host& host, const upgrade_request& request, route way,
           const identified_client& client)
      : host_(host),
        address_(request.remote_address),
        visitor_(host.visitor_of(request, way)),
        route_(std::move(way)),
        refused_(client.refused),
        fault_(client.fault) {}
  admitted(const admitted&) = delete;
  admitted& operator=(const admitted&) = delete;
  ~admitted() override { end_wait(); }

  std::chrono::milliseconds wait() override {
    turn_ = host_.refusals_->begin(visitor_, io_unit::clock::now());
    is_waiting_ = turn_.wait.count() > 0;
    if (turn_.cause) host_.on_return(*turn_.cause, route_.document, address_);
    return turn_.wait;
  }
  std::optional<passing_refusal> refusal() override {
    end_wait();
    auto why = turn_.refused;
    if (!why) why = host_.refusals_->refusal_after_wait(visitor_, io_unit::clock::now());
    if (!why || (why->cause == close_reason::server_at_capacity && host_.slots_->has_room()))
      return std::nullopt;
    host_.metrics_->turned_away("closed_before").inc();
    return passing_refusal{"Such connections were closed for the same cause a moment ago (" +
                               std::string{describe(why->cause).label} + "), try again later.\n",
                           why->retry_after};
  }

  io_unit& choose_unit(io_unit& current) override {
    return host_.choose_unit(current, route_.document);
  }
  void on_connection(io_unit& unit, std::shared_ptr<websocket_connection> connection) override {
    if (refused_)
      return host_.refuse_session(unit, connection, route_.document, visitor_, *refused_,
                                  fault_ ? access::describe(*fault_) : std::string_view{});
    if (route_.carries_sessions)
      return host_.open_shared(unit, std::move(connection), std::move(route_), visitor_);
    host_.spawn_session(unit, std::move(connection), std::move(route_), visitor_);
  }

 private:
  void end_wait() {
    if (std::exchange(is_waiting_, false)) host_.refusals_->end_wait();
  }

  session_host& host_;
  std::string address_;
  visitor_id visitor_;
  route route_;
  std::optional<close_reason> refused_;
  std::optional<access::token_fault> fault_;  // of its token
  recent_refusals::turn turn_;
  bool is_waiting_ = false;
};

session_host::session_host(caf::actor_system& system, route_rules routes, readiness_check readiness)
    : system_(system),
      routes_(std::move(routes)),
      readiness_(std::move(readiness)),
      visitor_key_(random_key()),
      schemes_logged_(wrong_scheme_log_interval) {}

std::optional<std::string> session_host::why_not_ready() const {
  return readiness_ ? readiness_() : std::nullopt;
}

result<std::unique_ptr<admitted_upgrade>> session_host::admit(upgrade_request request) {
  TROUPE_ASSIGN(auto path, decoded_path(request.target));
  TROUPE_ASSIGN(auto way,
                route_for({.path = std::move(path),
                           .user = query_parameter(query_of_target(request.target), "userId"),
                           .address = charged_address(request.remote_address)},
                          routes_));
  identified_client client = access_->identify(request, way.who);
  if (client.fault) note_fault(*client.fault, request.remote_address);
  way.who = std::move(client.who);
  way.expires = client.expires;
  if (way.carries_sessions) {
    // Each of its sessions will say who it is.
    way.awaits_token = access_->mode() != access::mode::open;
    way.refused_without_token = std::exchange(client.refused, std::nullopt);
  }
  return std::make_unique<admitted>(*this, request, std::move(way), client);
}

/// Whatever is wrong with a token, it is not shown.
void session_host::note_fault(access::token_fault why, const std::string& address) {
  const std::uint64_t count = count_for_log(faults_logged_, access::to_string(why));
  if (count == 0) return;
  log_line(log_severity::warning, "a token from " + address + " is refused: " +
                                      std::string{access::describe(why)} + since_last_line(count));
}

visitor_id session_host::visitor_of(const upgrade_request& request, const route& way) const {
  std::string text = request.remote_address;
  text.append("\n").append(user_of(way.who)).append("\n").append(way.document);
  return std::max(siphash128(as_bytes(text), visitor_key_).first, visitor_id{1});
}

void session_host::spawn_session(io_unit& unit, std::shared_ptr<websocket_connection> connection,
                                 route way, visitor_id visitor) {
  const std::shared_ptr<session_environment>& environment = environments_.at(&unit);
  if (!environment->slots->acquire())
    return refuse_session(unit, connection, way.document, visitor,
                          close_reason::server_at_capacity);
  caf::actor_config config{&unit};
  system_.spawn_class<session, caf::no_spawn_options>(
      config, unit, environment, ++last_id_, std::move(way), std::move(connection), visitor);
}

/// A connection that carries sessions has one slot, however many they are.
void session_host::open_shared(io_unit& unit, std::shared_ptr<websocket_connection> connection,
                               route way, visitor_id visitor) {
  const std::shared_ptr<session_environment>& environment = environments_.at(&unit);
  if (!environment->slots->acquire())
    return refuse_session(unit, connection, {}, visitor, close_reason::server_at_capacity);
  const auto shared = std::make_shared<shared_connection>(
      unit, environment, ++last_id_, std::move(way), std::move(connection), visitor,
      [this, &unit](std::shared_ptr<websocket_connection> part, route to) {
        spawn_carried(unit, std::move(part), std::move(to));
      });
  shared->start();
}

void session_host::spawn_carried(io_unit& unit, std::shared_ptr<websocket_connection> connection,
                                 route way) {
  caf::actor_config config{&unit};
  system_.spawn_class<session, caf::no_spawn_options>(
      config, unit, environments_.at(&unit), ++last_id_, std::move(way), std::move(connection),
      visitor_id{0}, session_place::carried);
}

/// The client can read why.
void session_host::refuse_session(io_unit& unit,
                                  const std::shared_ptr<websocket_connection>& connection,
                                  const std::string& document, visitor_id visitor, close_reason why,
                                  std::string_view detail) {
  connection->start(std::make_shared<refused_connection>(
      [environment = environments_.at(&unit), visitor, address = connection->remote_address(),
       document](close_reason reason) {
        const auto now = io_unit::clock::now();
        environment->metrics->closed(reason).inc();
        environment->refusals->note(visitor, reason, now);
        log_if_due(log_severity::warning,
                   environment->closings->line_for(reason, document, address, now));
      }));
  connection->close(why, detail);
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

void session_host::on_return(close_reason why, const std::string& document,
                             const std::string& address) {
  metrics_->held_back().inc();
  log_if_due(log_severity::info,
             closings_->line_for_return(why, document, address, io_unit::clock::now()));
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
