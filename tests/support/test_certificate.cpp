#include "tests/support/test_certificate.hpp"

#include <cstdio>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <catch2/catch_test_macros.hpp>

namespace troupe::test {

namespace {

struct file_closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using file = std::unique_ptr<std::FILE, file_closer>;

std::shared_ptr<X509> sign_oneself(EVP_PKEY* key, const std::string& name) {
  const std::shared_ptr<X509> made{X509_new(), &X509_free};
  constexpr long version_3 = 2;
  constexpr long hour = 3600;
  X509_set_version(made.get(), version_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -hour);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), hour);
  X509_set_pubkey(made.get(), key);
  X509_NAME* const subject = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), subject);
  REQUIRE(X509_sign(made.get(), key, EVP_sha256()) > 0);
  return made;
}

}  // namespace

certificate_files make_certificate(const temporary_directory& in, const std::string& name,
                                   const std::string& pass_phrase) {
  const certificate_files files{(in.path() / (name + ".crt")).string(),
                                (in.path() / (name + ".key")).string()};
  const std::shared_ptr<EVP_PKEY> key{EVP_EC_gen("P-256"), &EVP_PKEY_free};
  REQUIRE(key);
  const auto certificate = sign_oneself(key.get(), name);
  const file certificate_file{std::fopen(files.certificate.c_str(), "w")};
  const file key_file{std::fopen(files.key.c_str(), "w")};
  REQUIRE(PEM_write_X509(certificate_file.get(), certificate.get()) == 1);
  const auto* const phrase = reinterpret_cast<const unsigned char*>(pass_phrase.data());
  REQUIRE(PEM_write_PrivateKey(key_file.get(), key.get(),
                               pass_phrase.empty() ? nullptr : EVP_aes_128_cbc(), phrase,
                               static_cast<int>(pass_phrase.size()), nullptr, nullptr) == 1);
  return files;
}

tls_client::tls_client(int socket)
    : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
      session_(SSL_new(context_.get()), &SSL_free) {
  SSL_set_fd(session_.get(), socket);
  SSL_set_connect_state(session_.get());
}

bool tls_client::shake_hands() { return SSL_do_handshake(session_.get()) == 1; }

bool tls_client::write(std::string_view bytes) {
  return SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size())) ==
         static_cast<int>(bytes.size());
}

std::string tls_client::read(std::size_t size_max) {
  std::string all;
  while (all.size() < size_max) {
    char part[4096];
    const std::size_t wanted = std::min(sizeof part, size_max - all.size());
    const int size = SSL_read(session_.get(), part, static_cast<int>(wanted));
    if (size <= 0) break;
    all.append(part, static_cast<std::size_t>(size));
  }
  return all;
}

void tls_client::end() { SSL_shutdown(session_.get()); }

bool tls_client::server_has_ended() {
  read();
  return (SSL_get_shutdown(session_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

std::string tls_client::server_name() const {
  const std::unique_ptr<X509, void (*)(X509*)> certificate{
      SSL_get1_peer_certificate(session_.get()), &X509_free};
  if (!certificate) return {};
  char name[256] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                            sizeof name);
  return name;
}

std::string tls_client::protocol() const { return SSL_get_version(session_.get()); }

void tls_client::offer_at_most_tls_1_1() {
  SSL_set_security_level(session_.get(), 0);
  SSL_set_max_proto_version(session_.get(), TLS1_1_VERSION);
}

}  // namespace troupe::test
