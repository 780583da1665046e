#include "bench/load/usage.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

namespace troupe::load {

namespace {

using std::chrono::nanoseconds;
namespace fs = std::filesystem;

/// All threads that live; a thread that has ended takes its time with it.
nanoseconds cpu_of(pid_t process) {
  std::int64_t sum = 0;
  std::error_code ignored;
  const fs::path tasks = "/proc/" + std::to_string(process) + "/task";
  for (fs::directory_iterator at{tasks, ignored}, end; !ignored && at != end;
       at.increment(ignored)) {
    std::ifstream file{at->path() / "schedstat"};
    std::int64_t on_cpu = 0;
    if (file >> on_cpu) sum += on_cpu;
  }
  return nanoseconds{sum};
}

std::uint64_t memory_of(pid_t process) {
  std::ifstream file{"/proc/" + std::to_string(process) + "/statm"};
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

nanoseconds cpu_of_this_process() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds{time.tv_sec} + nanoseconds{time.tv_nsec};
}

nanoseconds cpu_of_machine() {
  std::ifstream file{"/proc/stat"};
  std::string name;
  file >> name;
  std::int64_t busy = 0;
  // user, nice, system, idle, iowait, irq, softirq, steal
  for (int column = 0; column < 8; ++column) {
    std::int64_t ticks = 0;
    file >> ticks;
    if (column != 3 && column != 4) busy += ticks;
  }
  return nanoseconds{busy * (1'000'000'000 / ::sysconf(_SC_CLK_TCK))};
}

}  // namespace

usage usage_probe::read() const {
  usage reading;
  reading.at = std::chrono::steady_clock::now();
  for (const pid_t server : servers_) {
    reading.cpu_of_servers.push_back(cpu_of(server));
    reading.server_cpu += reading.cpu_of_servers.back();
    reading.server_memory += memory_of(server);
  }
  reading.own_cpu = cpu_of_this_process();
  reading.machine_cpu = cpu_of_machine();
  return reading;
}

bool usage_probe::is_readable() const {
  return has_server() && std::ranges::all_of(servers_, [](pid_t server) {
           return ::access(("/proc/" + std::to_string(server) + "/schedstat").c_str(), R_OK) == 0;
         });
}

}  // namespace troupe::load
