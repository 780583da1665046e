#include "actors/admin_cluster.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "actors/admin_pages.hpp"

namespace troupe::admin_cluster_test {

using json_value = nlohmann::json;
using order = change_members::order;

namespace {

http_request post(std::string body) {
  return {.method = "POST", .target = "/", .body = std::move(body), .remote_address = "::1"};
}

http_request del(std::string target) {
  return {.method = "DELETE", .target = std::move(target), .body = {}, .remote_address = "::1"};
}

std::string refusal_of(const std::string& body) {
  const auto read = admin::read_added_member(post(body));
  if (read) return "none";
  CHECK(read.error().status == 400);
  return json_value::parse(read.error().body)["error"];
}

}  // namespace

TEST_CASE("a member is added by its name, and what else is known of it", "[admin][cluster]") {
  const auto short_order = admin::read_added_member(post(R"({"name":"n4"})"));
  REQUIRE(short_order);
  CHECK(short_order->what == order::add);
  CHECK(short_order->which == "n4");
  CHECK(short_order->uuid.empty());
  CHECK_FALSE(short_order->is_forced);
  const auto whole = admin::read_added_member(post(
      R"({"name":"n4","address":"10.0.0.4:4101","uuid":"00000000000000040000000000000004","force":true})"));
  REQUIRE(whole);
  CHECK(whole->address == "10.0.0.4:4101");
  CHECK(whole->is_forced);
  CHECK(admin::describe(*whole) ==
        "an operator adds the node 'n4', uuid 00000000000000040000000000000004, at 10.0.0.4:4101, "
        "by force");
}

TEST_CASE("what is no member is told", "[admin][cluster]") {
  CHECK(refusal_of("{}").starts_with("name must be 1 to 64 letters"));
  CHECK(refusal_of(R"({"name":7})").starts_with("name must be a string"));
  CHECK(refusal_of(R"({"name":"a/b"})").starts_with("name must be 1 to 64 letters"));
  CHECK(refusal_of(R"({"name":"a","address":"x"})").starts_with("address must be HOST:PORT"));
  CHECK(refusal_of(R"({"name":"a","uuid":"x"})").starts_with("uuid must be 32 hexadecimal digits"));
  CHECK(refusal_of(R"({"name":"a","force":1})") == "force must be true or false");
  CHECK_FALSE(refusal_of("[]").empty());
}

TEST_CASE("a member leaves, or is lost", "[admin][cluster]") {
  const auto leaves = admin::read_removed_member(del("/x"), "n4");
  REQUIRE(leaves);
  CHECK(leaves->what == order::leave);
  CHECK(leaves->which == "n4");
  CHECK(admin::describe(*leaves) == "an operator lets leave the node 'n4'");
  const auto lost = admin::read_removed_member(del("/x?lost=true&force=true"), "n4");
  REQUIRE(lost);
  CHECK(lost->what == order::remove);
  CHECK(lost->is_forced);
  CHECK(admin::read_removed_member(del("/x?lost=perhaps"), "n4").error().status == 400);
  CHECK(admin::read_removed_member(del("/x"), "a b").error().status == 400);
}

TEST_CASE("requests find the pages of the cluster", "[admin][cluster]") {
  const auto page_of = [](const char* method, const char* target) {
    const auto found = admin::find_page(method, target);
    REQUIRE(std::holds_alternative<admin::page_request>(found));
    return std::get<admin::page_request>(found);
  };
  const auto query = [](const admin::page_request& page, const http_request& request) {
    return admin::read_request(page, request);
  };
  CHECK(std::holds_alternative<describe_cluster>(
      query(page_of("GET", "/api/v1/cluster"), del("/api/v1/cluster"))));
  const auto added = query(page_of("POST", "/api/v1/cluster/members"), post(R"({"name":"n4"})"));
  CHECK(std::get<change_members>(added).which == "n4");
  const auto removed = query(page_of("DELETE", "/api/v1/cluster/members/n%34"), del("/?lost=true"));
  CHECK(std::get<change_members>(removed).which == "n4");
  CHECK(std::get<change_members>(removed).what == order::remove);
  CHECK(
      std::get<http_answer>(query(page_of("POST", "/api/v1/cluster/members"), post("{}"))).status ==
      400);
}

TEST_CASE("the page shows the nodes of a cluster", "[admin][cluster]") {
  described_cluster all;
  all.cluster = "x";
  all.node = "n1";
  all.uuid = "01";
  all.incarnation = 3;
  all.list_number = 7;
  all.keepers = 3;
  all.write_acks = 2;
  all.is_strict = false;
  all.nodes = {
      {"01", "n1", "h:1", described_cluster::role::member, true, true},
      {"02", "n2", "h:2", described_cluster::role::leaving, false, false, "refused", 6, 10, 20}};
  const json_value page = json_value::parse(admin::show_cluster(all).body);
  CHECK(page["joined"] == true);
  CHECK(page["list"] == 7);
  CHECK(page["mode"] == "available");
  CHECK(page["nodes"][0]["self"] == true);
  CHECK(page["nodes"][0]["up"] == true);
  CHECK_FALSE(page["nodes"][0].contains("error"));
  CHECK(page["nodes"][1]["role"] == "leaving");
  CHECK(page["nodes"][1]["error"] == "refused");
  CHECK(page["nodes"][1]["queuedBytes"] == 10);
  CHECK(page["nodes"][1]["inFlightBytes"] == 20);
  CHECK_FALSE(page.contains("waits"));
  CHECK_FALSE(page.contains("conflict"));
  all.why_not_joined = "waits for the seeds h:2";
  all.conflict = "two lists";
  const json_value waiting = json_value::parse(admin::show_cluster(all).body);
  CHECK(waiting["joined"] == false);
  CHECK(waiting["waits"] == "waits for the seeds h:2");
  CHECK(waiting["conflict"] == "two lists");
}

TEST_CASE("a change is shown with its list, or with why it was refused", "[admin][cluster]") {
  CHECK(json_value::parse(admin::show_changed_members({"", 8}).body)["list"] == 8);
  const http_answer refused = admin::show_changed_members({"there is no member 'n9'", 7});
  CHECK(refused.status == 409);
  CHECK(json_value::parse(refused.body)["error"] == "there is no member 'n9'");
  CHECK(admin::show_no_cluster().status == 404);
}

}  // namespace troupe::admin_cluster_test
