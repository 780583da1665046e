#include "bench/storage/tasks.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <numeric>
#include <vector>

#include "actors/durability.hpp"
#include "bench/storage/process.hpp"
#include "protocol/crdt/doc.hpp"
#include "storage/rocksdb_backend.hpp"

namespace troupe::bench {
namespace {

using clock = std::chrono::steady_clock;
using load::microseconds;
using load::quotient;
using load::report;
using load::seconds_between;

/// So many documents may share a batch while a store is filled.
constexpr std::size_t filling_batch = 1000;

std::unique_ptr<storage::rocksdb_backend> open(const task_options& given, report& out) {
  storage::rocksdb_settings settings;
  settings.path = given.path;
  auto opened = storage::rocksdb_backend::open(std::move(settings));
  if (opened) return std::move(*opened);
  out.fail(to_string(opened.error()));
  return nullptr;
}

bool write(storage::backend& to, const storage::batch& what, report& out) {
  const auto written = to.write(what);
  if (!written) out.fail(to_string(written.error()));
  return written.has_value();
}

std::string name_of(const task_options& given, std::size_t number) {
  return given.prefix + std::to_string(number);
}

/// A document that is written.
struct document {
  std::shared_ptr<const std::string> name;
  author by;
  durability log;

  document(const task_options& given, std::size_t number)
      : name(std::make_shared<const std::string>(name_of(given, number))),
        by(given.of, static_cast<std::uint32_t>(number)) {}

  /// Appends an update to the batch; returns its size.
  std::size_t write(const task_options& given, storage::batch& into) {
    const byte_view update = by.next(given.update_size_min, given.update_size_max);
    log.append(shared_bytes::copy_of(update));
    into.appends.push_back(log.take_append());
    into.appends.back().document = name;
    return update.size();
  }

