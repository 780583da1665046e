#include "bench/load/dialect.hpp"

#include <algorithm>

#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::load {

namespace {

// Types of messages. Those from 2 on are of Hocuspocus.
constexpr std::uint8_t type_sync = 0;
constexpr std::uint8_t type_awareness = 1;
constexpr std::uint8_t type_auth = 2;
constexpr std::uint8_t type_close = 7;
constexpr std::uint8_t type_sync_status = 8;

constexpr std::uint8_t auth_token = 0;
constexpr std::uint8_t auth_denied = 1;

incoming_kind kind_of_step(std::uint64_t step) {
  if (step > 2) return incoming_kind::malformed;
  return static_cast<incoming_kind>(step);
}

}  // namespace

dialect::dialect(protocol which, std::string document)
    : which_(which), document_(std::move(document)) {
  if (which_ == protocol::y_websocket) return;
  lib0::encoder prefix;
  prefix.write_var_string(document_);
  prefix_ = prefix.take();
}

std::string dialect::path(const std::string& prefix) const {
  return which_ == protocol::y_websocket ? prefix + document_ : prefix;
}

std::string dialect::document_in(byte_view frame) {
  lib0::decoder in{frame};
  return std::string{as_text(in.read_var_bytes())};
}

incoming dialect::read(byte_view frame) const {
  if (!std::ranges::equal(prefix_, frame.first(std::min(prefix_.size(), frame.size()))))
    return {incoming_kind::malformed, {}};
  lib0::decoder in{frame.subspan(prefix_.size())};
  const std::uint64_t type = in.read_var_uint();
  incoming message;
  if (type == type_sync) {
    message.kind = kind_of_step(in.read_var_uint());
    message.body = in.read_var_bytes();
  } else if (type == type_awareness) {
    message.kind = incoming_kind::awareness;
    message.body = in.read_var_bytes();
  } else if (type == type_sync_status) {
    message.kind = in.read_var_uint() == 1 ? incoming_kind::confirmed : incoming_kind::refused;
  } else if (type == type_close || (type == type_auth && in.read_var_uint() == auth_denied)) {
    return {incoming_kind::refused, {}};
  } else {
    return {incoming_kind::other, {}};
  }
  if (!in.ok() || !in.at_end()) return {incoming_kind::malformed, {}};
  return message;
}

std::vector<std::uint8_t> dialect::head_of(incoming_kind kind, std::size_t body_size) const {
  lib0::encoder head{32};
  head.write_bytes(prefix_);
  if (kind == incoming_kind::awareness) {
    head.write_var_uint(type_awareness);
  } else {
    head.write_var_uint(type_sync);
    head.write_var_uint(static_cast<std::uint64_t>(kind));
  }
  head.write_var_uint(body_size);
  return head.take();
}

std::vector<std::uint8_t> dialect::greeting() const {
  if (which_ == protocol::y_websocket) return {};
  lib0::encoder out;
  out.write_bytes(prefix_);
  out.write_var_uint(type_auth);
  out.write_var_uint(auth_token);
  out.write_var_string("token");
  out.write_var_string("4.7.0");  // the version of the provider
  return out.take();
}

}  // namespace troupe::load
