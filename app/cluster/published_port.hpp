// An actor that other processes reach at a port, over CAF's network layer: by plain TCP, or by TLS
// with the certificates of cluster.tls, where both sides show one. Whoever reaches such a port can
// send anything to whatever actor the node has shown to other processes, so it is open to this
// machine alone, or has TLS. Thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <caf/actor_addr.hpp>
#include <caf/actor_system.hpp>
#include <caf/io/middleman.hpp>
#include <caf/openssl/publish.hpp>

#include "app/config/config.hpp"
#include "base/errc.hpp"

namespace troupe {

/// Whether other nodes, and whoever else connects, must show a certificate.
bool has_cluster_tls(const config& settings);

/// Whether these files can be used. CAF shows one that it cannot use as a failed connection, much
/// later. Fails with invalid_config.
result<void> check_certificates(const config::cluster_tls_section& files);

/// The same of the certificates of a node, where it has some.
result<void> check_cluster_tls(const config& settings);

/// The actor that connects to other processes.
caf::io::middleman_actor connector_of(const config& settings, caf::actor_system& system);

struct published_port {
  caf::actor_addr actor;
  std::uint16_t port = 0;  ///< 0: nothing is published.
};

/// `key`: of the address and port, for the text of the failure. Port 0: any that is free. Fails
/// with address_in_use.
template <class Actor>
result<published_port> publish(const config& settings, caf::actor_system& system,
                               const Actor& actor, const std::string& key,
                               const std::string& address, std::uint16_t port) {
  const auto opened = has_cluster_tls(settings)
                          ? caf::openssl::publish(actor, port, address.c_str(), true)
                          : system.middleman().publish(actor, port, address.c_str(), true);
  if (opened) return published_port{actor.address(), *opened};
  return fail(errc::address_in_use, key + ": cannot listen on " + address + ":" +
                                        std::to_string(port) + ": " +
                                        caf::to_string(opened.error()));
}

/// Nobody connects any more. CAF's function for this, where there is TLS, does not compile in
/// 0.18.7.
void unpublish(const config& settings, caf::actor_system& system, const published_port& what);

}  // namespace troupe