  /// Adds a checkpoint if a document actor would; returns its size, else 0.
  std::size_t fold(storage::batch& into) {
    if (!log.is_long()) return 0;
    log.begin_checkpoint();
    const byte_buffer state = by.state();
    log.end_checkpoint(state.size());
    into.checkpoints.push_back({*name, log.last(), shared_bytes::copy_of(state)});
    return state.size();
  }
};

std::vector<document> make_documents(const task_options& given) {
  std::vector<document> documents;
  documents.reserve(given.documents);
  for (std::size_t i = 0; i < given.documents; ++i) documents.emplace_back(given, i);
  return documents;
}

/// Writes documents with `updates` updates each, several in a batch.
bool fill(const task_options& given, storage::backend& store, report& out) {
  storage::batch batch;
  for (std::size_t i = 0; i < given.documents; ++i) {
    document one{given, i};
    for (std::size_t j = 0; j < given.updates; ++j)
      one.log.append(
          shared_bytes::copy_of(one.by.next(given.update_size_min, given.update_size_max)));
    batch.appends.push_back(one.log.take_append());
    batch.appends.back().document = one.name;
    const std::size_t most = std::max<std::size_t>(1, filling_batch / given.updates);
    if (batch.appends.size() < most && i + 1 < given.documents) continue;
    if (!write(store, batch, out)) return false;
    batch.clear();
  }
  return true;
}

void add_written(const written_bytes& from, std::uint64_t bytes, report& out) {
  const written_bytes to = read_written();
  const auto size = static_cast<double>(bytes);
  out.add("written_per_byte", quotient(static_cast<double>(to.by_calls - from.by_calls), size));
  out.add("pages_per_byte", quotient(static_cast<double>(to.of_pages - from.of_pages), size));
}

/// The median of some figures.
double median(std::vector<double> of) {
  if (of.empty()) return 0;
  std::ranges::sort(of);
  return of[of.size() / 2];
}

}  // namespace

void run_disk(const task_options& given, report& out) {
  constexpr unsigned at_a_time = 50;
  const std::string directory = std::filesystem::absolute(given.path).parent_path();
  load::histogram times;
  load::histogram warm_up;
  const auto begun = clock::now();
  bool is_good = measure_disk(directory, given.update_size_max, at_a_time, warm_up);
  while (is_good && seconds_between(begun, clock::now()) < given.seconds)
    is_good = measure_disk(directory, given.update_size_max, at_a_time, times);
  if (!is_good) return out.fail("the disk cannot be measured");
  out.add_latencies("fdatasync", times);
}

void run_append(const task_options& given, report& out) {
  constexpr unsigned turns = 8;
  constexpr unsigned syncs_a_turn = 100;
  const auto store = open(given, out);
  if (!store) return;
  std::vector<document> documents = make_documents(given);
  load::histogram batches;
  load::histogram disk;
  std::uint64_t bytes = 0;
  std::uint64_t updates = 0;
  double seconds = 0;
  storage::batch batch;
  // The first turn is the warm-up.
  for (unsigned turn = 0; turn <= turns; ++turn) {
    const auto begun = clock::now();
    const auto end = begun + std::chrono::duration<double>{given.seconds / turns};
    while (clock::now() < end) {
      batch.clear();
      std::size_t size = 0;
      for (document& each : documents) size += each.write(given, batch);
      const auto before = clock::now();
      if (!write(*store, batch, out)) return;
      if (turn == 0) continue;
      batches.record(clock::now() - before);
      seconds += seconds_between(before, clock::now());
      bytes += size;
      updates += documents.size();
    }
    const std::size_t size = updates == 0 ? 200 : bytes / updates * documents.size();
    load::histogram warm_up;
    if (!measure_disk(std::string{given.path}.append("/.."), size, syncs_a_turn,
                      turn == 0 ? warm_up : disk))
      return out.fail("the disk below the store cannot be measured");
  }
  out.add("updates_per_second", quotient(static_cast<double>(updates), seconds));
  out.add_latencies("batch", batches);
  out.add_latencies("fdatasync", disk);
  out.add("batch_p50_per_fdatasync_p50",
          quotient(microseconds(batches.at(0.5)), microseconds(disk.at(0.5))));
}

void run_mix(const task_options& given, report& out) {
  auto store = open(given, out);
  if (!store) return;
  std::vector<document> documents = make_documents(given);
  const written_bytes from = read_written();
  std::uint64_t bytes = 0;
  std::uint64_t checkpoint_bytes = 0;
  std::uint64_t checkpoints = 0;
  double seconds = 0;
  storage::batch batch;
  for (std::size_t i = 0; i < given.updates; ++i) {
    batch.clear();
    for (document& each : documents) {
      bytes += each.write(given, batch);
      const std::size_t size = each.fold(batch);
      checkpoint_bytes += size;
      checkpoints += size == 0 ? 0 : 1;
    }
    const auto before = clock::now();
    if (!write(*store, batch, out)) return;
    seconds += seconds_between(before, clock::now());
  }
  // Closing ends what goes on in the background.
  store.reset();
  add_written(from, bytes, out);
  const auto size = static_cast<double>(bytes);
  out.add("update_mb", size / 1e6);
  out.add("checkpoints", static_cast<double>(checkpoints));
  out.add("checkpoint_bytes_per_byte", quotient(static_cast<double>(checkpoint_bytes), size));
  out.add("updates_per_second",
          quotient(static_cast<double>(given.updates * given.documents), seconds));
  out.add("store_mb", static_cast<double>(size_of_directory(given.path)) / 1e6);
}

void run_cold(const task_options& given, report& out) {
  auto store = open(given, out);
  if (!store) return;
  std::uint64_t bytes = 0;
  if (given.file.empty()) {
    if (!fill(given, *store, out)) return;
  } else {
    std::ifstream in{given.file, std::ios::binary};
    const std::vector<char> read{std::istreambuf_iterator<char>{in}, {}};
    const auto update = shared_bytes::copy_of(as_bytes({read.data(), read.size()}));
    for (std::size_t i = 0; i < given.documents; ++i) {
      const auto name = std::make_shared<const std::string>(name_of(given, i));
      const storage::batch batch{{{name, storage::next_number, {update}}}, {{*name, 1, update}}};
      if (!write(*store, batch, out)) return;
    }
  }
  std::vector<double> loads;
  std::vector<double> decodings;
  // Opening moves what the journal has to tables, so the second time is as a server finds it.
  for (int i = 0; i < 2; ++i) {
    store.reset();
    store = open(given, out);
    if (!store) return;
  }
  store.reset();
  drop_caches(given.path);
  store = open(given, out);
  if (!store) return;
  for (std::size_t i = 0; i < given.documents; ++i) {
    const auto begun = clock::now();
    const auto stored = store->load(name_of(given, i));
    const auto loaded = clock::now();
    if (!stored) return out.fail(to_string(stored.error()));
    crdt::doc doc;
    if (!stored->checkpoint.empty() && !doc.apply_update(stored->checkpoint.view()))
      return out.fail("a stored checkpoint cannot be read");
    for (const shared_slice& update : stored->updates)
      if (!doc.apply_update(update.view())) return out.fail("a stored update cannot be read");
    const auto decoded = clock::now();
    loads.push_back(seconds_between(begun, loaded) * 1e3);
    decodings.push_back(seconds_between(begun, decoded) * 1e3);
    bytes += stored->checkpoint.size();
  }
  out.add("first_load_ms", loads.front());
  out.add("load_ms", median(loads));
  out.add("load_and_decode_ms", median(decodings));
  out.add("load_and_decode_max_ms", *std::ranges::max_element(decodings));
}

void run_compact(const task_options& given, report& out) {
  auto store = open(given, out);
  if (!store) return;
  std::vector<document> documents = make_documents(given);
  storage::batch batch;
  for (document& each : documents) {
    batch.clear();
    for (std::size_t i = 0; i < given.updates; ++i)
      each.log.append(
          shared_bytes::copy_of(each.by.next(given.update_size_min, given.update_size_max)));
    batch.appends.push_back(each.log.take_append());
    batch.appends.back().document = each.name;
    if (!write(*store, batch, out)) return;
  }
  std::vector<storage::batch> batches;
  std::uint64_t bytes = 0;
  for (const document& each : documents) {
    const byte_buffer state = each.by.state();
    bytes += state.size();
    batches.push_back({{}, {{*each.name, each.log.last(), shared_bytes::copy_of(state)}}});
  }
  const written_bytes from = read_written();
  const auto begun = clock::now();
  for (const storage::batch& each : batches)
    if (!write(*store, each, out)) return;
  const double seconds = seconds_between(begun, clock::now());
  store.reset();
  add_written(from, bytes, out);
  out.add("checkpoints_per_second", static_cast<double>(documents.size()) / seconds);
  out.add("state_mb_per_second", static_cast<double>(bytes) / 1e6 / seconds);
  out.add("state_kb", static_cast<double>(bytes) / 1e3 / static_cast<double>(documents.size()));
}

void run_open(const task_options& given, report& out) {
  drop_caches(given.path);
  const std::uint64_t memory = resident_bytes();
  auto begun = clock::now();
  const auto store = open(given, out);
  if (!store) return;
  out.add("open_ms", seconds_between(begun, clock::now()) * 1e3);
  constexpr std::size_t wanted = 100;
  std::vector<double> listings;
  // The prefix is that of a tenth of all, from some place on.
  for (std::size_t i = 0; i < 9; ++i) {
    const std::string prefix = given.prefix + std::to_string(i + 1);
    begun = clock::now();
    const auto page = store->list({prefix, {}, wanted, false});
    listings.push_back(seconds_between(begun, clock::now()) * 1e3);
    if (!page || page->documents.size() != std::min(wanted, given.documents / 10))
      return out.fail("the documents cannot be listed");
  }
  out.add("first_list_ms", listings.front());
  out.add("list_ms", median(listings));
  std::vector<double> loads;
  std::minstd_rand random{1};
  for (std::size_t i = 0; i < 1000; ++i) {
    begun = clock::now();
    if (!store->load(name_of(given, random() % given.documents)))
      return out.fail("a document cannot be loaded");
    loads.push_back(seconds_between(begun, clock::now()) * 1e6);
  }
  out.add("load_us", median(loads));
  const std::uint64_t now = resident_bytes();
  out.add("memory_mb", now > memory ? static_cast<double>(now - memory) / 1e6 : 0);
  out.add("store_mb", static_cast<double>(size_of_directory(given.path)) / 1e6);
}

void run_fill(const task_options& given, report& out) {
  auto store = open(given, out);
  if (!store || !fill(given, *store, out)) return;
  store.reset();
  store = open(given, out);  // moves the journal to tables
  store.reset();
  out.add("documents", static_cast<double>(given.documents));
  out.add("store_mb", static_cast<double>(size_of_directory(given.path)) / 1e6);
}

}  // namespace troupe::bench
