// How the benchmarks measure: repetition within a budget, medians, and what is allocated. It does
// not know what is measured. A run prepares, then times, then discards: only the work between the
// two readings of the clock counts.
#pragma once

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace troupe::bench {

/// How often to repeat: up to `runs_max` times, no longer than about `budget`, but 3 times at
/// least.
struct repetition {
  unsigned runs_max = 15;
  std::chrono::duration<double> budget{5.0};
};

struct timing {
  double median_ms = 0;
  double min_ms = 0;
  unsigned runs = 0;
};

/// Prevents the compiler from optimising `value` away.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

template <class Work>
double milliseconds_of(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  const auto end = std::chrono::steady_clock::now();
  return std::chrono::duration<double, std::milli>(end - start).count();
}

/// Calls `run`, which returns the milliseconds of what it timed, again and again.
template <class Run>
timing repeat(const repetition& how, Run&& run) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<double> times;
  while (times.size() < how.runs_max) {
    times.push_back(run());
    if (times.size() >= 3 && std::chrono::steady_clock::now() - start > how.budget) break;
  }
  std::ranges::sort(times);
  return {times[times.size() / 2], times.front(), static_cast<unsigned>(times.size())};
}

/// Bytes that are allocated at this moment, with the allocator's own overhead; large blocks, which
/// it maps one by one, are counted too.
inline std::size_t allocated_bytes() {
  const auto account = mallinfo2();
  return account.uordblks + account.hblkhd;
}

/// A JSON object of numbers and plain words, in the order in which they are added.
class json_object {
 public:
  json_object& add(const char* name, double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.10g", value);
    return add_raw(name, text);
  }
  json_object& add(const char* name, const std::string& word) {
    return add_raw(name, '"' + word + '"');
  }
  json_object& add_raw(const char* name, const std::string& json) {
    text_ += (text_.empty() ? "\"" : ", \"") + std::string{name} + "\": " + json;
    return *this;
  }
  std::string text() const { return '{' + text_ + '}'; }

 private:
  std::string text_;
};

/// A flat JSON object for people: one line a figure.
inline std::string as_lines(std::string json) {
  std::erase_if(json, [](char c) { return c == '{' || c == '}' || c == '"'; });
  for (std::size_t at = 0; (at = json.find(", ", at)) != std::string::npos;)
    json.replace(at, 2, "\n");
  return json;
}

}  // namespace troupe::bench
