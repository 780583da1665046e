// Times the engine on a file of updates: one update (v1 or v2, found out by trying) or a stream of
// updates of format v1, each with its length in front. Prints medians over runs, and what the
// document takes in memory.
#include <malloc.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>

#include "protocol/crdt/doc.hpp"
#include "protocol/lib0/decoder.hpp"

namespace troupe {

namespace {

struct input {
  byte_buffer bytes;
  std::vector<byte_view> updates;
  crdt::update_format format = crdt::update_format::v1;
};

struct figures {
  double median_ms = 0;
  std::size_t items = 0;
  double bytes_per_item = 0;  // allocated, by the allocator's own account
  std::size_t updates = 0;
};

bool is_update(byte_view bytes, crdt::update_format format) {
  crdt::decoded_update ignored;
  return crdt::decode_update(bytes, format, {}, ignored).has_value();
}

/// What the file holds; no updates if it is nothing we know.
std::unique_ptr<input> read_input(const std::string& path) {
  auto in = std::make_unique<input>();
  std::ifstream file{path, std::ios::binary};
  in->bytes.assign(std::istreambuf_iterator<char>{file}, {});
  in->format = crdt::detect_format(in->bytes);
  if (is_update(in->bytes, in->format)) {
    in->updates.push_back(in->bytes);
    return in;
  }
  in->format = crdt::update_format::v1;
  lib0::decoder stream{in->bytes};
  while (stream.ok() && !stream.at_end()) in->updates.push_back(stream.read_var_bytes());
  const bool is_stream = stream.ok() && std::ranges::all_of(in->updates, [](byte_view update) {
                           return is_update(update, crdt::update_format::v1);
                         });
  if (!is_stream) in->updates.clear();
  return in;
}

std::unique_ptr<crdt::doc> load(const input& in) {
  auto doc = std::make_unique<crdt::doc>();
  for (const byte_view update : in.updates) static_cast<void>(doc->apply_update(update, in.format));
  return doc;
}

double milliseconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

figures measure(const std::string& what, const input& in, unsigned runs) {
  figures result;
  result.updates = in.updates.size();
  std::vector<double> times;
  {
    const std::size_t before = mallinfo2().uordblks;
    const auto doc = load(in);
    result.items = doc->item_count();
    result.bytes_per_item = static_cast<double>(mallinfo2().uordblks - before) /
                            static_cast<double>(std::max<std::size_t>(1, result.items));
    if (what == "encode")
      for (unsigned run = 0; run < runs; ++run)
        times.push_back(milliseconds_of([&] { static_cast<void>(doc->encode_state_as_update()); }));
  }
  if (what != "encode")
    for (unsigned run = 0; run < runs; ++run) {
      std::unique_ptr<crdt::doc> doc;
      times.push_back(milliseconds_of([&] { doc = load(in); }));
    }
  result.median_ms = median(times);
  return result;
}

}  // namespace

}  // namespace troupe

int main(int argc, char** argv) {
  CLI::App app{"Times the engine on a file of Yjs updates."};
  std::string what, file;
  unsigned runs = 15;
  bool as_json = false;
  app.add_option("WHAT", what, "load (or apply, for a stream), encode, memory")
      ->required()
      ->check(CLI::IsMember({"load", "apply", "encode", "memory"}));
  app.add_option("FILE", file,
                 "an update, v1 or v2, or a stream of v1 updates, each as varUint length and bytes")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--runs", runs, "how often to repeat")
      ->check(CLI::Range(1u, 10000u))
      ->capture_default_str();
  app.add_flag("--json", as_json, "print one JSON object");
  CLI11_PARSE(app, argc, argv);

  const auto in = troupe::read_input(file);
  if (in->updates.empty()) {
    std::fprintf(stderr, "%s: neither an update nor a stream of updates\n", file.c_str());
    return 1;
  }
  const troupe::figures f = troupe::measure(what, *in, runs);
  if (as_json)
    std::printf("{\"median_ms\": %.4f, \"runs\": %u, \"items\": %zu, \"bytes_per_item\": %.1f, "
                "\"updates\": %zu}\n",
                f.median_ms, runs, f.items, f.bytes_per_item, f.updates);
  else
    std::printf("%s: median %.3f ms over %u runs, %zu updates, %zu items, %.0f ns per item, %.1f "
                "bytes per item\n",
                what.c_str(), f.median_ms, runs, f.updates, f.items,
                f.median_ms * 1e6 / static_cast<double>(std::max<std::size_t>(1, f.items)),
                f.bytes_per_item);
  return 0;
}
