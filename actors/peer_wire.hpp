// What goes over CAF's network layer between nodes, and nothing else does: three messages, each
// with a type id that no other type of troupe can shift, a check, and an inspect. What stands in
// their texts is decoded, and bounded, by protocol/cluster (hello, link, peer_codec): a peer is
// another version perhaps, or broken. Bytes are std::string, which CAF copies as a whole; of a
// vector it would write each byte by itself.
#pragma once

#include <cstdint>
#include <string>

#include <caf/actor_control_block.hpp>
#include <caf/result.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include "protocol/cluster/hello.hpp"
#include "protocol/cluster/link.hpp"

namespace troupe {

/// From the node that dials to the gate of the other: who it is, and which of its actors is the end
/// of the link. Answered by peer_welcome.
struct peer_hello {
  std::string hello;           ///< cluster::encode(hello).
  std::uint64_t epoch = 0;     ///< Of the link that begins with this.
  caf::strong_actor_ptr link;  ///< Null: it does not know yet whom it talks to.

  bool is_well_formed() const noexcept { return hello.size() <= cluster::hello_size_bytes_max; }
};

template <class Inspector>
bool inspect(Inspector& with, peer_hello& what) {
  return with.object(what).fields(with.field("hello", what.hello), with.field("epoch", what.epoch),
                                  with.field("link", what.link));
}

struct peer_welcome {
  static constexpr std::uint64_t not_refused = 255;

  std::string hello;                    ///< Of the node that was asked.
  std::uint64_t refusal = not_refused;  ///< cluster::refusal.
  std::string text;                     ///< For the log.
  caf::strong_actor_ptr link;           ///< Null: there is no link.

  static constexpr std::size_t text_size_bytes_max = 4096;

  bool is_well_formed() const noexcept {
    return hello.size() <= cluster::hello_size_bytes_max && text.size() <= text_size_bytes_max;
  }
};

template <class Inspector>
bool inspect(Inspector& with, peer_welcome& what) {
  return with.object(what).fields(with.field("hello", what.hello),
                                  with.field("refusal", what.refusal),
                                  with.field("text", what.text), with.field("link", what.link));
}

/// From one end of a link to the other.
struct peer_batch {
  cluster::batch what;
  bool is_reset = false;  ///< The link is broken; begin a new epoch.
};

template <class Inspector>
bool inspect(Inspector& with, peer_batch& what) {
  return with.object(what).fields(
      with.field("epoch", what.what.epoch), with.field("sequence", what.what.sequence),
      with.field("acknowledged", what.what.acknowledged), with.field("payload", what.what.payload),
      with.field("is_reset", what.is_reset));
}

/// The gate of a node, published at its cluster port.
using peer_gate_actor = caf::typed_actor<caf::result<peer_welcome>(peer_hello)>;
/// One end of a link, as the other end sees it.
using remote_link_actor = caf::typed_actor<caf::result<void>(peer_batch)>;

}  // namespace troupe

CAF_BEGIN_TYPE_ID_BLOCK(troupe_wire, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(troupe_wire, (troupe::peer_hello))
CAF_ADD_TYPE_ID(troupe_wire, (troupe::peer_welcome))
CAF_ADD_TYPE_ID(troupe_wire, (troupe::peer_batch))
CAF_END_TYPE_ID_BLOCK(troupe_wire)
