// How what the actors of a node say becomes rows of the inspector's answers. It decides nothing and
// asks nobody.
#pragma once

#include <chrono>
#include <cstddef>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/actor_metrics.hpp"
#include "actors/cluster_view.hpp"
#include "actors/inspect_wire.hpp"
#include "actors/inspection.hpp"
#include "actors/operator_view.hpp"
#include "protocol/cluster/member_list.hpp"
#include "protocol/cluster/replication.hpp"

namespace troupe {

/// The cluster and its members by their names, of these at most inspection::rows_max.
void add_cluster(inspected_node& to, const described_cluster& from);

actor_row to_row(const measured_actors& from);

/// Without where it belongs.
document_row to_row(const document_info& from);

/// Its keepers, and the first of them that is up.
void add_place(document_row& to, const cluster::member_list& list,
               const cluster::replication& replication, const described_cluster& cluster);

/// `details`: null if there are none.
session_row to_row(const session_load& of, const session_info* details,
                   std::chrono::system_clock::time_point now);

/// The ids of rows of which nothing is known yet, by unit, in pieces of at most so many.
std::vector<std::pair<std::size_t, std::vector<session_id>>>
missing_details(const std::vector<inspection::surveyed_session>& rows,
                const std::unordered_map<session_id, session_info>& known, std::size_t at_once);

}  // namespace troupe
