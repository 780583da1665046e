// Messages as CAF's network layer writes and reads them.
#pragma once

#include <memory>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/actor_node.hpp"

namespace troupe::test {

class wire_bed {
 public:
  wire_bed() {
    register_types_once();
    config_.set("caf.logger.console.verbosity", "quiet");
    system = std::make_unique<caf::actor_system>(config_);
  }

  template <class Message>
  caf::byte_buffer write(const Message& what) {
    caf::byte_buffer bytes;
    caf::binary_serializer sink{*system, bytes};
    REQUIRE(sink.apply(what));
    return bytes;
  }

  template <class Message>
  bool read(const caf::byte_buffer& bytes, Message& into) {
    caf::binary_deserializer source{*system, bytes};
    return source.apply(into);
  }

  template <class Message>
  Message there_and_back(const Message& what) {
    Message read_back;
    REQUIRE(read(write(what), read_back));
    return read_back;
  }

 private:
  caf::actor_system_config config_;

 public:
  std::unique_ptr<caf::actor_system> system;
};

}  // namespace troupe::test
