// What a node with webhooks begins with.
#include "app/webhooks.hpp"

#include <fstream>

#include <catch2/catch_test_macros.hpp>

#include "storage/memory_backend.hpp"
#include "tests/support/temporary_directory.hpp"

namespace troupe::webhooks_test {

namespace {

config webhook_config() {
  config settings;
  settings.webhooks.url = "https://app.example.com/hook";
  settings.webhooks.secret = "a secret of sixteen";
  return settings;
}

}  // namespace

TEST_CASE("webhooks begin with all that is stored, in pages or not", "[webhook]") {
  const auto store = std::make_shared<storage::memory_backend>();
  storage::outbox_change change;
  for (storage::announcement_number number = 1; number <= 2500; ++number) {
    storage::announcement one;
    one.number = number;
    change.puts.push_back(one);
  }
  REQUIRE(store->change(change));
  const auto opened = open_webhooks(webhook_config(), store);
  REQUIRE(opened.has_value());
  CHECK(opened->waiting.size() == 2500);
  CHECK(opened->settings.key.equals("a secret of sixteen"));
  CHECK(opened->feed != nullptr);
  CHECK(opened->client != nullptr);
}

TEST_CASE("the secret may stand in a file, with the end of its line", "[webhook]") {
  const test::temporary_directory directory;
  config settings = webhook_config();
  settings.webhooks.secret.clear();
  settings.webhooks.secret_file = directory.text() + "/secret";
  const auto store = std::make_shared<storage::memory_backend>();
  for (const char* const text : {"in a file, with blanks", "in a file, with blanks\r\n"}) {
    std::ofstream{settings.webhooks.secret_file} << text;
    const auto opened = open_webhooks(settings, store);
    REQUIRE(opened.has_value());
    CHECK(opened->settings.key.equals("in a file, with blanks"));
  }
  for (const std::string& text : {std::string{}, std::string{"too short"}, std::string(1025, 'x'),
                                  std::string{"two lines of\na secret"}}) {
    std::ofstream{settings.webhooks.secret_file} << text;
    const auto refused = open_webhooks(settings, store);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == errc::invalid_config);
    CHECK(refused.error().detail.starts_with("webhooks.secret_file '"));
    if (!text.empty()) CHECK(refused.error().detail.find(text) == std::string::npos);
  }
  settings.webhooks.secret_file += ".missing";
  CHECK(open_webhooks(settings, store).error().detail.ends_with("No such file or directory"));
}

}  // namespace troupe::webhooks_test
