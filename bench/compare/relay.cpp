#include "bench/compare/relay.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "bench/load/dialect.hpp"

namespace troupe::compare {

using load::append_frame;
using load::masking;
using load::opcode;

namespace {

constexpr std::size_t scratch_size = std::size_t{256} << 10;
constexpr std::size_t request_size_max = 8192;
constexpr int events_per_turn = 512;

/// What stands in a header of the request, which must be spelled as usual; empty if it is not
/// there.
std::string_view header_of(std::string_view request, std::string_view name) {
  const std::size_t at = request.find(name);
  if (at == std::string_view::npos) return {};
  const std::size_t begin = at + name.size();
  return request.substr(begin, request.find('\r', begin) - begin);
}

/// Format: RFC 6455, 4.2.2.
std::string accepting(std::string_view key) {
  const std::string text = std::string{key} + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> hash{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  std::array<unsigned char, 32> base64{};
  const int size = EVP_EncodeBlock(base64.data(), hash.data(), static_cast<int>(hash.size()));
  return {base64.begin(), base64.begin() + size};
}

}  // namespace

relay::relay(relaying how) : how_(how) {
  constexpr std::array<std::uint8_t, 2> empty_update{0, 0};
  hold(empty_update);
}

relay::~relay() {
  for (const auto& each : members_)
    if (each->fd >= 0) ::close(each->fd);
  if (listener_ >= 0) ::close(listener_);
  if (epoll_ >= 0) ::close(epoll_);
}

void relay::hold(byte_view state) {
  const load::dialect speaks{load::protocol::y_websocket, {}};
  state_frame_.clear();
  append_frame(state_frame_, opcode::binary, masking::off,
               speaks.head_of(load::incoming_kind::sync_step2, state.size()), state);
}

std::uint16_t relay::listen(std::uint16_t port) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, SOMAXCONN) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return 0;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;  // the listener
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  scratch_.resize(scratch_size + state_frame_.size());  // somebody may write all of it at once
  return ntohs(address.sin_port);
}

void relay::run() {
  std::array<epoll_event, events_per_turn> events;
  while (true) {
    const int count = ::epoll_wait(epoll_, events.data(), events_per_turn, -1);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) {
        accept_all();
        continue;
      }
      member& which = *static_cast<member*>(event.data.ptr);
      if ((event.events & EPOLLOUT) != 0 && !which.is_gone) flush(which);
      if ((event.events & ~EPOLLOUT) != 0 && !which.is_gone) read(which);
    }
    end_turn();
  }
}

void relay::accept_all() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    members_.push_back(std::make_unique<member>());
    member& added = *members_.back();
    added.fd = fd;
    added.watched = EPOLLIN;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &added;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
}

