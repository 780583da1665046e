// The door, on free ports of loopback: who is let in, where they go, and what a stop ends. The
// limits of one address, from which loopback is exempt, are in address_limits_test.cpp.
#include "net/listener.hpp"

#include <sys/resource.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <utility>

#include <catch2/catch_test_macros.hpp>

#include "net/http_message.hpp"
#include "net/tls_context.hpp"
#include "net/websocket_connection.hpp"
#include "tests/support/connection_bed.hpp"
#include "tests/support/tcp_client.hpp"
#include "tests/support/test_certificate.hpp"
#include "tests/support/unit_thread.hpp"

namespace troupe::listener_test {

using test::tcp_client;

namespace {

constexpr std::chrono::seconds patience{10};
constexpr std::string_view health = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view upgrade =
    "GET /notes HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Starts each WebSocket and keeps it.
class keeping_acceptor final : public connection_acceptor {
 public:
  result<std::unique_ptr<admitted_upgrade>> admit(upgrade_request) override {
    struct admitted final : admitted_upgrade {
      explicit admitted(keeping_acceptor& by) : by_(by) {}
      void on_connection(io_unit&, std::shared_ptr<websocket_connection> connection) override {
        connection->start(std::make_shared<test::recording_handler>());
        by_.kept = std::move(connection);
      }
      keeping_acceptor& by_;
    };
    return std::make_unique<admitted>(*this);
  }

  std::shared_ptr<websocket_connection> kept;
};

/// Answers when the test says so.
class patient_handler final : public http_handler {
 public:
  body_plan on_head(const http_request&) override { return {}; }
  void on_request(http_request, std::function<void(http_answer)> answer) override {
    const std::lock_guard lock{mutex_};
    answers_.push_back(std::move(answer));
    ++asked_;
  }

  std::size_t asked() const { return asked_; }
  /// Of those that have no answer the one that asked first.
  void answer_first() {
    const std::lock_guard lock{mutex_};
    REQUIRE_FALSE(answers_.empty());
    answers_.front()({.body = "ok\n", .allow = {}});
    answers_.pop_front();
  }

 private:
  std::mutex mutex_;
  std::deque<std::function<void(http_answer)>> answers_;
  std::atomic<std::size_t> asked_ = 0;
};

class listener_bed {
 public:
  explicit listener_bed(std::size_t unit_count = 1) : threads(unit_count) {
    settings.address = "127.0.0.1";
  }
  ~listener_bed() {
    opened.reset();
    for (test::unit_thread& thread : threads) thread.stop();
  }

  result<std::unique_ptr<listener>> open_another() {
    std::vector<io_unit*> units;
    for (test::unit_thread& thread : threads) units.push_back(&thread.unit);
    return listener::open(units, settings, acceptor, handler);
  }
  void open() {
    auto another = open_another();
    REQUIRE(another.has_value());
    opened = std::move(*another);
  }

  void settle() {
    for (test::unit_thread& thread : threads) thread.settle();
  }
  bool comes_true(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      settle();
    }
    return true;
  }
  bool answers(tcp_client& client) {
    return comes_true([&] { return client.read().ends_with("ok\n"); });
  }
  std::size_t connections(std::size_t unit) const { return threads[unit].unit.connection_count(); }

  listener_settings settings;
  std::shared_ptr<keeping_acceptor> acceptor = std::make_shared<keeping_acceptor>();
  std::shared_ptr<patient_handler> handler;  // null: the usual one
  std::vector<test::unit_thread> threads;
  std::unique_ptr<listener> opened;
};

/// Lets nobody open a file until it is destroyed.
class no_descriptors {
 public:
  no_descriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(0);
    ::close(next);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(next);
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  no_descriptors(const no_descriptors&) = delete;
  no_descriptors& operator=(const no_descriptors&) = delete;
  ~no_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("a listener takes a free port, tells which, and answers there", "[listener]") {
  listener_bed bed;
  bed.open();
  REQUIRE(bed.opened->port() != 0);
  tcp_client client{bed.opened->port()};
  REQUIRE(client.write(health));
  CHECK(bed.answers(client));
}

TEST_CASE("an address that is none, not ours or taken is refused", "[listener]") {
  listener_bed bed;
  for (const char* address : {"localhost", "", "1.2.3", "::1::"}) {
    bed.settings.address = address;
    const auto refused = bed.open_another();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == errc::invalid_config);
    CHECK(refused.error().detail.find("is not an IP address") != std::string::npos);
  }
  bed.settings.address = "192.0.2.1";  // reserved for documentation
  const auto foreign = bed.open_another();
  REQUIRE_FALSE(foreign.has_value());
  CHECK(foreign.error().code == errc::address_in_use);
  bed.settings.address = "127.0.0.1";
  bed.open();
  bed.settings.port = bed.opened->port();
  const auto taken = bed.open_another();
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error().code == errc::address_in_use);
  CHECK(taken.error().detail.find(std::to_string(bed.opened->port())) != std::string::npos);
}

TEST_CASE("sockets go to the units in turn", "[listener]") {
  listener_bed bed{3};
  bed.open();
  std::vector<tcp_client> clients;
  for (int i = 0; i < 9; ++i) clients.emplace_back(bed.opened->port());
  for (std::size_t unit = 0; unit < 3; ++unit)
    CHECK(bed.comes_true([&] { return bed.connections(unit) == 3; }));
}

