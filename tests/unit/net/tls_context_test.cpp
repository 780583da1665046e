#include "net/tls_context.hpp"

#include <filesystem>

#include <catch2/catch_test_macros.hpp>

#include "net/transport.hpp"
#include "tests/support/socket_pair.hpp"
#include "tests/support/test_certificate.hpp"

namespace troupe::tls_context_test {

using test::certificate_files;
using test::make_certificate;
using test::temporary_directory;

namespace {

/// The name in the certificate that a new client is shown; empty if the handshake fails.
std::string name_shown_by(const tls_context& context, bool is_old_client = false) {
  test::socket_pair pair;
  transport server{pair.take_here(), context.make_session()};
  test::tls_client client{pair.there};
  if (is_old_client) client.offer_at_most_tls_1_1();
  std::uint8_t byte = 0;
  for (int steps = 0; steps < 10; ++steps) {
    const bool is_done = client.shake_hands();
    if (server.read({&byte, 1}).status == io_status::failed) return {};
    if (is_done) return client.server_name();
  }
  return {};
}

std::string refusal_of(const std::string& certificate, const std::string& key) {
  const auto loaded = tls_context::load(certificate, key);
  REQUIRE_FALSE(loaded.has_value());
  CHECK(loaded.error().code == errc::invalid_config);
  return loaded.error().detail;
}

void replace(const certificate_files& with, const certificate_files& old) {
  std::filesystem::copy_file(with.certificate, old.certificate,
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::copy_file(with.key, old.key, std::filesystem::copy_options::overwrite_existing);
}

}  // namespace

TEST_CASE("a client is shown the certificate that was loaded", "[tls]") {
  const temporary_directory files;
  const auto made = make_certificate(files, "one.example");
  const auto context = tls_context::load(made.certificate, made.key);
  REQUIRE(context.has_value());
  CHECK(name_shown_by(**context) == "one.example");
}

TEST_CASE("a file that is not there or no PEM is named in the refusal", "[tls]") {
  const temporary_directory files;
  const auto made = make_certificate(files, "one");
  files.write("garbage", "this is no PEM");
  const std::string garbage = (files.path() / "garbage").string();
  const std::string missing = (files.path() / "missing").string();
  for (const std::string& bad : {garbage, missing}) {
    CHECK(refusal_of(bad, made.key).find("the certificate '" + bad + "'") != std::string::npos);
    CHECK(refusal_of(made.certificate, bad).find("the private key '" + bad + "'") !=
          std::string::npos);
  }
  CHECK(refusal_of(missing, made.key).find("No such file or directory") != std::string::npos);
  CHECK(refusal_of(garbage, made.key).find("no start line") != std::string::npos);
}

TEST_CASE("authorities that cannot be used are named", "[tls]") {
  const temporary_directory files;
  const auto made = make_certificate(files, "one");
  files.write("garbage", "this is no PEM");
  CHECK(tls_context::check_authorities(made.certificate).has_value());
  for (const char* const bad : {"garbage", "missing"}) {
    const std::string file = (files.path() / bad).string();
    const auto checked = tls_context::check_authorities(file);
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().code == errc::invalid_config);
    CHECK(checked.error().detail.starts_with("the authorities '" + file + "': "));
  }
}

TEST_CASE("a key with a pass phrase is refused, and nobody is asked for it", "[tls]") {
  const temporary_directory files;
  const auto made = make_certificate(files, "one", "secret");
  CHECK(refusal_of(made.certificate, made.key).find("needs a pass phrase") != std::string::npos);
}

TEST_CASE("a key of another certificate is refused", "[tls]") {
  const temporary_directory files;
  const auto one = make_certificate(files, "one");
  const auto two = make_certificate(files, "two");
  const std::string text = refusal_of(one.certificate, two.key);
  CHECK(text.find(two.key) != std::string::npos);
  CHECK(text.find("mismatch") != std::string::npos);
}

TEST_CASE("a reload shows the new certificate to new clients", "[tls]") {
  const temporary_directory files;
  const auto first = make_certificate(files, "first");
  const auto second = make_certificate(files, "second");
  const auto context = tls_context::load(first.certificate, first.key);
  REQUIRE(context.has_value());
  const tls_session before = (*context)->make_session();
  replace(second, first);
  REQUIRE((*context)->reload());
  CHECK(name_shown_by(**context) == "second");
  CHECK(before != nullptr);
}

TEST_CASE("a reload that fails leaves the old certificate in use", "[tls]") {
  const temporary_directory files;
  const auto made = make_certificate(files, "kept");
  const auto context = tls_context::load(made.certificate, made.key);
  REQUIRE(context.has_value());
  files.write("kept.crt", "broken");
  CHECK_FALSE((*context)->reload().has_value());
  CHECK(name_shown_by(**context) == "kept");
}

TEST_CASE("a client that knows no TLS 1.2 is refused", "[tls]") {
  const temporary_directory files;
  const auto made = make_certificate(files, "one");
  const auto context = tls_context::load(made.certificate, made.key);
  REQUIRE(context.has_value());
  constexpr bool is_old_client = true;
  CHECK(name_shown_by(**context, is_old_client).empty());
}

}  // namespace troupe::tls_context_test
