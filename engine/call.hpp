// What every function of the C interface (troupe.h) has in common: it carries out a body, turns its
// failure or exception into a status, and keeps the message for troupe_error_message(). Nothing
// that is thrown leaves it. Thread: any; messages are kept per thread.
#pragma once

#include <cstddef>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include <troupe.h>

#include "base/bytes.hpp"
#include "base/errc.hpp"

namespace troupe::engine {

/// Why a call fails.
struct refusal {
  refusal(troupe_status code, std::string text) : status(code), why(std::move(text)) {}
  refusal(const failure& what);

  troupe_status status;
  std::string why;
};

template <class T>
using outcome = tl::expected<T, refusal>;

inline tl::unexpected<refusal> refuse(troupe_status status, std::string why) {
  return tl::unexpected(refusal{status, std::move(why)});
}

/// Why something that has more than `most` of a unit is refused.
inline tl::unexpected<refusal> refuse_more_than(std::size_t most, std::string_view what,
                                                std::string_view unit) {
  return refuse(TROUPE_LIMIT,
                std::string{what}.append(" more than ").append(std::to_string(most)).append(unit));
}

/// The one translation from the engine's causes to a status.
troupe_status status_for(errc cause) noexcept;

/// Keeps a message for this thread; a long one is cut, between two characters of UTF-8.
void keep_message(std::string_view text) noexcept;

/// Tells of an exception that is being handled.
troupe_status report_exception() noexcept;

/// Carries out `body`, which returns an outcome<void>.
template <class Body>
troupe_status call(Body body) noexcept {
  keep_message({});
  try {
    outcome<void> done = body();
    // Observers may have called in between.
    keep_message(done ? std::string_view{} : done.error().why);
    return done ? TROUPE_OK : done.error().status;
  } catch (...) {
    return report_exception();
  }
}

// --- arguments ---

outcome<void> need(const void* pointer, std::string_view name);
/// Text up to its NUL. Fails where it is null or longer than size_max.
outcome<std::string_view> read_text(const char* text, std::string_view name, std::size_t size_max);
/// Text of a size, or up to its NUL.
outcome<std::string_view> read_text(const char* text, std::size_t size, std::string_view name);
/// Null is the same as no bytes, if the size is 0.
outcome<byte_view> read_bytes(const std::uint8_t* bytes, std::size_t size, std::string_view name);

// --- results ---

/// Copies bytes for the caller. Requires: the buffer is empty.
void fill(troupe_buffer& into, byte_view bytes);
inline void fill(troupe_buffer& into, std::string_view text) { fill(into, as_bytes(text)); }

/// Empties a buffer that a function is about to fill. Fails where it is null.
outcome<void> clear(troupe_buffer* buffer);

}  // namespace troupe::engine
