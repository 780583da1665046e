// The metrics of a node beside the pages and files that name them: docs/operating.md tells of each,
// and the dashboard and the alerts ask for none that is not there.
#include "actors/node_metrics.hpp"

#include <algorithm>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/actor_node.hpp"
#include "tests/support/source_tree.hpp"

namespace troupe::node_metrics_test {

using name_set = std::set<std::string>;

namespace {

struct node_of_metrics {
  caf::actor_system_config config;
  caf::actor_system system{config};
  node_metrics metrics{system};

  name_set names() const { return {metrics.names().begin(), metrics.names().end()}; }
};

/// The names in the first column of the table below "### Metrics of troupe".
name_set names_on_page() {
  name_set names;
  bool is_inside = false;
  const std::regex name{"`(troupe_[a-z0-9_]+)(\\{[a-z]+\\})?`"};
  for (const std::string& line : test::read_lines("docs/operating.md")) {
    if (line.starts_with("### ")) is_inside = line == "### Metrics of troupe";
    if (!is_inside || !line.starts_with("|")) continue;
    const std::string cell = line.substr(0, line.find('|', 1));
    for (auto at = std::sregex_iterator{cell.begin(), cell.end(), name};
         at != std::sregex_iterator{}; ++at) {
      INFO((*at)[1].str());
      CHECK(names.insert((*at)[1].str()).second);
    }
  }
  return names;
}

/// What a file of the folder asks for, without what histograms add to their names.
name_set names_in(const std::string& path) {
  const std::string text = test::read_text(path);
  const std::regex name{"\\btroupe_[a-z0-9_]+"};
  const std::regex ending{"_(bucket|sum|count)$"};
  name_set names;
  for (auto at = std::sregex_iterator{text.begin(), text.end(), name}; at != std::sregex_iterator{};
       ++at)
    names.insert(std::regex_replace(at->str(), ending, ""));
  return names;
}

name_set difference(const name_set& of, const name_set& without) {
  name_set left;
  std::ranges::set_difference(of, without, std::inserter(left, left.end()));
  return left;
}

}  // namespace

TEST_CASE("docs/operating.md has each metric of the node and no other", "[metrics][docs]") {
  test::register_types_once();
  const node_of_metrics node;
  const name_set names = node.names();
  CHECK(names.size() == node.metrics.names().size());
  CHECK(difference(names, names_on_page()) == name_set{});
  CHECK(difference(names_on_page(), names) == name_set{});
}

TEST_CASE("dashboard and alerts ask only for metrics that there are", "[metrics][docs]") {
  test::register_types_once();
  const node_of_metrics node;
  for (const char* path :
       {"config/observability/dashboard.json", "config/observability/alerts.yaml"}) {
    INFO(path);
    const name_set asked = names_in(path);
    CHECK(asked.size() > 10);
    CHECK(difference(asked, node.names()) == name_set{});
  }
}

TEST_CASE("docs/operating.md has each alert, and no other", "[metrics][docs]") {
  const auto names = [](const std::string& path, const std::regex& pattern) {
    name_set found;
    for (const std::string& line : test::read_lines(path))
      if (std::smatch match; std::regex_search(line, match, pattern)) found.insert(match[1].str());
    return found;
  };
  const name_set rules =
      names("config/observability/alerts.yaml", std::regex{"^ +- alert: (Troupe[A-Za-z]+)$"});
  CHECK(rules.size() > 10);
  CHECK(rules == names("docs/operating.md", std::regex{"^\\| `(Troupe[A-Za-z]+)` \\|"}));
}

TEST_CASE("metrics with a label show what is known of it from the start", "[metrics]") {
  node_of_metrics node;
  node.metrics.turned_away("origin").inc();
  node.metrics.peers().up.of("n2").value(1);
  name_set shown;
  const auto collect = [&](const auto* family, const auto* instance, const auto*) {
    std::string name{family->name()};
    for (const auto& each : instance->labels())
      name.append(" ")
          .append(each.name().begin(), each.name().end())
          .append("=")
          .append(each.value().begin(), each.value().end());
    shown.insert(name);
  };
  node.system.metrics().collect(collect);
  for (const char* each :
       {"turned-away-connections reason=origin", "turned-away-connections reason=too_many",
        "token-checks outcome=missing", "storage-failures reason=disk_full",
        "authorisations outcome=cached", "closed-connections reason=slow_consumer",
        "peer-up peer=n2", "ready"})
    CHECK(shown.contains(each));
  CHECK(node.metrics.turned_away("origin").value() == 1);
}

TEST_CASE("times are taken while somebody scrapes", "[metrics]") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  CHECK(node_metrics{system}.takes_times());
  CHECK_FALSE(node_metrics{system, scraping::off}.takes_times());
}

}  // namespace troupe::node_metrics_test
