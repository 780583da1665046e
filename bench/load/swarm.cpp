#include "bench/load/swarm.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace troupe::load {

client& swarm::add(std::size_t document, std::size_t index, client_events& events,
                   std::size_t server, client* carrier) {
  clients_.push_back(
      std::make_unique<client>(loop_, where_, name_of(document), index, events, server, carrier));
  return *clients_.back();
}

bool swarm::open_all(std::size_t at_once, std::chrono::seconds at_most, report& out) {
  const loop_clock::time_point deadline = loop_clock::now() + at_most;
  std::size_t waiting_from = opened_;  // all before it have joined
  bool has_failed = false;
  const auto is_done = [&] {
    while (waiting_from < opened_ && clients_[waiting_from]->has_joined()) ++waiting_from;
    has_failed = waiting_from < opened_ && clients_[waiting_from]->is_closed();
    while (opened_ < clients_.size() && opened_ - waiting_from < at_once)
      clients_[opened_++]->open();
    return has_failed || waiting_from == clients_.size();
  };
  const bool is_over = loop_.turn_until(is_done, deadline);
  if (is_over && !has_failed) return true;
  const std::string& trouble = clients_[waiting_from]->trouble();
  out.fail("client " + std::to_string(waiting_from + 1) + " of " + std::to_string(clients_.size()) +
           " could not join: " + (trouble.empty() ? "no answer in time" : trouble));
  return false;
}

void swarm::check(report& out) const {
  for (const auto& each : clients_)
    if (!each->trouble().empty()) out.fail("a client had trouble: " + each->trouble());
}

std::string swarm::name_of(std::size_t document) const {
  if (!where_.document_prefix.empty()) return where_.document_prefix + std::to_string(document);
  static const std::string run = std::to_string(::getpid());
  return "load-" + run + '-' + std::to_string(document);
}

void raise_open_files() {
  constexpr rlim_t wanted = 100'000;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < wanted) {
    const rlimit higher{wanted, wanted};
    if (::setrlimit(RLIMIT_NOFILE, &higher) == 0) return;  // only root may
  }
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace troupe::load
