#include "actors/admin_cluster.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "actors/admin_json.hpp"
#include "actors/admin_pages.hpp"
#include "base/printable.hpp"
#include "protocol/cluster/node_address.hpp"
#include "protocol/cluster/node_uuid.hpp"

namespace troupe::admin {

namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> role_names{"member", "leaving", "gone", "candidate"};

/// A member of the body that is a string; empty if it is not there.
tl::expected<std::string, http_answer> read_name(const json& body, const char* name) {
  const auto member = body.find(name);
  if (member == body.end() || member->is_null()) return std::string{};
  const auto* const text = member->get_ptr<const std::string*>();
  if (text == nullptr || text->empty() || text->size() > cluster::node_address_size_bytes_max)
    return refuse(std::string{name} + " must be a string that is not empty, of at most " +
                  std::to_string(cluster::node_address_size_bytes_max) + " bytes");
  return *text;
}

tl::expected<bool, http_answer> read_force(const json& body) {
  const auto member = body.find("force");
  if (member == body.end() || member->is_null()) return false;
  if (!member->is_boolean()) return refuse("force must be true or false");
  return member->get<bool>();
}

tl::expected<void, http_answer> check(const change_members& order) {
  if (const auto name = cluster::check_node_name(order.which); !name)
    return refuse("name " + name.error().detail);
  if (!order.uuid.empty())
    if (const auto uuid = cluster::parse_node_uuid(order.uuid); !uuid)
      return refuse("uuid " + uuid.error().detail);
  if (!order.address.empty())
    if (const auto address = cluster::parse_node_address(order.address); !address)
      return refuse("address " + address.error().detail);
  return {};
}

json to_json(const described_cluster::node_view& node) {
  json shown{{"uuid", node.uuid},
             {"name", node.name},
             {"address", node.address},
             {"role", role_names[static_cast<std::size_t>(node.is)]},
             {"up", node.is_up},
             {"movedList", node.moved_list},
             {"queuedBytes", node.queued_bytes},
             {"inFlightBytes", node.in_flight_bytes}};
  if (node.is_self) shown["self"] = true;
  if (!node.why_down.empty()) shown["error"] = node.why_down;
  return shown;
}

}  // namespace

tl::expected<change_members, http_answer> read_added_member(const http_request& request) {
  const auto body = read_object(request.body);
  if (!body) return refuse(body.error());
  change_members order{change_members::order::add, {}};
  TROUPE_ASSIGN(order.which, read_name(*body, "name"));
  TROUPE_ASSIGN(order.uuid, read_name(*body, "uuid"));
  TROUPE_ASSIGN(order.address, read_name(*body, "address"));
  TROUPE_ASSIGN(order.is_forced, read_force(*body));
  TROUPE_TRY(check(order));
  return order;
}

tl::expected<change_members, http_answer> read_removed_member(const http_request& request,
                                                              const std::string& which) {
  const auto is_lost = read_switch(request.target, "lost");
  if (!is_lost) return refuse(is_lost.error());
  const auto is_forced = read_switch(request.target, "force");
  if (!is_forced) return refuse(is_forced.error());
  change_members order{*is_lost ? change_members::order::remove : change_members::order::leave,
                       which};
  order.is_forced = *is_forced;
  TROUPE_TRY(check(order));
  return order;
}

std::string describe(const change_members& order) {
  constexpr std::array<std::string_view, 3> deeds{"adds ", "lets leave ", "removes as lost "};
  std::string text{"an operator "};
  text.append(deeds[static_cast<std::size_t>(order.what)]).append("the node ");
  text += in_single_quotes(order.which);
  if (!order.uuid.empty()) text.append(", uuid ").append(order.uuid);
  if (!order.address.empty()) text.append(", at ").append(order.address);
  if (order.is_forced) text += ", by force";
  return text;
}

http_answer show_cluster(const described_cluster& all) {
  json nodes = json::array();
  for (const described_cluster::node_view& each : all.nodes) nodes.push_back(to_json(each));
  json shown{{"cluster", all.cluster},
             {"node", all.node},
             {"uuid", all.uuid},
             {"incarnation", all.incarnation},
             {"joined", all.why_not_joined.empty()},
             {"list", all.list_number},
             {"moved", all.has_moved},
             {"durability", all.is_shared ? "shared" : "keepers"},
             {"keepers", all.keepers},
             {"writeAcks", all.write_acks},
             {"mode", all.is_strict ? "strict" : "available"},
             {"nodes", std::move(nodes)}};
  if (!all.why_not_joined.empty()) shown["waits"] = all.why_not_joined;
  if (!all.conflict.empty()) shown["conflict"] = all.conflict;
  return answer_json(200, shown);
}

http_answer show_changed_members(const changed_members& changed) {
  if (!changed.refusal.empty()) return answer_error(409, changed.refusal);
  return answer_json(200, {{"list", changed.list_number}});
}

http_answer show_no_cluster() {
  return answer_error(404, "this node is in no cluster: cluster.enabled is false");
}

}  // namespace troupe::admin
