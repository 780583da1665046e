// The configuration of a node, as plain values: what the rest of troupe reads. Filled once at
// start-up by load_config (app/config/load.hpp) and constant afterwards, so any thread may read it.
//
// The initialisers below are the defaults, and the only place where a default is written in code.
// The table in app/config/key_table.cpp names each field, its range, its unit and its meaning;
// config/reference.yaml shows them to operators. A key, its field and its metric use the same word.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "actors/log_format.hpp"
#include "actors/log_levels.hpp"
#include "protocol/access/access_mode.hpp"
#include "protocol/cluster/replication.hpp"

namespace troupe {

using log_level = log_severity;

/// Where documents are kept.
enum class storage_engine : std::uint8_t { rocksdb, memory, postgresql };

/// The dialect of the binary frames at the path `/`.
enum class default_dialect : std::uint8_t { y_websocket, hocuspocus };

/// The notation of a value: `section` is an empty map, `sections` a list of maps, `nothing` a key
/// without a value. A key of ours has a single value or a list of texts, apart from the lists of
/// sections in app/config/sections.hpp; options of CAF may be lists.
enum class value_shape : std::uint8_t { single, list, section, sections, nothing };

/// One `caf.*` key, not yet checked: only CAF knows its own keys and their types
/// (app/config/caf_options.hpp).
struct caf_setting {
  std::string key;    ///< Dotted, with the prefix: "caf.scheduler.policy".
  std::string text;   ///< As written; a list in CAF's notation: ["a", "b"].
  std::string place;  ///< Where it was set: "node.yaml:12", "TROUPE_CAF__...", "--set caf...".
  value_shape shape = value_shape::single;
};

struct config {
  struct server_section {
    std::string address = "127.0.0.1";
    std::uint16_t port = 3001;
    std::vector<std::string> allowed_origins;
    std::vector<std::string> subprotocols;
    std::string empty_document_name;  ///< Empty: the address "/" names no document.
    std::string api_prefix;           ///< Empty: the REST API is only on the admin port.
    std::chrono::milliseconds drain_delay{0};
  };

  struct tls_section {
    std::string certificate;  ///< A file; empty: no TLS.
    std::string key;
  };

  struct dialects_section {
    default_dialect at_root = default_dialect::y_websocket;
    std::string hocuspocus_path = "/hocuspocus";  ///< Empty: none.
    std::string y_sweet_path = "/y-sweet";        ///< Empty: none.
    std::string y_sweet_token;                    ///< Never printed. Empty: y_sweet_token_file.
    std::string y_sweet_token_file;               ///< Empty: none.
    std::string y_sweet_url;                      ///< Empty: that of each request.
  };

  struct admin_section {
    bool enabled = true;
    std::string address = "127.0.0.1";
    std::uint16_t port = 3002;
    std::vector<std::string> allowed_hosts;
    std::string token;             ///< Never printed. Empty: token_file, or one that was generated.
    std::string token_file;        ///< Empty: none.
    std::string backup_directory;  ///< Empty: no backups.
  };

  struct demo_section {
    bool enabled = true;
    bool remote = false;
  };

  /// One entry of access.keys: a secret for the algorithms that begin with HS, a public key for the
  /// others.
  struct access_key_section {
    std::string id;  ///< `kid` of the tokens; empty: for tokens whose `kid` no other key has.
    std::string algorithm;
    std::string secret;  ///< Never printed.
    std::string secret_file;
    std::string public_key;  ///< PEM.
    std::string public_key_file;
  };

  /// One entry of access.rules.
  struct access_rule_section {
    using condition = std::pair<std::string, std::vector<std::string>>;

    std::vector<condition> claims;  ///< Paths of claims, each with the values that it may have.
    std::string document;           ///< This or `glob`.
    std::string glob;
    std::vector<std::string> rights;
  };

