#include "app/config/port_checks.hpp"

#include "app/config/values.hpp"
#include "net/address_limits.hpp"

namespace troupe {

namespace {

struct opened_port {
  const char* section;
  bool is_enabled;
  const std::string& address;
  std::uint16_t port;
};

std::string key_of(const opened_port& of, const char* name) {
  return std::string{of.section}.append(".").append(name);
}

}  // namespace

std::vector<port_problem> check_ports(const config& settings) {
  std::vector<port_problem> problems;
  const bool has_tls = settings.cluster.enabled && !settings.cluster_tls.certificate.empty();
  const opened_port inspect{"inspect", settings.inspect.enabled, settings.inspect.address,
                            settings.inspect.port};
  const opened_port gateway{"gateway", settings.gateway.enabled, settings.gateway.address,
                            settings.gateway.port};
  for (const opened_port* const each : {&inspect, &gateway})
    if (each->is_enabled && !has_tls && !is_loopback_address(each->address))
      problems.push_back({key_of(*each, "address"),
                          in_quotes(each->address) +
                              " can be reached from other machines, which needs cluster.tls: "
                              "without it everybody there could reach the actors of this node"});
  if (inspect.is_enabled && gateway.is_enabled && gateway.port != 0 &&
      gateway.port == inspect.port && gateway.address == inspect.address)
    problems.push_back({key_of(gateway, "port"), "must not be the same as inspect.port"});
  return problems;
}

}  // namespace troupe
