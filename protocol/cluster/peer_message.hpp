// Messages between nodes, as values. Messages about one document travel in the order in which
// its replica sent them; between two nodes nothing overtakes anything (link.hpp). The format of the
// bytes stands in docs/peer-link.md.
//
// A replica is one opening of a document on a node. It numbers its states: number n stands for
// everything it knew when it wrote its n-th update to its log, whoever made that. The numbers mean
// something only together with the replica's `life`. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "protocol/siphash.hpp"

namespace troupe::cluster {

/// Names one opening of a document on a node, among all openings of all nodes: random.
using replica_life = std::uint64_t;
/// Of a state of a replica; see above.
using state_number = std::uint64_t;

// --- about a document ---

/// "My state at this number has this digest. Do you have all of it?" Answered by peer_same, or by
/// peer_ask if the digests differ, or by peer_closed if the document is not open there and need not
/// be.
struct peer_compare {
  hash128 digest;  ///< Of state vector and delete set.
  state_number number = 0;
};
/// "Of your state, this is durable here." What a replica has taken from other peers it does not
/// stream, since they do, so that two numbers are needed. Where all nodes write one log it says of
/// the sender's own state what is in that (shared_log.hpp).
struct peer_stored {
  replica_life life = 0;   ///< Whose numbers these are: the receiver's, or the sender's.
  state_number up_to = 0;  ///< All that this one has streamed, and all it had before it began.
  state_number whole = 0;  ///< All that it knew, wherever it is from. At most `up_to`.
};
/// "I lack something; this is what I have." Answered by peer_fill, before which there may be parts.
struct peer_ask {
  replica_life life = 0;  ///< Of the receiver, which the answer must still be.
  shared_slice state_vector;
};
/// What the receiver lacked; with it, it has all up to the number.
struct peer_fill {
  replica_life life = 0;  ///< Of the replica that asked; another one may lack more.
  shared_slice update;
  state_number number = 0;
};
/// A new update, which brought the sender to this number.
struct peer_update {
  shared_slice update;
  state_number number = 0;
};
/// "I am opening the document and must know what you have." Answered by peer_loaded, before which
/// there may be parts.
struct peer_load {
  hash128 digest;
  shared_slice state_vector;
  std::uint64_t round = 0;  ///< Counts how often the replica has begun to ask.
};
/// Stored as the first update of a document that exists and has nothing in it.
inline constexpr std::array<std::uint8_t, 2> update_without_contents{0, 0};

/// What the asking replica lacked of what is stored here or known here. Empty: nothing. Without
/// contents: nothing, and there is none elsewhere either, since the document exists here or was
/// looked for in vain.
struct peer_loaded {
  replica_life life = 0;  ///< Of the replica that asked.
  shared_slice update;
  /// False: what is stored here could not be read whole, so this answer proves nothing.
  bool is_whole = true;
  std::uint64_t round = 0;  ///< In which it asked.
};
/// What an answer is about that has several parts.
enum class answer_to : std::uint8_t { ask, load };
/// A part of what the receiver lacks, which is too large for one message; to be applied in order.
/// The last part is the peer_fill or peer_loaded itself.
struct peer_part {
  replica_life life = 0;  ///< Of the replica that asked.
  answer_to to = answer_to::ask;
  shared_slice update;
};
/// "I have applied that part; send the next."
struct peer_more {
  replica_life life = 0;  ///< Of the receiver, which the answer must still be.
  answer_to to = answer_to::ask;
};
/// "Sessions of mine use the document: send me its events."
struct peer_opened {};
/// "None does any longer."
struct peer_closed {};
/// Presence of the sender's sessions: an awareness update.
struct peer_presence {
  shared_slice update;
  bool is_all = false;  ///< What it does not show is gone.
};
/// An event of a JSON session, for the sessions of the receiver.
struct peer_event {
  shared_slice payload;  ///< JSON text.
  /// What deduplicates it: user, id of the message; empty: nothing.
  std::string user;
  std::string message_id;
};
/// Who has made the updates that follow, as far as webhooks report them.
struct peer_authors {
  std::vector<std::string> users;
  std::vector<std::string> origins;  ///< Names of backends.
};
/// The document was removed (odd) or admitted again (even): its generation from now on.
struct peer_generation {
  std::uint64_t generation = 0;
};

/// "This generation of the document, or a later one, is on my disk." Answers a peer_generation that
/// comes alone, of no replica.
struct peer_generation_stored {
  std::uint64_t generation = 0;
};

using document_message =
    std::variant<peer_compare, peer_stored, peer_ask, peer_fill, peer_update, peer_load,
                 peer_loaded, peer_opened, peer_closed, peer_presence, peer_event, peer_generation,
                 peer_authors, peer_generation_stored, peer_part, peer_more>;

/// Whether somebody must have the document open to answer this.
inline bool needs_replica(const document_message& message) noexcept {
  return !std::holds_alternative<peer_opened>(message) &&
         !std::holds_alternative<peer_closed>(message) &&
         !std::holds_alternative<peer_presence>(message) &&
         !std::holds_alternative<peer_event>(message) &&
         !std::holds_alternative<peer_stored>(message) &&
         !std::holds_alternative<peer_generation>(message) &&
         !std::holds_alternative<peer_generation_stored>(message) &&
         !std::holds_alternative<peer_part>(message) &&
         !std::holds_alternative<peer_more>(message) &&
         !std::holds_alternative<peer_authors>(message) &&
         !std::holds_alternative<peer_loaded>(message);
}

/// What one replica has for a peer at the end of a turn.
struct document_block {
  std::string document;
  replica_life life = 0;  ///< Of the sending replica; 0: it has none open.
  std::vector<document_message> messages;
  /// Number of the member list that the sender obeys; of no meaning without a life.
  std::uint64_t list = 0;
};

// --- about nodes ---

/// The sender's member list, as member_list::encode() makes it.
struct peer_members {
  shared_slice list;
};
/// "All documents that I hold are where the list of this number wants them."
struct peer_moved {
  std::uint64_t list_number = 0;
};
/// A change of what users may do, as the admin page took it, or the answer to one that asks for it,
/// once it is done at the sender: JSON text.
struct peer_access_change {
  shared_slice change;
};
/// "I am about to end; send nothing more and do not wait for me."
struct peer_bye {};

using node_message = std::variant<peer_members, peer_moved, peer_access_change, peer_bye>;

using peer_message = std::variant<document_block, node_message>;

}  // namespace troupe::cluster
