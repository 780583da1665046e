// A socket in front of a PostgreSQL server that carries bytes both ways and cuts its connections at
// a chosen moment: in front of the nth piece of bytes, or right behind it, so that either side may
// have heard what the other said or not. Runs on a thread of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/temporary_directory.hpp"

namespace troupe::test {

class cutting_proxy {
 public:
  enum class moment { before, behind };
  enum class span { once, until_healed };

  /// `server_folder`: where the server's socket lies.
  explicit cutting_proxy(const std::string& server_folder);
  ~cutting_proxy();
  cutting_proxy(const cutting_proxy&) = delete;
  cutting_proxy& operator=(const cutting_proxy&) = delete;

  std::string url() const;

  /// Cuts all connections at the nth piece from now on.
  void cut_at(std::uint64_t nth, moment when, span how_long);
  /// Carries again, and counts from zero.
  void heal();
  /// That were carried since the last call of one of these two.
  std::uint64_t pieces() const noexcept { return pieces_; }

 private:
  struct carried {
    int client;
    int server;
  };

  void run();
  void accept_one();
  bool carry(int from, int to);
  void cut_all();

  temporary_directory folder_;
  std::string server_;
  int listening_ = -1;
  int wakes_[2] = {-1, -1};
  std::mutex mutex_;  // guards what follows
  std::uint64_t cut_at_ = 0;
  moment when_ = moment::before;
  span how_long_ = span::once;
  bool is_down_ = false;
  std::atomic<std::uint64_t> pieces_ = 0;
  std::vector<carried> connections_;  // of the thread alone
  std::thread thread_;
};

}  // namespace troupe::test
