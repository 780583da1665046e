// Loads a collaboration server with many clients that speak y-websocket or Hocuspocus, checks that
// every update reaches everybody, and tells how quickly and at what cost. Loopback only; bounded in
// time and size. Exit code 1: something was lost, refused or wrong; the report says what.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <numeric>

#include "bench/load/address.hpp"
#include "bench/load/modes.hpp"
#include "bench/load/swarm.hpp"

namespace {

using troupe::load::options;

/// The largest of everything that can be asked for.
constexpr std::size_t documents_max = 50'000;
constexpr std::size_t clients_max = 50'000;
constexpr std::size_t outstanding_max = 100'000;
constexpr std::size_t size_max = std::size_t{64} << 20;
constexpr unsigned characters_max = 10'000;
constexpr double rate_max = 100'000;
constexpr double seconds_max = 600;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

struct arguments {
  options given;
  std::vector<std::string> addresses;
  std::string protocol = "y-websocket";
  std::string place = "append";
  bool clients_are_per_document = false;
};

void add_common_options(CLI::App& mode, arguments& all) {
  options& given = all.given;
  mode.add_option("--address", all.addresses,
                  "the server, 127.x.x.x:PORT; for modes with several servers, all of them")
      ->required()
      ->delimiter(',');
  mode.add_option("--protocol", all.protocol, "how the server is spoken to")
      ->check(CLI::IsMember({"y-websocket", "hocuspocus"}))
      ->capture_default_str();
  mode.add_option("--path-prefix", given.where.path_prefix, "what the path of the URL begins with")
      ->capture_default_str();
  mode.add_option("--documents-prefix", given.where.document_prefix,
                  "what the names of documents begin with; else they differ from run to run");
  mode.add_option_function<std::string>(
      "--queries",
      [&given](const std::string& file) {
        std::ifstream in{file};
        for (std::string line; std::getline(in, line);) given.where.queries.push_back(line);
        if (given.where.queries.empty()) throw CLI::ValidationError{"--queries", "no such lines"};
      },
      "file of lines such as ?token=..., which clients have behind their paths in turn");
  mode.add_option("--server-pid", given.server_processes,
                  "the server's process, to tell what it uses; or several, which count together")
      ->delimiter(',');
  mode.add_option("--at-once", given.at_once, "connections that are opened at the same time")
      ->check(CLI::Range(std::size_t{1}, std::size_t{4096}))
      ->capture_default_str();
  mode.add_flag("--json", given.as_json, "print one JSON object");
}

void add_time(CLI::App& mode, options& given) {
  mode.add_option("--seconds", given.seconds, "how long to measure")
      ->check(CLI::Range(0.1, seconds_max))
      ->capture_default_str();
  mode.add_option("--warm-up", given.warm_up_seconds, "seconds of the same load before that")
      ->check(CLI::Range(0.0, seconds_max))
      ->capture_default_str();
}

void add_documents(CLI::App& mode, options& given) {
  mode.add_option("--documents", given.documents, "how many documents")
      ->check(CLI::Range(std::size_t{1}, documents_max))
      ->capture_default_str();
}

void add_clients(CLI::App& mode, options& given, std::size_t at_least, const char* what) {
  mode.add_option("--clients", given.clients, what)
      ->check(CLI::Range(at_least, clients_max))
      ->capture_default_str();
}

void add_clients_per_document(CLI::App& mode, arguments& all) {
  add_clients(mode, all.given, 2, "clients per document");
  all.clients_are_per_document = true;
}

void add_writing(CLI::App& mode, arguments& all) {
  mode.add_option("--chars", all.given.characters, "characters in each insertion")
      ->check(CLI::Range(1U, characters_max))
      ->capture_default_str();
  mode.add_option(
          "--place", all.place,
          "where to write: behind the last, anywhere, or, with two units each, moves of a thing")
      ->check(CLI::IsMember({"append", "scattered", "dragged"}))
      ->capture_default_str();
}

CLI::Option* add_rate(CLI::App& mode, options& given, const char* what) {
  return mode.add_option("--rate", given.rate, what)->check(CLI::Range(0.001, rate_max));
}

void add_state_check(CLI::App& mode, options& given, const char* what) {
  mode.add_flag("--check-state", given.checks_state, what);
}

void add_fanout(CLI::App& mode, arguments& all) {
  options& given = all.given;
  add_time(mode, given);
  add_documents(mode, given);
  add_clients_per_document(mode, all);
  mode.add_option("--writers", given.writers, "clients per document that write")
      ->check(CLI::Range(std::size_t{1}, clients_max))
      ->capture_default_str();
  auto* outstanding = mode.add_option("--outstanding", given.outstanding,
                                      "closed loop: updates per writer that not everybody has yet")
                          ->check(CLI::Range(std::size_t{1}, outstanding_max))
                          ->capture_default_str();
  add_rate(mode, given, "open loop: updates per writer and second")->excludes(outstanding);
  add_writing(mode, all);
  mode.add_flag("--share-connections", given.shares_connections,
                "Hocuspocus: the first clients of all documents share a connection, and so on");
  mode.add_flag("--with-others", given.allows_others,
                "others write to the documents as well, which is no failure");
  add_state_check(mode, given, "at the end a newcomer must get everything from the server");
}

void add_documents_mode(CLI::App& mode, arguments& all) {
  options& given = all.given;
  given.documents = documents_max;
  given.at_once = 20;
  add_time(mode, given);
  add_documents(mode, given);
  mode.add_option("--size", given.size, "characters in each document")
      ->check(CLI::Range(std::size_t{1}, size_max))
      ->capture_default_str();
  mode.add_option("--piece", given.piece, "characters in each update")
      ->check(CLI::Range(std::size_t{1}, std::size_t{characters_max}))
      ->capture_default_str();
}

void add_confirmed(CLI::App& mode, arguments& all) {
  options& given = all.given;
  add_time(mode, given);
  add_documents(mode, given);
  mode.add_option("--outstanding", given.outstanding, "updates per document without an answer")
      ->check(CLI::Range(std::size_t{1}, outstanding_max))
      ->capture_default_str();
  mode.add_option("--chars", given.characters, "characters in each insertion")
      ->check(CLI::Range(1U, characters_max))
      ->capture_default_str();
}

void add_return(CLI::App& mode, arguments& all) {
  all.given.seconds = 180;
  mode.add_option("--seconds", all.given.seconds, "how long it may take")
      ->check(CLI::Range(0.1, seconds_max))
      ->capture_default_str();
  add_documents(mode, all.given);
  mode.add_option("--size", all.given.size, "characters in each document")
      ->check(CLI::Range(std::size_t{1}, size_max))
      ->capture_default_str();
}

void add_idle(CLI::App& mode, arguments& all) {
  add_time(mode, all.given);
  add_documents(mode, all.given);
  add_clients(mode, all.given, 1, "connections");
  mode.add_flag("--expect-refusal", all.given.wants_refusal,
                "one connection more must be closed with 4003");
}

void add_join(CLI::App& mode, arguments& all) {
  options& given = all.given;
  add_clients(mode, given, 1, "clients that join");
  mode.add_option("--history", given.file, "an update (v1) that the document holds")
      ->check(CLI::ExistingFile);
  mode.add_option("--size", given.size, "without --history: bytes of updates to make")
      ->check(CLI::Range(std::size_t{1}, size_max))
      ->capture_default_str();
  add_writing(mode, all);
}

void add_replay(CLI::App& mode, arguments& all) {
  mode.add_option("STREAM", all.given.file, "updates (v1), each as varUint length and bytes")
      ->required()
      ->check(CLI::ExistingFile);
  mode.add_option("--seconds", all.given.seconds, "how long it may take")
      ->check(CLI::Range(0.1, seconds_max))
      ->capture_default_str();
  add_state_check(mode, all.given, "the reader must come to the text that the writer has");
}

void add_awareness(CLI::App& mode, arguments& all) {
  add_time(mode, all.given);
  add_documents(mode, all.given);
  add_clients_per_document(mode, all);
  add_rate(mode, all.given, "states per client and second")->required();
  mode.add_flag("--echo", all.given.echoes,
                "clients send back each state that is new to them, as y-websocket does");
  mode.add_option("--edit-rate", all.given.edit_rate,
                  "one client per document also makes so many edits a second")
      ->check(CLI::Range(0.0, rate_max))
      ->capture_default_str();
}

void add_cross(CLI::App& mode, arguments& all) {
  options& given = all.given;
  add_time(mode, given);
  add_documents(mode, given);
  mode.add_option("--writers", given.writers_of_server,
                  "writers per document at each server, as 1,0")
      ->required()
      ->delimiter(',')
      ->check(CLI::Range(std::size_t{0}, clients_max));
  mode.add_option("--readers", given.readers_of_server,
                  "clients that only receive, likewise; default: none")
      ->delimiter(',')
      ->check(CLI::Range(std::size_t{0}, clients_max));
  add_rate(mode, given, "updates per writer and second")->required();
  add_writing(mode, all);
  add_state_check(mode, given, "at the end a newcomer to each server must get everything");
}

void add_catch_up(CLI::App& mode, arguments& all) {
  options& given = all.given;
  given.seconds = 30;
  mode.add_option("--updates", given.updates, "how many are written meanwhile")
      ->check(CLI::Range(std::size_t{1}, outstanding_max))
      ->capture_default_str();
  mode.add_option("--chars", given.characters, "characters in each insertion")
      ->check(CLI::Range(1U, characters_max))
      ->capture_default_str();
  mode.add_option("--seconds", given.seconds, "how long each step may take")
      ->check(CLI::Range(0.1, seconds_max))
      ->capture_default_str();
  mode.add_flag("--nudge", given.nudges, "one more edit once the link is healed");
}

struct mode {
  const char* name;
  const char* what;
  std::function<void(CLI::App&, arguments&)> add_options;
  troupe::load::report (*run)(const options&);
};

const std::vector<mode>& modes() {
  static const std::vector<mode> all{
      {"fanout", "some clients of each document write, all others receive", add_fanout,
       troupe::load::run_fanout},
      {"documents", "documents are written one by one, some at the same time", add_documents_mode,
       troupe::load::run_documents},
      {"idle", "connections that do nothing", add_idle, troupe::load::run_idle},
      {"join", "many clients join one large document at once", add_join, troupe::load::run_join},
      {"replay", "recorded updates from one client to another", add_replay,
       troupe::load::run_replay},
      {"awareness", "every client sends its presence at a rate", add_awareness,
       troupe::load::run_awareness},
      {"confirmed", "one client of each document writes and awaits confirmations", add_confirmed,
       troupe::load::run_confirmed},
      {"return", "clients come back to the documents that `documents` wrote", add_return,
       troupe::load::run_return},
      {"cross", "clients of several servers write and receive, at a rate", add_cross,
       troupe::load::run_cross},
      {"catch_up", "what was written while servers were apart reaches the others", add_catch_up,
       troupe::load::run_catch_up},
  };
  return all;
}

/// What is wrong with who writes and reads where, in `cross`; empty if nothing.
std::string settle_servers(options& given) {
  if (given.writers_of_server.empty()) return {};
  const std::size_t servers = given.where.servers.size();
  if (given.readers_of_server.empty()) given.readers_of_server.resize(servers);
  if (given.writers_of_server.size() != servers || given.readers_of_server.size() != servers)
    return "--writers, --readers: one number for each address";
  const auto sum = [](const std::vector<std::size_t>& of) {
    return std::accumulate(of.begin(), of.end(), std::size_t{0});
  };
  const std::size_t writers = sum(given.writers_of_server);
  const std::size_t clients = writers + sum(given.readers_of_server);
  if (writers == 0) return "--writers: nobody writes";
  if (clients < 2) return "--readers: nobody receives";
  if (given.documents * clients > clients_max) return "--documents: too many clients in all";
  return {};
}

/// Fills in what the command line says in words; returns what is wrong with it.
std::string settle(arguments& all) {
  options& given = all.given;
  for (const std::string& each : all.addresses) {
    const auto address = troupe::load::parse_address(each);
    if (!address) return "--address: " + address.error().detail;
    given.where.servers.push_back(*address);
  }
  if (all.protocol == "hocuspocus")
    given.where.dialect = troupe::load::protocol::hocuspocus;
  else if (given.shares_connections)
    return "--share-connections: only messages of Hocuspocus name their document";
  if (all.place == "scattered") given.where_to_write = troupe::load::placement::scattered;
  if (all.place == "dragged") {
    given.where_to_write = troupe::load::placement::dragged;
    given.characters = troupe::load::units_of_move;
  }
  if (given.writers > given.clients) return "--writers: more than there are clients";
  if (all.clients_are_per_document && given.documents * given.clients > clients_max)
    return "--documents: too many clients in all";
  if (const std::string wrong = settle_servers(given); !wrong.empty()) return wrong;
  if (given.server_processes.empty()) return {};
  if (!troupe::load::usage_probe{given.server_processes}.is_readable())
    return "--server-pid: no such process";
  return {};
}

int run(const mode& chosen, arguments& all) {
  if (const std::string wrong = settle(all); !wrong.empty()) {
    std::fprintf(stderr, "%s\n", wrong.c_str());
    return exit_usage;
  }
  troupe::load::raise_open_files();
  const troupe::load::report done = chosen.run(all.given);
  std::printf("%s\n", all.given.as_json ? done.as_json().c_str() : done.as_table().c_str());
  return done.has_failed() ? exit_failed : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Loads a collaboration server on this machine and tells what it makes of it."};
  app.require_subcommand(1);
  std::map<std::string, arguments> of_mode;
  for (const mode& each : modes()) {
    CLI::App& command = *app.add_subcommand(each.name, each.what);
    add_common_options(command, of_mode[each.name]);
    each.add_options(command, of_mode[each.name]);
  }
  CLI11_PARSE(app, argc, argv);
  const auto chosen = std::ranges::find_if(
      modes(), [&](const mode& each) { return app.got_subcommand(each.name); });
  return run(*chosen, of_mode[chosen->name]);
}
