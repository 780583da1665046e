// The document behind a troupe_doc of the C interface: a document of the engine, the client id
// under which it writes, and its observers. Owner: who called troupe_doc_new(). Thread: one at a
// time.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/call.hpp"
#include "protocol/crdt/doc.hpp"
#include "protocol/edits/path.hpp"

struct troupe_doc {
  explicit troupe_doc(const troupe::crdt::doc_settings& settings) : engine(settings) {}
  troupe_doc(const troupe_doc&) = delete;
  troupe_doc& operator=(const troupe_doc&) = delete;

  struct registered {
    std::uint64_t id;
    troupe_observer call;
    void* context;
  };

  troupe::crdt::doc engine;
  troupe::crdt::client_id own = 0;
  std::vector<registered> observers;
  std::uint64_t next_observer = 1;
  bool is_telling = false;  ///< Observers are being called.
  bool is_freed = false;    ///< By one of them.
  bool is_broken = false;
};

namespace troupe::engine {

/// Who made a change.
enum class author : std::uint8_t { own, other };

/// A client id such as those of yjs: 32 random bits.
crdt::client_id random_client_id();

/// Tells the observers of the last change.
void tell_observers(troupe_doc& doc, author by);

/// Whether a document can be read or, if no observer is being notified of a change, be changed.
outcome<void> check_readable(const troupe_doc* doc);
outcome<void> check_changeable(const troupe_doc* doc);

/// A path of troupe.h: a pointer or a JSON array.
outcome<edits::path> read_path(const char* path);

/// Carries out a body that reads a document and fills a buffer with what it returns.
template <class Body>
troupe_status read_into(const troupe_doc* doc, troupe_buffer* result, Body body) noexcept {
  return call([&]() -> outcome<void> {
    TROUPE_TRY(clear(result));
    TROUPE_TRY(check_readable(doc));
    TROUPE_ASSIGN(const auto bytes, body());
    fill(*result, bytes);
    return {};
  });
}

inline troupe_effects effects_of(const crdt::applied_update& applied) noexcept {
  troupe_effects effects = 0;
  if (applied.changed) effects |= TROUPE_CHANGED;
  if (applied.has_parked) effects |= TROUPE_WAITING;
  return effects;
}

/// Carries out a body that changes a document and returns whether it did (applied_update), and
/// notifies the observers.
template <class Body>
troupe_status change(troupe_doc* doc, author by, troupe_effects* effects, Body body) noexcept {
  bool is_begun = false;
  const troupe_status status = call([&]() -> outcome<void> {
    if (effects != nullptr) *effects = 0;
    TROUPE_TRY(check_changeable(doc));
    is_begun = true;
    TROUPE_ASSIGN(const crdt::applied_update applied, body());
    if (effects != nullptr) *effects = effects_of(applied);
    if (applied.changed) tell_observers(*doc, by);
    return {};
  });
  if (is_begun && (status == TROUPE_NO_MEMORY || status == TROUPE_BROKEN)) doc->is_broken = true;
  if (is_begun && doc->is_freed) delete doc;
  return status;
}

}  // namespace troupe::engine
