#include "actors/caf_compat.hpp"

#include <array>

#include "base/printable.hpp"

namespace troupe {

namespace {

constexpr std::array<unsigned, 4> caf_levels{CAF_LOG_LEVEL_ERROR, CAF_LOG_LEVEL_WARNING,
                                             CAF_LOG_LEVEL_INFO, CAF_LOG_LEVEL_DEBUG};

}  // namespace

void log_line(log_severity severity, const std::string& text, const char* file) {
  const log_component from = component_of_file(file);
  if (!levels_of_process().allows(severity, from)) return;
  const std::string_view name = to_string(from);
  CAF_LOG_IMPL(caf::string_view(name.data(), name.size()),
               caf_levels[static_cast<std::size_t>(severity)], printable(text));
}

}  // namespace troupe
