// The cluster on the admin pages: its nodes, and changes of the member list. Pure. Format:
// docs/admin.md.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "actors/admin_routes.hpp"
#include "actors/cluster_view.hpp"
#include "net/http_message.hpp"

namespace troupe::admin {

/// {"name", "address"?, "uuid"?, "force"?}
tl::expected<change_members, http_answer> read_added_member(const http_request& request);
/// `which`: a name or uuid; ?lost=true: it hands over nothing; ?force=true.
tl::expected<change_members, http_answer> read_removed_member(const http_request& request,
                                                              const std::string& which);

/// A line for the log.
std::string describe(const change_members& order);

http_answer show_cluster(const described_cluster& all);
/// 409: it was refused.
http_answer show_changed_members(const changed_members& changed);
/// 404: cluster.enabled is false.
http_answer show_no_cluster();

}  // namespace troupe::admin
