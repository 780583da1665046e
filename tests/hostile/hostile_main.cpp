// Runs the engine on hostile inputs, each in a process of its own: it must do what the case says,
// survive, and stay below 256 MiB of memory, 256 KiB of stack and a second of processor time for
// each thing that is done with the bytes: applied (and the document written and read out), merged,
// cut by a state vector, converted. `troupe_hostile` runs all; `troupe_hostile TEXT` those with
// TEXT in the name.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "protocol/crdt/store/check_invariants.hpp"
#include "protocol/crdt/wire/update_tools.hpp"
#include "tests/hostile/hostile_case.hpp"

namespace troupe::test {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif
// The sanitizers take a multiple of everything; then only crashes and outcomes are looked at
// closely.
constexpr long peak_kib_max = (is_sanitized ? 8 : 1) * 256L * 1024;
constexpr double seconds_max = is_sanitized ? 30 : 1;

/// Little enough that a function which calls itself for each of a few thousand levels would show.
constexpr rlim_t stack_bytes_max = 256 * 1024;

const byte_buffer earlier_update{1, 1, 9, 0, 4, 1, 1, 'e', 2, 'o', 'k', 0};

/// Says what went wrong and ends the process.
void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "  %s\n", what);
  std::_Exit(1);
}

void must_be(const hostile_case& what, const failure* error) {
  const std::string outcome = error == nullptr ? "taken" : to_string(*error);
  const bool is_right =
      what.refusal ? error != nullptr && error->code == *what.refusal : error == nullptr;
  require(is_right, ("outcome: " + outcome).c_str());
}

template <class T>
void must_be(const hostile_case& what, const result<T>& outcome) {
  must_be(what, outcome ? nullptr : &outcome.error());
}

void read_out(const crdt::doc& doc) {
  check_invariants(doc.contents());
  const byte_buffer state = doc.encode_state_as_update();
  crdt::doc again;
  require(again.apply_update(state).has_value(), "its own state is refused");
  static_cast<void>(doc.encode_state_as_update({}, crdt::update_format::v2));
  for (const char* root : {"t", "u", ""})
    static_cast<void>(doc.text(root) + doc.array_json(root) + doc.map_json(root));
}

void apply(const hostile_case& what, const byte_buffer& bytes) {
  crdt::doc doc{{.limit = what.budget}};
  must_be(what, doc.apply_update(bytes, what.format));
  if (!what.refusal && what.holds) require(what.holds(doc), "the document is not as it should be");
  read_out(doc);
}

/// A document with something in it is as it was after a refusal, and keeps what it had anyway.
void apply_to_other(const hostile_case& what, const byte_buffer& bytes) {
  crdt::doc doc{{.limit = what.budget}};
  require(doc.apply_update(earlier_update).has_value(), "the earlier update is refused");
  must_be(what, doc.apply_update(bytes, what.format));
  if (what.refusal)
    require(doc.encode_state_as_update() == earlier_update, "a refused update left something");
  require(doc.text("e") == "ok", "what was there is gone");
}

void merge(const hostile_case& what, const byte_buffer& bytes) {
  const byte_view twice[] = {bytes, bytes};
  must_be(what, crdt::merge_updates(twice, what.format, what.budget));
}

void cut(const hostile_case& what, const byte_buffer& bytes) {
  crdt::state_vector known;
  known.add(1, 1);
  must_be(what, crdt::diff_update(bytes, known, what.format, what.budget));
  must_be(what, crdt::state_vector_from_update(bytes, what.format, what.budget));
  must_be(what, crdt::update_meta(bytes, what.format, what.budget));
}

void convert(const hostile_case& what, const byte_buffer& bytes) {
  using crdt::update_format;
  const bool is_v1 = what.format == update_format::v1;
  must_be(what, crdt::convert_update(bytes, what.format,
                                     is_v1 ? update_format::v2 : update_format::v1, what.budget));
}

struct step {
  const char* name;
  void (*run)(const hostile_case&, const byte_buffer&);
};
constexpr step steps[] = {{"apply", apply},
                          {"apply to another", apply_to_other},
                          {"merge", merge},
                          {"cut", cut},
                          {"convert", convert}};

struct usage {
  int status = 0;
  double seconds = 0;
  long peak_kib = 0;
};

/// Runs `work` in a process of its own. Time is of the processor, so that a busy machine is no
/// reason to fail; the alarm is for work that never ends.
template <class Work>
usage run_apart(Work work) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(is_sanitized ? 120 : 20);
    if (!is_sanitized) {
      const rlimit bound{rlim_t{1} << 30, rlim_t{1} << 30};
      ::setrlimit(RLIMIT_AS, &bound);
      const rlimit stack{stack_bytes_max, stack_bytes_max};
      ::setrlimit(RLIMIT_STACK, &stack);
    }
    work();
    std::_Exit(0);
  }
  usage used;
  rusage account{};
  if (child < 0 || ::wait4(child, &used.status, 0, &account) != child) std::abort();
  const auto seconds_of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  used.seconds = seconds_of(account.ru_utime) + seconds_of(account.ru_stime);
  used.peak_kib = account.ru_maxrss;
  return used;
}

bool is_harmless(const hostile_case& what, const step& done, long idle_kib) {
  const byte_buffer bytes = what.bytes();
  const usage used = run_apart([&] { done.run(what, bytes); });
  const long peak_kib = std::max(0L, used.peak_kib - idle_kib);
  const bool has_ended = WIFEXITED(used.status) && WEXITSTATUS(used.status) == 0;
  const bool is_good = has_ended && used.seconds <= seconds_max && peak_kib <= peak_kib_max;
  if (!is_good || used.seconds > 0.1 || peak_kib > 32 * 1024)
    std::printf("%s %s, %s (%zu bytes): %.3f s, %ld KiB%s\n",
                is_good ? "  " : "FAILED:", what.name.c_str(), done.name, bytes.size(),
                used.seconds, peak_kib, WIFSIGNALED(used.status) ? ", ended by a signal" : "");
  return is_good;
}

}  // namespace

}  // namespace troupe::test

int main(int argc, char** argv) {
  using namespace troupe::test;
  const std::string_view wanted = argc > 1 ? argv[1] : "";
  const long idle_kib = run_apart([] {}).peak_kib;
  std::size_t count = 0;
  std::size_t failed = 0;
  for (const hostile_case& what : hostile_cases()) {
    if (what.name.find(wanted) == std::string::npos) continue;
    ++count;
    for (const step& done : steps) failed += !is_harmless(what, done, idle_kib);
  }
  std::printf("%zu hostile inputs, %zu failures\n", count, failed);
  return failed == 0 && count > 0 ? 0 : 1;
}
