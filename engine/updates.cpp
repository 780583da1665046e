#include <vector>

#include "engine/call.hpp"
#include "engine/format.hpp"
#include "protocol/crdt/wire/update_tools.hpp"

using namespace troupe;
using namespace troupe::engine;

namespace {

/// Carries out a body that returns bytes, and fills a buffer with them.
template <class Body>
troupe_status make_bytes(troupe_buffer* result, Body body) noexcept {
  return call([&]() -> outcome<void> {
    TROUPE_TRY(clear(result));
    TROUPE_ASSIGN(const byte_buffer bytes, body());
    fill(*result, bytes);
    return {};
  });
}

outcome<std::vector<byte_view>> read_updates(const troupe_bytes* updates, size_t count) {
  if (count == 0) return refuse(TROUPE_INVALID_ARGUMENT, "there are no updates to merge");
  if (count > TROUPE_UPDATES_MAX)
    return refuse_more_than(TROUPE_UPDATES_MAX, "there are", " updates");
  TROUPE_TRY(need(updates, "the list of updates"));
  std::vector<byte_view> read;
  read.reserve(count);
  std::size_t total = 0;
  for (const troupe_bytes& each : std::span{updates, count}) {
    TROUPE_ASSIGN(const byte_view bytes, read_bytes(each.data, each.size, "an update"));
    total += bytes.size();
    if (total > TROUPE_UPDATE_SIZE_MAX)
      return refuse_more_than(TROUPE_UPDATE_SIZE_MAX, "the updates together have", " bytes");
    read.push_back(bytes);
  }
  return read;
}

}  // namespace

extern "C" {

troupe_status troupe_merge_updates(const troupe_bytes* updates, size_t count, troupe_format format,
                                   troupe_buffer* merged) {
  return make_bytes(merged, [&]() -> outcome<byte_buffer> {
    TROUPE_ASSIGN(const crdt::update_format encoding, read_format(format));
    TROUPE_ASSIGN(const std::vector<byte_view> all, read_updates(updates, count));
    TROUPE_ASSIGN(byte_buffer one, crdt::merge_updates(all, encoding, engine_limits()));
    return one;
  });
}

troupe_status troupe_diff_update(const uint8_t* update, size_t size, const uint8_t* state_vector,
                                 size_t state_vector_size, troupe_format format,
                                 troupe_buffer* difference) {
  return make_bytes(difference, [&]() -> outcome<byte_buffer> {
    TROUPE_ASSIGN(const crdt::update_format encoding, read_format(format));
    TROUPE_ASSIGN(const byte_view bytes, read_bytes(update, size, "the update"));
    TROUPE_ASSIGN(const byte_view vector,
                  read_bytes(state_vector, state_vector_size, "the state vector"));
    TROUPE_ASSIGN(const crdt::state_vector known, crdt::state_vector::decode(vector));
    TROUPE_ASSIGN(byte_buffer rest, crdt::diff_update(bytes, known, encoding, engine_limits()));
    return rest;
  });
}

troupe_status troupe_convert_update(const uint8_t* update, size_t size, troupe_format from,
                                    troupe_format to, troupe_buffer* converted) {
  return make_bytes(converted, [&]() -> outcome<byte_buffer> {
    TROUPE_ASSIGN(const crdt::update_format old_encoding, read_format(from));
    TROUPE_ASSIGN(const crdt::update_format new_encoding, read_format(to));
    TROUPE_ASSIGN(const byte_view bytes, read_bytes(update, size, "the update"));
    TROUPE_ASSIGN(byte_buffer same,
                  crdt::convert_update(bytes, old_encoding, new_encoding, engine_limits()));
    return same;
  });
}

troupe_status troupe_state_vector_of_update(const uint8_t* update, size_t size,
                                            troupe_format format, troupe_buffer* state_vector) {
  return make_bytes(state_vector, [&]() -> outcome<byte_buffer> {
    TROUPE_ASSIGN(const crdt::update_format encoding, read_format(format));
    TROUPE_ASSIGN(const byte_view bytes, read_bytes(update, size, "the update"));
    TROUPE_ASSIGN(const crdt::state_vector known,
                  crdt::state_vector_from_update(bytes, encoding, engine_limits()));
    return known.encode();
  });
}

}  // extern "C"
