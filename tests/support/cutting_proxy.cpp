#include "tests/support/cutting_proxy.hpp"

#include <array>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

namespace troupe::test {

namespace {

constexpr const char* socket_name = "/.s.PGSQL.5432";

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.size());
  return address;
}

bool write_all(int to, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t count = ::send(to, bytes, size, MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

cutting_proxy::cutting_proxy(const std::string& server_folder)
    : server_(server_folder + socket_name) {
  listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un here = address_of(folder_.text() + socket_name);
  REQUIRE(::bind(listening_, reinterpret_cast<const sockaddr*>(&here), sizeof here) == 0);
  REQUIRE(::listen(listening_, 64) == 0);
  REQUIRE(::pipe(wakes_) == 0);
  thread_ = std::thread{[this] { run(); }};
}

cutting_proxy::~cutting_proxy() {
  ::close(wakes_[1]);
  thread_.join();
  cut_all();
  ::close(wakes_[0]);
  ::close(listening_);
}

std::string cutting_proxy::url() const {
  return "host='" + folder_.text() + "' user=postgres dbname=postgres";
}

void cutting_proxy::cut_at(std::uint64_t nth, moment when, span how_long) {
  std::lock_guard lock{mutex_};
  pieces_ = 0;
  cut_at_ = nth;
  when_ = when;
  how_long_ = how_long;
}

void cutting_proxy::heal() {
  std::lock_guard lock{mutex_};
  pieces_ = 0;
  cut_at_ = 0;
  is_down_ = false;
}

void cutting_proxy::run() {
  for (;;) {
    std::vector<pollfd> on{{wakes_[0], POLLIN, 0}, {listening_, POLLIN, 0}};
    for (const carried& each : connections_) {
      on.push_back({each.client, POLLIN, 0});
      on.push_back({each.server, POLLIN, 0});
    }
    if (::poll(on.data(), on.size(), -1) < 0) continue;
    if (on[0].revents != 0) return;
    for (std::size_t i = 0; i < connections_.size();) {
      const carried each = connections_[i];
      const bool is_open = (on[2 + 2 * i].revents == 0 || carry(each.client, each.server)) &&
                           (on[3 + 2 * i].revents == 0 || carry(each.server, each.client));
      if (connections_.empty()) break;  // all were cut
      if (is_open) {
        ++i;
        continue;
      }
      ::close(each.client);
      ::close(each.server);
      connections_.erase(connections_.begin() + static_cast<std::ptrdiff_t>(i));
      break;  // the others have moved
    }
    if (on[1].revents != 0) accept_one();
  }
}

void cutting_proxy::accept_one() {
  const int client = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un there = address_of(server_);
  std::unique_lock lock{mutex_};
  const bool is_down = is_down_;
  lock.unlock();
  if (is_down || ::connect(server, reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0) {
    ::close(client);
    ::close(server);
    return;
  }
  connections_.push_back({client, server});
}

/// Carries one piece. Returns whether the connection goes on.
bool cutting_proxy::carry(int from, int to) {
  std::array<char, 64 * 1024> bytes;
  const ssize_t size = ::read(from, bytes.data(), bytes.size());
  if (size <= 0) return false;
  std::unique_lock lock{mutex_};
  const bool is_last = ++pieces_ == cut_at_;
  if (is_last && how_long_ == span::until_healed) is_down_ = true;
  const bool is_carried = !is_last || when_ == moment::behind;
  lock.unlock();
  const bool is_open = !is_carried || write_all(to, bytes.data(), static_cast<std::size_t>(size));
  if (!is_last) return is_open;
  cut_all();
  return true;
}

void cutting_proxy::cut_all() {
  for (const carried& each : connections_) {
    ::close(each.client);
    ::close(each.server);
  }
  connections_.clear();
}

}  // namespace troupe::test
