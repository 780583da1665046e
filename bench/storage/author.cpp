#include "bench/storage/author.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::bench {
namespace {

constexpr std::uint8_t string_content = 4;
constexpr std::uint8_t origin_bit = 0x80;
/// What an update has beside its text, about: ids, clocks, lengths.
constexpr std::size_t update_overhead = 24;
constexpr std::size_t word_count = 4000;

/// Words of random letters, the letters as unevenly spread as those of a language.
std::vector<std::string> make_vocabulary() {
  constexpr std::string_view letters =
      "eeeeeeeetttttaaaaaooooiiiinnnnssssrrrhhhlllddccuumfpgwybvkxjqz";
  std::minstd_rand random{20'231'114};
  std::vector<std::string> words(word_count);
  for (std::string& word : words) {
    const std::size_t size = 2 + random() % 9;
    for (std::size_t i = 0; i < size; ++i) word.push_back(letters[random() % letters.size()]);
    word.push_back(random() % 40 == 0 ? '\n' : ' ');
  }
  return words;
}

const std::vector<std::string>& vocabulary() {
  static const std::vector<std::string> words = make_vocabulary();
  return words;
}

}  // namespace

author::author(contents of, std::uint32_t seed)
    : of_(of), random_(seed + 1), client_(0x8000'0000U | (seed * 2'654'435'761U)) {}

void author::add_text(std::size_t size) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t end = text_.size() + size;
  while (text_.size() < end) {
    if (of_ == contents::noise) {
      text_.push_back(alphabet[(random_() >> 8) % alphabet.size()]);
      continue;
    }
    if (rest_.empty()) {
      // The frequency of a word falls with its rank, as in Zipf's law.
      const double u = static_cast<double>(random_()) / static_cast<double>(random_.max());
      const auto rank = static_cast<std::size_t>(std::pow(static_cast<double>(word_count), u)) - 1;
      rest_ = vocabulary()[std::min(rank, word_count - 1)];
    }
    const std::size_t part = std::min(rest_.size(), end - text_.size());
    text_.append(rest_, 0, part);
    rest_.erase(0, part);
  }
}

// Format: update v1 with one block. Source: yjs 13.6 utils/encoding.js, Item.write.
byte_view author::next(std::size_t size_min, std::size_t size_max) {
  const std::size_t size = size_min + random_() % (size_max - size_min + 1);
  const std::size_t from = text_.size();
  add_text(size > update_overhead ? size - update_overhead : 1);
  out_.clear();
  out_.write_var_uint(1);
  out_.write_var_uint(1);
  out_.write_var_uint(client_);
  out_.write_var_uint(from);
  if (from == 0) {
    out_.write_uint8(string_content);
    out_.write_var_uint(1);  // a root, by its name
    out_.write_var_string("text");
  } else {
    out_.write_uint8(string_content | origin_bit);
    out_.write_var_uint(client_);
    out_.write_var_uint(from - 1);
  }
  out_.write_var_string(std::string_view{text_}.substr(from));
  out_.write_var_uint(0);
  return out_.view();
}

byte_buffer author::state() const {
  lib0::encoder out{text_.size() + 64};
  out.write_var_uint(text_.empty() ? 0 : 1);
  if (!text_.empty()) {
    out.write_var_uint(1);
    out.write_var_uint(client_);
    out.write_var_uint(0);
    out.write_uint8(string_content);
    out.write_var_uint(1);
    out.write_var_string("text");
    out.write_var_string(text_);
  }
  out.write_var_uint(0);
  return out.take();
}

}  // namespace troupe::bench
