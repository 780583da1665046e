#include "net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <system_error>

namespace troupe {

namespace {

/// The cause of OpenSSL's last failure, which it records first. The later records only name the
/// parts that the failure passed through ("system lib", "PEM lib").
std::string last_error() {
  const unsigned long code = ERR_peek_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

tl::unexpected<failure> bad_file(const std::string& what, const std::string& file) {
  return fail(errc::invalid_config, what + " '" + file + "': " + last_error());
}

/// Replaces OpenSSL's own callback, which asks on the terminal and so would stop a node at a
/// SIGHUP.
int no_pass_phrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
  if (asked != nullptr) *static_cast<bool*>(asked) = true;
  return -1;
}

result<std::shared_ptr<SSL_CTX>> load_files(const std::string& certificate,
                                            const std::string& key) {
  ERR_clear_error();
  std::shared_ptr<SSL_CTX> made{SSL_CTX_new(TLS_server_method()), &SSL_CTX_free};
  if (!made) return fail(errc::invalid_config, "TLS cannot be set up: " + last_error());
  SSL_CTX_set_min_proto_version(made.get(), TLS1_2_VERSION);
  // A connection writes from the front of a queue whose memory may move; idle ones keep no buffers.
  SSL_CTX_set_mode(made.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                   SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(made.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                      SSL_OP_CIPHER_SERVER_PREFERENCE);
  bool is_encrypted = false;
  SSL_CTX_set_default_passwd_cb(made.get(), &no_pass_phrase);
  SSL_CTX_set_default_passwd_cb_userdata(made.get(), &is_encrypted);
  if (SSL_CTX_use_certificate_chain_file(made.get(), certificate.c_str()) != 1)
    return bad_file("the certificate", certificate);
  if (SSL_CTX_use_PrivateKey_file(made.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
    if (is_encrypted)
      return fail(errc::invalid_config, "the private key '" + key +
                                            "' needs a pass phrase, which troupe does not accept");
    return bad_file("the private key", key);
  }
  SSL_CTX_set_default_passwd_cb_userdata(made.get(), nullptr);
  if (SSL_CTX_check_private_key(made.get()) != 1)
    return fail(errc::invalid_config, "the private key '" + key +
                                          "' does not belong to the certificate '" + certificate +
                                          "'");
  return made;
}

}  // namespace

void tls_deleter::operator()(ssl_st* session) const noexcept { SSL_free(session); }

result<std::unique_ptr<tls_context>> tls_context::load(std::string certificate_file,
                                                       std::string key_file) {
  std::unique_ptr<tls_context> made{
      new tls_context{std::move(certificate_file), std::move(key_file)}};
  TROUPE_TRY(made->reload());
  return made;
}

result<void> tls_context::check_authorities(const std::string& file) {
  ERR_clear_error();
  const std::shared_ptr<SSL_CTX> made{SSL_CTX_new(TLS_client_method()), &SSL_CTX_free};
  if (!made) return fail(errc::invalid_config, "TLS cannot be set up: " + last_error());
  if (SSL_CTX_load_verify_locations(made.get(), file.c_str(), nullptr) != 1)
    return bad_file("the authorities", file);
  return {};
}

result<void> tls_context::reload() {
  auto loaded = load_files(certificate_file_, key_file_);
  if (!loaded) return tl::unexpected(std::move(loaded).error());
  const std::lock_guard lock{mutex_};
  current_ = std::move(*loaded);
  return {};
}

tls_session tls_context::make_session() const {
  std::shared_ptr<SSL_CTX> context;
  {
    const std::lock_guard lock{mutex_};
    context = current_;
  }
  tls_session session{SSL_new(context.get())};
  if (session) SSL_set_accept_state(session.get());
  return session;
}

}  // namespace troupe
