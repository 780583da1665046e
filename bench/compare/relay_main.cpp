// Runs the relay: relay raw|batched [PORT], or relay state FILE|SIZE [PORT] for one that has the
// state of a document: the update in the file, or what the generator writes without a history.
// Prints where it listens, as the servers do.
#include <sys/resource.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/compare/relay.hpp"
#include "bench/load/history.hpp"
#include "bench/load/swarm.hpp"

namespace {

using troupe::compare::relaying;

troupe::byte_buffer state_of(const std::string& file_or_size) {
  using namespace troupe::load;
  const bool is_size =
      std::ranges::all_of(file_or_size, [](unsigned char c) { return std::isdigit(c) != 0; });
  const history of =
      is_size ? make_history(std::stoul(file_or_size), 1) : read_history(file_or_size);
  if (of.is_whole) return of.document->encode_state_as_update();
  std::fprintf(stderr, "relay: %s is no whole document\n", file_or_size.c_str());
  std::exit(1);
}

int serve(troupe::compare::relay& relay, const char* port_text) {
  const std::uint16_t port = relay.listen(static_cast<std::uint16_t>(std::atoi(port_text)));
  if (port == 0) {
    std::perror("relay: cannot listen");
    return 1;
  }
  std::printf("relay listening on ws://127.0.0.1:%u\n", static_cast<unsigned>(port));
  std::fflush(stdout);
  relay.run();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string how = argc > 1 ? argv[1] : "";
  const bool has_state = how == "state";
  const int port_at = has_state ? 3 : 2;
  if ((how != "raw" && how != "batched" && !has_state) || argc < port_at) {
    std::fprintf(stderr, "usage: relay raw|batched [PORT]\n       relay state FILE|SIZE [PORT]\n");
    return 2;
  }
  troupe::load::raise_open_files();
  troupe::compare::relay relay{how == "raw" ? relaying::raw : relaying::batched};
  if (has_state) relay.hold(state_of(argv[2]));
  return serve(relay, argc > port_at ? argv[port_at] : "0");
}
