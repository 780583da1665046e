// Events that an application can be notified of, and the text that says it. Pure. Format:
// docs/backend-api.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "protocol/session_id.hpp"

namespace troupe::webhook {

enum class event_kind : std::uint8_t {
  document_changed,
  document_opened,
  document_closed,
  document_deleted,
  session_joined,
  session_left,
};
inline constexpr std::size_t event_kind_count = 6;

/// "document.changed". Static storage.
std::string_view name_of(event_kind kind) noexcept;
std::optional<event_kind> find_event(std::string_view name) noexcept;

class event_set {
 public:
  constexpr bool contains(event_kind kind) const noexcept { return (bits_ & bit_of(kind)) != 0; }
  constexpr void insert(event_kind kind) noexcept { bits_ |= bit_of(kind); }
  constexpr bool empty() const noexcept { return bits_ == 0; }

 private:
  static constexpr unsigned bit_of(event_kind kind) noexcept {
    return 1U << static_cast<unsigned>(kind);
  }
  unsigned bits_ = 0;
};

/// Who has edited. What does not fit is left out.
struct authors {
  static constexpr std::size_t count_max = 100;  ///< Of each list.

  std::vector<std::string> users;
  std::vector<std::string> origins;  ///< Names of backends.

  void add(std::span<const std::string> more_users, std::span<const std::string> more_origins);
  void add(const authors& more) { add(more.users, more.origins); }
  bool operator==(const authors&) const = default;
};

using delivery_id = std::array<std::uint8_t, 16>;

/// 32 hexadecimal digits: what a receiver knows a delivery by, also when it comes again.
std::string text_of(const delivery_id& id);

/// Something that has happened.
struct event {
  event_kind what = event_kind::document_changed;
  delivery_id id{};
  std::uint64_t happened_at = 0;  ///< Milliseconds since 1970 (UTC).
  std::string document;
  authors by{};                     ///< Of a change.
  session_id session = no_session;  ///< That joined or left.
  std::string user{};               ///< Of the session; empty: nobody in particular.

  bool operator==(const event&) const = default;
};

/// What of an event is kept beside its kind, its document and its time, as JSON; empty: nothing.
std::string details_of(const event& of);
/// Fills in what details_of has written; what cannot be read is left out.
void read_details(std::string_view details, event& to);

/// A document as it is when its change is announced.
struct document_facts {
  byte_buffer state_vector;
  std::uint64_t size = 0;  ///< Of its state as an update.
  std::string contents{};  ///< JSON; empty: they are not asked for, or too large.
};

/// The body of a delivery. `facts`: of a change; null where they cannot be known.
std::string body_of(const event& of, const document_facts* facts);

}  // namespace troupe::webhook
