#include "bench/load/report.hpp"

#include <algorithm>
#include <cstdio>

#include "protocol/json/write.hpp"

namespace troupe::load {

namespace {

constexpr std::size_t failures_max = 20;
constexpr std::size_t value_width = 14;

std::string number_text(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

/// 1234567.8 as 1,234,568; small ones with three digits.
std::string readable(double value) {
  char text[40];
  if (value == 0) return "0";
  const double size = value < 0 ? -value : value;
  std::snprintf(text, sizeof text, "%.*f",
                size >= 100  ? 0
                : size >= 10 ? 1
                : size >= 1  ? 2
                             : 4,
                value);
  std::string digits = text;
  const std::size_t end = std::min(digits.find('.'), digits.size());
  const std::size_t begin = value < 0 ? 1 : 0;
  for (std::size_t at = end; at > begin + 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

}  // namespace

void report::add_latencies(const std::string& name, const histogram& durations) {
  if (durations.total() == 0) return;
  add(name + "_p50_us", microseconds(durations.at(0.5)));
  add(name + "_p99_us", microseconds(durations.at(0.99)));
  add(name + "_p999_us", microseconds(durations.at(0.999)));
  add(name + "_max_us", microseconds(durations.at(1)));
}

void report::add_usage(const usage_probe& probe, const usage& from, const usage& to) {
  const double seconds = seconds_between(from.at, to.at);
  const auto percent = [seconds](std::chrono::nanoseconds cpu) {
    return quotient(microseconds(cpu) / 1e4, seconds);
  };
  add("generator_cpu_percent", percent(to.own_cpu - from.own_cpu));
  if (!probe.has_server()) return;
  const auto server = to.server_cpu - from.server_cpu;
  const auto others = to.machine_cpu - from.machine_cpu - server - (to.own_cpu - from.own_cpu);
  add("server_cpu_percent", percent(server));
  if (to.cpu_of_servers.size() > 1)
    for (std::size_t i = 0; i < to.cpu_of_servers.size(); ++i)
      add("server_" + std::to_string(i + 1) + "_cpu_percent",
          percent(to.cpu_of_servers[i] - from.cpu_of_servers[i]));
  add("other_cpu_percent", std::max(0.0, percent(others)));
  add("server_memory_before_mb", static_cast<double>(from.server_memory) / 1e6);
  add("server_memory_after_mb", static_cast<double>(to.server_memory) / 1e6);
}

void report::fail(std::string what) {
  if (failures_.size() < failures_max && std::ranges::find(failures_, what) == failures_.end())
    failures_.push_back(std::move(what));
}

std::string report::as_json() const {
  std::string json = "{\"mode\": \"";
  json.append(mode_).append("\"");
  for (const figure& each : figures_)
    json.append(", \"").append(each.name).append("\": ").append(number_text(each.value));
  json += ", \"failures\": [";
  for (std::size_t i = 0; i < failures_.size(); ++i) {
    if (i > 0) json += ", ";
    json::append_string(failures_[i], json);
  }
  return json.append("]}");
}

std::string report::as_table() const {
  std::size_t width = 0;
  for (const figure& each : figures_) width = std::max(width, each.name.size());
  std::string table = mode_ + '\n';
  for (const figure& each : figures_) {
    std::string name = each.name;
    std::ranges::replace(name, '_', ' ');
    const std::string value = readable(each.value);
    const std::size_t space =
        width + value_width - name.size() - std::min(value_width, value.size());
    table.append("  ").append(name).append(space, ' ').append(value).append("\n");
  }
  for (const std::string& each : failures_) table.append("  FAILED: ").append(each).append("\n");
  return table;
}

double seconds_between(std::chrono::steady_clock::time_point from,
                       std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

double microseconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e3;
}

double quotient(double a, double b) { return b == 0 ? 0 : a / b; }

}  // namespace troupe::load
