#include "app/cluster/command.hpp"

#include <algorithm>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "actors/admin_cluster.hpp"
#include "actors/admin_pages.hpp"
#include "tests/support/temporary_directory.hpp"

namespace troupe::command_test {

namespace {

struct outcome {
  int code;
  std::string out, err;
};

/// The admin pages of a node, in front of a cluster that is a list of names.
class pages {
 public:
  std::vector<std::string> members{"n1"};
  std::vector<http_call> calls;

  result<http_reply> answer(const http_call& call) {
    calls.push_back(call);
    const std::string base = "http://127.0.0.1:3002";
    REQUIRE(call.url.starts_with(base + "/api"));
    const std::string target = call.url.substr(base.size());
    const auto found = admin::find_page(call.method, target);
    REQUIRE(std::holds_alternative<admin::page_request>(found));
    const http_request request{
        .method = call.method, .target = target, .body = call.body, .remote_address = "::1"};
    const http_answer shown =
        std::visit([this](const auto& query) { return answer_to(query); },
                   admin::read_request(std::get<admin::page_request>(found), request));
    return http_reply{shown.status, shown.body};
  }

 private:
  http_answer answer_to(const http_answer& known) { return known; }
  http_answer answer_to(const describe_cluster&) {
    described_cluster all;
    all.cluster = "x";
    for (const std::string& each : members) all.nodes.push_back({"", each, "h:1"});
    return admin::show_cluster(all);
  }
  http_answer answer_to(const change_members& order) {
    if (order.what == change_members::order::add) {
      members.push_back(order.which + (order.is_forced ? "!" : "") + order.address);
      return admin::show_changed_members({"", members.size()});
    }
    if (std::erase(members, order.which) == 0) return admin::show_changed_members({"not there", 1});
    return admin::show_changed_members({"", 9});
  }
  http_answer answer_to(const auto&) { return admin::show_failure(); }
};

outcome run(pages& node, cluster_request request, const std::string& token = "the-token") {
  std::ostringstream out, err;
  const auto ask = [&](const http_call& call) { return node.answer(call); };
  const int code = run_cluster_command(request, token, ask, {out, err});
  return {code, out.str(), err.str()};
}

cluster_request order(cluster_action action, std::string name) {
  cluster_request request;
  request.action = action;
  request.name = std::move(name);
  return request;
}

}  // namespace

TEST_CASE("the commands ask the pages of a node", "[cluster_command]") {
  pages node;
  cluster_request add = order(cluster_action::add, "n4");
  add.address = "h:4";
  add.force = true;
  CHECK(run(node, add).out == "member list 2\n");
  CHECK(node.members.back() == "n4!h:4");
  CHECK(run(node, order(cluster_action::add, "n5")).code == cluster_done);
  CHECK(run(node, order(cluster_action::leave, "n1")).out == "member list 9\n");
  CHECK(node.calls.back().url.ends_with("/members/n1"));
  cluster_request lost = order(cluster_action::remove, "n5");
  lost.force = true;
  CHECK(run(node, lost).code == cluster_done);
  CHECK(node.calls.back().url.ends_with("/members/n5?lost=true&force=true"));
  CHECK(node.calls.back().headers.front() == "Authorization: Bearer the-token");
  const outcome members = run(node, {});
  CHECK(members.code == cluster_done);
  CHECK(members.out.find("\nn4!h:4  h:1 ") != std::string::npos);
  cluster_request json;
  json.as_json = true;
  CHECK(run(node, json).out.starts_with("{"));
}

TEST_CASE("what a node refuses is told", "[cluster_command]") {
  pages node;
  const outcome refused = run(node, order(cluster_action::leave, "n9"));
  CHECK(refused.code == cluster_refused);
  CHECK(refused.out.empty());
  CHECK(refused.err == "troupe: http://127.0.0.1:3002 answers 409: not there\n");
}

TEST_CASE("what cannot be sent is refused before", "[cluster_command]") {
  pages node;
  const auto refused = [&](const cluster_request& request, const std::string& token = "the-token") {
    const outcome done = run(node, request, token);
    CHECK(done.code == cluster_misused);
    return done.err;
  };
  CHECK(
      refused(order(cluster_action::add, "a/b")).starts_with("troupe: the name of a node must be"));
  cluster_request bad = order(cluster_action::add, "n4");
  bad.address = "h\"";
  CHECK(refused(bad).starts_with("troupe: the address of a node must be"));
  bad.address.clear();
  bad.uuid = "x";
  CHECK(refused(bad).starts_with("troupe: the uuid of a node must be"));
  bad = {};
  bad.admin = "ftp://h";
  CHECK(refused(bad).starts_with("troupe: the URL of --admin must begin with"));
  CHECK(refused({}, "").starts_with("troupe: the admin token is missing: set TROUPE_ADMIN_TOKEN"));
  CHECK(refused({}, "a\nb") == "troupe: the admin token is none\n");
  CHECK(node.calls.empty());
}

TEST_CASE("the token may stand in a file", "[cluster_command]") {
  const test::temporary_directory directory;
  directory.write("token", "that-of-the-file\n");
  pages node;
  cluster_request request;
  request.token_file = directory.text() + "/token";
  CHECK(run(node, request, "").code == cluster_done);
  CHECK(node.calls.back().headers.front() == "Authorization: Bearer that-of-the-file");
  request.token_file += "-not";
  CHECK(run(node, request).code == cluster_misused);
}

TEST_CASE("certificates need no node", "[cluster_command]") {
  const test::temporary_directory directory;
  pages node;
  cluster_request request;
  request.action = cluster_action::make_certificates;
  request.directory = directory.text();
  const outcome made = run(node, request, "");
  CHECK(made.code == cluster_done);
  CHECK(std::ranges::count(made.out, '\n') == 9);
  CHECK(run(node, request, "").code == cluster_misused);
  CHECK(node.calls.empty());
}

TEST_CASE("a node that does not listen is told", "[cluster_command]") {
  // The discard port of loopback, where nothing listens.
  const auto reply =
      ask_by_http({.url = "http://127.0.0.1:9/", .timeout = std::chrono::seconds{2}});
  CHECK_FALSE(reply.has_value());
}

}  // namespace troupe::command_test
