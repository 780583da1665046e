// Checks what always holds for the structs of a document, for tests and fuzz targets.
#pragma once

#include "protocol/crdt/store/struct_store.hpp"

namespace troupe::crdt {

/// Throws broken_promise if an invariant of the store does not hold. Cost: linear in the document.
void check_invariants(const struct_store& of);

}  // namespace troupe::crdt
