// Operations on updates without a document: merge several, cut off what a receiver has, change the
// format, read the state vector. Nothing is integrated, so nothing is lost and nothing is
// collected. Cost: n log n in structs. Source: yjs 13.6 utils/updates.js. Differs: structs of
// different updates that continue each other are merged into one, which has the same effect in
// every document; yjs keeps them apart. Values of a key are not merged, since a later one deletes
// the one before.
#pragma once

#include <span>
#include <vector>

#include "protocol/crdt/wire/decoded_update.hpp"
#include "protocol/crdt/wire/state_vector.hpp"

namespace troupe::crdt {

/// One update with the effect of all. Where structs of one client are missing in between there is a
/// Skip. Fails as decode_update does, for the first update that is wrong.
result<byte_buffer> merge_updates(std::span<const byte_view> updates,
                                  update_format format = update_format::v1,
                                  const limits& limit = {});

/// The structs of `update` that a document with the state vector `known` lacks, and all deletions.
result<byte_buffer> diff_update(byte_view update, const state_vector& known,
                                update_format format = update_format::v1, const limits& limit = {});

/// The same update in the other format, struct by struct.
result<byte_buffer> convert_update(byte_view update, update_format from, update_format to,
                                   const limits& limit = {});

/// The state vector of a document that has applied only this update: what starts at clock 0, up to
/// the first gap.
result<state_vector> state_vector_from_update(byte_view update,
                                              update_format format = update_format::v1,
                                              const limits& limit = {});

/// First clock and end of what an update has of one client.
struct client_span {
  client_id client = 0;
  clock_range clocks;
};

/// Clients descending.
result<std::vector<client_span>>
update_meta(byte_view update, update_format format = update_format::v1, const limits& limit = {});

}  // namespace troupe::crdt
