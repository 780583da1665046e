// The server's certificate and key, ready for new connections. Reloading replaces them for later
// connections; existing connections keep the old ones. Thread: any; the replacement is atomic.
// OpenSSL shows in the sources of net/tls_context and net/transport only.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/errc.hpp"

struct ssl_st;
struct ssl_ctx_st;

namespace troupe {

struct tls_deleter {
  void operator()(ssl_st* session) const noexcept;
};
/// TLS on one socket; null without TLS.
using tls_session = std::unique_ptr<ssl_st, tls_deleter>;

class tls_context {
 public:
  /// Loads a PEM certificate chain and its private key. TLS 1.2 and newer.
  /// Fails with invalid_config; the detail names the file and what is wrong with it.
  static result<std::unique_ptr<tls_context>> load(std::string certificate_file,
                                                   std::string key_file);

  /// Whether a file names the authorities (CA) that others' certificates come from.
  /// Fails with invalid_config; the detail names the file and what is wrong with it.
  static result<void> check_authorities(const std::string& file);

  /// Loads both files again. On failure the old ones stay in use.
  result<void> reload();

  /// A session for a new connection; null if the system has no memory for one.
  tls_session make_session() const;

 private:
  tls_context(std::string certificate_file, std::string key_file)
      : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)) {}

  const std::string certificate_file_;
  const std::string key_file_;
  mutable std::mutex mutex_;
  std::shared_ptr<ssl_ctx_st> current_;  // guarded by mutex_
};

}  // namespace troupe
