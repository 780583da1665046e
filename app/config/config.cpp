#include "app/config/config.hpp"

#include <algorithm>
#include <thread>

namespace troupe {

std::string to_string(const config_problem& problem) {
  const bool place_names_key = problem.key.empty() || problem.place.ends_with(" " + problem.key);
  if (place_names_key) return problem.place + ": " + problem.text;
  return problem.place + ": " + problem.key + ": " + problem.text;
}

std::size_t io_thread_count(const config& settings, std::size_t cores) {
  if (settings.io.threads != 0) return settings.io.threads;
  return std::max<std::size_t>(1, cores / 4);
}

std::size_t core_count() { return std::max<std::size_t>(1, std::thread::hardware_concurrency()); }

}  // namespace troupe
