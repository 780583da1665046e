// The answers of an inspector as JSON, one line each, for programs. Format: docs/inspecting.md.
#pragma once

#include <string>

#include "app/inspect/tables.hpp"

namespace troupe::inspection {

std::string node_json(const inspected_node& node);
std::string actors_json(const inspected_actors& all);
std::string documents_json(const inspected_documents& all);
std::string document_json(const inspected_document& of);
std::string sessions_json(const inspected_sessions& all);
std::string overview_json(const overview& all);

}  // namespace troupe::inspection
