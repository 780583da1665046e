#include "actors/inspector_rows.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "protocol/cluster/placement.hpp"
#include "protocol/dialects/dialects.hpp"

namespace troupe {

namespace {

constexpr std::array<std::string_view, 4> member_roles{"member", "leaving", "gone", "candidate"};
constexpr double nanoseconds_in_second = 1e9;

std::uint64_t as_nanoseconds(double seconds) {
  return seconds <= 0 ? 0 : static_cast<std::uint64_t>(seconds * nanoseconds_in_second);
}

std::uint64_t as_milliseconds(std::chrono::system_clock::duration time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::milliseconds>(time).count()));
}

member_row to_row(const described_cluster::node_view& from) {
  member_row row;
  row.name = inspection::cut(from.name);
  row.address = inspection::cut(from.address);
  row.uuid = inspection::cut(from.uuid);
  row.role = member_roles[static_cast<std::size_t>(from.is)];
  row.state = from.is_self ? "self" : from.is_up ? "up" : "down";
  row.why_down = inspection::cut(from.why_down);
  row.incarnation = from.incarnation;
  row.lag = static_cast<std::uint64_t>(from.lag.count());
  row.queued_bytes = from.queued_bytes;
  row.in_flight_bytes = from.in_flight_bytes;
  row.moved_list = from.moved_list;
  return row;
}

}  // namespace

void add_cluster(inspected_node& to, const described_cluster& from) {
  to.cluster = inspection::cut(from.cluster);
  to.name = inspection::cut(from.node);
  to.why_not_joined = inspection::cut(from.why_not_joined);
  to.list_number = from.list_number;
  to.source.total = from.nodes.size();
  for (const described_cluster::node_view& each : from.nodes)
    if (to.members.size() < inspection::rows_max) to.members.push_back(to_row(each));
  std::ranges::sort(to.members, {}, &member_row::name);
}

actor_row to_row(const measured_actors& from) {
  actor_row row;
  row.name = inspection::cut(from.name);
  row.mailbox = from.mailbox;
  row.messages = from.handling.count;
  row.handling_mean = as_nanoseconds(from.handling.mean);
  row.handling_p99 = as_nanoseconds(from.handling.p99);
  row.waiting_mean = as_nanoseconds(from.waiting.mean);
  row.waiting_p99 = as_nanoseconds(from.waiting.p99);
  return row;
}

document_row to_row(const document_info& from) {
  document_row row;
  row.name = inspection::cut(from.name);
  row.sessions = from.sessions;
  row.state_bytes = from.state_bytes;
  row.memory_bytes = from.memory_bytes;
  row.client_ids = from.client_ids;
  row.is_folded = from.is_folded;
  row.is_unloading = from.is_unloading;
  return row;
}

void add_place(document_row& to, const cluster::member_list& list,
               const cluster::replication& replication, const described_cluster& cluster) {
  const cluster::quorum sizes = cluster::quorum_of(replication, list.size());
  const cluster::document_place place = cluster::place_of(list, to.name, sizes.keepers);
  const auto name_of = [&](const cluster::node_uuid& id) {
    const cluster::member* const known = list.find(id);
    return known == nullptr ? cluster::to_string(id) : known->name;
  };
  for (const cluster::node_uuid& each : place.keepers()) to.keepers.push_back(name_of(each));
  const auto home = place.home([&](const cluster::node_uuid& id) {
    const auto known = std::ranges::find(cluster.nodes, cluster::to_string(id),
                                         &described_cluster::node_view::uuid);
    return known != cluster.nodes.end() && known->is_up;
  });
  if (home) to.home = name_of(*home);
}

session_row to_row(const session_load& of, const session_info* details,
                   std::chrono::system_clock::time_point now) {
  session_row row;
  row.id = of.id;
  row.documents = of.documents;
  row.queued_bytes = of.queued_bytes;
  row.bytes_in = of.bytes_in;
  row.bytes_out = of.bytes_out;
  row.idle = static_cast<std::uint64_t>(std::max<std::int64_t>(0, of.idle.count()));
  if (details == nullptr) return row;
  row.user = inspection::cut(details->user);
  row.address = inspection::cut(details->remote_address);
  details->speaks.for_each([&](dialect each) {
    if (!row.dialects.empty()) row.dialects += ' ';
    row.dialects += codec_of(each).traits().name;
  });
  if (!details->documents.empty()) row.document = inspection::cut(details->documents.front());
  row.messages_in = details->messages_in;
  row.messages_out = details->messages_out;
  row.connected = as_milliseconds(now - details->connected_since);
  return row;
}

std::vector<std::pair<std::size_t, std::vector<session_id>>>
missing_details(const std::vector<inspection::surveyed_session>& rows,
                const std::unordered_map<session_id, session_info>& known, std::size_t at_once) {
  std::map<std::size_t, std::vector<session_id>> by_unit;
  std::vector<std::pair<std::size_t, std::vector<session_id>>> pieces;
  for (const inspection::surveyed_session& each : rows) {
    if (known.contains(each.load.id)) continue;
    std::vector<session_id>& of = by_unit[each.unit];
    of.push_back(each.load.id);
    if (of.size() == at_once) pieces.emplace_back(each.unit, std::exchange(of, {}));
  }
  for (auto& [unit, ids] : by_unit)
    if (!ids.empty()) pieces.emplace_back(unit, std::move(ids));
  return pieces;
}

}  // namespace troupe
