#include "bench/load/update_maker.hpp"

#include "protocol/crdt/wire/info_byte.hpp"

namespace troupe::load {

namespace {

using namespace crdt::info_byte;

constexpr std::uint8_t string_content = 4;
constexpr std::uint8_t any_content = 8;
constexpr std::uint8_t integer_tag = 125;

}  // namespace

update_maker::update_maker(crdt::client_id author, unsigned characters, placement where,
                           std::uint32_t seed)
    : author_(author), characters_(characters), where_(where), random_(seed) {}

// Format: update v1 with one block: varUint 1, varUint structs, client, clock; the structs; an
// empty delete set. Source: yjs 13.6 utils/encoding.js, Item.write.
byte_view update_maker::next(unsigned insertions) {
  out_.clear();
  out_.write_var_uint(1);
  if (where_ == placement::dragged) {
    write_move();
    return out_.view();
  }
  out_.write_var_uint(insertions);
  out_.write_var_uint(author_);
  out_.write_var_uint(clock_);
  for (unsigned i = 0; i < insertions; ++i) write_insertion();
  out_.write_var_uint(0);
  return out_.view();
}

/// Two values, each under a key of this author, and the deletion of those that they replace.
void update_maker::write_move() {
  out_.write_var_uint(units_of_move);
  out_.write_var_uint(author_);
  out_.write_var_uint(clock_);
  const bool is_first = clock_ == 0;
  for (crdt::clock_type i = 0; i < units_of_move; ++i) {
    out_.write_uint8(
        static_cast<std::uint8_t>(any_content | key_bit | (is_first ? 0 : origin_bit)));
    if (is_first) {
      out_.write_var_uint(1);  // a root, by its name
      out_.write_var_string("text");
      out_.write_var_string(std::string{i == 0 ? "x" : "y"}.append(std::to_string(author_)));
    } else {
      write_id(clock_ - units_of_move + i);
    }
    out_.write_var_uint(1);
    out_.write_uint8(integer_tag);
    out_.write_var_int(random_() % 100'000, false);
  }
  out_.write_var_uint(is_first ? 0 : 1);
  if (!is_first) {
    out_.write_var_uint(author_);
    out_.write_var_uint(1);
    out_.write_var_uint(clock_ - units_of_move);
    out_.write_var_uint(units_of_move);
  }
  clock_ += units_of_move;
}

void update_maker::write_insertion() {
  crdt::clock_type left = clock_ == 0 ? nowhere : clock_ - 1;
  crdt::clock_type right = nowhere;
  if (where_ == placement::scattered) {
    // One more place than there are characters: before the first of them.
    const auto place = static_cast<crdt::clock_type>(random_() % (std::uint64_t{clock_} + 1));
    left = place == clock_ ? nowhere : place;
    right = left == nowhere ? head_ : next_[left];
    (left == nowhere ? head_ : next_[left]) = clock_;
    for (unsigned i = 1; i < characters_; ++i) next_.push_back(clock_ + i);
    next_.push_back(right);
  }
  write_place(left, right);
  content_.clear();
  for (unsigned i = 0; i < characters_; ++i) content_.push_back(character_at(clock_ + i));
  out_.write_var_string(content_);
  clock_ += characters_;
}

void update_maker::write_place(crdt::clock_type left, crdt::clock_type right) {
  out_.write_uint8(static_cast<std::uint8_t>(string_content | (left != nowhere ? origin_bit : 0) |
                                             (right != nowhere ? right_origin_bit : 0)));
  if (left != nowhere) write_id(left);
  if (right != nowhere) write_id(right);
  if (left == nowhere && right == nowhere) {
    out_.write_var_uint(1);  // a root, by its name
    out_.write_var_string("text");
  }
}

void update_maker::write_id(crdt::clock_type clock) {
  out_.write_var_uint(author_);
  out_.write_var_uint(clock);
}

std::string update_maker::text() const {
  std::string text;
  if (where_ == placement::dragged) return text;
  text.reserve(clock_);
  if (where_ == placement::append)
    for (crdt::clock_type at = 0; at < clock_; ++at) text.push_back(character_at(at));
  else
    for (crdt::clock_type at = head_; at != nowhere; at = next_[at])
      text.push_back(character_at(at));
  return text;
}

}  // namespace troupe::load
