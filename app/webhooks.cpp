#include "app/webhooks.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "app/config/to_settings.hpp"
#include "app/config/values.hpp"
#include "base/trim.hpp"

namespace troupe {

namespace {

/// All announcements, whatever their number: they were bounded when they were made.
result<std::vector<storage::announcement>> read_all(storage::outbox& from) {
  std::vector<storage::announcement> all;
  storage::outbox_query query;
  for (bool has_more = true; has_more;) {
    TROUPE_ASSIGN(storage::outbox_page page, from.announcements(query));
    for (storage::announcement& each : page.announcements) all.push_back(std::move(each));
    has_more = page.has_more && page.last > query.after;
    query.after = page.last;
  }
  return all;
}

}  // namespace

result<secret> read_signing_secret(const std::string& key, const std::string& file) {
  const auto refuse = [&](const std::string& why) {
    return fail(errc::invalid_config, key + " '" + file + "': " + why);
  };
  std::ifstream in{file, std::ios::binary};
  if (!in) return refuse(std::strerror(errno));
  // One byte more than may be, so that a longer file is noticed.
  std::string text(signing_secret_size_max + 3, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  const std::string_view line = trimmed(text);
  if (!is_signing_secret(line))
    return refuse("the file must hold one line of " + std::string{signing_secret_rule});
  return secret{std::string{line}};
}

result<opened_webhooks> open_webhooks(const config& settings,
                                      const std::shared_ptr<storage::outbox>& outbox,
                                      std::shared_ptr<const newest_links> homes) {
  opened_webhooks opened;
  opened.settings = to_webhook_settings(settings);
  opened.settings.key = secret{settings.webhooks.secret};
  if (!settings.webhooks.secret_file.empty()) {
    TROUPE_ASSIGN(opened.settings.key,
                  read_signing_secret("webhooks.secret_file", settings.webhooks.secret_file));
  }
  TROUPE_ASSIGN(opened.waiting, read_all(*outbox));
  TROUPE_ASSIGN(opened.client, http_client::open(to_webhook_client_settings(settings)));
  const auto last = opened.waiting.empty() ? 0 : opened.waiting.back().number;
  opened.feed = std::make_shared<webhook_feed>(to_webhook_feed_settings(settings), outbox, last,
                                               std::move(homes));
  opened.feed->adopt(opened.waiting);
  return opened;
}

}  // namespace troupe
