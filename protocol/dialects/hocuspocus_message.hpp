// The messages of the Hocuspocus dialect, one per binary frame, and what stands before their
// bodies.
// Format: docs/hocuspocus-dialect.md. varString address, varUint type, body; a ping or a pong is
// its type alone. Source: @hocuspocus/provider 2.15, 3.4 and 4.8.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "base/document_name.hpp"
#include "base/errc.hpp"

namespace troupe::hocuspocus {

enum class message_type : std::uint8_t {
  sync = 0,
  awareness = 1,
  auth = 2,
  query_awareness = 3,
  sync_reply = 4,  ///< Between Hocuspocus servers.
  stateless = 5,
  broadcast_stateless = 6,  ///< Between Hocuspocus servers.
  close = 7,
  sync_status = 8,
  ping = 9,
  pong = 10,
};

enum class auth_type : std::uint8_t { token = 0, denied = 1, authenticated = 2 };

/// Steps of a sync. Source: y-protocols 1.0 sync.js.
enum class sync_step : std::uint8_t { step1 = 0, step2 = 1, update = 2 };

/// Of what a provider puts behind the name of a document and a NUL, so that the same document can
/// be open twice on one connection.
constexpr std::size_t session_part_bytes_max = 64;
constexpr std::size_t address_bytes_max = document_name_size_bytes_max + 1 + session_part_bytes_max;

struct address {
  std::string_view whole;     ///< As the client says it.
  std::string_view document;  ///< What stands before the first NUL. It is not checked.
};

/// Takes the address from the front of a frame.
/// Fails with truncated, invalid_utf8, and name_too_long above address_bytes_max.
result<address> take_address(byte_view& frame);

/// A message behind its address. The body is not looked into.
struct message {
  message_type type = message_type::sync;
  sync_step step = sync_step::step1;  ///< Of a sync.
  byte_view body;                     ///< State vector, update, token, text; empty where none is.
};

/// Reads what a client sent. What follows a token is ignored: it is the version of the provider.
/// Fails with truncated, trailing_bytes, invalid_utf8, number_too_large; with unknown_message for
/// types that clients do not send, and for those that servers send each other.
result<message> read_message(byte_view behind_address);

/// What stands before the body of a message, in memory of its own.
class message_head {
 public:
  message_head(std::string_view address, message_type type) noexcept {
    put_size(address.size());
    put(as_bytes(address));
    put_byte(static_cast<std::uint8_t>(type));
  }

  void put_byte(std::uint8_t byte) noexcept { bytes_[size_++] = byte; }
  /// As varUint.
  void put_size(std::uint64_t number) noexcept;

  byte_view view() const noexcept { return {bytes_.data(), size_}; }

 private:
  void put(byte_view part) noexcept;

  std::array<std::uint8_t, address_bytes_max + 32> bytes_;
  std::size_t size_ = 0;
};

}  // namespace troupe::hocuspocus
