#include "app/access.hpp"

#include "actors/authoriser.hpp"
#include "actors/key_source.hpp"
#include "app/admin_token.hpp"
#include "app/config/access_checks.hpp"

namespace troupe {

namespace {

/// Gives fetched keys to those who verify, behind those of the configuration.
std::function<result<void>(std::string_view)> publisher(std::shared_ptr<access_control> to,
                                                        const access::key_set& own) {
  return [to = std::move(to), own](std::string_view text) -> result<void> {
    TROUPE_ASSIGN(const auto read, access::parse_key_set(std::string{text}));
    for (const std::string& why : read.skipped)
      log_line(log_severity::warning, "of the keys from access.jwks_url one is not used: " + why);
    auto all = std::make_shared<access::key_set>(own);
    all->add_all(read.keys);
    to->use(std::move(all));
    return {};
  };
}

result<authoriser_settings> to_authoriser_settings(const config& settings) {
  authoriser_settings to;
  to.url = settings.access_webhook.url;
  TROUPE_ASSIGN(to.key, read_webhook_secret(settings));
  to.timeout = settings.access_webhook.timeout;
  to.cache_max = settings.access_webhook.cache_max;
  return to;
}

/// Null where the application has no token to show.
result<std::shared_ptr<const access::client_tokens>> to_client_tokens(const config& settings) {
  secret token{settings.dialects.y_sweet_token};
  if (const std::string& file = settings.dialects.y_sweet_token_file; !file.empty()) {
    TROUPE_ASSIGN(token, read_token_file("dialects.y_sweet_token_file", file));
  }
  if (token.empty()) return nullptr;
  return std::make_shared<const access::client_tokens>(token);
}

}  // namespace

void opened_access::stop() {
  if (client) client->stop();
  if (keys) caf::anon_send_exit(keys, caf::exit_reason::user_shutdown);
  if (authoriser) caf::anon_send_exit(authoriser, caf::exit_reason::user_shutdown);
  *this = {};
}

result<opened_access> open_access(const config& settings, caf::actor_system& system,
                                  const std::shared_ptr<node_metrics>& metrics) {
  access_settings with;
  with.policy = to_access_policy(settings);
  with.tokens = to_token_settings(settings);
  with.cookie = to_cookie_rule(settings);
  TROUPE_ASSIGN(const access::key_set own, to_key_set(settings));
  with.keys = std::make_shared<const access::key_set>(own);
  TROUPE_ASSIGN(with.client_tokens, to_client_tokens(settings));
  const bool is_asking = settings.access.mode == access::mode::webhook;
  const bool is_fetching =
      settings.access.mode == access::mode::token && !settings.access.jwks_url.empty();
  with.fetches_keys = is_fetching;
  opened_access opened;
  opened.control = std::make_shared<access_control>(std::move(with), metrics);
  if (!is_asking && !is_fetching) return opened;
  // The operator names both addresses, and no redirect is followed.
  http_client_settings of_client;
  of_client.allows_private = true;
  TROUPE_ASSIGN(opened.client, http_client::open(of_client));
  if (is_fetching) {
    key_source_settings fetching;
    fetching.url = settings.access.jwks_url;
    fetching.publish = publisher(opened.control, own);
    opened.keys = system.spawn<key_source>(std::move(fetching), opened.client, metrics);
    // It holds the control, so the control does not hold it.
    opened.control->on_unknown_key([at = caf::actor_cast<caf::actor_addr>(opened.keys)] {
      if (const auto keys = caf::actor_cast<caf::strong_actor_ptr>(at))
        tell_anonymously(caf::actor_cast<key_source_actor>(keys), refresh_keys{});
    });
  }
  if (is_asking) {
    TROUPE_ASSIGN(authoriser_settings asking, to_authoriser_settings(settings));
    opened.authoriser = system.spawn<authoriser>(std::move(asking), opened.client, metrics);
  }
  return opened;
}

}  // namespace troupe
