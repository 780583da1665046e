// The command `inspect`: asks the inspector of a running node over CAF's network layer, and prints
// tables or JSON; `inspect watch` does so again and again.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "actors/inspect_wire.hpp"
#include "app/config/config.hpp"
#include "base/errc.hpp"

namespace troupe {

enum class inspect_action : std::uint8_t { nodes, actors, documents, document, sessions, watch };

/// What the command line asks for.
struct inspect_request {
  inspect_action action = inspect_action::nodes;
  std::string at = {};           ///< HOST:PORT; empty: as `config_file` says, or else the default.
  std::string config_file = {};  ///< Of the node: its address, and its certificates; empty: none.
  std::string document = {};     ///< document
  std::size_t limit = 20;        ///< Rows of documents and sessions.
  std::string document_order = "size";
  std::string session_order = "queue";
  bool as_json = false;
  std::size_t count = 0;                      ///< watch: how often; 0: until it is interrupted.
  std::chrono::milliseconds interval{2'000};  ///< watch
};

/// The exit codes.
constexpr int inspect_done = 0;
constexpr int inspect_failed = 1;   ///< No inspector answers; standard error says why.
constexpr int inspect_misused = 2;  ///< Nobody was asked.

/// The names of the orders, in the order of their enumerators.
inline constexpr const char* document_orders[] = {"size", "memory", "sessions", "name"};
inline constexpr const char* session_orders[] = {"queue", "in", "out", "documents", "idle", "id"};

/// Where an inspector is, and what to show to it.
struct inspect_target {
  std::string host = {};
  std::uint16_t port = 0;
  config::cluster_tls_section tls = {};  ///< No certificate: no TLS.
};

/// The inspector of a node, as the command asks it. Each call blocks, for a bounded time, and fails
/// with request_failed.
class asked_inspector {
 public:
  virtual ~asked_inspector() = default;
  virtual result<inspected_node> ask(const inspect_node& what) = 0;
  virtual result<inspected_actors> ask(const inspect_actors& what) = 0;
  virtual result<inspected_documents> ask(const inspect_documents& what) = 0;
  virtual result<inspected_document> ask(const inspect_document& what) = 0;
  virtual result<inspected_sessions> ask(const inspect_sessions& what) = 0;
};
using connect_inspector =
    std::function<result<std::unique_ptr<asked_inspector>>(const inspect_target&)>;

/// Shows one text in the place of the one before, and waits; returns whether to continue.
using show_again = std::function<bool(const std::string& text, std::chrono::milliseconds pause)>;

struct inspect_streams {
  std::ostream& out;
  std::ostream& err;
};

/// Where to ask. `settings`: of the file that the request names; null: it names none.
/// Fails with invalid_config.
result<inspect_target> target_of(const inspect_request& request, const config* settings);

/// `show`: for `watch`.
int run_inspect_command(const inspect_request& request, const inspect_target& target,
                        const connect_inspector& connect, const show_again& show,
                        const inspect_streams& streams);

}  // namespace troupe
