#include "net/transport.hpp"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>

namespace troupe {

namespace {

/// The payload of one TLS record.
constexpr std::size_t record_size_max = 16 * 1024;

io_outcome outcome_of(ssize_t size) noexcept {
  if (size > 0) return {io_status::done, static_cast<std::size_t>(size)};
  if (size == 0) return {io_status::ended};
  const bool again = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  return {again ? io_status::would_block : io_status::failed, 0, errno};
}

}  // namespace

transport::transport(int socket, tls_session tls, address_place place) noexcept
    : socket_(socket), tls_(std::move(tls)), place_(std::move(place)) {
  if (tls_) SSL_set_fd(tls_.get(), socket_);
}

io_outcome transport::read(std::span<std::uint8_t> into) noexcept {
  if (tls_) return read_tls(into);
  return outcome_of(::recv(socket_, into.data(), into.size(), 0));
}

io_outcome transport::write(const iovec* parts, std::size_t count) noexcept {
  if (tls_) return write_tls(parts, count);
  // The common case, a lone frame, needs no vector.
  if (count == 1)
    return outcome_of(
        ::send(socket_, parts->iov_base, parts->iov_len, MSG_NOSIGNAL | MSG_DONTWAIT));
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = count;
  return outcome_of(::sendmsg(socket_, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
}

transport::sent_bytes transport::sent(std::uint64_t given) const noexcept {
  int left = 0;  // in the kernel: not sent, or not acknowledged (tcp(7), SIOCOUTQ)
  if (!is_open() || ::ioctl(socket_, TIOCOUTQ, &left) != 0) left = 0;
  const std::uint64_t written = tls_ ? BIO_number_written(SSL_get_wbio(tls_.get())) : given;
  return {written, written - std::min(written, static_cast<std::uint64_t>(std::max(left, 0)))};
}

io_outcome transport::read_tls(std::span<std::uint8_t> into) noexcept {
  ERR_clear_error();
  const int size = static_cast<int>(std::min<std::size_t>(into.size(), 1 << 30));
  const int result = SSL_read(tls_.get(), into.data(), size);
  if (result > 0) return {io_status::done, static_cast<std::size_t>(result)};
  return tls_outcome(result);
}

io_outcome transport::write_tls(const iovec* parts, std::size_t count) noexcept {
  std::array<std::uint8_t, record_size_max> record;
  std::size_t size = 0;
  for (std::size_t i = 0; i < count && size < record.size(); ++i) {
    const std::size_t taken = std::min(parts[i].iov_len, record.size() - size);
    std::memcpy(record.data() + size, parts[i].iov_base, taken);
    size += taken;
  }
  ERR_clear_error();
  const int result = SSL_write(tls_.get(), record.data(), static_cast<int>(size));
  if (result > 0) return {io_status::done, static_cast<std::size_t>(result)};
  return tls_outcome(result);
}

io_outcome transport::tls_outcome(int result) noexcept {
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return {io_status::would_block};
    case SSL_ERROR_ZERO_RETURN: return {io_status::ended};
    case SSL_ERROR_SSL:
      met_plain_http_ = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
      return {io_status::failed};
    default: return {io_status::failed, 0, errno};
  }
}

bool transport::has_input() const noexcept { return tls_ && SSL_has_pending(tls_.get()) == 1; }

bool transport::read_wants_write() const noexcept {
  return tls_ && SSL_want(tls_.get()) == SSL_WRITING;
}

void transport::end_output() noexcept {
  if (!is_open()) return;
  if (tls_) SSL_shutdown(tls_.get());
  ::shutdown(socket_, SHUT_WR);
}

void transport::close() noexcept {
  tls_.reset();
  if (is_open()) ::close(std::exchange(socket_, -1));
  place_.reset();
}

}  // namespace troupe
