// `troupe doc info`: what is in updates, and what a document is after applying them, as a table for
// people or JSON for programs.
#pragma once

#include "app/doc/input.hpp"

namespace troupe {

enum class info_style : bool { table, json };

/// A section for each source, then one for the document that has applied all of them. Fails where
/// the document refuses an update.
doc_result<std::string> info_text(std::span<const doc_source> sources, info_style style);

}  // namespace troupe
