#include "app/cluster/published_port.hpp"

#include <fstream>

#include <caf/io/middleman_actor.hpp>
#include <caf/openssl/manager.hpp>
#include <caf/send.hpp>

namespace troupe {

namespace {

result<void> check_readable(const char* key, const std::string& path) {
  if (std::ifstream{path}.good()) return {};
  return fail(errc::invalid_config,
              std::string{key}.append(": the file '").append(path).append("' cannot be read"));
}

}  // namespace

bool has_cluster_tls(const config& settings) {
  return settings.cluster.enabled && !settings.cluster_tls.certificate.empty();
}

result<void> check_cluster_tls(const config& settings) {
  if (!has_cluster_tls(settings)) return {};
  TROUPE_TRY(check_readable("cluster.tls.certificate", settings.cluster_tls.certificate));
  TROUPE_TRY(check_readable("cluster.tls.key", settings.cluster_tls.key));
  return check_readable("cluster.tls.ca", settings.cluster_tls.ca);
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
