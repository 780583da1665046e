#include "app/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace troupe {

namespace {

std::optional<std::uint64_t> number_in(const char* text) {
  if (text == nullptr) return {};
  const std::string_view digits{text};
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return {};
  return number;
}

}  // namespace

service_manager::service_manager(const char* socket, const char* watchdog_microseconds,
                                 const char* watchdog_pid) {
  if (socket == nullptr || (socket[0] != '/' && socket[0] != '@')) return;
  socket_ = socket;
  if (socket_.size() >= sizeof(sockaddr_un::sun_path)) socket_.clear();
  const bool is_meant =
      watchdog_pid == nullptr || number_in(watchdog_pid) == static_cast<std::uint64_t>(getpid());
  constexpr std::uint64_t microseconds_max = std::uint64_t{1} << 50;
  const auto limit = number_in(watchdog_microseconds);
  if (is_meant && limit && *limit > 1 && *limit < microseconds_max)
    interval_ = std::chrono::microseconds{*limit / 2};
}

service_manager service_manager::of_this_process() {
  return {std::getenv("NOTIFY_SOCKET"), std::getenv("WATCHDOG_USEC"), std::getenv("WATCHDOG_PID")};
}

bool service_manager::tell(std::string_view lines) const {
  if (socket_.empty()) return false;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::ranges::copy(socket_, to.sun_path);
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';
  const int from = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (from < 0) return false;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const auto sent = sendto(from, lines.data(), lines.size(), MSG_NOSIGNAL,
                           reinterpret_cast<const sockaddr*>(&to), size);
  close(from);
  return sent == static_cast<ssize_t>(lines.size());
}

}  // namespace troupe
