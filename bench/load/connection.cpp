#include "bench/load/connection.hpp"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace troupe::load {

namespace {

constexpr std::uint64_t frame_size_max = std::uint64_t{256} << 20;
constexpr std::size_t response_size_max = 8192;

std::string error_text(const char* what, int code) {
  return std::string{what} + ": " + std::strerror(code);
}

}  // namespace

connection::~connection() { close(); }

void connection::open(const sockaddr_in& server, const std::string& path) {
  state_ = phase::connecting;
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return fail(error_text("socket", errno));
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const std::string request = upgrade_request("127.0.0.1", path);
  out_.assign(request.begin(), request.end());
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0 &&
      errno != EINPROGRESS)
    return fail(error_text("connect", errno));
  watches_writing_ = true;
  loop_.watch(fd_, *this, EPOLLIN | EPOLLOUT);
}

void connection::send(byte_view head, byte_view body) {
  if (state_ == phase::open) queue(opcode::binary, head, body);
}

void connection::leave() {
  if (state_ != phase::open) return close();
  constexpr std::array<std::uint8_t, 2> normal_closure{0x03, 0xe8};  // 1000
  queue(opcode::close, normal_closure, {});
  state_ = phase::leaving;
}

void connection::close() {
  if (fd_ < 0) return;
  ::close(fd_);
  fd_ = -1;
  state_ = phase::closed;
  std::vector<std::uint8_t>{}.swap(out_);
  std::vector<std::uint8_t>{}.swap(held_);
  large_ = {};
  own_.reset();
  sent_ = 0;
}

void connection::on_ready(std::uint32_t events) {
  if (fd_ < 0) return;  // closed earlier in this turn
  if (state_ == phase::connecting) {
    on_connected();
    return;
  }
  if ((events & EPOLLOUT) != 0) flush();
  if (fd_ >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read();
}

void connection::on_connected() {
  int code = 0;
  socklen_t size = sizeof code;
  ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &code, &size);
  if (code != 0) return fail(error_text("connect", code));
  state_ = phase::upgrading;
  flush();
}

void connection::flush() {
  is_flush_requested_ = false;
  if (fd_ < 0) return;
  while (sent_ < out_.size()) {
    const ssize_t size = ::send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) {
      if (sent_ > out_.size() / 2) {
        out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(sent_));
        sent_ = 0;
      }
      return watch_writing(true);
    }
    if (size < 0) return fail(error_text("send", errno));
    sent_ += static_cast<std::size_t>(size);
  }
  out_.clear();
  sent_ = 0;
  watch_writing(false);
}

