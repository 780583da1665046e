// TROUPE_CHECK: an invariant of our own code. Always compiled in. A violation throws
// broken_promise, which fails the document (or actor) that was at work, not the process. Never for
// foreign bytes: their readers return a result<T>.
#pragma once

#include <stdexcept>

namespace troupe {

struct broken_promise : std::logic_error {
  using std::logic_error::logic_error;
};

[[noreturn]] void throw_broken_promise(const char* condition, const char* file, int line);

}  // namespace troupe

#define TROUPE_CHECK(condition)                                                                    \
  do {                                                                                             \
    if (!(condition)) [[unlikely]]                                                                 \
      ::troupe::throw_broken_promise(#condition, __FILE__, __LINE__);                              \
  } while (false)