TEST_CASE("loopback is exempt from the limits of an address", "[listener]") {
  listener_bed bed;
  bed.settings.per_address = {.connections_max = 1, .accepts_per_second = 1, .accept_burst = 1};
  bed.open();
  std::vector<tcp_client> clients;
  for (int i = 0; i < 5; ++i) clients.emplace_back(bed.opened->port());
  for (tcp_client& client : clients) {
    REQUIRE(client.write(health));
    CHECK(bed.answers(client));
  }
}

TEST_CASE("a stopped listener ends HTTP, lets WebSockets go on and lets nobody in", "[listener]") {
  listener_bed bed{2};
  bed.open();
  tcp_client plain{bed.opened->port()};
  REQUIRE(plain.write(health));
  REQUIRE(bed.answers(plain));
  tcp_client upgraded{bed.opened->port()};
  REQUIRE(upgraded.write(upgrade));
  REQUIRE(bed.comes_true([&] { return upgraded.read().starts_with("HTTP/1.1 101"); }));
  bed.opened->stop();
  bed.opened->stop();
  CHECK(bed.comes_true([&] { return plain.has_ended(); }));
  CHECK(bed.comes_true([&] { return !tcp_client{}.connect(bed.opened->port()); }));
  REQUIRE(upgraded.write(std::string{as_text(test::client_frame(test::ping, "still there?"))}));
  CHECK(bed.comes_true([&] { return upgraded.read().ends_with("still there?"); }));
  CHECK_FALSE(upgraded.has_ended());
}

TEST_CASE("a listener that is destroyed has stopped", "[listener]") {
  listener_bed bed;
  bed.open();
  const std::uint16_t port = bed.opened->port();
  bed.opened.reset();
  CHECK(bed.comes_true([&] { return !tcp_client{}.connect(port); }));
}

TEST_CASE("clients that leave before they are let in do no harm", "[listener]") {
  listener_bed bed;
  bed.open();
  for (int i = 0; i < 20; ++i) tcp_client{bed.opened->port()};
  tcp_client client{bed.opened->port()};
  REQUIRE(client.write(health));
  CHECK(bed.answers(client));
  CHECK(bed.comes_true([&] { return bed.connections(0) == 1; }));
}

TEST_CASE("without descriptors a listener waits for some, and goes on", "[listener]") {
  listener_bed bed;
  std::atomic<int> told = 0;
  bed.settings.on_out_of_resources = [&](const std::string& why) { told += !why.empty(); };
  bed.open();
  tcp_client client;
  bool has_asked = false;
  bool has_answer = true;
  {
    // Nothing is checked meanwhile: sanitizers need a descriptor to look at an object.
    const no_descriptors none;
    has_asked = client.connect(bed.opened->port()) && client.write(health);
    bed.settle();
    has_answer = !client.read().empty();
  }
  REQUIRE(has_asked);
  CHECK_FALSE(has_answer);
  CHECK(told > 0);
  CHECK(bed.answers(client));
}

TEST_CASE("above its number of sockets a listener closes those that only wait, the oldest first",
          "[listener]") {
  listener_bed bed;
  bed.settings.connections_max = 2;
  bed.open();
  tcp_client silent{bed.opened->port()};
  bed.settle();
  tcp_client half{bed.opened->port()};
  REQUIRE(half.write(health.substr(0, 20)));
  REQUIRE(bed.comes_true([&] { return bed.connections(0) == 2; }));
  tcp_client third{bed.opened->port()};
  REQUIRE(third.write(health));
  CHECK(bed.answers(third));
  CHECK(bed.comes_true([&] { return silent.has_ended(); }));
  CHECK_FALSE(half.has_ended());
  tcp_client fourth{bed.opened->port()};
  REQUIRE(fourth.write(health));
  CHECK(bed.answers(fourth));
  CHECK(bed.comes_true([&] { return half.has_ended(); }));
}

TEST_CASE("above its number of sockets a listener lets others wait while all are being answered",
          "[listener]") {
  listener_bed bed;
  bed.settings.connections_max = 2;
  bed.handler = std::make_shared<patient_handler>();
  bed.open();
  tcp_client first{bed.opened->port()};
  tcp_client second{bed.opened->port()};
  REQUIRE(first.write(health));
  REQUIRE(second.write(health));
  REQUIRE(bed.comes_true([&] { return bed.handler->asked() == 2; }));
  tcp_client third{bed.opened->port()};
  REQUIRE(third.write(health));
  for (int i = 0; i < 20; ++i) bed.settle();
  CHECK(bed.handler->asked() == 2);
  CHECK_FALSE(first.has_ended());
  CHECK_FALSE(second.has_ended());
  bed.handler->answer_first();
  CHECK(bed.answers(first));
  // Its answer makes it one that waits.
  REQUIRE(bed.comes_true([&] { return bed.handler->asked() == 3; }));
  CHECK(bed.comes_true([&] { return first.has_ended(); }));
  CHECK_FALSE(second.has_ended());
  bed.handler->answer_first();
  CHECK(bed.answers(second));
  bed.handler->answer_first();
  CHECK(bed.answers(third));
}

TEST_CASE("a listener with a certificate speaks TLS", "[listener]") {
  const test::temporary_directory files;
  const auto made = test::make_certificate(files, "localhost");
  auto context = tls_context::load(made.certificate, made.key);
  REQUIRE(context);
  listener_bed bed;
  bed.settings.tls = std::move(*context);
  bed.open();
  tcp_client socket{bed.opened->port()};
  test::tls_client client{socket.socket()};
  REQUIRE(bed.comes_true([&] { return client.shake_hands(); }));
  REQUIRE(client.write(health));
  std::string answer;
  CHECK(bed.comes_true([&] { return (answer += client.read()).ends_with("ok\n"); }));
}

}  // namespace troupe::listener_test
