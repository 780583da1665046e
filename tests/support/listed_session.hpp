// A session that does nothing but say of itself what a test has given it.
#pragma once

#include "actors/session_table.hpp"

namespace troupe::test {

struct listed_session final : subscriber_session, frame_output {
  session_info info;

  frame_output& output() noexcept override { return *this; }
  void send(const shared_slice&, std::uint32_t) override {}
  bool skips_presence(document_id) override { return false; }
  void on_handled(document_id, credit_amount) override {}
  void on_second(time_point) override {}
  void on_pause_ended(time_point) override {}
  void close(close_reason) override {}
  void on_document_failed(document_id, close_reason) override {}
  session_info describe() const override { return info; }
};

}  // namespace troupe::test
