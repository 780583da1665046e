// Where the admin token comes from, and that no message shows it.
#include "app/admin_token.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <catch2/catch_test_macros.hpp>

#include "app/config/values.hpp"
#include "tests/support/temporary_directory.hpp"

namespace troupe::admin_token_test {

using source = admin_token::source;

namespace {

config settings_in(const test::temporary_directory& directory) {
  config settings;
  settings.storage.path = directory.text();
  return settings;
}

void write(const std::string& file, std::string_view text) { std::ofstream{file} << text; }

}  // namespace

TEST_CASE("a token has 16 to 1024 characters of its alphabet", "[admin_token]") {
  CHECK(is_admin_token("0123456789abcdef"));
  CHECK(is_admin_token("AZaz09-._~+/===="));
  CHECK(is_admin_token(std::string(1024, 'a')));
  for (const std::string& text :
       {std::string{}, std::string{"0123456789abcde"}, std::string(1025, 'a'),
        std::string{"0123456789 abcdef"}, std::string{"0123456789abcdef\n"},
        std::string{"0123456789(hidden)"}, std::string{"0123456789abcdäf"}}) {
    CAPTURE(text);
    CHECK_FALSE(is_admin_token(text));
  }
}

TEST_CASE("a token that is configured counts, and nothing is written", "[admin_token]") {
  const test::temporary_directory directory;
  config settings = settings_in(directory);
  settings.admin.token = "the-token-itself";
  const auto found = find_admin_token(settings);
  REQUIRE(found.has_value());
  CHECK(found->value.equals("the-token-itself"));
  CHECK(found->from == source::configured);
  CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("a token may stand in a file, with the end of its line", "[admin_token]") {
  const test::temporary_directory directory;
  config settings = settings_in(directory);
  settings.admin.token_file = directory.text() + "/secret";
  for (const char* text :
       {"the-token-in-a-file", "the-token-in-a-file\n", "the-token-in-a-file\r\n"}) {
    write(settings.admin.token_file, text);
    const auto found = find_admin_token(settings);
    REQUIRE(found.has_value());
    CHECK(found->value.equals("the-token-in-a-file"));
    CHECK(found->from == source::configured);
    CHECK(found->file.empty());
  }
}

TEST_CASE("a file without a token is named, and what is in it is not", "[admin_token]") {
  const test::temporary_directory directory;
  config settings = settings_in(directory);
  settings.admin.token_file = directory.text() + "/secret";
  CHECK(find_admin_token(settings).error().code == errc::invalid_config);
  for (const std::string& text :
       {std::string{}, std::string{"too-short\n"},
        std::string{"two-lines-of-it\ntwo-lines-of-it\n"}, std::string(5000, 'a')}) {
    write(settings.admin.token_file, text);
    const auto found = find_admin_token(settings);
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().code == errc::invalid_config);
    CHECK(found.error().detail.find(settings.admin.token_file) != std::string::npos);
    CHECK(found.error().detail.find("two-lines") == std::string::npos);
    CHECK(found.error().detail.find("too-short") == std::string::npos);
  }
}

TEST_CASE("a token that was made is kept for its owner alone, and found again", "[admin_token]") {
  const test::temporary_directory directory;
  const config settings = settings_in(directory);
  const auto made = find_admin_token(settings);
  REQUIRE(made.has_value());
  CHECK(made->from == source::made);
  CHECK(made->value.reveal().size() == 64);
  CHECK(is_admin_token(made->value.reveal()));
  CHECK(made->file == directory.text() + "/admin-token");
  struct stat status {};
  REQUIRE(::stat(made->file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const auto again = find_admin_token(settings);
  REQUIRE(again.has_value());
  CHECK(again->from == source::kept);
  CHECK(again->value.equals(made->value.reveal()));
  write(made->file, "broken");
  CHECK(find_admin_token(settings).error().code == errc::invalid_config);
}

TEST_CASE("documents in memory leave no token, and each start makes another", "[admin_token]") {
  const test::temporary_directory directory;
  config settings = settings_in(directory);
  settings.storage.engine = storage_engine::memory;
  const auto one = find_admin_token(settings);
  const auto other = find_admin_token(settings);
  REQUIRE(one.has_value());
  REQUIRE(other.has_value());
  CHECK(one->file.empty());
  CHECK_FALSE(one->value.equals(other->value.reveal()));
  CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("a directory that cannot be written keeps no token", "[admin_token]") {
  config settings;
  settings.storage.path = "/there/is/no/such/directory";
  CHECK(find_admin_token(settings).error().code == errc::storage_failed);
}

}  // namespace troupe::admin_token_test
