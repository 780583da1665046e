// Why input from outside could not be used: one enumerator per cause, and the failure that carries
// it. Every function that reads foreign bytes (client, peer, disk, configuration) returns a
// result<T>; nothing here throws. The owner of the connection, file or document decides how to
// react.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace troupe {

enum class errc : std::uint8_t {
  truncated,          ///< The bytes end before the value does.
  trailing_bytes,     ///< There are bytes behind the end of the value.
  number_too_large,   ///< An integer is above the limit of its field, by default 2^53 - 1.
  invalid_utf8,       ///< A string is not valid UTF-8.
  invalid_any,        ///< An unknown tag of the lib0 `any` encoding.
  invalid_json,       ///< A text that should be JSON is not.
  invalid_base64,     ///< A text that should be base64 is not.
  invalid_zstd,       ///< Bytes that should be a compressed frame are not, or are damaged.
  too_deep,           ///< A value is nested deeper than its limit.
  unknown_message,    ///< The protocol has no message of this type.
  unknown_content,    ///< The content of a struct has an unknown reference number.
  unknown_type,       ///< A nested type has an unknown reference number.
  invalid_reference,  ///< A struct refers to itself or to a later one of its own client.
  update_too_large,   ///< An update holds more structs than allowed.
  name_too_long,      ///< A root name, key or node name is above its limit.
  pending_limit,      ///< An update waits for earlier ones, and the limit of waiting updates is
                      ///< reached.
  unusable_content,   ///< A content that Yjs clients cannot use.
  document_full,      ///< The document is above its limit of memory.
  too_complex,        ///< An update would cause more work than allowed.
  too_many_clients,   ///< The document, or its awareness, has reached its limit of clients.
  state_too_large,    ///< An awareness state is above its limit.
  invalid_name,       ///< The name of a document is empty, too long or has forbidden characters.
  out_of_range,       ///< An index or length is beyond the end, or splits a surrogate pair.
  type_gone,          ///< The shared type that an edit names was deleted or never existed.
  storage_failed,     ///< The store could not read or write: an error of the disk or its system.
  disk_full,          ///< The disk of the store is full; it works again once there is space.
  corrupt_document,   ///< What is stored of one document cannot be read whole.
  corrupt_store,      ///< The store as a whole is damaged, or its directory is something else.
  store_in_use,       ///< Another process, or another part of this one, has the store open.
  newer_format,       ///< Stored by a newer version of the server, which this one cannot read.
  storage_conflict,   ///< A write does not fit what is stored of its document.
  document_removed,   ///< The document was removed, and nobody has allowed it to come back.
  address_in_use,     ///< The address to listen on is in use or not of this machine.
  watch_failed,       ///< A directory cannot be watched for changes of its files.
  message_id_reused,  ///< Two messages with different contents have one id.
  not_owner,          ///< The thing belongs to another session, which is here.
  forbidden,          ///< The user has no right to this.
  invalid_key,        ///< A key of tokens is malformed, or not what its algorithm needs.
  weak_key,           ///< A key of tokens is too short to be safe.
  quota_exceeded,     ///< A user, an address or the node has as much as it may have.
  request_failed,     ///< A request to another server got no answer, or none that is of use.
  invalid_edit,       ///< An edit operation is malformed, or names a place that it cannot change.
  edit_conflict,      ///< A document is not what an edit was written for.
  out_of_sequence,    ///< A batch of a peer does not follow the one before, or not what it says.
  invalid_config,     ///< The configuration has unknown keys or bad values.
};

/// A short name for logs and metric labels, for example "invalid_utf8". Static storage.
std::string_view to_string(errc code) noexcept;

/// The cause of a failure and its position: `detail` names the field or thing, `offset` is the byte
/// of the input at which the reader noticed it (`no_offset` where there is no input).
struct failure {
  static constexpr std::size_t no_offset = static_cast<std::size_t>(-1);

  errc code;
  std::string detail;
  std::size_t offset = no_offset;
};

/// "invalid_utf8: root name at byte 12"
std::string to_string(const failure& what);

/// The same for people who have the code beside it: "root name at byte 12".
std::string explain(const failure& what);

template <class T>
using result = tl::expected<T, failure>;

inline tl::unexpected<failure> fail(errc code, std::string_view detail = {},
                                    std::size_t offset = failure::no_offset) {
  return tl::unexpected<failure>(failure{code, std::string{detail}, offset});
}

}  // namespace troupe

/// Evaluates an expression that yields a result; returns its failure from the calling function.
#define TROUPE_TRY(expression)                                                                     \
  do {                                                                                             \
    if (auto troupe_result = (expression); !troupe_result)                                         \
      return tl::unexpected(std::move(troupe_result).error());                                     \
  } while (false)

/// Evaluates an expression that yields a result; assigns its value to `target`, which may be a
/// declaration, or returns its failure from the calling function. It expands to several statements,
/// so it cannot be the body of an `if`.
#define TROUPE_ASSIGN(target, expression)                                                          \
  TROUPE_ASSIGN_TO(TROUPE_JOIN_NAMES(troupe_result_, __LINE__), target, expression)
#define TROUPE_ASSIGN_TO(name, target, expression)                                                 \
  auto name = (expression);                                                                        \
  if (!name) return tl::unexpected(std::move(name).error());                                       \
  target = *std::move(name)
#define TROUPE_JOIN_NAMES(first, second) TROUPE_JOIN_NAMES_NOW(first, second)
#define TROUPE_JOIN_NAMES_NOW(first, second) first##second
