#include "actors/caf_compat.hpp"

#include "base/printable.hpp"

namespace troupe {

void log_line(log_severity severity, const std::string& text) {
  CAF_LOG_IMPL("troupe", static_cast<unsigned>(severity), printable(text));
}

}  // namespace troupe
