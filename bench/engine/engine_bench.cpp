// Times the engine alone, without actors or sockets: on a file of updates (one update, v1 or v2,
// or a stream of updates, each with its length in front), or on documents of growing size that it
// makes itself (curves). Prints medians over runs and what a document takes in memory. It is a
// measurement, not a test: it fails only if it cannot measure.
#include <malloc.h>

#include <CLI/CLI.hpp>

#include "bench/engine/curves.hpp"
#include "bench/engine/tasks.hpp"

namespace {

using troupe::bench::task_options;

struct arguments {
  task_options task;
  std::string file;
  std::string base;
  std::string curve;
  std::string write;
  std::size_t first = static_cast<std::size_t>(-1);
  double seconds = 5;
  bool as_json = false;
};

void add_common_options(CLI::App& command, arguments& given) {
  command.add_option("--runs", given.task.how.runs_max, "how often to repeat, at most")
      ->check(CLI::Range(3u, 10000u))
      ->capture_default_str();
  command.add_option("--seconds", given.seconds, "when to stop repeating, after 3 runs")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  command.add_flag("--json", given.as_json, "print one JSON object");
}

void add_task(CLI::App& app, const std::string& name, arguments& given) {
  CLI::App& command = *app.add_subcommand(name, "time this on a file of updates");
  command
      .add_option("FILE", given.file,
                  "an update, v1 or v2, or a stream of updates, each as varUint length and bytes")
      ->required()
      ->check(CLI::ExistingFile);
  command.add_option("--root", given.task.root, "the root that text and json read")
      ->capture_default_str();
  command.add_option("--base", given.base, "a file with the state before the updates")
      ->check(CLI::ExistingFile);
  command.add_option("--first", given.first, "use only this many updates of a stream");
  command
      .add_option("--from", given.task.from, "diff: a file with the state vector to diff against")
      ->check(CLI::ExistingFile);
  command.add_option("--missing", given.task.missing, "diff: how many structs are lacking")
      ->capture_default_str();
  add_common_options(command, given);
}

int run_task(const std::string& name, const arguments& given) {
  troupe::bench::input in = troupe::bench::read_input(given.file, given.first);
  if (!given.base.empty()) in.base = troupe::bench::read_file(given.base);
  std::string error;
  const auto figures = troupe::bench::measure(name, in, given.task, error);
  if (!error.empty()) {
    std::fprintf(stderr, "%s: %s\n", given.file.c_str(), error.c_str());
    return 1;
  }
  std::printf("%s\n", given.as_json ? figures.text().c_str()
                                    : troupe::bench::as_lines(figures.text()).c_str());
  return 0;
}

/// Memory that a run gave back stays with the process, as it does in the heaps of V8 and wasm and
/// in a server with other documents. By default the allocator may return it after each run, or not,
/// by the order of sizes it has seen, and the next run then pays for page faults.
void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that it takes
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  CLI::App app{"Times the engine on Yjs updates."};
  app.require_subcommand(1);
  arguments given;
  for (const std::string& name : troupe::bench::task_names()) add_task(app, name, given);
  CLI::App& curve = *app.add_subcommand("curve", "time documents of growing size");
  curve.add_option("NAME", given.curve, "what grows")
      ->required()
      ->check(CLI::IsMember(troupe::bench::curve_names()));
  curve
      .add_option("--write", given.write,
                  "do not measure; write the updates of each size to this directory as streams")
      ->check(CLI::ExistingDirectory);
  add_common_options(curve, given);
  CLI11_PARSE(app, argc, argv);
  given.task.how.budget = std::chrono::duration<double>{given.seconds};

  const std::string name = app.get_subcommands().front()->get_name();
  if (name != "curve") return run_task(name, given);
  if (!given.write.empty()) return troupe::bench::write_curve(given.curve, given.write);
  troupe::bench::run_curve(given.curve, given.task.how, given.as_json);
  return 0;
}
