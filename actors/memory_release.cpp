#include "actors/memory_release.hpp"

#include <malloc.h>

namespace troupe {

void memory_release::give_back() noexcept {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace troupe
