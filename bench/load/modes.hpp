// The modes of the generator. Each opens its clients, does its work within a bounded time, checks
// that nothing was lost and fills a report.
#pragma once

#include "bench/load/options.hpp"
#include "bench/load/report.hpp"

namespace troupe::load {

/// Some clients of each document write, all others receive. Closed loop, or open with a rate.
report run_fanout(const options& given);
/// Many documents, each written by one client, which then requests its end.
report run_documents(const options& given);
/// Connections that do nothing.
report run_idle(const options& given);
/// Many clients join one large document at once.
report run_join(const options& given);
/// A recorded stream of updates from one client to another.
report run_replay(const options& given);
/// Every client of a document sends its presence at a rate.
report run_awareness(const options& given);

/// One client of each document writes, and counts what the server confirms.
report run_confirmed(const options& given);
/// Clients come back to the documents that an earlier run wrote, all at once.
report run_return(const options& given);

/// Writers and readers of each document are spread over several servers; open loop.
report run_cross(const options& given);
/// What was written while the links between servers were cut reaches readers after the heal.
/// Whoever started it cuts and heals: each step is told on standard error and awaits a line.
report run_catch_up(const options& given);

}  // namespace troupe::load
