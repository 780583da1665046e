#include "bench/engine/tasks.hpp"

#include "protocol/crdt/wire/update_tools.hpp"

namespace troupe::bench {

namespace {

using doc_ptr = std::unique_ptr<crdt::doc>;

/// A client that no file has.
constexpr crdt::client_id typist = (crdt::client_id{1} << 53) - 2;

void add_timing(json_object& out, const timing& time) {
  out.add("median_ms", time.median_ms).add("min_ms", time.min_ms).add("runs", time.runs);
}

timing time_load(const input& in, const task_options& options) {
  std::string ignored;
  return repeat(options.how, [&] {
    const doc_ptr doc = begin(in, ignored);
    return milliseconds_of([&] { keep(apply_all(in, *doc, ignored)); });
  });
}

timing time_merge(const input& in, const task_options& options, json_object& out,
                  std::string& error) {
  std::size_t size = 0;
  const timing time = repeat(options.how, [&] {
    result<byte_buffer> merged;
    const double took =
        milliseconds_of([&] { merged = crdt::merge_updates(in.updates, in.format); });
    if (merged)
      size = merged->size();
    else
      error = to_string(merged.error());
    return took;
  });
  out.add("output_bytes", static_cast<double>(size));
  return time;
}

/// Times `work` on a document that does not change, and records the size of its output. Work of
/// nanoseconds is done many times between two readings of the clock.
template <class Work>
timing time_reading(const task_options& options, json_object& out, Work work) {
  constexpr double enough_ms = 0.1;
  std::size_t size = 0;
  const auto run = [&](unsigned calls) {
    decltype(work()) made;
    const double took = milliseconds_of([&] {
      for (unsigned i = 0; i < calls; ++i) {
        made = work();
        keep(made);
      }
    });
    size = made.size();
    return took / calls;
  };
  const unsigned calls = 1 + static_cast<unsigned>(enough_ms / std::max(run(1), 1e-5));
  const timing time = repeat(options.how, [&] { return run(calls); });
  out.add("output_bytes", static_cast<double>(size));
  return time;
}

void time_encode(const input& in, const task_options& options, json_object& out) {
  std::string ignored;
  const auto encode = [&](const crdt::doc& doc) {
    byte_buffer state;
    const double took = milliseconds_of([&] { state = doc.encode_state_as_update({}, in.format); });
    keep(state);
    return took;
  };
  const doc_ptr kept = load(in, ignored);
  add_timing(out, repeat(options.how, [&] { return encode(*load(in, ignored)); }));
  out.add("output_bytes", static_cast<double>(kept->encode_state_as_update({}, in.format).size()));
  const timing warm = repeat(options.how, [&] { return encode(*kept); });
  crdt::clock_type typed = 0;
  const timing after_change = repeat(options.how, [&] {
    static_cast<void>(kept->apply_update(typed_character(typist, typed++)));
    return encode(*kept);
  });
  out.add("warm_median_ms", warm.median_ms).add("warm_min_ms", warm.min_ms);
  out.add("after_change_median_ms", after_change.median_ms);
  out.add("after_change_min_ms", after_change.min_ms);
}

/// The state vector of somebody who lacks the last `missing` structs of the client that has most.
crdt::state_vector vector_behind(const crdt::doc& doc, std::size_t missing) {
  const byte_buffer state = doc.encode_state_as_update();
  crdt::decoded_update all;
  const crdt::state_vector full = doc.state_vector();
  crdt::state_vector behind;
  if (!crdt::decode_update(state, crdt::update_format::v1, {}, all) || all.blocks.empty())
    return full;
  const auto& most = *std::ranges::max_element(all.blocks, {}, &crdt::client_block::count);
  const std::size_t lacking = std::min<std::size_t>(missing, most.count);
  const crdt::clock_type clock = lacking == 0
                                     ? full.clock_of(all.clients.id(most.client))
                                     : all.structs[most.first + most.count - lacking].clock;
  for (const auto& [client, end] : full.entries())
    behind.add(client, client == all.clients.id(most.client) ? clock : end);
  behind.sort();
  return behind;
}

timing time_diff(const crdt::doc& doc, const input& in, const task_options& options,
                 json_object& out, std::string& error) {
  crdt::state_vector from;
  if (options.from.empty()) {
    from = vector_behind(doc, options.missing);
  } else if (auto read = crdt::state_vector::decode(read_file(options.from))) {
    from = std::move(*read);
  } else {
    error = options.from + ": " + to_string(read.error());
    return {};
  }
  return time_reading(options, out, [&] { return doc.encode_state_as_update(from, in.format); });
}

timing time_json(const crdt::doc& doc, const task_options& options, json_object& out) {
  const auto contents = doc.view().contents(options.root);
  const auto kind = contents ? contents->kind : crdt::contents_kind::empty;
  if (kind == crdt::contents_kind::map)
    return time_reading(options, out, [&] { return doc.map_json(options.root); });
  if (kind == crdt::contents_kind::xml)
    return time_reading(options, out, [&] { return doc.json(options.root); });
  return time_reading(options, out, [&] { return doc.array_json(options.root); });
}

void add_time(const std::string& task, const input& in, const crdt::doc& doc,
              const task_options& options, json_object& out, std::string& error) {
  if (task == "load" || task == "apply") {
    const timing time = time_load(in, options);
    add_timing(out, time);
    out.add("ns_per_update", time.median_ms * 1e6 / static_cast<double>(in.updates.size()));
  } else if (task == "encode") {
    time_encode(in, options, out);
  } else if (task == "diff") {
    add_timing(out, time_diff(doc, in, options, out, error));
  } else if (task == "state-vector") {
    add_timing(out, time_reading(options, out, [&] { return doc.state_vector().encode(); }));
  } else if (task == "text") {
    add_timing(out, time_reading(options, out, [&] { return doc.text(options.root); }));
  } else if (task == "json") {
    add_timing(out, time_json(doc, options, out));
  }
}

}  // namespace

const std::vector<std::string>& task_names() {
  static const std::vector<std::string> names{"load", "apply", "encode", "diff",  "state-vector",
                                              "text", "json",  "merge",  "memory"};
  return names;
}

json_object measure(const std::string& task, const input& in, const task_options& options,
                    std::string& error) {
  json_object out;
  out.add("task", task).add("updates", static_cast<double>(in.updates.size()));
  if (task == "merge") {
    add_timing(out, time_merge(in, options, out, error));
    return out;
  }
  const std::size_t before = allocated_bytes();
  const doc_ptr doc = load(in, error);
  if (!doc) return out;
  const auto bytes = static_cast<double>(allocated_bytes() - before);
  const auto items = static_cast<double>(std::max<std::size_t>(1, doc->item_count()));
  out.add("items", static_cast<double>(doc->item_count()))
      .add("bytes", bytes)
      .add("bytes_per_item", bytes / items)
      .add("own_account_bytes", static_cast<double>(doc->memory()));
  if (task != "memory") add_time(task, in, *doc, options, out, error);
  return out;
}

}  // namespace troupe::bench