void connection::watch_writing(bool wanted) {
  if (watches_writing_ == wanted) return;
  watches_writing_ = wanted;
  loop_.change(fd_, *this, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void connection::read() {
  if (!large_.empty()) return read_large();
  std::vector<std::uint8_t>& scratch = loop_.scratch();
  std::ranges::copy(held_, scratch.begin());
  std::size_t size = 0;
  if (!receive(scratch.data() + held_.size(), scratch.size() - held_.size(), size)) return;
  size += held_.size();
  const std::size_t taken = take(scratch.data(), size);
  if (fd_ < 0) return;
  const byte_view rest{scratch.data() + taken, size - taken};
  const auto header = state_ == phase::open ? read_frame_header(rest) : std::nullopt;
  if (header && header->total_size() > frame_size_max) return fail("frame too large");
  const bool is_large = header && header->total_size() > scratch.size() / 2;
  if (is_large) return begin_large(rest, header->total_size());
  held_.assign(rest.begin(), rest.end());
}

void connection::begin_large(byte_view beginning, std::size_t size) {
  held_.clear();
  large_ = std::exchange(lent_, {});
  if (large_.size() < size) {
    own_ = std::make_unique_for_overwrite<std::uint8_t[]>(size);
    large_ = {own_.get(), size};
  }
  large_ = large_.first(size);
  std::ranges::copy(beginning, large_.begin());
  large_size_ = beginning.size();
  read_large();
}

/// Reads on while there is something, as a client does that has nothing else to do: the server's
/// socket may hold more than it could send at once.
void connection::read_large() {
  std::size_t size = 0;
  while (large_size_ < large_.size()) {
    if (!receive(large_.data() + large_size_, large_.size() - large_size_, size)) return;
    large_size_ += size;
  }
  const auto owned = std::move(own_);  // to the end of the call
  const std::span<std::uint8_t> whole = std::exchange(large_, {});
  take(whole.data(), whole.size());
}

/// Returns false if there is nothing to take: nothing came, or the connection has ended.
bool connection::receive(std::uint8_t* into, std::size_t room, std::size_t& size) {
  const ssize_t received = ::recv(fd_, into, room, 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (received < 0) return fail(error_text("recv", errno)), false;
  if (received == 0) return fail("ended by the server"), false;
  loop_.refresh();
  size = static_cast<std::size_t>(received);
  return true;
}

/// Handles what is whole; returns how many bytes that were.
std::size_t connection::take(std::uint8_t* bytes, std::size_t size) {
  std::size_t at = 0;
  if (state_ == phase::upgrading) at = take_response({bytes, size});
  while (state_ == phase::open || state_ == phase::leaving) {
    const byte_view rest{bytes + at, size - at};
    const auto header = read_frame_header(rest);
    if (!header || header->total_size() > rest.size()) break;
    at += header->total_size();
    take_frame(*header, rest.subspan(header->header_size, header->payload_size));
  }
  return at;
}

std::size_t connection::take_response(byte_view bytes) {
  constexpr std::string_view end_of_head = "\r\n\r\n";
  const std::size_t end = as_text(bytes).find(end_of_head);
  if (end == std::string_view::npos) {
    if (bytes.size() > response_size_max) fail("the response to the upgrade is too long");
    return 0;
  }
  if (!is_accepted(as_text(bytes.first(end)))) {
    fail("upgrade refused: " + std::string{as_text(bytes).substr(0, as_text(bytes).find('\r'))});
    return 0;
  }
  state_ = phase::open;
  listener_.on_open();
  return end + end_of_head.size();
}

void connection::take_frame(const frame_header& header, byte_view payload) {
  if (state_ == phase::leaving) {
    if (header.code == opcode::close) close();
    return;
  }
  if (header.is_masked) return fail("the server masks its frames");
  switch (header.code) {
    case opcode::binary:
    case opcode::continuation:
      if (header.is_final && fragments_.empty()) return listener_.on_message(payload);
      fragments_.insert(fragments_.end(), payload.begin(), payload.end());
      if (fragments_.size() > frame_size_max) return fail("message too large");
      if (!header.is_final) return;
      listener_.on_message(fragments_);
      fragments_.clear();
      return;
    case opcode::ping: return queue(opcode::pong, payload, {});
    case opcode::close: return take_close(payload);
    default: return;
  }
}

void connection::take_close(byte_view payload) {
  if (payload.size() >= 2) close_code_ = static_cast<std::uint16_t>(payload[0] << 8 | payload[1]);
  std::string reason{payload.size() > 2 ? as_text(payload.subspan(2)) : std::string_view{}};
  queue(opcode::close, payload.first(std::min<std::size_t>(payload.size(), 2)), {});
  flush();
  fail("closed with " + std::to_string(close_code_) + ' ' + reason);
}

void connection::queue(opcode code, byte_view head, byte_view body) {
  append_frame(out_, code, masking::on, head, body);
  request_flush();
}

void connection::request_flush() {
  if (is_flush_requested_ || watches_writing_) return;
  is_flush_requested_ = true;
  loop_.flush_later(*this);
}

void connection::fail(std::string why) {
  const bool is_expected = state_ == phase::leaving || state_ == phase::closed;
  close();
  state_ = phase::closed;
  if (is_expected) return;
  why_ = std::move(why);
  listener_.on_closed();
}

}  // namespace troupe::load
