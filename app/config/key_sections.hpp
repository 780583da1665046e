// Short names of the sections of config, for the rows of key_table.cpp.
#pragma once

#include "app/config/config.hpp"

namespace troupe::key_sections {

using server = config::server_section;
using tls = config::tls_section;
using dialects = config::dialects_section;
using admin = config::admin_section;
using demo = config::demo_section;
using access_keys = config::access_section;
using webhook = config::access_webhook_section;
using limits = config::limits_section;
using heartbeat = config::heartbeat_section;
using io = config::io_section;
using logging = config::log_section;
using metrics = config::metrics_section;
using document = config::document_section;
using storage_keys = config::storage_section;
using database = config::storage_postgresql_section;
using versions = config::versions_section;
using watch = config::watch_section;
using webhooks = config::webhooks_section;
using upstream_keys = config::upstream_section;
using cluster_keys = config::cluster_section;
using copies = config::cluster_replication_section;
using cluster_tls = config::cluster_tls_section;
using cluster_beat = config::cluster_heartbeat_section;
using cluster_link = config::cluster_link_section;
using inspect_keys = config::inspect_section;
using gateway_keys = config::gateway_section;

/// The accessor of a field, for a config_field.
template <auto Section, auto Field>
constexpr auto& in(config& settings) {
  return settings.*Section.*Field;
}

}  // namespace troupe::key_sections
