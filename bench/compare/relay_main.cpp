// Runs the relay: relay raw|batched [PORT]. Prints where it listens, as the servers do.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "bench/compare/relay.hpp"
#include "bench/load/swarm.hpp"

int main(int argc, char** argv) {
  using troupe::compare::relaying;
  const std::string_view how = argc > 1 ? argv[1] : "";
  if (how != "raw" && how != "batched") {
    std::fprintf(stderr, "usage: relay raw|batched [PORT]\n");
    return 2;
  }
  troupe::load::raise_open_files();
  troupe::compare::relay relay{how == "raw" ? relaying::raw : relaying::batched};
  const std::uint16_t port =
      relay.listen(static_cast<std::uint16_t>(argc > 2 ? std::atoi(argv[2]) : 0));
  if (port == 0) {
    std::perror("relay: cannot listen");
    return 1;
  }
  std::printf("relay listening on ws://127.0.0.1:%u\n", static_cast<unsigned>(port));
  std::fflush(stdout);
  relay.run();
}
