#include "app/cluster/published_port.hpp"

#include <string>

#include <caf/io/middleman_actor.hpp>
#include <caf/openssl/manager.hpp>
#include <caf/send.hpp>

#include "net/tls_context.hpp"

namespace troupe {

bool has_cluster_tls(const config& settings) {
  return settings.cluster.enabled && !settings.cluster_tls.certificate.empty();
}

result<void> check_certificates(const config::cluster_tls_section& files) {
  const auto loaded = tls_context::load(files.certificate, files.key);
  if (!loaded)
    return fail(loaded.error().code,
                "cluster.tls.certificate, cluster.tls.key: " + loaded.error().detail);
  const auto checked = tls_context::check_authorities(files.ca);
  if (!checked) return fail(checked.error().code, "cluster.tls.ca: " + checked.error().detail);
  return {};
}

result<void> check_cluster_tls(const config& settings) {
  return has_cluster_tls(settings) ? check_certificates(settings.cluster_tls) : result<void>{};
}

caf::io::middleman_actor connector_of(const config& settings, caf::actor_system& system) {
  return has_cluster_tls(settings) ? system.openssl_manager().actor_handle()
                                   : system.middleman().actor_handle();
}

void unpublish(const config& settings, caf::actor_system& system, const published_port& what) {
  if (what.port == 0) return;
  caf::anon_send(connector_of(settings, system), caf::unpublish_atom_v, what.actor, what.port);
}

}  // namespace troupe
