// CAF's exporter of the metrics, which starts with the actor system and does not report when
// it cannot. Thread: the main thread.
#pragma once

#include <cstdint>
#include <string>

#include <caf/actor_system.hpp>

#include "base/errc.hpp"

namespace troupe {

/// Where it listens; port 0: it does not.
struct exporter_place {
  std::string address;
  std::uint16_t port = 0;
};
exporter_place place_of_exporter(caf::actor_system& system);

/// Fails with address_in_use if the exporter was to listen and does not: the text names address,
/// port, keys and cause.
result<void> check_exporter(caf::actor_system& system);

}  // namespace troupe
