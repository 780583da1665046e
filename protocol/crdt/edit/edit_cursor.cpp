#include "protocol/crdt/edit/edit_cursor.hpp"

#include "base/check.hpp"
#include "protocol/crdt/wire/content_slice.hpp"
#include "protocol/json/convert.hpp"
#include "protocol/json/validate.hpp"

namespace troupe::crdt {

attributes::entry format_of(const struct_store& in, const item& marker) {
  lib0::decoder content{in.content_of(marker)};
  std::string key{content.read_var_string("format key")};
  if (marker.value_is_any != 0) {
    const byte_view any = content.skip_any(json::depth_limit);
    return {std::move(key), byte_buffer(any.begin(), any.end())};
  }
  lib0::encoder any;
  json::json_to_any(content.read_var_string("format value"), any);
  return {std::move(key), any.take()};
}

bool cuts_pair(const struct_store& in, const item& cut, clock_type offset) noexcept {
  return cut.kind() == content_kind::string && cut.is_ascii == 0 && offset < cut.length &&
         find_text_cut(in.content_of(cut), offset).splits_pair;
}

void step_over(const struct_store& in, sequence_place& at) {
  const item& next = in.at(at.right);
  if (is_live_format(next)) {
    const auto [key, value] = format_of(in, next);
    at.formats.apply(key, value);
  } else if (next.is_visible()) {
    at.index += next.length;
  }
  at.left = at.right;
  at.right = next.right;
}

void edit_cursor::follow_end(item_handle tail, const sequence_place& end) {
  if (last_.in != end.in || last_.left != tail) return;
  last_.left = end.left;
  last_.index = end.index;
}

/// Steps to the left until the place is at or before `index`, and behind no tombstone or marker
/// that would have to be right of it.
void edit_cursor::go_back(std::uint32_t index) {
  sequence_place& at = last_;
  while (at.left != none &&
         (at.index > index || (at.index == index && !store_->at(at.left).is_visible()))) {
    const item& passed = store_->at(at.left);
    if (is_live_format(passed)) {  // what was in force before it is only known from the front
      at = {at.in, none, store_->chain_at(at.in).head, 0, {}};
      return;
    }
    if (passed.is_visible()) at.index -= passed.length;
    at.right = at.left;
    at.left = passed.left;
    ++steps_;
  }
}

result<sequence_place> edit_cursor::move_to(chain_handle in, std::uint32_t index) {
  sequence_place& at = last_;
  if (at.in != in || in == none) at = {in, none, none, 0, {}};
  if (in == none) return at;
  at.right = at.left != none ? store_->at(at.left).right : store_->chain_at(in).head;
  go_back(index);
  while (at.index < index) {
    TROUPE_CHECK(at.right != none);
    const item& next = store_->at(at.right);
    const std::uint32_t wanted = index - at.index;
    if (next.is_visible() && wanted < next.length) {
      if (cuts_pair(*store_, next, wanted)) return fail(errc::out_of_range, "inside a pair");
      change_->note_split(store_->split(at.right, wanted));
    }
    step_over(*store_, at);
    ++steps_;
  }
  return at;
}

}  // namespace troupe::crdt
