#include "app/cluster/answer_text.hpp"

#include <catch2/catch_test_macros.hpp>

#include "actors/admin_cluster.hpp"
#include "actors/admin_pages.hpp"

namespace troupe::answer_text_test {

TEST_CASE("the page of the cluster becomes a table", "[cluster_command]") {
  described_cluster all;
  all.cluster = "x";
  all.node = "n1";
  all.list_number = 4;
  all.keepers = 3;
  all.write_acks = 2;
  all.nodes = {
      {"01", "n1", "h:1", described_cluster::role::member, true, true, "", 4},
      {"02", "long-name", "h:2", described_cluster::role::gone, false, false, "refused", 3}};
  const auto text = cluster::members_text(admin::show_cluster(all).body);
  REQUIRE(text);
  CHECK(*text == "cluster 'x', member list 4, seen by 'n1'\n"
                 "documents: 3 keepers, 2 of them confirm an edit (strict); they are moving\n\n"
                 "NAME       ADDRESS  ROLE    MOVED  UUID  STATE\n"
                 "n1         h:1      member  4      01    this node\n"
                 "long-name  h:2      gone    3      02    down: refused\n");
  all.conflict = "two lists";
  all.why_not_joined = "waits for the seeds h:2";
  all.has_moved = true;
  const auto worse = cluster::members_text(admin::show_cluster(all).body);
  CHECK(worse->find("\nthis node waits for the seeds h:2\nCONFLICT: two lists\n") !=
        std::string::npos);
  CHECK(worse->find("all are in place") != std::string::npos);
}

TEST_CASE("an answer of something else is told, and cannot move the cursor", "[cluster_command]") {
  CHECK(cluster::members_text("<html>").error().code == errc::invalid_json);
  CHECK(cluster::members_text("[]").error().code == errc::invalid_json);
  CHECK(cluster::members_text("{}"));
  CHECK(cluster::members_text(R"({"nodes":[1,{"name":"a\u001b"}]})")->find("a\\x1b") !=
        std::string::npos);
  CHECK(cluster::change_text(admin::show_changed_members({"", 8}).body) == "member list 8");
  CHECK(cluster::error_text(admin::answer_error(409, "why").body) == "why");
  CHECK(cluster::error_text("<html>\n") == "<html>\\x0a");
  CHECK(cluster::error_text(std::string(1000, 'x')).size() == 500);
}

}  // namespace troupe::answer_text_test
