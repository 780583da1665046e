// From the section `watch` of the configuration to what net/file_watcher takes. Pure.
#pragma once

#include "app/config/config.hpp"
#include "net/watch/watched_directory.hpp"

namespace troupe {

/// Fails with errc::invalid_config if a pattern is none, which load_config has refused before.
result<watch_settings> to_watch_settings(const config& settings);

}  // namespace troupe
