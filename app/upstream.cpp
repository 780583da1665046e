#include "app/upstream.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "actors/upstream.hpp"
#include "app/config/to_settings.hpp"
#include "app/config/values.hpp"
#include "base/trim.hpp"

namespace troupe {

namespace {

tl::unexpected<failure> refuse_file(const char* key, const std::string& file,
                                    const std::string& why) {
  return fail(errc::invalid_config, std::string{key}.append(" '").append(file).append("': ") + why);
}

result<secret> read_token(const std::string& file) {
  constexpr const char* key = "upstream.token_file";
  std::ifstream in{file, std::ios::binary};
  if (!in) return refuse_file(key, file, std::strerror(errno));
  // More than may be, so that a longer file is noticed.
  std::string text(upstream_token_size_max + 3, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  const std::string_view line = trimmed(text);
  if (!is_upstream_token(line))
    return refuse_file(key, file,
                       "the file must hold one line of " + std::string{upstream_token_rule});
  return secret{std::string{line}};
}

}  // namespace

void opened_upstream::stop() {
  if (is_stopping) is_stopping->store(true);
  if (actor) caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  actor = nullptr;
}

result<opened_upstream> open_upstream(const config& settings, caf::actor_system& system,
                                      std::shared_ptr<node_metrics> metrics) {
  TROUPE_ASSIGN(upstream_server server, to_upstream_server(settings));
  if (!settings.upstream.token_file.empty()) {
    TROUPE_ASSIGN(server.token, read_token(settings.upstream.token_file));
  }
  if (!server.ca_file.empty() && !std::ifstream{server.ca_file})
    return refuse_file("upstream.ca_file", server.ca_file, std::strerror(errno));
  opened_upstream opened;
  opened.is_stopping = std::make_shared<std::atomic<bool>>(false);
  server.is_stopping = opened.is_stopping;
  opened.actor = system.spawn<upstream>(
      upstream_settings{std::make_shared<const upstream_server>(std::move(server)),
                        settings.upstream.connections},
      std::move(metrics));
  log_line(log_severity::info,
           "documents that are not here are fetched from " +
               settings.upstream.url.substr(0, settings.upstream.url.find('?')));
  return opened;
}

}  // namespace troupe
