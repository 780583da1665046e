// The answers of an inspector as tables for a terminal. Whatever comes from the other side is made
// printable. Asks nobody.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "actors/inspect_wire.hpp"

namespace troupe::inspection {

/// A cell, and whether it stands at the right of its column, as numbers do.
struct cell {
  std::string text;
  bool is_number = false;
};
using table_row = std::vector<cell>;

/// The rows below each other, columns two spaces apart, each line with its end.
/// Requires: all rows have as many cells as the first.
std::string table_of(const std::vector<table_row>& rows);

std::string node_text(const inspected_node& node);
std::string actors_text(const inspected_actors& all);
std::string documents_text(const inspected_documents& all);
std::string document_text(const inspected_document& of);
std::string sessions_text(const inspected_sessions& all);

/// What one look at the node has brought.
struct overview {
  inspected_node node;
  inspected_sessions sessions;
  inspected_documents documents;
  inspected_actors actors;
};
/// All of it, one below the other.
std::string overview_text(const overview& all);

}  // namespace troupe::inspection
