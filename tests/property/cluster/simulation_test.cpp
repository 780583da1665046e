// No acknowledged edit is lost and everything comes to rest, whatever happens to nodes, links,
// disks and members. TROUPE_SIMULATION_SEEDS=N runs more seeds, TROUPE_SIMULATION_SEED=N one, with
// a trace of what happens.
#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include <catch2/catch_test_macros.hpp>

#include "tests/property/cluster/simulation.hpp"

using namespace troupe;
using simulation::plan;

namespace {

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void add(simulation::counts& all, const simulation::counts& one) {
  all.edits += one.edits;
  all.acknowledged += one.acknowledged;
  all.loads += one.loads;
  all.events += one.events;
  all.crashes += one.crashes;
  all.cuts += one.cuts;
  all.lists += one.lists;
  all.drops += one.drops;
  all.removals += one.removals;
  all.mistakes += one.mistakes;
  all.database_faults += one.database_faults;
  all.takeovers += one.takeovers;
}

simulation::counts run(plan how) {
  simulation::simulation one{how};
  try {
    one.run();
  } catch (const std::exception& broken) {
    how.traces = true;
    simulation::simulation again{how};
    try {
      again.run();
    } catch (const std::exception&) {
    }
    if (number_of("TROUPE_SIMULATION_SEED", 0) != 0) std::cerr << again.trace_text();
    FAIL("seed " << how.seed << ": " << broken.what()
                 << "\nreplay it with a trace: TROUPE_SIMULATION_SEED=" << how.seed);
  }
  return one.counted();
}

simulation::counts run_all(plan how, std::uint64_t seeds) {
  simulation::counts all;
  if (const std::uint64_t only = number_of("TROUPE_SIMULATION_SEED", 0); only != 0) {
    how.seed = only;
    add(all, run(how));
    return all;
  }
  const std::uint64_t first = number_of("TROUPE_SIMULATION_FIRST", 1);
  const std::uint64_t count = number_of("TROUPE_SIMULATION_SEEDS", seeds);
  for (how.seed = first; how.seed < first + count; ++how.seed) add(all, run(how));
  if (number_of("TROUPE_SIMULATION_SEEDS", 0) != 0)
    std::cout << count << " seeds: " << all.edits << " edits, " << all.acknowledged
              << " acknowledged, " << all.loads << " loads, " << all.crashes << " crashes, "
              << all.cuts << " cuts, " << all.lists << " lists, " << all.drops << " drops, "
              << all.removals << " removals, " << all.mistakes << " mistakes, "
              << all.database_faults << " faults of the database, " << all.takeovers
              << " takeovers, " << all.events << " events\n";
  return all;
}

}  // namespace

TEST_CASE("a cluster whose members stay loses nothing, whatever fails",
          "[cluster][simulation][property]") {
  plan how;
  how.with_member_changes = false;
  const auto all = run_all(how, 300);
  CHECK(all.acknowledged > 0);
  CHECK(all.removals > 0);
}

TEST_CASE("a cluster whose members change loses nothing, whatever fails",
          "[cluster][simulation][property]") {
  const auto all = run_all({}, 300);
  CHECK(all.acknowledged > 0);
  CHECK(all.mistakes > 0);
}

TEST_CASE("a cluster that shares a database loses nothing, whatever fails, as nodes come and go",
          "[cluster][simulation][property]") {
  plan how;
  how.is_shared = true;
  const auto all = run_all(how, 300);
  CHECK(all.acknowledged > 0);
  CHECK(all.database_faults > 0);
  CHECK(all.takeovers > 0);
  CHECK(all.removals > 0);
}
