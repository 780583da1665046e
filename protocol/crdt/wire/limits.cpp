#include "protocol/crdt/wire/limits.hpp"

#include <limits>

#include "protocol/lib0/decoder.hpp"

namespace troupe::crdt {

limits limits_of_stored(const limits& of) noexcept {
  constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
  limits stored = of;
  stored.any_depth_max = lib0::any_depth_limit;
  stored.name_size_max = stored.document_size_max = stored.pending_size_max = unlimited;
  stored.structs_per_update_max = stored.structs_in_runs_max = unlimited;
  stored.clients_max = stored.reused_key_bytes_max = unlimited;
  stored.update_steps_max = std::numeric_limits<std::uint64_t>::max();
  stored.unusable = unusable_content::repair;
  return stored;
}

failure with_limit(failure what, const limits& of) {
  const auto name = [&](const char* key, std::size_t value, const char* unit) {
    what.detail += std::string{", "} + key + " is " + std::to_string(value) + " " + unit;
  };
  switch (what.code) {
    case errc::name_too_long: name("limits.max_name_size", of.name_size_max, "bytes"); break;
    case errc::too_deep: name("limits.max_nesting", of.any_depth_max, "levels"); break;
    case errc::update_too_large:
      what.detail += ", an update has at most " + std::to_string(of.structs_per_update_max);
      break;
    default: break;
  }
  return what;
}

}  // namespace troupe::crdt
