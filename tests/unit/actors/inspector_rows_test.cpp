// What the actors of a node say, as rows of answers.
#include "actors/inspector_rows.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::inspector_rows_test {

using namespace std::chrono_literals;

namespace {

cluster::node_uuid uuid_of(std::uint8_t last) {
  auto text = std::string{"00000000-0000-4000-8000-0000000000"};
  constexpr const char* digits = "0123456789abcdef";
  text += digits[last / 16];
  text += digits[last % 16];
  return *cluster::parse_node_uuid(text);
}

}  // namespace

TEST_CASE("a session has its load, and its details while it is there", "[inspector]") {
  const session_load load{7, 100, 20, 30, 2, 1500ms};
  const auto now = std::chrono::system_clock::now();
  session_info info;
  info.user = "ada";
  info.remote_address = "::1";
  info.documents = {"b", "a"};
  info.speaks.insert(dialect::json);
  info.messages_in = 4;
  info.connected_since = now - 10s;
  const session_row row = to_row(load, &info, now);
  CHECK(row.id == 7);
  CHECK(row.queued_bytes == 100);
  CHECK(row.documents == 2);
  CHECK(row.document == "b");
  CHECK(row.dialects == "json");
  CHECK(row.idle == 1500);
  CHECK(row.connected == 10'000);
  CHECK(row.messages_in == 4);
  const session_row gone = to_row(load, nullptr, now);
  CHECK(gone.bytes_out == 30);
  CHECK(gone.user.empty());
  CHECK(gone.connected == 0);
}

TEST_CASE("details are asked for by unit, in pieces, and not twice", "[inspector]") {
  std::vector<inspection::surveyed_session> rows;
  for (session_id id = 1; id <= 10; ++id) rows.push_back({{.id = id}, id % 2});
  const auto pieces = missing_details(rows, {{4, {}}, {5, {}}}, 3);
  std::size_t asked = 0;
  for (const auto& [unit, ids] : pieces) {
    CHECK(ids.size() <= 3);
    for (const session_id id : ids) {
      CHECK(id % 2 == unit);
      CHECK((id != 4 && id != 5));
      ++asked;
    }
  }
  CHECK(asked == 8);
  CHECK(missing_details({}, {}, 3).empty());
}

TEST_CASE("the cluster is shown with its members", "[inspector]") {
  described_cluster cluster;
  cluster.cluster = "x";
  cluster.node = "n1";
  cluster.list_number = 4;
  cluster.why_not_joined = "waits";
  cluster.nodes = {
      {.uuid = "01", .name = "n1", .address = "h:1", .is_self = true, .is_up = true},
      {.uuid = "02",
       .name = "n2",
       .address = "h:2",
       .is = described_cluster::role::leaving,
       .is_up = true,
       .queued_bytes = 9,
       .incarnation = 3,
       .lag = 20ms},
      {.uuid = "03", .name = "n3", .address = "h:3", .why_down = std::string(5000, 'x')}};
  inspected_node node;
  add_cluster(node, cluster);
  CHECK(node.is_well_formed());
  CHECK(node.cluster == "x");
  CHECK(node.why_not_joined == "waits");
  CHECK(node.source.total == 3);
  REQUIRE(node.members.size() == 3);
  CHECK(node.members[0].state == "self");
  CHECK(node.members[1].state == "up");
  CHECK(node.members[1].role == "leaving");
  CHECK(node.members[1].lag == 20);
  CHECK(node.members[1].incarnation == 3);
  CHECK(node.members[2].state == "down");
}

TEST_CASE("a document names its keepers, and the first that is up is its home", "[inspector]") {
  std::vector<cluster::member> members;
  for (std::uint8_t i = 1; i <= 3; ++i)
    members.push_back({uuid_of(i), "n" + std::to_string(i), "h:" + std::to_string(i)});
  const cluster::member_list list = *cluster::member_list::make(1, members);
  described_cluster cluster;
  for (const cluster::member& each : members)
    cluster.nodes.push_back({.uuid = cluster::to_string(each.id),
                             .name = each.name,
                             .address = each.address,
                             .is_up = true});
  document_row row;
  row.name = "plan";
  add_place(row, list, {.keepers = 2, .write_acks = 2}, cluster);
  REQUIRE(row.keepers.size() == 2);
  CHECK(row.home == row.keepers[0]);

  for (auto& each : cluster.nodes) each.is_up = each.name != row.keepers[0];
  document_row later;
  later.name = "plan";
  add_place(later, list, {.keepers = 2, .write_acks = 2}, cluster);
  CHECK(later.keepers == row.keepers);
  CHECK(later.home == row.keepers[1]);

  for (auto& each : cluster.nodes) each.is_up = false;
  document_row none;
  none.name = "plan";
  add_place(none, list, {.keepers = 2, .write_acks = 2}, cluster);
  CHECK(none.home.empty());
}

TEST_CASE("what is measured of actors is in nanoseconds", "[inspector]") {
  measured_actors measured;
  measured.name = "troupe.store";
  measured.mailbox = 3;
  measured.handling = {10, 0.000'001'5, 0.001};
  const actor_row row = to_row(measured);
  CHECK(row.name == "troupe.store");
  CHECK(row.mailbox == 3);
  CHECK(row.messages == 10);
  CHECK(row.handling_mean == 1500);
  CHECK(row.handling_p99 == 1'000'000);
  CHECK(row.answer == actor_row::not_known);
}

}  // namespace troupe::inspector_rows_test
