// One hostile input: the bytes, and what the engine has to do with them. The cases stand in
// hostile_cases.cpp and hostile_bombs.cpp, in the order of the table of malformed input they come
// from; hostile_main.cpp runs each in a process of its own and bounds what it may take.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "protocol/crdt/doc.hpp"

namespace troupe::test {

struct hostile_case {
  std::string name;
  crdt::update_format format = crdt::update_format::v1;
  std::function<byte_buffer()> bytes;
  /// With which code it is refused; nullopt: it is taken.
  std::optional<errc> refusal;
  /// What holds for a document that was empty before; may be null.
  std::function<bool(const crdt::doc&)> holds;
  /// Small ones show the guards, so that no input here would exhaust a program without them.
  crdt::limits budget = {};
};

/// All that the test runs, the bombs among them.
std::vector<hostile_case> hostile_cases();
std::vector<hostile_case> bomb_cases();

}  // namespace troupe::test
