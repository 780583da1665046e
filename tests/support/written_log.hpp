// What documents have left in a store once it has written all that they sent it.
#pragma once

#include <string>
#include <thread>

#include "tests/support/gated_backend.hpp"

namespace troupe::test {

/// What is stored of a document that has ended, once its checkpoint has replaced its log: the store
/// writes by and by what it was sent before that.
inline storage::stored_document stored_without_log(gated_backend& in, const std::string& document) {
  while (!in.stored(document).updates.empty()) std::this_thread::yield();
  return in.stored(document);
}

}  // namespace troupe::test
