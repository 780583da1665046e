#include "app/exporter.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>

#include "net/port_check.hpp"

namespace troupe {

namespace {

constexpr const char* port_key = "caf.middleman.prometheus-http.port";
constexpr const char* address_key = "caf.middleman.prometheus-http.address";

}  // namespace

exporter_place place_of_exporter(caf::actor_system& system) {
  if (!system.has_middleman()) return {};
  return {caf::get_or(system.config(), address_key, "127.0.0.1"),
          system.middleman().prometheus_scraping_port()};
}

result<void> check_exporter(caf::actor_system& system) {
  const auto wanted = caf::get_as<std::uint16_t>(system.config(), port_key);
  const exporter_place place = place_of_exporter(system);
  if (!wanted || place.port != 0) return {};
  const auto now = check_port(place.address, *wanted);
  std::string text{"the metrics (metrics.address, metrics.port): cannot listen on address "};
  text.append(place.address).append(", port ").append(std::to_string(*wanted)).append(": ");
  text.append(now ? "it was in use a moment ago" : now.error().detail);
  return fail(errc::address_in_use, std::move(text));
}

}  // namespace troupe
