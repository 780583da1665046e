#include "app/cluster/certificates.hpp"

#include <filesystem>
#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "tests/support/temporary_directory.hpp"

namespace troupe::certificates_test {

using namespace troupe::cluster;

namespace {

std::string why_not(const result<std::vector<std::string>>& made) {
  return made ? "none" : made.error().detail;
}

/// Both sides as CAF sets them up: each shows a certificate and checks the other's. Returns whether
/// they shake hands.
bool can_meet(const std::string& client_in, const std::string& client, const std::string& server_in,
              const std::string& server) {
  const auto context_of = [](const std::string& in, const std::string& name) {
    SSL_CTX* const made = SSL_CTX_new(TLS_method());
    SSL_CTX_set_verify(made, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    CHECK(SSL_CTX_use_certificate_chain_file(made, (in + "/" + name + ".pem").c_str()) == 1);
    CHECK(SSL_CTX_use_PrivateKey_file(made, (in + "/" + name + ".key").c_str(), SSL_FILETYPE_PEM) ==
          1);
    CHECK(SSL_CTX_load_verify_locations(made, (in + "/ca.pem").c_str(), nullptr) == 1);
    return made;
  };
  SSL_CTX* const contexts[] = {context_of(client_in, client), context_of(server_in, server)};
  SSL* const sides[] = {SSL_new(contexts[0]), SSL_new(contexts[1])};
  BIO* ends[2];
  BIO_new_bio_pair(&ends[0], 0, &ends[1], 0);
  for (int i = 0; i < 2; ++i) SSL_set_bio(sides[i], ends[i], ends[i]);
  int done[] = {0, 0};
  for (int round = 0; round < 10; ++round) {
    done[0] = SSL_connect(sides[0]);
    done[1] = SSL_accept(sides[1]);
  }
  for (int i = 0; i < 2; ++i) {
    SSL_free(sides[i]);
    SSL_CTX_free(contexts[i]);
  }
  return done[0] == 1 && done[1] == 1;
}

}  // namespace

TEST_CASE("nodes with certificates of one authority meet, and no others", "[certificates]") {
  const test::temporary_directory directory, elsewhere;
  const auto written = make_certificates({directory.text() + "/new", {"n1", "n2"}});
  REQUIRE(written);
  CHECK(written->size() == 6);
  const std::string in = directory.text() + "/new";
  CHECK(can_meet(in, "n1", in, "n2"));
  CHECK(can_meet(in, "n2", in, "n1"));
  REQUIRE(make_certificates({elsewhere.text(), {"n1"}}));
  CHECK_FALSE(can_meet(elsewhere.text(), "n1", in, "n2"));
  CHECK_FALSE(can_meet(in, "n1", elsewhere.text(), "n1"));
  // Further nodes get theirs from the same authority.
  const auto more = make_certificates({in, {"n4"}});
  REQUIRE(more);
  CHECK(more->size() == 2);
  CHECK(can_meet(in, "n4", in, "n1"));
}

TEST_CASE("only its owner reads a key", "[certificates]") {
  const test::temporary_directory directory;
  REQUIRE(make_certificates({directory.text(), {"n1"}}));
  for (const char* key : {"ca.key", "n1.key"})
    CHECK(std::filesystem::status(directory.path() / key).permissions() ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("no file is overwritten", "[certificates]") {
  const test::temporary_directory directory;
  directory.write("n2.key", "mine");
  CHECK(why_not(make_certificates({directory.text(), {"n1", "n2"}})) ==
        "'" + directory.text() + "/n2.key' is there already");
  CHECK_FALSE(std::filesystem::exists(directory.path() / "ca.pem"));
  directory.remove("n2.key");
  directory.write("ca.key", "mine");
  CHECK(why_not(make_certificates({directory.text(), {"n1"}})) ==
        "'" + directory.text() + "/ca.pem' is missing, and its key is there");
  directory.write("ca.pem", "mine");
  CHECK(why_not(make_certificates({directory.text(), {"n1"}})) ==
        "'" + directory.text() + "/ca.pem' is no certificate in PEM");
}

TEST_CASE("names that are none, twice, or that of the authority are refused", "[certificates]") {
  const test::temporary_directory directory;
  CHECK(why_not(make_certificates({directory.text(), {"../n1"}}))
            .starts_with("'../n1': the name of a node must be 1 to 64"));
  CHECK(why_not(make_certificates({directory.text(), {"ca"}})) ==
        "'ca': the name of a node must not be ca");
  CHECK(why_not(make_certificates({directory.text(), {"n1", "n1"}})) == "'n1' is named twice");
  CHECK(std::filesystem::is_empty(directory.path()));
}

}  // namespace troupe::certificates_test
