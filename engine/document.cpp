#include "engine/document.hpp"

#include <memory>
#include <random>

#include "base/trim.hpp"
#include "base/utf8.hpp"
#include "engine/format.hpp"
#include "protocol/json/validate.hpp"
#include "protocol/lib0/decoder.hpp"

namespace troupe::engine {

namespace {

outcome<crdt::doc_settings> read_options(const troupe_options& from) {
  if (from.struct_size < sizeof(troupe_options))
    return refuse(TROUPE_INVALID_ARGUMENT, "options are not set to TROUPE_OPTIONS_INIT first");
  if (from.client_id > lib0::max_safe_integer)
    return refuse(TROUPE_INVALID_ARGUMENT, "client_id is above 2^53 - 1");
  crdt::doc_settings settings;
  if (from.keeps_deleted != 0) settings.gc = crdt::garbage_collection::off;
  settings.limit = engine_limits();
  if (from.document_size_max != 0) settings.limit.document_size_max = from.document_size_max;
  if (from.pending_size_max != 0) settings.limit.pending_size_max = from.pending_size_max;
  return settings;
}

/// The first clock that a client has not used, as far as the document knows.
crdt::clock_type end_of(const crdt::doc& in, crdt::client_id client) {
  const crdt::client_index index = in.contents().clients().find(client);
  return index == crdt::no_client ? 0 : in.contents().state_of(index).end;
}

result<edits::path> read_array_path(std::string_view json) {
  if (!json::is_valid_json(json, 1)) return fail(errc::invalid_json, "the path is not JSON");
  return edits::read_path(trimmed(json));
}

}  // namespace

crdt::client_id random_client_id() {
  std::random_device random;
  return crdt::client_id{random()} & 0xffff'ffffu;
}

outcome<void> check_readable(const troupe_doc* doc) {
  TROUPE_TRY(need(doc, "the document"));
  if (doc->is_broken)
    return refuse(TROUPE_BROKEN, "a change of this document has failed in its middle");
  return {};
}

outcome<void> check_changeable(const troupe_doc* doc) {
  TROUPE_TRY(check_readable(doc));
  if (doc->is_telling) return refuse(TROUPE_BUSY, "an observer may not change the document");
  return {};
}

outcome<edits::path> read_path(const char* path) {
  TROUPE_ASSIGN(const std::string_view text, read_text(path, "the path", TROUPE_PATH_SIZE_MAX));
  if (!is_valid_utf8(as_bytes(text)))
    return refuse(TROUPE_INVALID_INPUT, "the path is not valid UTF-8");
  auto read = text.starts_with('[') ? read_array_path(text) : edits::read_pointer(text);
  if (!read) return refuse(TROUPE_INVALID_INPUT, read.error().detail);
  return *std::move(read);
}

}  // namespace troupe::engine

using namespace troupe;
using namespace troupe::engine;

extern "C" {

troupe_status troupe_doc_new(const troupe_options* options, troupe_doc** doc) {
  return call([&]() -> outcome<void> {
    TROUPE_TRY(need(doc, "the place for the document"));
    *doc = nullptr;
    const troupe_options by_default = TROUPE_OPTIONS_INIT;
    const troupe_options& chosen = options == nullptr ? by_default : *options;
    TROUPE_ASSIGN(const crdt::doc_settings settings, read_options(chosen));
    auto made = std::make_unique<troupe_doc>(settings);
    made->own = chosen.client_id != 0 ? chosen.client_id : random_client_id();
    *doc = made.release();
    return {};
  });
}

void troupe_doc_free(troupe_doc* doc) {
  if (doc == nullptr) return;
  if (doc->is_telling)
    doc->is_freed = true;
  else
    delete doc;
}

troupe_status troupe_doc_client_id(const troupe_doc* doc, uint64_t* client_id) {
  return call([&]() -> outcome<void> {
    TROUPE_TRY(need(client_id, "the place for the client id"));
    TROUPE_TRY(check_readable(doc));
    *client_id = doc->own;
    return {};
  });
}

troupe_status troupe_doc_apply_update(troupe_doc* doc, const uint8_t* update, size_t size,
                                      troupe_format format, troupe_effects* effects) {
  return change(doc, author::other, effects, [&]() -> outcome<crdt::applied_update> {
    TROUPE_ASSIGN(const byte_view bytes, read_bytes(update, size, "the update"));
    TROUPE_ASSIGN(const crdt::update_format encoding, read_format(format));
    const crdt::clock_type before = end_of(doc->engine, doc->own);
    TROUPE_ASSIGN(const crdt::applied_update applied, doc->engine.apply_update(bytes, encoding));
    // Source: yjs 13.6, cleanupTransactions.
    if (end_of(doc->engine, doc->own) != before) doc->own = random_client_id();
    return applied;
  });
}

troupe_status troupe_doc_encode_update(const troupe_doc* doc, const uint8_t* state_vector,
                                       size_t size, troupe_format format, troupe_buffer* update) {
  return read_into(doc, update, [&]() -> outcome<byte_buffer> {
    TROUPE_ASSIGN(const crdt::update_format encoding, read_format(format));
    TROUPE_ASSIGN(const byte_view bytes, read_bytes(state_vector, size, "the state vector"));
    if (bytes.empty()) return doc->engine.encode_state_as_update({}, encoding);
    TROUPE_ASSIGN(const crdt::state_vector known, crdt::state_vector::decode(bytes));
    return doc->engine.encode_state_as_update(known, encoding);
  });
}

troupe_status troupe_doc_encode_state_vector(const troupe_doc* doc, troupe_buffer* state_vector) {
  return read_into(doc, state_vector,
                   [&]() -> outcome<byte_buffer> { return doc->engine.state_vector().encode(); });
}

troupe_status troupe_doc_encode_last_change(const troupe_doc* doc, troupe_format format,
                                            troupe_buffer* update) {
  return read_into(doc, update, [&]() -> outcome<byte_buffer> {
    TROUPE_ASSIGN(const crdt::update_format encoding, read_format(format));
    return doc->engine.encode_last_change(encoding);
  });
}

}  // extern "C"
