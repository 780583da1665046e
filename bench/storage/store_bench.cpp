// Measures a store in a directory that it makes and removes again: how quickly it writes and reads,
// and what it writes to the disk for it. Beside it, where it matters, the disk alone. Bounded in
// size and time. It is a measurement, not a test: it fails only if it cannot measure.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <map>

#include "bench/storage/tasks.hpp"

namespace {

using troupe::bench::task_options;

struct task {
  const char* name;
  const char* what;
  void (*run)(const task_options&, troupe::load::report&);
};

constexpr task tasks[] = {
    {"disk", "fdatasync alone, the floor", troupe::bench::run_disk},
    {"append", "durable batches of one update of each document", troupe::bench::run_append},
    {"mix", "updates and checkpoints: bytes written for each byte", troupe::bench::run_mix},
    {"cold", "documents that nothing has cached", troupe::bench::run_cold},
    {"compact", "checkpoints of long logs", troupe::bench::run_compact},
    {"fill", "makes a store, and keeps it", troupe::bench::run_fill},
    {"database", "durable batches in PostgreSQL, whose URL is PATH, beside one COMMIT an update",
     troupe::bench::run_database},
    {"commit", "one COMMIT an update in PostgreSQL, whose URL is PATH, the floor",
     troupe::bench::run_commit},
    {"open", "opens a store that `fill` made: names, loads, memory", troupe::bench::run_open},
};

struct arguments {
  task_options given;
  std::string contents = "prose";
  bool as_json = false;
};

void add_options(CLI::App& command, arguments& all) {
  task_options& given = all.given;
  command.add_option("PATH", given.path, "of a store, which must not exist yet, but for open")
      ->required();
  command.add_option("--documents", given.documents, "how many documents")
      ->check(CLI::Range(std::size_t{1}, std::size_t{2'000'000}))
      ->capture_default_str();
  command.add_option("--updates", given.updates, "of each document")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}))
      ->capture_default_str();
  command.add_option("--size-min", given.update_size_min, "bytes of an update, at least")
      ->check(CLI::Range(std::size_t{30}, std::size_t{100'000}))
      ->capture_default_str();
  command.add_option("--size-max", given.update_size_max, "bytes of an update, at most")
      ->check(CLI::Range(std::size_t{30}, std::size_t{100'000}))
      ->capture_default_str();
  command.add_option("--seconds", given.seconds, "of append: how long")
      ->check(CLI::Range(0.1, 600.0))
      ->capture_default_str();
  command.add_option("--prefix", given.prefix, "of the documents' names")->capture_default_str();
  command.add_option("--contents", all.contents, "what is written")
      ->check(CLI::IsMember({"prose", "noise"}))
      ->capture_default_str();
  command.add_option("--file", given.file, "of cold: an update (v1) that each document holds")
      ->check(CLI::ExistingFile);
  command.add_flag("--json", all.as_json, "print one JSON object");
}

int run(const task& chosen, arguments& all) {
  namespace fs = std::filesystem;
  std::error_code why;
  const bool opens = std::string_view{chosen.name} == "open";
  const bool is_remote =
      std::string_view{chosen.name} == "database" || std::string_view{chosen.name} == "commit";
  const bool keeps = is_remote || opens || std::string_view{chosen.name} == "fill";
  if (!is_remote && fs::exists(all.given.path, why) != opens) {
    std::fprintf(stderr, "'%s' %s\n", all.given.path.c_str(),
                 opens ? "does not exist; `fill` makes it" : "exists");
    return 2;
  }
  if (!is_remote && !fs::is_directory(fs::absolute(all.given.path).parent_path(), why)) {
    std::fprintf(stderr, "'%s' is in no directory that exists\n", all.given.path.c_str());
    return 2;
  }
  if (all.given.update_size_max < all.given.update_size_min) {
    std::fprintf(stderr, "--size-max is below --size-min\n");
    return 2;
  }
  if (all.contents == "noise") all.given.of = troupe::bench::contents::noise;
  troupe::load::report out{chosen.name};
  chosen.run(all.given, out);
  if (!keeps) fs::remove_all(all.given.path, why);
  std::printf("%s\n", all.as_json ? out.as_json().c_str() : out.as_table().c_str());
  return out.has_failed() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Measures a store of documents on this machine's disk."};
  app.require_subcommand(1);
  std::map<std::string, arguments> of_task;
  for (const task& each : tasks)
    add_options(*app.add_subcommand(each.name, each.what), of_task[each.name]);
  CLI11_PARSE(app, argc, argv);
  for (const task& each : tasks)
    if (app.got_subcommand(each.name)) return run(each, of_task[each.name]);
  return 2;
}