  struct access_webhook_section {
    std::string url;
    std::string secret;       ///< Never printed. Empty: secret_file.
    std::string secret_file;  ///< Empty: none.
    std::chrono::milliseconds timeout{5'000};
    std::chrono::milliseconds cache_max{60'000};
  };

  struct access_section {
    troupe::access::mode mode = troupe::access::mode::open;
    troupe::access::anonymous anonymous = troupe::access::anonymous::none;
    std::string jwks_url;  ///< Empty: none.
    std::vector<std::string> audience;
    std::vector<std::string> issuer;
    std::chrono::milliseconds clock_skew{30'000};
    std::chrono::milliseconds max_token_age{0};
    std::string user_claim = "sub";
    std::string documents_claim = "docs";
    std::string cookie;  ///< Empty: none is looked at.
    bool stamp_presence = false;
    std::vector<std::string> presence_claims = {"name", "color"};
    std::vector<access_key_section> keys;
    std::vector<access_rule_section> rules;
  };

  struct limits_section {
    std::size_t max_connections = 10'000;
    std::size_t max_connections_per_address = 1'000;
    std::size_t accepts_per_second = 100;
    std::size_t accept_burst = 500;
    std::size_t max_message_size = 1024 * 1024;
    std::size_t max_update_size = 16 * 1024 * 1024;
    std::size_t max_sync_size = 64 * 1024 * 1024;
    std::size_t max_large_messages = 256 * 1024 * 1024;
    std::size_t messages_per_second = 100;
    std::size_t message_burst = 200;
    std::size_t edit_burst = 5'000;
    std::size_t presence_per_second = 100;
    std::size_t api_requests_per_second = 100;
    std::size_t api_request_burst = 200;
    std::size_t max_documents = 1'000;
    std::size_t max_documents_per_session = 100;
    std::size_t max_documents_per_user = 200;
    std::size_t max_documents_per_address = 500;
    std::size_t max_pending_size = 16 * 1024 * 1024;
    std::size_t max_document_size = 1024 * 1024 * 1024;
    std::size_t max_client_ids = 10'000'000;
    std::size_t max_new_client_ids = 1'000;
    std::size_t max_name_size = 1024 * 1024;
    std::size_t max_nesting = 1'000;
    std::size_t max_update_work = 100'000'000;
    std::size_t max_pending_total = 256 * 1024 * 1024;
    std::size_t max_pending_per_user = 32 * 1024 * 1024;
    std::size_t max_pending_per_address = 64 * 1024 * 1024;
    std::size_t write_queue_size = 4 * 1024 * 1024;
  };

  struct heartbeat_section {
    std::chrono::milliseconds interval{30'000};
    std::chrono::milliseconds timeout{60'000};
    std::chrono::milliseconds write_timeout{10'000};
  };

  struct io_section {
    std::size_t threads = 0;
    std::chrono::milliseconds flush_interval{5};
  };

  struct log_section {
    log_level level = log_level::info;
    std::vector<std::string> levels;  ///< "troupe.store=debug".
    bool console = true;
    std::string file;  ///< Empty: none.
    log_format format = log_format::text;
    std::string requests;  ///< A file, or "stderr"; empty: none.
    std::string audit;
  };

  struct metrics_section {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: metrics are not served.
  };

  struct document_section {
    std::chrono::milliseconds idle_grace{30'000};
    std::chrono::milliseconds fold_after{5'000};
    bool on_io_threads = true;
  };

  struct storage_section {
    storage_engine engine = storage_engine::rocksdb;
    std::string path = "data";  ///< A directory; relative to the working directory of the process.
    std::size_t cache_size = 64 * 1024 * 1024;
    std::size_t write_buffer_size = 16 * 1024 * 1024;
    std::size_t max_queue_size = 256 * 1024 * 1024;
  };

  struct storage_postgresql_section {
    std::string url;
    std::size_t pool = 4;
    std::string schema = "troupe";
    std::chrono::milliseconds statement_timeout{10'000};
    std::chrono::milliseconds patience{30'000};
    std::string tls;
  };

  struct versions_section {
    bool enabled = true;
    std::chrono::milliseconds interval{std::chrono::minutes{10}};
    std::chrono::milliseconds keep_all{std::chrono::hours{1}};
    std::chrono::milliseconds keep_hourly{std::chrono::hours{24}};
    std::chrono::milliseconds keep_daily{std::chrono::hours{24 * 30}};
    std::size_t max_per_document = 200;
  };

  /// One entry of documents.rules. A document takes the first that matches its name.
  struct rule_section {
    std::string name;  ///< A whole name, or with * at the end what names begin with.
    bool gc = true;
  };

  struct documents_section {
    std::vector<rule_section> rules;
  };

  /// One entry of watch.directories.
  struct watched_section {
    std::string directory;
    std::string document = "{path}";
    std::vector<std::string> include;
    /// Version control, and temporary files of editors.
    std::vector<std::string> exclude = {".git", ".hg", ".svn", "*.sw[px]", "*~",
                                        "4913", ".#*", "#*#",  ".DS_Store"};
  };

  struct watch_section {
    std::chrono::milliseconds debounce{100};
    std::vector<watched_section> directories;
  };

  struct webhooks_section {
    std::string url;          ///< Empty: no webhooks.
    std::string secret;       ///< Never printed. Empty: secret_file.
    std::string secret_file;  ///< Empty: none.
    std::vector<std::string> events = {"document.changed", "document.deleted"};
    std::chrono::milliseconds debounce{2'000};
    std::chrono::milliseconds max_delay{10'000};
    std::chrono::milliseconds timeout{10'000};
    bool include_contents = false;
    bool allow_private_addresses = false;
    std::size_t max_queued = 100'000;
    std::size_t max_queue_size = 64 * 1024 * 1024;
  };

  struct upstream_section {
    std::string url;  ///< Empty: documents are fetched from nowhere.
    std::string protocol = "y-websocket";
    std::string token;       ///< Never printed. Empty: token_file.
    std::string token_file;  ///< Empty: none.
    std::string ca_file;     ///< Empty: the certificates of the system.
    std::vector<std::string> documents = {"*"};
    std::chrono::milliseconds timeout{10'000};
    std::chrono::milliseconds settle_time{1'000};
    std::size_t connections = 32;
  };

  struct cluster_section {
    bool enabled = false;
    std::string name;
    std::string node;
    std::string address = "127.0.0.1";
    std::uint16_t port = 4101;
    std::string advertise;           ///< HOST:PORT; empty: address and port.
    std::vector<std::string> seeds;  ///< Empty: this node alone.
    troupe::cluster::durability_mode durability = troupe::cluster::durability_mode::keepers;
    std::chrono::milliseconds load_timeout{10'000};
  };

  struct cluster_replication_section {
    std::size_t keepers = 3;
    std::size_t write_acks = 2;
    troupe::cluster::replication_mode mode = troupe::cluster::replication_mode::strict;
  };

  struct cluster_tls_section {
    std::string certificate;  ///< A file; empty: no TLS.
    std::string key;
    std::string ca;
  };

  struct cluster_heartbeat_section {
    std::chrono::milliseconds interval{1'000};
    std::chrono::milliseconds timeout{5'000};
  };

  struct cluster_link_section {
    std::size_t queue_size = 8 * 1024 * 1024;
    std::size_t credit = 4 * 1024 * 1024;
  };

  struct inspect_section {
    bool enabled = true;
    std::string address = "127.0.0.1";
    std::uint16_t port = 3003;
  };

  struct gateway_section {
    bool enabled = false;
    std::string address = "127.0.0.1";
    std::uint16_t port = 3004;
    std::size_t max_sessions = 256;
  };

  server_section server;
  tls_section tls;
  dialects_section dialects;
  admin_section admin;
  demo_section demo;
  access_section access;
  access_webhook_section access_webhook;
  limits_section limits;
  heartbeat_section heartbeat;
  io_section io;
  log_section log;
  metrics_section metrics;
  storage_section storage;
  storage_postgresql_section storage_postgresql;
  versions_section versions;
  document_section document;
  documents_section documents;
  watch_section watch;
  webhooks_section webhooks;
  upstream_section upstream;
  cluster_section cluster;
  cluster_replication_section cluster_replication;
  cluster_tls_section cluster_tls;
  cluster_heartbeat_section cluster_heartbeat;
  cluster_link_section cluster_link;
  inspect_section inspect;
  gateway_section gateway;
  std::vector<caf_setting> caf;  ///< In the order they were set; the last of a key wins.
};

/// One mistake in the configuration, for the operator to read.
struct config_problem {
  /// "node.yaml:12", "TROUPE_SERVER__PORT", "--set server.port", or the path of a file.
  std::string place;
  std::string key;   ///< The dotted key; empty where there is none, as for a syntax error.
  std::string text;  ///< What is wrong and what is allowed.
};

/// One line: "node.yaml:12: server.port: must be ..." The key is left out where the place ends with
/// it.
std::string to_string(const config_problem& problem);

/// The number of I/O threads to start: io.threads, or a quarter of the cores where that is 0; at
/// least 1.
std::size_t io_thread_count(const config& settings, std::size_t cores);

/// The number of cores this process may use; at least 1.
std::size_t core_count();

}  // namespace troupe
