#include "app/gateway.hpp"

#include <utility>

#include "actors/gateway.hpp"
#include "app/config/to_settings.hpp"

namespace troupe {

namespace {

gateway_settings settings_of(const config& settings, const secret& admin_token) {
  gateway_settings of;
  of.program = TROUPE_VERSION;
  of.admin_token = admin_token;
  of.sessions_max = settings.gateway.max_sessions;
  of.update_bytes_max = settings.limits.max_sync_size;
  of.user_rate = {settings.limits.api_requests_per_second, settings.limits.api_request_burst};
  const archive_settings reading = to_archive_settings(settings);
  of.doc_of = [rules = reading.rules, doc = reading.doc](const std::string& document) {
    return settings_for(document, rules, doc);
  };
  return of;
}

}  // namespace

result<opened_gateway> open_gateway(const config& settings, caf::actor_system& system,
                                    const secret& admin_token, directory_actor directory,
                                    std::shared_ptr<access_control> access,
                                    std::shared_ptr<worker_pool> workers) {
  const auto desk =
      std::make_shared<gateway_desk>(settings_of(settings, admin_token), std::move(directory),
                                     std::move(access), std::move(workers));
  opened_gateway opened;
  opened.actor = system.spawn<gateway>(desk);
  auto at =
      publish(settings, system, client::gateway{opened.actor}, "gateway.address, gateway.port",
              settings.gateway.address, settings.gateway.port);
  if (!at) {
    close_gateway(settings, system, opened);
    return tl::unexpected(std::move(at).error());
  }
  opened.at = *std::move(at);
  return opened;
}

void close_gateway(const config& settings, caf::actor_system& system, opened_gateway& opened) {
  if (!opened.actor) return;
  unpublish(settings, system, opened.at);
  caf::anon_send_exit(opened.actor, caf::exit_reason::user_shutdown);
  opened = {};
}

}  // namespace troupe
