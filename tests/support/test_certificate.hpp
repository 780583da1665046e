// Certificates that a test makes for itself, and a TLS client to meet them with. OpenSSL stands
// behind it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tests/support/temporary_directory.hpp"

struct ssl_st;
struct ssl_ctx_st;

namespace troupe::test {

struct certificate_files {
  std::string certificate;  ///< PEM
  std::string key;          ///< PEM
};

/// Writes a new key and a certificate that it signed itself, for a common name. With a pass
/// phrase the key cannot be read without it.
certificate_files make_certificate(const temporary_directory& in, const std::string& name,
                                   const std::string& pass_phrase = {});

/// The client's side of TLS on a non-blocking socket, which it does not close. It trusts anyone.
class tls_client {
 public:
  explicit tls_client(int socket);

  /// Goes on with the handshake as far as that is possible; returns whether it is done.
  bool shake_hands();

  /// Returns whether all of it was taken.
  bool write(std::string_view bytes);
  /// What has come by now, at most so many bytes.
  std::string read(std::size_t size_max = 1 << 20);

  /// Says that nothing more comes.
  void end();
  /// Whether the server has said so.
  bool server_has_ended();

  std::string server_name() const;  ///< The common name in its certificate.
  std::string protocol() const;     ///< "TLSv1.3"
  void offer_at_most_tls_1_1();

 private:
  std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)> context_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> session_;
};

}  // namespace troupe::test
