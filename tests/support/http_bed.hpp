// An HTTP connection between a socket pair's end and those who take upgrades and answer requests.
// The other end is in the hands of the test.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_connection.hpp"
#include "net/websocket_connection.hpp"
#include "tests/support/socket_pair.hpp"
#include "tests/support/unit_thread.hpp"

namespace troupe::test {

/// Admits upgrades and records what it hears. A target with a '%' is refused.
class recording_acceptor final : public connection_acceptor {
 public:
  result<std::unique_ptr<admitted_upgrade>> admit(upgrade_request request) override {
    if (request.target.find('%') != std::string::npos)
      return fail(errc::invalid_name, "a '%' is not followed by two hexadecimal digits");
    return std::make_unique<admitted>(*this, std::move(request));
  }
  void on_refused(admission why) override {
    log.emplace_back(why == admission::too_many ? "too many" : "too fast");
  }
  void on_origin_refused(std::string_view origin, const std::string& remote_address) override {
    log.push_back("origin " + std::string{origin} + " from " + remote_address);
  }
  void on_wrong_scheme(wrong_scheme spoken, const std::string& remote_address) override {
    log.push_back((spoken == wrong_scheme::tls ? "tls from " : "plain from ") + remote_address);
  }

  std::vector<upgrade_request> upgrades;
  std::chrono::milliseconds wait{0};       ///< Of each upgrade.
  std::optional<passing_refusal> refusal;  ///< After that.
  int dropped = 0;                         ///< Admitted upgrades that are gone.
  std::vector<std::string> log;
  bool on_own_unit = false;
  io_unit* home = nullptr;

 private:
  class admitted final : public admitted_upgrade {
   public:
    admitted(recording_acceptor& by, upgrade_request request)
        : by_(by), request_(std::move(request)) {}
    admitted(const admitted&) = delete;
    admitted& operator=(const admitted&) = delete;
    ~admitted() override { ++by_.dropped; }
    std::chrono::milliseconds wait() override { return by_.wait; }
    std::optional<passing_refusal> refusal() override { return by_.refusal; }
    io_unit& choose_unit(io_unit& current) override {
      return by_.home == nullptr ? current : *by_.home;
    }
    void on_connection(io_unit& unit, std::shared_ptr<websocket_connection> connection) override {
      by_.upgrades.push_back(std::move(request_));
      by_.on_own_unit = unit.on_own_thread();
      connection.reset();  // it just ends
    }

   private:
    recording_acceptor& by_;
    upgrade_request request_;
  };
};

/// Answers each request with its target, at once or when it is told to.
class echo_handler final : public http_handler {
 public:
  body_plan on_head(const http_request& head) override {
    heads.push_back(head.target);
    return plan;
  }
  void on_request(http_request request, std::function<void(http_answer)> answer) override {
    requests.push_back(request);
    answers.push_back([this, answer, body = body.empty() ? request.target + "\n" : body] {
      http_answer with{.status = 200, .body = body, .allow = {}};
      if (dress) dress(with);
      answer(std::move(with));
    });
    if (answers_at_once) answer_next();
  }
  void answer_next() {
    const auto next = answers.front();
    answers.pop_front();
    next();
  }

  std::vector<http_request> requests;
  std::vector<std::string> heads;  ///< Targets of requests whose header came.
  body_plan plan;                  ///< Of each.
  std::deque<std::function<void()>> answers;
  bool answers_at_once = true;
  std::string body;                         ///< Of each answer; empty: the target.
  std::function<void(http_answer&)> dress;  ///< Changes an answer before it goes out.
};

class http_bed {
 public:
  explicit http_bed(connection_settings with = {}) {
    service->settings = std::make_shared<const connection_settings>(with);
    service->acceptor = acceptor;
    service->handler = handler;
  }
  ~http_bed() {
    thread.stop();
    handler->answers.clear();  // each holds its connection, which holds the handler
  }

  http_bed& serve(admission outcome = admission::admitted, tls_session tls = {},
                  const std::string& peer = "10.0.0.1") {
    auto accepted = std::make_shared<accepted_socket>(
        accepted_socket{transport{sockets.take_here(), std::move(tls)}, peer, outcome});
    run([&] { serve_http(thread.unit, std::move(*accepted), service); });
    return *this;
  }
  void run(std::function<void()> work) {
    thread.run(std::move(work));
    thread.settle();
  }
  /// What the client has got when it has sent this.
  std::string answer_to(std::string_view bytes) {
    for (std::size_t sent = 0, last = 1; sent < bytes.size() && last > 0; sent += last) {
      last = sockets.there_writes(bytes.substr(sent));
      thread.settle();
    }
    return sockets.there_reads();
  }
  bool has_ended() { return sockets.there_is_at_end(); }
  bool ends_within(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (!has_ended() && std::chrono::steady_clock::now() < end) thread.settle();
    return has_ended();
  }
  std::size_t connections() {
    thread.settle();
    return thread.unit.connection_count();
  }

  unit_thread thread;
  socket_pair sockets;
  std::shared_ptr<recording_acceptor> acceptor = std::make_shared<recording_acceptor>();
  std::shared_ptr<echo_handler> handler = std::make_shared<echo_handler>();
  std::shared_ptr<http_service> service = std::make_shared<http_service>();
};

}  // namespace troupe::test
