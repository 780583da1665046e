// When a delivery that has failed is tried again: after a time that doubles with each failure, of
// which a random part is waited, so that many do not come at once. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace troupe::webhook {

struct retry_rules {
  std::chrono::milliseconds first{std::chrono::seconds{2}};
  std::chrono::milliseconds most{std::chrono::minutes{30}};
  std::chrono::milliseconds give_up_after{std::chrono::hours{24}};  ///< Since the first attempt.
};

/// The least wait, so that chance makes no storm.
inline constexpr std::chrono::milliseconds retry_delay_min{250};

/// `failures`: so many in a row, at least 1. `random`: any number, all bits of which are random.
/// Source: full jitter, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
constexpr std::chrono::milliseconds retry_delay(const retry_rules& rules, unsigned failures,
                                                std::uint64_t random) noexcept {
  auto span = rules.first;
  for (unsigned i = 1; i < failures && span < rules.most; ++i) span *= 2;
  span = std::min(span, rules.most);
  const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(span.count(), 1));
  return std::max(retry_delay_min, std::chrono::milliseconds{random % count + 1});
}

}  // namespace troupe::webhook
