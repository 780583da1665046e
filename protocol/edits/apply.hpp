// Carries out a batch of edits on a document, as one transaction: all of it or nothing. Operations
// see what those before them in the batch have written.
//
// An operation of the engine that fails changes nothing, so a batch that consists of one is simply
// carried out. Any other may fail in the middle, at a path that is not there or a document that is
// full, and what would fail cannot be known without doing what comes before; so it begins with a
// copy of the document, which takes its place if something fails. The copy is one of memory, a
// fraction of what decoding the document costs; the alternative, to edit a copy and apply the
// update of that, would cost the same and the update once more. Pure.
#pragma once

#include <tl/expected.hpp>

#include "protocol/crdt/doc.hpp"
#include "protocol/edits/batch.hpp"

namespace troupe::edits {

/// What a batch did.
struct applied_edits {
  bool changed = false;
  byte_buffer update;  ///< For everybody else and for storage; empty: nothing has changed.
};

/// Whether it may fail in the middle, so that carrying it out begins with a copy of the document.
bool needs_copy(const batch& what) noexcept;

/// `own`: the author, see crdt::doc::edit(). Fails with invalid_edit (the operation does not fit
/// the document), edit_conflict (a test), too_complex (limits::update_steps_max), and as the
/// operations of crdt::doc_edit do; then the document is as it was.
tl::expected<applied_edits, edit_error> apply(const batch& what, crdt::doc& to,
                                              crdt::client_id own);

}  // namespace troupe::edits
