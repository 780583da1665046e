// TROUPE_CHECK: a promise that our own code makes to itself. Always compiled in. A broken one
// throws broken_promise, which fails the document (or actor) in whose work it happened, not the
// process. Never used on foreign bytes: those are answered with result<T>.
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
