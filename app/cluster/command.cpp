#include "app/cluster/command.hpp"

#include <future>
#include <ostream>
#include <string_view>
#include <utility>

#include "app/cluster/answer_text.hpp"
#include "app/cluster/certificates.hpp"
#include "app/cluster/durable_file.hpp"
#include "base/bearer_text.hpp"
#include "base/printable.hpp"
#include "base/trim.hpp"
#include "protocol/cluster/node_address.hpp"
#include "protocol/cluster/node_uuid.hpp"

namespace troupe {

namespace {

constexpr std::size_t token_size_bytes_max = 1026;
constexpr std::size_t answer_size_bytes_max = 1024 * 1024;
constexpr std::string_view members_page = "/api/v1/cluster/members";

result<std::string> find_token(const cluster_request& request, const std::string& token) {
  std::string text = token;
  if (!request.token_file.empty()) {
    TROUPE_ASSIGN(auto read, cluster::read_small_file(request.token_file, token_size_bytes_max));
    if (!read)
      return fail(errc::invalid_config,
                  in_single_quotes(request.token_file) + ": there is no such file");
    text = std::string{trimmed(*read)};
  }
  if (text.empty())
    return fail(errc::invalid_config,
                "the admin token is missing: set " + std::string{admin_token_variable} +
                    ", or name a file with --token-file, such as admin-token in storage.path");
  if (!is_bearer_text(text)) return fail(errc::invalid_config, "the admin token is none");
  return text;
}

/// Text that has passed its check needs no escapes, in JSON or in a path.
result<void> check_names(const cluster_request& request) {
  if (request.action == cluster_action::members) return {};
  if (const auto good = cluster::check_node_name(request.name); !good)
    return fail(errc::invalid_config, "the name of a node " + good.error().detail);
  if (!request.address.empty())
    if (const auto good = cluster::parse_node_address(request.address); !good)
      return fail(errc::invalid_config, "the address of a node " + good.error().detail);
  if (!request.uuid.empty())
    if (const auto good = cluster::parse_node_uuid(request.uuid); !good)
      return fail(errc::invalid_config, "the uuid of a node " + good.error().detail);
  return {};
}

std::string body_of_add(const cluster_request& request) {
  std::string body = R"({"name": ")" + request.name + '"';
  if (!request.address.empty()) body.append(R"(, "address": ")").append(request.address) += '"';
  if (!request.uuid.empty()) body.append(R"(, "uuid": ")").append(request.uuid) += '"';
  if (request.force) body += R"(, "force": true)";
  return body + '}';
}

http_call call_of(const cluster_request& request, const std::string& token) {
  std::string base = request.admin;
  while (base.ends_with('/')) base.pop_back();
  http_call call;
  call.headers = {"Authorization: Bearer " + token, "Content-Type: application/json"};
  call.body_bytes_max = answer_size_bytes_max;
  if (request.action == cluster_action::members) {
    call.url = base + "/api/v1/cluster";
    return call;
  }
  call.url = base.append(members_page);
  if (request.action == cluster_action::add) {
    call.method = "POST";
    call.body = body_of_add(request);
    return call;
  }
  call.method = "DELETE";
  call.url.append("/").append(request.name);
  if (request.action == cluster_action::remove) call.url += "?lost=true";
  if (request.force)
    call.url += request.action == cluster_action::remove ? "&force=true" : "?force=true";
  return call;
}

int say(const cluster_streams& streams, int code, std::string_view why) {
  streams.err << "troupe: " << printable(why) << '\n';
  return code;
}

int make_certificates(const cluster_request& request, const cluster_streams& streams) {
  const auto written = cluster::make_certificates({request.directory, request.nodes});
  if (!written) return say(streams, cluster_misused, written.error().detail);
  for (const std::string& file : *written) streams.out << "wrote " << printable(file) << '\n';
  streams.out << "keep " << cluster::authority_key_name
              << " in a safe place: whoever has it can make certificates of nodes\n";
  return cluster_done;
}

int show(const cluster_request& request, const http_reply& reply, const cluster_streams& streams) {
  if (request.as_json) {
    streams.out << reply.body;
    return cluster_done;
  }
  const auto text = request.action == cluster_action::members ? cluster::members_text(reply.body)
                                                              : cluster::change_text(reply.body);
  if (!text) return say(streams, cluster_refused, text.error().detail);
  streams.out << *text << (text->ends_with('\n') ? "" : "\n");
  return cluster_done;
}

}  // namespace

result<http_reply> ask_by_http(http_call call) {
  http_client_settings settings;
  settings.allows_private = true;
  TROUPE_ASSIGN(const std::unique_ptr<http_client> client, http_client::open(std::move(settings)));
  std::promise<result<http_reply>> answered;
  auto answer = answered.get_future();
  client->send(std::move(call),
               [&](result<http_reply> reply) { answered.set_value(std::move(reply)); });
  auto reply = answer.get();
  client->stop();
  return reply;
}

int run_cluster_command(const cluster_request& request, const std::string& token,
                        const ask_node& ask, const cluster_streams& streams) {
  if (request.action == cluster_action::make_certificates)
    return make_certificates(request, streams);
  if (const auto good = check_names(request); !good)
    return say(streams, cluster_misused, good.error().detail);
  if (const auto good = check_http_url(request.admin); !good)
    return say(streams, cluster_misused, "the URL of --admin " + good.error().detail);
  const auto found = find_token(request, token);
  if (!found) return say(streams, cluster_misused, found.error().detail);
  const auto reply = ask(call_of(request, *found));
  if (!reply) return say(streams, cluster_refused, request.admin + ": " + reply.error().detail);
  if (reply->status == 200) return show(request, *reply, streams);
  return say(streams, cluster_refused,
             request.admin + " answers " + std::to_string(reply->status) + ": " +
                 cluster::error_text(reply->body));
}

}  // namespace troupe
