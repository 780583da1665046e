// The bytes of messages between nodes: a peer_message from and to one byte string. A block of a
// document is encoded once, whichever peers it goes to; the link carries it and knows nothing of
// it. What was decoded shares the memory of the bytes it was decoded from, so whoever keeps a small
// part of it for long copies that part.
//
// Versions are compared when a connection begins, so a tag that is unknown here is a fault of the
// other end. Format: docs/peer-link.md. Pure; any thread.
#pragma once

#include <cstddef>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "protocol/cluster/member_list.hpp"
#include "protocol/cluster/peer_message.hpp"

namespace troupe::cluster {

/// Of one encoded message.
inline constexpr std::size_t peer_message_size_bytes_max = 80 * 1024 * 1024;
/// Of one update. One that is larger is not sent; of what a replica lacks it may be a part.
inline constexpr std::size_t peer_update_size_bytes_max = 64 * 1024 * 1024;
/// What has more is sent in several blocks, but for a message that is larger by itself.
inline constexpr std::size_t block_size_bytes_max = 16 * 1024 * 1024;
/// In one block of a document. Each is a value in memory, of however few bytes it consists.
inline constexpr std::size_t block_messages_max = 65'536;
/// Of one presence: those of all sessions of a node at a document.
inline constexpr std::size_t peer_presence_size_bytes_max = 32 * 1024 * 1024;
/// Of an event: its text, its user and the id of its message.
inline constexpr std::size_t peer_event_size_bytes_max = 64 * 1024 * 1024;
inline constexpr std::size_t peer_event_user_size_bytes_max = 16 * 1024;
inline constexpr std::size_t peer_event_id_size_bytes_max = 1024;
/// Of each kind of authors.
inline constexpr std::size_t peer_authors_count_max = 100;
/// Of a change of access.
inline constexpr std::size_t access_change_size_bytes_max = 1024 * 1024;

/// Of a message in a block.
std::size_t encoded_size(const document_message& message);

/// Requires: nothing is above its limit; a name is one of a document. One allocation, in which each
/// update is copied once.
shared_bytes encode(const document_block& block);
shared_bytes encode(const node_message& message);
shared_bytes encode(const peer_message& message);

/// Decodes one message, which `bytes` are as a whole. Its slices are parts of `bytes`.
/// Fails with unknown_message (a tag), truncated, trailing_bytes, number_too_large (also a length
/// or count above its limit), and invalid_name (of a document).
result<peer_message> decode(const shared_slice& bytes);

}  // namespace troupe::cluster
