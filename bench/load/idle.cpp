#include <algorithm>

#include "bench/load/modes.hpp"
#include "bench/load/swarm.hpp"

namespace troupe::load {

namespace {

constexpr std::chrono::seconds joining_max{120};
constexpr std::chrono::seconds refusal_max{5};
constexpr std::chrono::milliseconds settling{500};
constexpr std::uint16_t at_capacity = 4003;

class nothing final : public client_events {};

/// Whether one more client is let in only to be told that there is no room.
void check_refusal(swarm& clients, report& out) {
  nothing events;
  client& surplus = clients.add(0, clients.clients().size(), events);
  surplus.open();
  clients.loop().turn_until([&] { return surplus.is_closed(); }, loop_clock::now() + refusal_max);
  if (surplus.close_code() != at_capacity)
    out.fail("one more client was not closed with 4003: " +
             (surplus.trouble().empty() ? "nothing happened" : surplus.trouble()));
  out.add("surplus_close_code", surplus.close_code());
  surplus.close();
}

void add_connecting(report& out, const usage_probe& probe, double count, const usage& from,
                    const usage& joined, const usage& settled) {
  const double seconds = seconds_between(from.at, joined.at);
  out.add("connections", count);
  out.add("connects_per_second", quotient(count, seconds));
  if (!probe.has_server()) return;
  const auto grown =
      static_cast<double>(settled.server_memory) - static_cast<double>(from.server_memory);
  out.add("server_kb_per_connection", grown / 1e3 / count);
  out.add("server_cpu_us_per_connection",
          microseconds(joined.server_cpu - from.server_cpu) / count);
}

}  // namespace

report run_idle(const options& given) {
  report out{"idle"};
  const usage_probe probe{given.server_processes};
  nothing events;
  swarm clients{given.where};
  for (std::size_t i = 0; i < given.clients; ++i) clients.add(i % given.documents, i, events);
  const usage from = probe.read();
  if (!clients.open_all(given.at_once, joining_max, out)) return out;
  const usage joined = probe.read();
  const auto wait = [&](loop_clock::time_point until) {
    clients.loop().turn_until([] { return false; }, until);
  };
  wait(loop_clock::now() + settling);
  const usage settled = probe.read();
  wait(after(loop_clock::now(), given.seconds));
  const usage to = probe.read();
  add_connecting(out, probe, static_cast<double>(given.clients), from, joined, settled);
  clients.check(out);
  if (given.wants_refusal) check_refusal(clients, out);
  out.add_usage(probe, settled, to);
  return out;
}

}  // namespace troupe::load
