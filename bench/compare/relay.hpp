// The floor of the comparison: a server that passes y-websocket messages from each client to the
// others of its document without inspecting them. One thread, epoll. It is the least that a server
// can cost that writes to each socket once per message (raw), or once per turn of its loop
// (batched). It answers a request for state with nothing, so that clients count as joined, or with
// bytes prepared before it began (hold), the least that sending a state can cost. For benchmarks
// only: it listens on the loopback network, trusts its clients and keeps nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"
#include "bench/load/websocket.hpp"

namespace troupe::compare {

enum class relaying : std::uint8_t {
  raw,      ///< One send for each message and receiver.
  batched,  ///< One send for each receiver and turn, with all that came for it.
};

class relay {
 public:
  explicit relay(relaying how);
  relay(const relay&) = delete;
  relay& operator=(const relay&) = delete;
  ~relay();

  /// From now on answers every request for state with this one, in one shared frame. Called before
  /// listen().
  void hold(byte_view state);

  /// Listens on 127.0.0.1; port 0 takes any. Returns the port, or 0 if that does not work.
  std::uint16_t listen(std::uint16_t port);

  /// Serves until the process ends.
  [[noreturn]] void run();

 private:
  struct document;

  struct member {
    int fd = -1;
    document* of = nullptr;  // null until upgraded
    std::vector<std::uint8_t> in;
    std::vector<std::uint8_t> out;  // what the socket did not take
    std::size_t sent = 0;           // of out
    std::uint32_t watched = 0;
    bool has_sent_this_turn = false;
    bool is_gone = false;
  };

  /// A frame of this turn: where it lies in document::turn and who sent it.
  struct piece {
    const member* from;
    std::size_t begin;
    std::size_t end;
  };

  struct document {
    std::vector<member*> members;
    std::vector<std::uint8_t> turn;  // batched: all frames of this turn, one behind the other
    std::vector<piece> pieces;
    bool is_dirty = false;
    std::size_t backlogged = 0;  // members whose socket is full: nobody is read meanwhile
  };

  void accept_all();
  void read(member& from);
  std::size_t take(member& from, std::uint8_t* bytes, std::size_t size);
  std::size_t upgrade(member& from, std::string_view request);
  void take_message(member& from, byte_view payload);
  void pass_on(member& from, byte_view frame);
  void end_turn();
  void send_turn(document& to);
  void send(member& to, byte_view bytes);
  void flush(member& to);
  void set_backlog(member& of, bool is_full);
  void watch(member& which);
  void leave(member& which);

  relaying how_;
  int epoll_ = -1;
  int listener_ = -1;
  std::vector<std::unique_ptr<member>> members_;
  std::unordered_map<std::string, document> documents_;
  std::vector<document*> dirty_;
  std::vector<std::uint8_t> scratch_;
  std::vector<std::uint8_t> frame_;
  std::vector<std::uint8_t> state_frame_;  // the answer to a request for state
  bool has_leavers_ = false;
};

}  // namespace troupe::compare
