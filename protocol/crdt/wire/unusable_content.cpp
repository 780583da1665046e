#include "protocol/crdt/wire/unusable_content.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "protocol/lib0/any.hpp"
#include "protocol/lib0/decoder.hpp"

namespace troupe::crdt {

namespace {

using lib0::any_tag;

constexpr std::array<std::uint8_t, 2> empty_object{static_cast<std::uint8_t>(any_tag::object), 0};
constexpr std::string_view renamed_key = "__bytes__";
static_assert(renamed_key.size() == lib0::prototype_key.size());

any_tag tag_at(const lib0::decoder& in) noexcept { return static_cast<any_tag>(*in.cursor()); }

/// Steps over a value that is no container.
void skip_scalar(any_tag tag, lib0::decoder& in) noexcept {
  switch (tag) {
    case any_tag::integer: in.read_var_int(); return;
    case any_tag::float32: in.read_bytes(4); return;
    case any_tag::float64:
    case any_tag::bigint: in.read_bytes(8); return;
    case any_tag::string:
    case any_tag::bytes: in.read_var_bytes(); return;
    default: return;
  }
}

/// A container that is being walked through.
struct open_container {
  std::uint64_t values_left;
  bool is_object;
};

}  // namespace

const char* to_string(content_repair how) noexcept {
  return how == content_repair::options_replaced
             ? "the options of a subdocument are replaced by an empty object"
             : "members __proto__ that are bytes are renamed to __bytes__";
}

bool are_usable_options(byte_view any) noexcept {
  lib0::decoder in{any};
  if (static_cast<any_tag>(in.read_uint8()) != any_tag::object) return false;
  for (std::uint64_t left = in.read_var_uint(); left > 0; --left) {
    const bool is_guid = in.read_var_string("option") == "guid";
    if (is_guid && tag_at(in) != any_tag::string) return false;
    in.skip_any(lib0::any_depth_limit);
  }
  return true;
}

byte_view no_options() noexcept { return empty_object; }

void rename_prototypes(std::span<std::uint8_t> values) {
  lib0::decoder in{values};
  std::vector<open_container> open;
  while (!in.at_end() && in.ok()) {
    while (!open.empty() && open.back().values_left == 0) open.pop_back();
    if (!open.empty()) {
      --open.back().values_left;
      if (open.back().is_object) {
        const std::string_view key = in.read_var_string("object key");
        if (key == lib0::prototype_key && tag_at(in) == any_tag::bytes)
          std::ranges::copy(renamed_key, values.data() + in.offset() - key.size());
      }
    }
    const auto tag = static_cast<any_tag>(in.read_uint8());
    if (tag == any_tag::array || tag == any_tag::object)
      open.push_back({in.read_var_uint(), tag == any_tag::object});
    else
      skip_scalar(tag, in);
  }
}

}  // namespace troupe::crdt
