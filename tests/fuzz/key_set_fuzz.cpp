// The text of a JSON Web Key Set, and of JSON that is read as a tree. A set that is accepted has
// keys within their bounds, none of which takes a signature that nobody made; a tree says the same
// when it is written again.
#include <cstdlib>
#include <string>

#include "protocol/access/key_set.hpp"
#include "protocol/json/tree.hpp"
#include "protocol/json/validate.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace {

using namespace troupe;

void require(bool holds) {
  if (!holds) std::abort();
}

std::size_t count_of(const json::tree::node& value) {
  std::size_t count = 1;
  for (const auto inner : value) {
    require(inner.name().empty() || value.is(json::tree_kind::object));
    if (value.is(json::tree_kind::object)) require(value.find(inner.name()).has_value());
    count += count_of(inner);
  }
  return count;
}

void check_tree(std::string_view text) {
  const json::tree_limits limit{.bytes_max = 4'096, .depth_max = 8, .values_max = 500};
  const auto read = json::tree::parse(std::string{text}, limit);
  if (!read) return;
  require(json::is_valid_json(text, limit.depth_max));
  const std::size_t count = count_of(read->root());
  require(count <= limit.values_max);
  const auto again = json::tree::parse(read->root().to_json());
  require(again && count_of(again->root()) == count);
  require(again->root().text() == read->root().text());
  require(again->root().number() == read->root().number());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  check_tree(text);
  const auto read = access::parse_key_set(std::string{text});
  if (!read) return 0;
  require(!read->keys.empty() && read->keys.size() + read->skipped.size() <= access::keys_max);
  const byte_buffer none(64, 0);
  for (const auto& each : read->keys.entries()) {
    require(each.id.size() <= access::key_id_size_bytes_max);
    require(!is_symmetric(each.key.which()));
    require(!read->keys.verify(each.id, each.key.which(), text, none));
  }
  return 0;
}
