#include "actors/closing_log.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::closing_log_test {

using namespace std::chrono_literals;

namespace {

const closing_log::time_point start{24h};

}  // namespace

TEST_CASE("a cause is told once per document and minute, with its count", "[closing_log]") {
  closing_log log;
  const auto closed = [&](close_reason why, const char* document, auto at) {
    return log.line_for(why, document, "10.0.0.1", start + at);
  };
  CHECK(closed(close_reason::invalid_update, "a", 0s) ==
        "a connection from 10.0.0.1 to document 'a' was closed: invalid_update");
  CHECK(closed(close_reason::invalid_update, "a", 1s).empty());
  CHECK_FALSE(closed(close_reason::slow_consumer, "a", 1s).empty());
  CHECK_FALSE(closed(close_reason::invalid_update, "b", 1s).empty());
  CHECK(closed(close_reason::no_document, "", 1s) ==
        "a connection from 10.0.0.1 to the address / was closed: no_document");
  CHECK(closed(close_reason::invalid_update, "a", 59s).empty());
  CHECK(closed(close_reason::invalid_update, "a", 60s) ==
        "a connection from 10.0.0.1 to document 'a' was closed: invalid_update (3 since the last "
        "such line)");
}

TEST_CASE("what is wrong in particular is told as often", "[closing_log]") {
  closing_log log;
  const auto met = [&](const char* text, auto at) {
    return log.line_for_problem(close_reason::malformed_message, "a", text, start + at);
  };
  CHECK(met("truncated", 0s) == "truncated");
  CHECK(met("trailing", 1s).empty());
  CHECK(met("truncated", 60s) == "truncated (2 since the last such line)");
}

TEST_CASE("connections that end by themselves are not told", "[closing_log]") {
  closing_log log;
  for (const close_reason why : {close_reason::peer_closed, close_reason::server_stopping,
                                 close_reason::heartbeat_timeout, close_reason::io_error})
    CHECK(log.line_for(why, "a", "10.0.0.1", start).empty());
}

TEST_CASE("those who come back are told apart from those who are closed", "[closing_log]") {
  closing_log log;
  CHECK_FALSE(log.line_for(close_reason::server_at_capacity, "a", "10.0.0.1", start).empty());
  CHECK(log.line_for_return(close_reason::server_at_capacity, "a", "10.0.0.1", start) ==
        "a client from 10.0.0.1 that was closed (server_at_capacity) comes back to document 'a' "
        "and has to wait");
  CHECK(log.line_for_return(close_reason::server_at_capacity, "a", "10.0.0.2", start + 1s).empty());
}

}  // namespace troupe::closing_log_test
