#include "base/check.hpp"

#include <string>

namespace troupe {

void throw_broken_promise(const char* condition, const char* file, int line) {
  throw broken_promise(std::string{"broken promise: "} + condition + " (" + file + ":" +
                       std::to_string(line) + ")");
}

}  // namespace troupe
