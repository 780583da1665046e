#include "bench/engine/input.hpp"

#include <fstream>
#include <iterator>

#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::bench {

namespace {

/// Splits a stream; empty if the lengths do not end where the bytes do.
std::vector<byte_view> split_stream(byte_view bytes) {
  std::vector<byte_view> updates;
  lib0::decoder stream{bytes};
  while (stream.ok() && !stream.at_end()) updates.push_back(stream.read_var_bytes());
  if (!stream.ok()) updates.clear();
  return updates;
}

}  // namespace

byte_buffer read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

input read_input(const std::string& path, std::size_t count_max) {
  input in;
  in.bytes = read_file(path);
  in.updates = split_stream(in.bytes);
  // An update that looks like a stream by accident has a first element that is no update.
  crdt::decoded_update first;
  if (in.updates.empty() ||
      !crdt::decode_update(in.updates[0], crdt::detect_format(in.updates[0]), {}, first))
    in.updates = {in.bytes};
  in.format = crdt::detect_format(in.updates[0]);
  if (in.updates.size() > count_max) in.updates.resize(count_max);
  return in;
}

std::unique_ptr<crdt::doc> begin(const input& in, std::string& error) {
  auto doc = std::make_unique<crdt::doc>();
  if (in.base.empty()) return doc;
  const auto applied = doc->apply_update(in.base, in.format);
  if (applied) return doc;
  error = to_string(applied.error());
  return nullptr;
}

bool apply_all(const input& in, crdt::doc& to, std::string& error) {
  for (const byte_view update : in.updates) {
    if (const auto applied = to.apply_update(update, in.format); !applied) {
      error = to_string(applied.error());
      return false;
    }
  }
  return true;
}

std::unique_ptr<crdt::doc> load(const input& in, std::string& error) {
  auto doc = begin(in, error);
  return doc && apply_all(in, *doc, error) ? std::move(doc) : nullptr;
}

byte_buffer typed_character(crdt::client_id client, crdt::clock_type clock) {
  lib0::encoder out{32};
  out.write_var_uint(1);
  out.write_var_uint(1);
  out.write_var_uint(client);
  out.write_var_uint(clock);
  if (clock > 0) {
    out.write_uint8(0x84);  // string, with an origin
    out.write_var_uint(client);
    out.write_var_uint(clock - 1);
  } else {
    out.write_uint8(0x04);
    out.write_var_uint(1);
    out.write_var_string("text");
  }
  out.write_var_string("x");
  out.write_var_uint(0);
  return out.take();
}

}  // namespace troupe::bench
