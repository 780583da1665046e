// A key for siphash128 that nobody can guess. Thread: any.
#pragma once

#include <cstdint>
#include <random>

#include "protocol/siphash.hpp"

namespace troupe {

inline siphash_key random_key() {
  std::random_device random;
  const auto next = [&] { return std::uint64_t{random()} << 32 | random(); };
  return {next(), next()};
}

}  // namespace troupe
