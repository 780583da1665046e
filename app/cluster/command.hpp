// The `cluster` commands: who belongs to it, who joins and leaves, by requests to the admin pages
// of a running node; and certificates for trials.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/errc.hpp"
#include "net/http_client.hpp"

namespace troupe {

enum class cluster_action : std::uint8_t { members, add, leave, remove, make_certificates };

/// What the command line asks for.
struct cluster_request {
  cluster_action action = cluster_action::members;
  std::string admin = "http://127.0.0.1:3002";  ///< URL of the admin pages of any member.
  std::string token_file;                       ///< Empty: the environment has the token.
  std::string name;
  std::string address;  ///< add: HOST:PORT; empty: that under which the node asks.
  std::string uuid;     ///< add; empty: that of the node of the name that asks.
  bool force = false;
  bool as_json = false;
  std::string directory;                             ///< make_certificates
  std::vector<std::string> nodes{"n1", "n2", "n3"};  ///< make_certificates
};

inline constexpr const char* admin_token_variable = "TROUPE_ADMIN_TOKEN";

/// The exit codes.
constexpr int cluster_done = 0;
constexpr int cluster_refused =
    1;  ///< The node refused or did not answer; standard error says why.
constexpr int cluster_misused = 2;  ///< Nothing was sent or written.

/// Sends a request and waits for its answer.
using ask_node = std::function<result<http_reply>(http_call)>;
/// By a client of its own, which follows no redirect and may connect to private addresses.
result<http_reply> ask_by_http(http_call call);

struct cluster_streams {
  std::ostream& out;
  std::ostream& err;
};

/// `token`: the value of admin_token_variable; empty: it is not set.
int run_cluster_command(const cluster_request& request, const std::string& token,
                        const ask_node& ask, const cluster_streams& streams);

}  // namespace troupe
