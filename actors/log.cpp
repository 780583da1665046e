#include "actors/caf_compat.hpp"

namespace troupe {

void log_line(log_severity severity, const std::string& text) {
  CAF_LOG_IMPL("troupe", static_cast<unsigned>(severity), text);
}

}  // namespace troupe
