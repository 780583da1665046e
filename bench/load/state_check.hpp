// Checks with the engine of this repository what a server holds at the end: a new client joins and
// must receive everything that was written, with no struct waiting for something missing.
#pragma once

#include <vector>

#include "bench/load/swarm.hpp"
#include "bench/load/update_maker.hpp"

namespace troupe::load {

/// Joins one more client to a document that these authors have written, at one of the servers. The
/// text is compared if there is one author only, since only it knows all of it. A difference is a
/// failure of `out`.
void check_document(swarm& clients, std::size_t document,
                    const std::vector<const update_maker*>& authors, report& out,
                    std::size_t server = 0);

}  // namespace troupe::load
