#include "app/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include "app/thread_watch.hpp"
#include "tests/support/temporary_directory.hpp"

namespace troupe::service_manager_test {

using namespace std::chrono_literals;

namespace {

/// The socket of a service manager.
class listener_of_manager {
 public:
  /// A path, or @ and a name.
  explicit listener_of_manager(const std::string& name)
      : socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, name.data(), name.size());
    if (name[0] == '@') at.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(bind(socket_, reinterpret_cast<const sockaddr*>(&at), size) == 0);
  }
  ~listener_of_manager() { close(socket_); }
  listener_of_manager(const listener_of_manager&) = delete;
  listener_of_manager& operator=(const listener_of_manager&) = delete;

  /// The next datagram; empty if there is none.
  std::string hear() const {
    std::array<char, 256> text{};
    const auto size = recv(socket_, text.data(), text.size(), 0);
    return size < 0 ? std::string{} : std::string{text.data(), static_cast<std::size_t>(size)};
  }

 private:
  int socket_;
};

}  // namespace

TEST_CASE("a service manager hears what it is told", "[service_manager]") {
  const test::temporary_directory directory;
  const std::string path = directory.text() + "/notify";
  const listener_of_manager manager{path};
  const service_manager told{path.c_str(), nullptr, nullptr};
  CHECK(told.tell("READY=1"));
  CHECK(told.tell("STOPPING=1\nSTATUS=over"));
  CHECK(manager.hear() == "READY=1");
  CHECK(manager.hear() == "STOPPING=1\nSTATUS=over");
  CHECK(manager.hear().empty());
}

TEST_CASE("a service manager may listen on an abstract socket", "[service_manager]") {
  const std::string name = "@troupe-test-" + std::to_string(getpid());
  const listener_of_manager manager{name};
  CHECK(service_manager{name.c_str(), nullptr, nullptr}.tell("READY=1"));
  CHECK(manager.hear() == "READY=1");
}

TEST_CASE("nothing is told where no service manager listens", "[service_manager]") {
  const std::string long_path = "/" + std::string(200, 'x');
  for (const char* socket : {static_cast<const char*>(nullptr), "", "relative", "/nowhere/at/all",
                             "vsock:2:3", long_path.c_str()})
    CHECK_FALSE(service_manager{socket, nullptr, nullptr}.tell("READY=1"));
}

TEST_CASE("a process tells that it lives twice as often as the manager waits",
          "[service_manager]") {
  const std::string own = std::to_string(getpid());
  const auto interval = [](const char* microseconds, const char* pid) {
    return service_manager{"/run/notify", microseconds, pid}.watchdog_interval();
  };
  CHECK(interval("30000000", nullptr) == 15s);
  CHECK(interval("30000000", own.c_str()) == 15s);
  CHECK_FALSE(interval("30000000", "1").has_value());  // meant for another process
  CHECK_FALSE(interval(nullptr, nullptr).has_value());
  for (const char* none : {"", "0", "1", "-1", "abc", "30s", "99999999999999999999"})
    CHECK_FALSE(interval(none, nullptr).has_value());
  CHECK_FALSE(service_manager{nullptr, "30000000", nullptr}.watchdog_interval().has_value());
}

TEST_CASE("threads are asked again once all of them have answered", "[service_manager]") {
  std::vector<std::unique_ptr<io_unit>> units;
  units.push_back(std::make_unique<io_unit>());
  units.push_back(std::make_unique<io_unit>());
  thread_watch threads{units};
  CHECK(threads.all_answer());  // nobody was asked before
  CHECK_FALSE(threads.all_answer());
  std::thread first{[&] { units[0]->run(); }};
  units[0]->finish();
  first.join();
  CHECK_FALSE(threads.all_answer());  // the second is stuck
  std::thread second{[&] { units[1]->run(); }};
  units[1]->finish();
  second.join();
  CHECK(threads.all_answer());
}

}  // namespace troupe::service_manager_test
