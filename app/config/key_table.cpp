#include <array>

#include "app/config/key_sections.hpp"
#include "app/config/keys.hpp"

namespace troupe {

namespace {

using namespace std::chrono_literals;
using namespace key_sections;

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t gib = kib * kib * kib;
constexpr std::uint64_t million = 1'000'000;
constexpr std::string_view time_units = "ms, s, m or h";

constexpr std::array keys{
    config_key{"server.address", address_field{in<&config::server, &server::address>}, "IP address",
               "address to listen on; 0.0.0.0 or :: for all interfaces"},
    config_key{"server.port", port_field{in<&config::server, &server::port>}, "TCP port",
               "port to listen on; 0 picks any free port"},
    config_key{"server.allowed_origins",
               text_list_field{in<&config::server, &server::allowed_origins>}, "origins",
               "origins of the web pages that may connect, such as https://app.example.com; * "
               "allows all; an empty list allows pages of this machine, and those of the host and "
               "port that their request names, over https or by IP address"},
    config_key{"server.subprotocols", text_list_field{in<&config::server, &server::subprotocols>},
               "names",
               "WebSocket subprotocols that are answered if a client offers them; an empty list "
               "answers the first one offered"},
    config_key{"server.empty_document_name",
               text_field{in<&config::server, &server::empty_document_name>}, "document",
               "document of the address /; empty: it names none, and y-websocket clients are "
               "closed"},
    config_key{"server.api_prefix", text_field{in<&config::server, &server::api_prefix>}, "path",
               "path in front of /api/v1 under which the public port serves the REST API to users "
               "with a token, such as /backend, or / for none; needs access.mode token; empty: the "
               "API is on the admin port only"},
    config_key{"server.drain_delay",
               duration_field{in<&config::server, &server::drain_delay>, 0ms, 5min}, time_units,
               "when the node is asked to stop, time for which /readyz says so before connections "
               "are closed, so that a load balancer sends no new ones"},
    config_key{"server.tls.certificate", text_field{in<&config::tls, &tls::certificate>}, "file",
               "certificate chain in PEM, for wss://; empty turns TLS off; SIGHUP reloads it"},
    config_key{"server.tls.key", text_field{in<&config::tls, &tls::key>}, "file",
               "private key of server.tls.certificate in PEM, without a passphrase"},

    config_key{"dialects.default", default_dialect_field{in<&config::dialects, &dialects::at_root>},
               "y-websocket or hocuspocus",
               "dialect of the address /; hocuspocus: clients of Hocuspocus need no path, and each "
               "message names its document"},
    config_key{
        "dialects.hocuspocus_path", text_field{in<&config::dialects, &dialects::hocuspocus_path>},
        "path",
        "path at which and below which the Hocuspocus dialect is spoken, so that no document "
        "of other clients has such a name; empty: at none"},
    config_key{"dialects.y_sweet_path", text_field{in<&config::dialects, &dialects::y_sweet_path>},
               "path",
               "path below which y-sweet's dialect is spoken and its HTTP API served, / for the "
               "root; empty: at none"},
    config_key{"dialects.y_sweet_token",
               secret_field{in<&config::dialects, &dialects::y_sweet_token>}, "token",
               "server token that an application shows to get client tokens, 16 to 1024 letters, "
               "digits and -._~+/=; needs access.mode token or webhook; empty: that of "
               "dialects.y_sweet_token_file"},
    config_key{"dialects.y_sweet_token_file",
               text_field{in<&config::dialects, &dialects::y_sweet_token_file>}, "file",
               "file with nothing but the server token; empty: there is none"},
    config_key{"dialects.y_sweet_url", text_field{in<&config::dialects, &dialects::y_sweet_url>},
               "URL",
               "http:// or https:// URL of dialects.y_sweet_path as clients reach it, for servers "
               "behind a proxy; empty: the host that the application asks, with https if "
               "server.tls is set"},

    config_key{"admin.enabled", switch_field{in<&config::admin, &admin::enabled>}, "true or false",
               "whether to serve the admin pages (docs/admin.md)"},
    config_key{
        "admin.address", address_field{in<&config::admin, &admin::address>}, "IP address",
        "address of the admin pages; they speak no TLS, so the token can be read on the way to "
        "another machine"},
    config_key{"admin.port", port_field{in<&config::admin, &admin::port>}, "TCP port",
               "port of the admin pages; 0 picks any free port"},
    config_key{
        "admin.allowed_hosts", text_list_field{in<&config::admin, &admin::allowed_hosts>}, "hosts",
        "further names under which the admin pages may be asked for, without a port, besides "
        "admin.address, localhost and loopback addresses"},
    config_key{"admin.token", secret_field{in<&config::admin, &admin::token>}, "token",
               "what a request to the admin pages must show, 16 to 1024 letters, digits and "
               "-._~+/=; empty: that of admin.token_file, or one that the node makes and keeps in "
               "storage.path"},
    config_key{"admin.token_file", text_field{in<&config::admin, &admin::token_file>}, "file",
               "file with nothing but the token; empty: none"},
    config_key{"admin.backup_directory", text_field{in<&config::admin, &admin::backup_directory>},
               "directory",
               "directory below which the admin pages write backups; empty: they write none"},

    config_key{"demo.enabled", switch_field{in<&config::demo, &demo::enabled>}, "true or false",
               "whether the public port shows the page /demo, on which browsers edit documents "
               "whose names begin with demo/"},
    config_key{"demo.remote", switch_field{in<&config::demo, &demo::remote>}, "true or false",
               "whether browsers on other machines are shown it, too"},

    config_key{"access.mode", access_mode_field{in<&config::access, &access_keys::mode>},
               "open, token or webhook",
               "who decides what a client may do: open lets everybody read and write everything; "
               "token takes signed tokens and the rules below; webhook asks access.webhook.url"},
    config_key{"access.anonymous", anonymous_field{in<&config::access, &access_keys::anonymous>},
               "none, read or write",
               "what clients without a token may do with every document, where access.mode is "
               "token; a token that is refused never counts as none"},
    config_key{"access.jwks_url", text_field{in<&config::access, &access_keys::jwks_url>}, "URL",
               "where the issuer of tokens publishes its keys (JSON Web Key Set), besides those of "
               "access.keys; https, or http on this machine; empty: nowhere"},
    config_key{"access.audience", text_list_field{in<&config::access, &access_keys::audience>},
               "names",
               "names of this service; a token must be for one of them (aud); an empty list takes "
               "only tokens that name nobody"},
    config_key{"access.issuer", text_list_field{in<&config::access, &access_keys::issuer>}, "names",
               "issuers of tokens that are trusted (iss); an empty list trusts whoever has a key"},
    config_key{"access.clock_skew",
               duration_field{in<&config::access, &access_keys::clock_skew>, 0ms, 5min}, time_units,
               "how much the clocks of issuers may differ from that of this machine; whole seconds "
               "count"},
    config_key{"access.max_token_age",
               duration_field{in<&config::access, &access_keys::max_token_age>, 0ms, 8784h},
               time_units,
               "how long after it was issued (iat) a token may be used, whatever its expiry; 0s: "
               "as long as that says"},
    config_key{"access.user_claim", text_field{in<&config::access, &access_keys::user_claim>},
               "claim", "claim that names the user; dots lead into objects"},
    config_key{"access.documents_claim",
               text_field{in<&config::access, &access_keys::documents_claim>}, "claim",
               "claim with the documents and rights of a token (docs/security.md)"},
    config_key{"access.cookie", text_field{in<&config::access, &access_keys::cookie>}, "name",
               "cookie in which browsers send the token; needs server.allowed_origins without *; "
               "empty: cookies are ignored"},
    config_key{"access.stamp_presence",
               switch_field{in<&config::access, &access_keys::stamp_presence>}, "true or false",
               "whether the server writes who somebody is into their presence (user), from the "
               "token, so that nobody can pose as somebody else"},
    config_key{"access.presence_claims",
               text_list_field{in<&config::access, &access_keys::presence_claims>}, "claims",
               "claims that access.stamp_presence writes besides the id of the user"},
    config_key{"access.webhook.url", text_field{in<&config::access_webhook, &webhook::url>}, "URL",
               "endpoint of the application that decides, where access.mode is webhook; https, or "
               "http"},
    config_key{"access.webhook.secret", secret_field{in<&config::access_webhook, &webhook::secret>},
               "text",
               "secret by which requests to the endpoint are signed, 32 bytes or more; empty: that "
               "of access.webhook.secret_file, or they are not signed"},
    config_key{"access.webhook.secret_file",
               text_field{in<&config::access_webhook, &webhook::secret_file>}, "file",
               "file with nothing but the secret, in one line; empty: none"},
    config_key{"access.webhook.timeout",
               duration_field{in<&config::access_webhook, &webhook::timeout>, 100ms, 30s},
               time_units, "time for an answer; a client without one is refused, to retry later"},
    config_key{"access.webhook.cache_max",
               duration_field{in<&config::access_webhook, &webhook::cache_max>, 0ms, 24h},
               time_units, "longest time for which an answer may say that it stays valid"},

    config_key{"limits.max_connections",
               count_field{in<&config::limits, &limits::max_connections>, 1, million},
               "connections",
               "connections to this node; the server closes further ones with code 4003"},
    config_key{"limits.max_connections_per_address",
               count_field{in<&config::limits, &limits::max_connections_per_address>, 0, million},
               "connections",
               "connections from one address, except loopback; further ones get HTTP 429; 0 turns "
               "the limit off"},
    config_key{"limits.accepts_per_second",
               count_field{in<&config::limits, &limits::accepts_per_second>, 0, million},
               "connections per second",
               "sustained rate of new connections from one address, except loopback; 0 turns the "
               "limit off"},
    config_key{"limits.accept_burst",
               count_field{in<&config::limits, &limits::accept_burst>, 1, million}, "connections",
               "new connections from one address in a burst, above the sustained rate"},
    config_key{
        "limits.max_message_size",
        size_field{in<&config::limits, &limits::max_message_size>, kib, gib}, "bytes",
        "largest message a client may send, other than the updates of the next two keys; a "
        "larger binary one closes the connection with 4413, but presence is dropped; a larger "
        "JSON one gets an error"},
    config_key{"limits.max_update_size",
               size_field{in<&config::limits, &limits::max_update_size>, kib, gib}, "bytes",
               "largest edit a y-websocket client may send; a larger one closes the connection "
               "with 4413"},
    config_key{"limits.max_sync_size",
               size_field{in<&config::limits, &limits::max_sync_size>, kib, gib}, "bytes",
               "largest answer of a y-websocket client to the server's question for what it is "
               "missing; a larger one closes the connection with 4413"},
    config_key{"limits.max_large_messages",
               size_field{in<&config::limits, &limits::max_large_messages>, kib, 64 * gib}, "bytes",
               "memory of this node for binary messages above limits.max_message_size that are "
               "received or not handled yet; a client that needs more has to retry later (1013)"},
    config_key{"limits.messages_per_second",
               count_field{in<&config::limits, &limits::messages_per_second>, 0, million},
               "messages per second",
               "sustained rate of messages from one client, presence of y-websocket clients not "
               "counted; 0 turns the limit off"},
    config_key{"limits.message_burst",
               count_field{in<&config::limits, &limits::message_burst>, 1, million}, "messages",
               "JSON messages from one client in a burst, above the sustained rate"},
    config_key{"limits.edit_burst",
               count_field{in<&config::limits, &limits::edit_burst>, 1, million}, "messages",
               "messages from one y-websocket client in a burst, above the sustained rate"},
    config_key{"limits.presence_per_second",
               count_field{in<&config::limits, &limits::presence_per_second>, 0, million},
               "messages per second",
               "rate at which a y-websocket client may change its own presence, twice as many in "
               "a burst; above it only the latest counts; 0 turns the limit off"},
    config_key{"limits.api_requests_per_second",
               count_field{in<&config::limits, &limits::api_requests_per_second>, 0, million},
               "requests per second",
               "sustained rate of requests of one user to the API on the public port "
               "(server.api_prefix); further ones get HTTP 429; 0 turns the limit off"},
    config_key{"limits.api_request_burst",
               count_field{in<&config::limits, &limits::api_request_burst>, 1, million}, "requests",
               "requests of one user in a burst, above the sustained rate"},
    config_key{
        "limits.max_documents",
        count_field{in<&config::limits, &limits::max_documents>, 1, million}, "documents",
        "documents open on this node; a client that needs one more has to retry later (1013)"},
    config_key{"limits.max_documents_per_session",
               count_field{in<&config::limits, &limits::max_documents_per_session>, 1, million},
               "documents",
               "documents that one JSON session may join, or one Hocuspocus connection have open"},
    config_key{"limits.max_documents_per_user",
               count_field{in<&config::limits, &limits::max_documents_per_user>, 0, million},
               "documents",
               "documents that the sessions of one user hold open together; 0 turns the limit off"},
    config_key{"limits.max_documents_per_address",
               count_field{in<&config::limits, &limits::max_documents_per_address>, 0, million},
               "documents",
               "documents that the sessions of one address, except loopback, hold open together; 0 "
               "turns the limit off"},
    config_key{"limits.max_pending_size",
               size_field{in<&config::limits, &limits::max_pending_size>, kib, 4 * gib}, "bytes",
               "memory for updates of one document that wait for earlier ones"},
    config_key{
        "limits.max_document_size",
        size_field{in<&config::limits, &limits::max_document_size>, 64 * kib, 64 * gib}, "bytes",
        "memory for the contents of one document; one with more takes deletions only, and an "
        "insertion is refused for good (4433)"},
    config_key{"limits.max_client_ids",
               count_field{in<&config::limits, &limits::max_client_ids>, 1, 16 * million},
               "client ids",
               "Yjs client ids in the history of one document; each page that edits adds one; "
               "further ones are refused for good (4433)"},
    config_key{"limits.max_new_client_ids",
               count_field{in<&config::limits, &limits::max_new_client_ids>, 1, 16 * million},
               "client ids",
               "new client ids that one session may add to a document which has 80 % of "
               "limits.max_client_ids; below that a client may bring back a whole history"},
    config_key{
        "limits.max_name_size",
        size_field{in<&config::limits, &limits::max_name_size>, kib, 16 * kib* kib}, "bytes",
        "longest name of a root or an element, key or attribute name; an update with a longer "
        "one is refused for good (4431)"},
    config_key{"limits.max_nesting",
               count_field{in<&config::limits, &limits::max_nesting>, 10, 1000}, "levels",
               "deepest nesting of arrays and objects in one value; an update with a deeper one is "
               "refused for good (4432)"},
    config_key{"limits.max_update_work",
               count_field{in<&config::limits, &limits::max_update_work>, 1, 1000 * million},
               "steps",
               "searching that one update may cause beyond what its size accounts for, in steps of "
               "about 10 ns; an update that needs more is refused (4434)"},
    config_key{"limits.max_pending_total",
               size_field{in<&config::limits, &limits::max_pending_total>, kib, 64 * gib}, "bytes",
               "memory for updates of all documents that wait for earlier ones"},
    config_key{"limits.max_pending_per_user",
               size_field{in<&config::limits, &limits::max_pending_per_user>, 0, 64 * gib}, "bytes",
               "memory for updates of one user that wait for earlier ones, in all documents; 0 "
               "turns the limit off"},
    config_key{"limits.max_pending_per_address",
               size_field{in<&config::limits, &limits::max_pending_per_address>, 0, 64 * gib},
               "bytes",
               "memory for updates of one address, except loopback, that wait for earlier ones, in "
               "all documents; 0 turns the limit off"},
    config_key{"limits.write_queue_size",
               size_field{in<&config::limits, &limits::write_queue_size>, kib, gib}, "bytes",
               "unsent output of one connection; the server closes a connection with more as a "
               "slow consumer"},

    config_key{"heartbeat.interval",
               duration_field{in<&config::heartbeat, &heartbeat::interval>, 10ms, 1h}, time_units,
               "time between pings to a client"},
    config_key{"heartbeat.timeout",
               duration_field{in<&config::heartbeat, &heartbeat::timeout>, 2s, 24h}, time_units,
               "time without a sign of life after which the server drops a connection; longer than "
               "heartbeat.interval, in whole seconds, by a second or more"},
    config_key{"heartbeat.write_timeout",
               duration_field{in<&config::heartbeat, &heartbeat::write_timeout>, 10ms, 24h},
               time_units,
               "time after which the server closes a client that reads none of its queued output"},

    config_key{"io.threads", count_field{in<&config::io, &io::threads>, 0, 256}, "threads",
               "threads for network I/O; 0 means a quarter of the cores, at least one"},
    config_key{
        "io.flush_interval", duration_field{in<&config::io, &io::flush_interval>, 0ms, 100ms},
        time_units,
        "longest time for which a busy I/O thread buffers output; an idle one writes at once"},

    config_key{"log.level", level_field{in<&config::log, &logging::level>},
               "error, warning, info or debug",
               "lowest severity that is logged; PUT /api/v1/log changes it while the node runs"},
    config_key{"log.levels", text_list_field{in<&config::log, &logging::levels>}, "COMPONENT=LEVEL",
               "levels of components that differ from log.level, such as troupe.store=debug "
               "(docs/operating.md#logs)"},
    config_key{"log.console", switch_field{in<&config::log, &logging::console>}, "true or false",
               "whether the log goes to the standard error output"},
    config_key{"log.file", text_field{in<&config::log, &logging::file>}, "file",
               "file to which the log is written as well; empty: none; SIGHUP opens it again"},
    config_key{"log.format", log_format_field{in<&config::log, &logging::format>}, "text or json",
               "how lines of the log look; json: one object a line"},
    config_key{
        "log.requests", text_field{in<&config::log, &logging::requests>}, "file",
        "file to which each request to the admin pages and the REST API is written as a line "
        "of JSON; stderr: the standard error output; empty: nowhere; SIGHUP opens it again"},
    config_key{"log.audit", text_field{in<&config::log, &logging::audit>}, "file",
               "the same for what such requests change: rights, sessions, documents that come and "
               "go, versions; may be the file of log.requests"},

    config_key{"metrics.address", address_field{in<&config::metrics, &metrics::address>},
               "IP address", "address of the metrics; whoever reaches it can read them"},
    config_key{"metrics.port", port_field{in<&config::metrics, &metrics::port>}, "TCP port",
               "port on which Prometheus finds the metrics under /metrics, such as 9464; 0: they "
               "are not served"},

    config_key{"storage.engine", engine_field{in<&config::storage, &storage_keys::engine>},
               "rocksdb, memory or postgresql",
               "where documents are kept; memory forgets all of them when the process ends"},
    config_key{"storage.path", text_field{in<&config::storage, &storage_keys::path>}, "directory",
               "directory of rocksdb, made if it does not exist; one node uses it at a time"},
    config_key{"storage.cache_size",
               size_field{in<&config::storage, &storage_keys::cache_size>, 0, 64 * gib}, "bytes",
               "memory of rocksdb for recently read data"},
    config_key{"storage.write_buffer_size",
               size_field{in<&config::storage, &storage_keys::write_buffer_size>, 64 * kib, gib},
               "bytes",
               "memory of rocksdb for recent writes, up to four times this; after a full disk, "
               "four times this must be free before it writes again"},
    config_key{"storage.max_queue_size",
               size_field{in<&config::storage, &storage_keys::max_queue_size>, 64 * kib, 64 * gib},
               "bytes",
               "updates of all documents that may wait to be stored; above it the server refuses "
               "edits until some are"},
    config_key{"storage.postgresql.url",
               secret_field{in<&config::storage_postgresql, &database::url>}, "URL",
               "database of postgresql, as its own programs take it, such as "
               "postgresql://troupe@db.example.com/troupe; a password belongs into PGPASSFILE"},
    config_key{"storage.postgresql.pool",
               count_field{in<&config::storage_postgresql, &database::pool>, 1, 100}, "connections",
               "connections to the database for reading, at most; writing has one beside them"},
    config_key{"storage.postgresql.schema",
               text_field{in<&config::storage_postgresql, &database::schema>}, "name",
               "schema of the tables, which `troupe storage migrate` makes; small letters, digits "
               "and _"},
    config_key{
        "storage.postgresql.statement_timeout",
        duration_field{in<&config::storage_postgresql, &database::statement_timeout>, 100ms, 10min},
        time_units, "time that the database may take for one statement"},
    config_key{"storage.postgresql.patience",
               duration_field{in<&config::storage_postgresql, &database::patience>, 0ms, 1h},
               time_units,
               "time for which the server accepts edits while the database cannot be written; they "
               "wait without acknowledgement, then the server refuses further ones until it can"},
    config_key{"storage.postgresql.tls",
               text_field{in<&config::storage_postgresql, &database::tls>}, "mode",
               "disable, require, verify-ca or verify-full: how the database is connected to, "
               "whatever the URL says; empty: as that says, and libpq by itself"},

    config_key{"versions.enabled", switch_field{in<&config::versions, &versions::enabled>},
               "true or false",
               "whether the server keeps versions of documents by itself (docs/admin.md); those "
               "that people make do not depend on it"},
    config_key{"versions.interval",
               duration_field{in<&config::versions, &versions::interval>, 1s, 168h}, time_units,
               "a version is made so long after an edit, so at most one in this time"},
    config_key{"versions.keep_all",
               duration_field{in<&config::versions, &versions::keep_all>, 0ms, 87600h}, time_units,
               "all of them stay for so long"},
    config_key{"versions.keep_hourly",
               duration_field{in<&config::versions, &versions::keep_hourly>, 0ms, 87600h},
               time_units, "then the last of each hour stays, until they are so old"},
    config_key{"versions.keep_daily",
               duration_field{in<&config::versions, &versions::keep_daily>, 0ms, 87600h},
               time_units, "then the last of each day (UTC) stays, until they are so old"},
    config_key{"versions.max_per_document",
               count_field{in<&config::versions, &versions::max_per_document>, 1, 100'000},
               "versions",
               "versions of one document, those that people make included; the oldest that the "
               "server made go first"},

    config_key{"document.idle_grace",
               duration_field{in<&config::document, &document::idle_grace>, 0ms, 24h}, time_units,
               "time for which a document without sessions stays in memory"},
    config_key{"document.fold_after",
               duration_field{in<&config::document, &document::fold_after>, 0ms, 24h}, time_units,
               "time without an edit after which an open document keeps only its encoded state, "
               "which takes less memory; checked every 3 s; the next edit decodes it"},
    config_key{"document.on_io_threads",
               switch_field{in<&config::document, &document::on_io_threads>}, "true or false",
               "whether a document runs on the I/O thread of its connections; false moves it to "
               "CAF's worker pool"},

    config_key{"watch.debounce", duration_field{in<&config::watch, &watch::debounce>, 10ms, 10min},
               time_units, "a change is reported after the file has been quiet for this long"},

    config_key{"webhooks.url", text_field{in<&config::webhooks, &webhooks::url>}, "URL",
               "where the server notifies the application of what has happened "
               "(docs/backend-api.md#webhooks); empty: nowhere"},
    config_key{"webhooks.secret", secret_field{in<&config::webhooks, &webhooks::secret>}, "secret",
               "with which webhooks are signed, 16 to 1024 bytes; empty: that of "
               "webhooks.secret_file"},
    config_key{"webhooks.secret_file", text_field{in<&config::webhooks, &webhooks::secret_file>},
               "file", "file with nothing but the secret, in one line; empty: none"},
    config_key{"webhooks.events", text_list_field{in<&config::webhooks, &webhooks::events>},
               "names",
               "events to send: document.changed, document.opened, document.closed, "
               "document.deleted, session.joined, session.left"},
    config_key{"webhooks.debounce",
               duration_field{in<&config::webhooks, &webhooks::debounce>, 0ms, 1h}, time_units,
               "a change is sent once nobody has edited the document for this long"},
    config_key{"webhooks.max_delay",
               duration_field{in<&config::webhooks, &webhooks::max_delay>, 0ms, 24h}, time_units,
               "a change is sent after this time even if the document is edited all the time"},
    config_key{"webhooks.timeout",
               duration_field{in<&config::webhooks, &webhooks::timeout>, 100ms, 5min}, time_units,
               "how long the application may take to answer; then the webhook is retried later"},
    config_key{"webhooks.include_contents",
               switch_field{in<&config::webhooks, &webhooks::include_contents>}, "true or false",
               "whether document.changed has the contents of the document as JSON, up to 1 MiB"},
    config_key{"webhooks.allow_private_addresses",
               switch_field{in<&config::webhooks, &webhooks::allow_private_addresses>},
               "true or false",
               "whether webhooks.url may lead to this machine or into a private network"},
    config_key{"webhooks.max_queued",
               count_field{in<&config::webhooks, &webhooks::max_queued>, 1, 10 * million},
               "webhooks",
               "webhooks that may wait for the application, several changes of one document "
               "counting as one; further ones are lost, and counted"},
    config_key{"webhooks.max_queue_size",
               size_field{in<&config::webhooks, &webhooks::max_queue_size>, 64 * kib, 64 * gib},
               "bytes", "memory for webhooks that wait; further ones are lost, and counted"},

    config_key{"upstream.url", text_field{in<&config::upstream, &upstream_keys::url>}, "URL",
               "ws:// or wss:// of the server that this one replaces: a document that was never "
               "stored here is fetched from there when it is opened first "
               "(docs/migrating.md#while-clients-move); empty: none"},
    config_key{"upstream.protocol", text_field{in<&config::upstream, &upstream_keys::protocol>},
               "protocol", "what that server speaks: y-websocket or hocuspocus"},
    config_key{"upstream.token", secret_field{in<&config::upstream, &upstream_keys::token>},
               "secret",
               "what that server asks for: in the query for y-websocket, a message of Hocuspocus; "
               "empty: that of upstream.token_file"},
    config_key{"upstream.token_file", text_field{in<&config::upstream, &upstream_keys::token_file>},
               "file", "file with nothing but the token, in one line; empty: none"},
    config_key{"upstream.ca_file", text_field{in<&config::upstream, &upstream_keys::ca_file>},
               "file", "certificates to trust for wss://, in PEM; empty: those of the system"},
    config_key{"upstream.documents",
               text_list_field{in<&config::upstream, &upstream_keys::documents>}, "names",
               "documents that are fetched; with * at the end, all whose names begin like this"},
    config_key{"upstream.timeout",
               duration_field{in<&config::upstream, &upstream_keys::timeout>, 100ms, 5min},
               time_units,
               "how long that server may take to connect, and to send a document; then clients are "
               "asked to retry"},
    config_key{"upstream.settle_time",
               duration_field{in<&config::upstream, &upstream_keys::settle_time>, 0ms, 1min},
               time_units,
               "how long a server of y-websocket may take to read a document from its own storage, "
               "since it may answer before; 0s for one that has no storage"},
    config_key{"upstream.connections",
               count_field{in<&config::upstream, &upstream_keys::connections>, 1, 64},
               "connections", "documents that are fetched at once; the others wait"},

    config_key{"cluster.enabled", switch_field{in<&config::cluster, &cluster_keys::enabled>},
               "true or false",
               "whether this node serves documents together with others (docs/cluster.md)"},
    config_key{"cluster.name", text_field{in<&config::cluster, &cluster_keys::name>}, "name",
               "name of the cluster, the same on all nodes, 1 to 64 letters, digits and characters "
               "of -._"},
    config_key{"cluster.node", text_field{in<&config::cluster, &cluster_keys::node>}, "name",
               "name of this node, unique in the cluster, from the same characters"},
    config_key{"cluster.listen.address",
               address_field{in<&config::cluster, &cluster_keys::address>}, "IP address",
               "address to listen on for other nodes; without cluster.tls it must be of this "
               "machine (127.0.0.1, ::1)"},
    config_key{"cluster.listen.port", port_field{in<&config::cluster, &cluster_keys::port>},
               "TCP port", "port to listen on for other nodes; not 0"},
    config_key{"cluster.advertise", text_field{in<&config::cluster, &cluster_keys::advertise>},
               "HOST:PORT", "where other nodes reach this one; empty: at cluster.listen"},
    config_key{"cluster.seeds", text_list_field{in<&config::cluster, &cluster_keys::seeds>},
               "HOST:PORT",
               "nodes that a new node asks for the member list; when the cluster starts for the "
               "first time, all of them, which become its members; an empty list: only this node"},
    config_key{"cluster.durability",
               durability_mode_field{in<&config::cluster, &cluster_keys::durability>},
               "keepers or shared",
               "what makes an edit durable: keepers, the disks of some nodes; shared, one database "
               "for all nodes (storage.engine postgresql), which come and go without an operator"},
    config_key{"cluster.load_timeout",
               duration_field{in<&config::cluster, &cluster_keys::load_timeout>, 1s, 5min},
               time_units,
               "how long a document may wait for enough keepers to be opened; then its clients "
               "have to retry later"},
    config_key{
        "cluster.replication.keepers",
        count_field{in<&config::cluster_replication, &copies::keepers>, 1, cluster::keepers_max},
        "nodes",
        "nodes that store a document, the same number on all nodes; fewer if there are not so "
        "many"},
    config_key{
        "cluster.replication.write_acks",
        count_field{in<&config::cluster_replication, &copies::write_acks>, 1, cluster::keepers_max},
        "nodes",
        "keepers that have an edit on their disks when it is acknowledged to its author, the "
        "same number on all nodes; at most cluster.replication.keepers"},
    config_key{
        "cluster.replication.mode",
        replication_mode_field{in<&config::cluster_replication, &copies::mode>},
        "strict or available",
        "what happens to an edit while too few keepers can be reached: strict does not acknowledge "
        "it until enough have it; available counts those that can be reached as enough"},
    config_key{"cluster.tls.certificate",
               text_field{in<&config::cluster_tls, &cluster_tls::certificate>}, "file",
               "certificate of this node in PEM, which it shows to other nodes; empty: no TLS "
               "between nodes"},
    config_key{"cluster.tls.key", text_field{in<&config::cluster_tls, &cluster_tls::key>}, "file",
               "private key of cluster.tls.certificate in PEM, without a passphrase"},
    config_key{"cluster.tls.ca", text_field{in<&config::cluster_tls, &cluster_tls::ca>}, "file",
               "CA certificates in PEM that sign the certificates of nodes; a node with a "
               "certificate from another CA is refused"},
    config_key{"cluster.heartbeat.interval",
               duration_field{in<&config::cluster_heartbeat, &cluster_beat::interval>, 100ms, 1min},
               time_units, "time between signs of life to another node"},
    config_key{"cluster.heartbeat.timeout",
               duration_field{in<&config::cluster_heartbeat, &cluster_beat::timeout>, 200ms, 10min},
               time_units,
               "time without a sign of life after which a node counts as down; at least twice "
               "cluster.heartbeat.interval"},
    config_key{"cluster.link.queue_size",
               size_field{in<&config::cluster_link, &cluster_link::queue_size>, 64 * kib, gib},
               "bytes",
               "what may wait for another node; of documents with more, what is missing is "
               "compared and sent once there is room"},
    config_key{"cluster.link.credit",
               size_field{in<&config::cluster_link, &cluster_link::credit>, 64 * kib, gib}, "bytes",
               "what may be on its way to another node before that one has handled it"},

    config_key{"inspect.enabled", switch_field{in<&config::inspect, &inspect_keys::enabled>},
               "true or false", "whether to answer troupe inspect (docs/inspecting.md)"},
    config_key{"inspect.address", address_field{in<&config::inspect, &inspect_keys::address>},
               "IP address",
               "address to listen on for troupe inspect; without cluster.tls it must be of this "
               "machine (127.0.0.1, ::1)"},
    config_key{"inspect.port", port_field{in<&config::inspect, &inspect_keys::port>}, "TCP port",
               "port for troupe inspect; 0 picks any free port; if the port is in use, the node "
               "logs a warning and runs without inspection"},

    config_key{"gateway.enabled", switch_field{in<&config::gateway, &gateway_keys::enabled>},
               "true or false",
               "whether programs may join as CAF actors and edit documents (docs/caf-client.md)"},
    config_key{"gateway.address", address_field{in<&config::gateway, &gateway_keys::address>},
               "IP address",
               "address to listen on for such programs; without cluster.tls it must be of this "
               "machine (127.0.0.1, ::1)"},
    config_key{"gateway.port", port_field{in<&config::gateway, &gateway_keys::port>}, "TCP port",
               "port for such programs; 0 picks any free port"},
    config_key{"gateway.max_sessions",
               count_field{in<&config::gateway, &gateway_keys::max_sessions>, 1, 10'000},
               "sessions", "sessions of such programs at once; further ones are refused"},
};

}  // namespace

std::span<const config_key> config_keys() { return keys; }

}  // namespace troupe
