#include "app/api.hpp"

#include <utility>

#include "actors/y_sweet_handler.hpp"
#include "base/wall_clock.hpp"
#include "net/listener.hpp"
#include "net/page_handler.hpp"

namespace troupe {

namespace {

/// Null where the key is empty.
result<std::shared_ptr<line_log>> open_log(const char* key, const std::string& path) {
  if (path.empty()) return nullptr;
  auto opened =
      line_log::open(path, [](std::uint64_t count) { return gap_line(count, wall_clock_ms()); });
  if (opened) return opened;
  failure why = std::move(opened).error();
  why.detail = std::string{key}.append(": ").append(why.detail);
  return tl::unexpected(std::move(why));
}

}  // namespace

result<std::shared_ptr<request_journal>> open_journal(const config& settings) {
  const std::string& requests = settings.log.requests;
  const std::string& audit = settings.log.audit;
  if (requests.empty() && audit.empty()) return nullptr;
  TROUPE_ASSIGN(const auto of_requests, open_log("log.requests", requests));
  if (requests == audit) return std::make_shared<request_journal>(of_requests, of_requests);
  TROUPE_ASSIGN(const auto of_audit, open_log("log.audit", audit));
  return std::make_shared<request_journal>(of_requests, of_audit);
}

std::shared_ptr<http_handler> make_admin_handler(const config& settings, caf::actor_system& system,
                                                 api_parts parts, const secret& token) {
  admin_handler_settings with;
  with.access = {settings.admin.address, settings.admin.allowed_hosts, token,
                 admin::callers::operators};
  with.readiness = std::move(parts.readiness);
  with.journal = std::move(parts.journal);
  return std::make_shared<admin_handler>(system, std::move(parts.sources), std::move(parts.desk),
                                         std::move(with));
}

namespace {

/// The API on the public listener, in front of `others`; only those where server.api_prefix is
/// empty.
std::shared_ptr<http_handler> with_api(const config& settings, caf::actor_system& system,
                                       api_parts parts, std::shared_ptr<http_handler> others) {
  std::string prefix = settings.server.api_prefix;
  if (prefix.empty()) return others;
  if (prefix == "/") prefix.clear();
  admin_handler_settings with;
  with.access.whom = admin::callers::users;
  with.readiness = std::move(parts.readiness);
  with.journal = std::move(parts.journal);
  with.user_rate = {settings.limits.api_requests_per_second, settings.limits.api_request_burst};
  return std::make_shared<prefixed_handler>(
      std::move(prefix),
      std::make_shared<admin_handler>(system, std::move(parts.sources), std::move(parts.desk),
                                      std::move(with)),
      std::move(others));
}

/// What y-sweet's SDK asks for, in front of `others`.
std::shared_ptr<http_handler> with_y_sweet(const config& settings, caf::actor_system& system,
                                           const api_parts& parts,
                                           std::shared_ptr<http_handler> others) {
  std::string path = settings.dialects.y_sweet_path;
  if (path.empty()) return others;
  if (path == "/") path.clear();
  y_sweet_settings with;
  with.path = std::move(path);
  with.url = settings.dialects.y_sweet_url;
  with.is_tls = !settings.tls.certificate.empty();
  with.user_rate = {settings.limits.api_requests_per_second, settings.limits.api_request_burst};
  with.readiness = parts.readiness;
  with.journal = parts.journal;
  return std::make_shared<y_sweet_handler>(system, std::move(with), parts.sources.access,
                                           parts.desk, std::move(others));
}

}  // namespace

std::shared_ptr<http_handler> make_public_handler(const config& settings, caf::actor_system& system,
                                                  api_parts parts,
                                                  std::shared_ptr<connection_acceptor> acceptor) {
  auto plain = make_plain_handler(std::move(acceptor));
  if (settings.demo.enabled)
    plain = std::make_shared<page_handler>(
        demo_files(), settings.demo.remote ? page_audience::everybody : page_audience::this_machine,
        std::move(plain));
  plain = with_y_sweet(settings, system, parts, std::move(plain));
  return with_api(settings, system, std::move(parts), std::move(plain));
}

}  // namespace troupe
