// The numbers of `troupe doc info`, counted in the updates and in the document that has applied
// them. doc/info prints them.
#pragma once

#include <array>
#include <map>

#include "app/doc/input.hpp"
#include "protocol/crdt/wire/range_set.hpp"

namespace troupe {

/// What updates contain of one client. Structs lie in [first, end); there are none if end is 0.
struct client_figures {
  crdt::clock_type first = 0;
  crdt::clock_type end = 0;
  std::uint64_t structs = 0;
  crdt::range_set deleted;
};

/// Sums over the updates of a source. GC structs in a row count as one.
struct source_figures {
  std::uint64_t structs = 0;
  std::array<std::uint64_t, 11> structs_by_kind{};  ///< By content_kind; a gap counts as skip.
  std::map<crdt::client_id, client_figures, std::greater<>> clients;
  std::uint64_t deleted_ranges = 0;
  std::uint64_t deleted_clocks = 0;
};

source_figures figures_of(const doc_source& source);

struct root_figures {
  std::string_view name;
  std::size_t length = 0;  ///< Visible units of its sequence.
  std::size_t keys = 0;    ///< Keys that have a value.
};

/// Clocks of a client that are missing although later ones are there.
struct hole_figures {
  crdt::client_id client = 0;
  crdt::clock_range range;
};

struct document_figures {
  std::size_t items = 0;
  std::size_t waiting_bytes = 0;  ///< Of structs and deletions that wait for others.
  std::vector<root_figures> roots;
  std::vector<hole_figures> holes;
  crdt::state_vector state;
};

/// Views of the document's names.
document_figures figures_of(const crdt::doc& doc);

}  // namespace troupe