void relay::read(member& from) {
  std::copy(from.in.begin(), from.in.end(), scratch_.begin());
  const std::size_t held = from.in.size();
  if (held == scratch_.size()) return leave(from);  // a frame too large for a relay
  const ssize_t received = ::recv(from.fd, scratch_.data() + held, scratch_.size() - held, 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (received <= 0) return leave(from);
  const std::size_t size = held + static_cast<std::size_t>(received);
  const std::size_t taken = take(from, scratch_.data(), size);
  if (!from.is_gone) from.in.assign(scratch_.data() + taken, scratch_.data() + size);
}

/// Handles what is whole; returns how many bytes that were.
std::size_t relay::take(member& from, std::uint8_t* bytes, std::size_t size) {
  std::size_t at = 0;
  if (from.of == nullptr) at = upgrade(from, as_text({bytes, size}));
  while (from.of != nullptr && !from.is_gone) {
    const auto header = load::read_frame_header({bytes + at, size - at});
    if (!header || header->total_size() > size - at) break;
    std::uint8_t* const payload = bytes + at + header->header_size;
    if (!header->is_masked) return leave(from), size;
    load::unmask(payload, header->payload_size, payload - 4);
    at += header->total_size();
    if (header->code == opcode::close) return leave(from), size;
    if (header->code == opcode::binary) take_message(from, {payload, header->payload_size});
  }
  return at;
}

std::size_t relay::upgrade(member& from, std::string_view request) {
  constexpr std::string_view end_of_head = "\r\n\r\n";
  constexpr std::string_view method = "GET ";
  const std::size_t end = request.find(end_of_head);
  if (end == std::string_view::npos && request.size() < request_size_max) return 0;
  if (end == std::string_view::npos || !request.starts_with(method)) return leave(from), 0;
  const std::string path{
      request.substr(method.size(), request.find(' ', method.size()) - method.size())};
  std::string response =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  response += accepting(header_of(request, "Sec-WebSocket-Key: ")) + "\r\n\r\n";
  from.of = &documents_[path];
  from.of->members.push_back(&from);
  send(from, as_bytes(response));
  return end + end_of_head.size();
}

void relay::take_message(member& from, byte_view payload) {
  const bool is_sync = payload.size() > 1 && payload[0] == 0;
  if (is_sync && payload[1] == 0) return send(from, state_frame_);  // sync step 1
  frame_.clear();
  append_frame(frame_, opcode::binary, masking::off, payload);
  pass_on(from, frame_);
}

void relay::pass_on(member& from, byte_view frame) {
  document& to = *from.of;
  if (how_ == relaying::raw) {
    for (member* const each : to.members)
      if (each != &from) send(*each, frame);
    return;
  }
  to.pieces.push_back({&from, to.turn.size(), to.turn.size() + frame.size()});
  to.turn.insert(to.turn.end(), frame.begin(), frame.end());
  from.has_sent_this_turn = true;
  if (std::exchange(to.is_dirty, true)) return;
  dirty_.push_back(&to);
}

void relay::end_turn() {
  for (document* const each : dirty_) send_turn(*each);
  dirty_.clear();
  if (std::exchange(has_leavers_, false))
    std::erase_if(members_, [](const auto& each) { return each->is_gone; });
}

void relay::send_turn(document& to) {
  for (member* const each : to.members) {
    if (!each->has_sent_this_turn) {
      send(*each, to.turn);
      continue;
    }
    each->has_sent_this_turn = false;
    frame_.clear();
    for (const piece& frame : to.pieces)
      if (frame.from != each)
        frame_.insert(frame_.end(), to.turn.begin() + static_cast<std::ptrdiff_t>(frame.begin),
                      to.turn.begin() + static_cast<std::ptrdiff_t>(frame.end));
    send(*each, frame_);
  }
  to.turn.clear();
  to.pieces.clear();
  to.is_dirty = false;
}

void relay::send(member& to, byte_view bytes) {
  if (bytes.empty() || to.is_gone) return;
  std::size_t sent = 0;
  if (to.out.empty()) {
    const ssize_t size = ::send(to.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size > 0) sent = static_cast<std::size_t>(size);
  }
  if (sent == bytes.size()) return;
  to.out.insert(to.out.end(), bytes.begin() + static_cast<std::ptrdiff_t>(sent), bytes.end());
  set_backlog(to, true);
}

void relay::flush(member& to) {
  const ssize_t size =
      ::send(to.fd, to.out.data() + to.sent, to.out.size() - to.sent, MSG_NOSIGNAL);
  if (size > 0) to.sent += static_cast<std::size_t>(size);
  if (to.sent < to.out.size()) return;
  to.out.clear();
  to.sent = 0;
  set_backlog(to, false);
}

/// While a member's socket is full, nobody of its document is read: what waits here stays bounded.
void relay::set_backlog(member& of, bool is_full) {
  if (((of.watched & EPOLLOUT) != 0) == is_full) return;
  document& in = *of.of;
  const bool was_readable = in.backlogged == 0;
  in.backlogged += is_full ? 1 : static_cast<std::size_t>(-1);
  of.watched ^= EPOLLOUT;
  watch(of);
  if (was_readable == (in.backlogged == 0)) return;
  for (member* const each : in.members) watch(*each);
}

void relay::watch(member& which) {
  which.watched = (which.watched & EPOLLOUT) | (which.of->backlogged == 0 ? EPOLLIN : 0U);
  epoll_event event{};
  event.events = which.watched;
  event.data.ptr = &which;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, which.fd, &event);
}

void relay::leave(member& which) {
  if (which.of != nullptr) {
    set_backlog(which, false);
    std::erase(which.of->members, &which);
  }
  ::close(which.fd);
  which.fd = -1;
  which.is_gone = true;
  has_leavers_ = true;
}

}  // namespace troupe::compare
