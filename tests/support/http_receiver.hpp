// A small HTTP server on loopback, for what sends requests: it records each and answers as the test
// says. One request per connection.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace troupe::test {

class http_receiver {
 public:
  struct received {
    std::string method;
    std::string target;
    std::map<std::string, std::string> headers;  ///< Names in lower case.
    std::string body;
  };
  struct answer {
    unsigned status = 200;
    std::string body = {};
    std::string headers = {};  ///< Whole lines, with their ends.
    bool hangs = false;        ///< Nothing is sent until the receiver ends.
  };
  using decide = std::function<answer(const received&)>;

  explicit http_receiver(decide how = {}) : how_(std::move(how)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(socket_, 64) != 0)
      throw std::runtime_error("the receiver cannot listen");
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    acceptor_ = std::thread{[this] { accept_all(); }};
  }
  ~http_receiver() {
    ends_ = true;
    acceptor_.join();
    for (std::thread& each : threads_) each.join();
    ::close(socket_);
  }
  http_receiver(const http_receiver&) = delete;
  http_receiver& operator=(const http_receiver&) = delete;

  std::string url(const std::string& path = "/hook") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  std::uint16_t port() const { return port_; }

  void answer_with(decide how) {
    const std::lock_guard lock{mutex_};
    how_ = std::move(how);
  }
  std::vector<received> requests() {
    const std::lock_guard lock{mutex_};
    return requests_;
  }
  /// Waits until there are so many; returns what there is.
  std::vector<received> wait_for(std::size_t count,
                                 std::chrono::seconds patience = std::chrono::seconds{10}) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, patience, [&] { return requests_.size() >= count; });
    return requests_;
  }
  /// How many were being answered at once, at most.
  int at_once_max() const { return at_once_max_; }

 private:
  void accept_all() {
    while (!ends_) {
      pollfd ready{socket_, POLLIN, 0};
      if (::poll(&ready, 1, 20) <= 0) continue;
      const int accepted = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (accepted >= 0) threads_.emplace_back([this, accepted] { serve(accepted); });
    }
  }

  void serve(int peer) {
    timeval patience{0, 20'000};
    ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    received request;
    if (read(peer, request)) {
      const int at_once = ++at_once_;
      for (int most = at_once_max_; at_once > most;)
        if (at_once_max_.compare_exchange_weak(most, at_once)) break;
      answer_one(peer, request);
      --at_once_;
    }
    ::close(peer);
  }

  void answer_one(int peer, const received& request) {
    decide how;
    {
      const std::lock_guard lock{mutex_};
      requests_.push_back(request);
      how = how_;
    }
    changed_.notify_all();
    const answer with = how ? how(request) : answer{};
    while (with.hangs && !ends_) std::this_thread::sleep_for(std::chrono::milliseconds{5});
    if (with.hangs) return;
    const std::string text =
        "HTTP/1.1 " + std::to_string(with.status) + " Said\r\n" + with.headers +
        "Connection: close\r\nContent-Length: " + std::to_string(with.body.size()) + "\r\n\r\n" +
        with.body;
    for (std::size_t sent = 0; sent < text.size();) {
      const auto written = ::send(peer, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (written <= 0) return;
      sent += static_cast<std::size_t>(written);
    }
  }

  bool read(int peer, received& request) {
    std::string text;
    std::size_t head = std::string::npos;
    std::size_t size = 0;
    while (head == std::string::npos || text.size() < head + 4 + size) {
      char buffer[4096];
      const auto got = ::recv(peer, buffer, sizeof buffer, 0);
      if (got == 0 || ends_) return false;
      if (got < 0) continue;
      text.append(buffer, static_cast<std::size_t>(got));
      if (head != std::string::npos) continue;
      head = text.find("\r\n\r\n");
      if (head == std::string::npos) continue;
      read_head(text.substr(0, head + 2), request);
      const auto length = request.headers.find("content-length");
      if (length != request.headers.end()) size = std::stoul(length->second);
    }
    request.body = text.substr(head + 4);
    return true;
  }

  static void read_head(const std::string& text, received& request) {
    std::size_t at = text.find("\r\n");
    const std::string line = text.substr(0, at);
    const std::size_t space = line.find(' ');
    request.method = line.substr(0, space);
    request.target = line.substr(space + 1, line.rfind(' ') - space - 1);
    for (at += 2; at < text.size();) {
      const std::size_t end = text.find("\r\n", at);
      const std::string field = text.substr(at, end - at);
      const std::size_t colon = field.find(": ");
      std::string name = field.substr(0, colon);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      if (colon != std::string::npos) request.headers[name] = field.substr(colon + 2);
      at = end + 2;
    }
  }

  int socket_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> ends_ = false;
  std::atomic<int> at_once_ = 0;
  std::atomic<int> at_once_max_ = 0;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  decide how_;
  std::vector<received> requests_;
  std::vector<std::thread> threads_;  // of the acceptor
  std::thread acceptor_;
};

}  // namespace troupe::test
