#include "app/healthcheck.hpp"

#include <chrono>
#include <ostream>
#include <string_view>

#include "base/printable.hpp"
#include "base/trim.hpp"

namespace troupe {

namespace {

constexpr std::chrono::seconds answer_time_max{5};
constexpr std::size_t answer_size_bytes_max = 64 * 1024;

/// The address at which this machine reaches a listener.
std::string http_url(const std::string& address, std::uint16_t port) {
  std::string host = address;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = std::string{"["}.append(host).append("]");
  return std::string{"http://"}.append(host).append(":").append(std::to_string(port));
}

int say(const cluster_streams& streams, int code, std::string_view why) {
  streams.err << "troupe: " << printable(why) << '\n';
  return code;
}

}  // namespace

result<std::string> url_of(const config& settings) {
  if (settings.admin.enabled && settings.admin.port != 0)
    return http_url(settings.admin.address, settings.admin.port);
  if (settings.server.port == 0)
    return fail(errc::invalid_config,
                "server.port is 0, so nobody knows the port; name it with --url");
  if (!settings.tls.certificate.empty())
    return fail(errc::invalid_config,
                "the node speaks TLS and has no admin pages; name it with --url, under a name of "
                "its certificate");
  return http_url(settings.server.address, settings.server.port);
}

int run_healthcheck(const healthcheck_request& request, const config& settings, const ask_node& ask,
                    const cluster_streams& streams) {
  const result<std::string> found =
      request.url.empty() ? url_of(settings) : result<std::string>{request.url};
  if (!found) return say(streams, cluster_misused, found.error().detail);
  if (const auto good = check_http_url(*found); !good)
    return say(streams, cluster_misused, "the URL of --url " + good.error().detail);
  std::string base = *found;
  while (base.ends_with('/')) base.pop_back();
  http_call call;
  call.url = base + (request.is_ready ? "/readyz" : "/healthz");
  call.timeout = answer_time_max;
  call.body_bytes_max = answer_size_bytes_max;
  const auto reply = ask(call);
  if (!reply) return say(streams, cluster_refused, call.url + ": " + reply.error().detail);
  const std::string_view body = trimmed(reply->body);
  if (reply->status != 200)
    return say(streams, cluster_refused,
               call.url + " answers " + std::to_string(reply->status) + ": " + std::string{body});
  streams.out << printable(body) << '\n';
  return cluster_done;
}

}  // namespace troupe
