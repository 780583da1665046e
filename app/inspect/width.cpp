#include "app/inspect/width.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace troupe::inspection {

namespace {

struct characters {
  std::uint32_t first;
  std::uint32_t last;
};

constexpr std::array without_width{
    characters{0x0300, 0x036F},  // combining marks
    characters{0x200B, 0x200F},  // zero width spaces and joiners, directions
    characters{0x20D0, 0x20FF},  // combining marks for symbols
    characters{0xFE00, 0xFE0F},  // variation selectors
    characters{0xFE20, 0xFE2F},  // half marks
};

/// Source: Unicode 15, EastAsianWidth W and F, rounded to blocks.
constexpr std::array of_two_places{
    characters{0x1100, 0x115F},   characters{0x2E80, 0x303E},   characters{0x3041, 0xA4CF},
    characters{0xA960, 0xA97F},   characters{0xAC00, 0xD7A3},   characters{0xF900, 0xFAFF},
    characters{0xFE30, 0xFE6F},   characters{0xFF01, 0xFF60},   characters{0xFFE0, 0xFFE6},
    characters{0x1F300, 0x1F64F}, characters{0x1F680, 0x1F6FF}, characters{0x1F900, 0x1F9FF},
    characters{0x1FA70, 0x1FAFF}, characters{0x20000, 0x3FFFD},
};

template <class Table>
bool holds(const Table& table, std::uint32_t character) {
  return std::ranges::any_of(table, [character](const characters& each) {
    return character >= each.first && character <= each.last;
  });
}

bool continues(char byte) { return (byte & 0xc0) == 0x80; }

/// The bytes of the first character.
std::size_t size_of_first(std::string_view utf8) {
  std::size_t size = 1;
  while (size < utf8.size() && continues(utf8[size])) ++size;
  return size;
}

std::size_t places_of(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character.front());
  if (lead < 0x80) return 1;
  std::uint32_t point = lead & (lead < 0xe0 ? 0x1f : lead < 0xf0 ? 0x0f : 0x07);
  for (const char byte : character.substr(1))
    point = point << 6 | (static_cast<unsigned char>(byte) & 0x3f);
  if (holds(without_width, point)) return 0;
  return holds(of_two_places, point) ? 2 : 1;
}

}  // namespace

std::size_t width_of(std::string_view utf8) {
  std::size_t places = 0;
  while (!utf8.empty()) {
    const std::size_t size = size_of_first(utf8);
    places += places_of(utf8.substr(0, size));
    utf8.remove_prefix(size);
  }
  return places;
}

std::string_view beginning_of(std::string_view utf8, std::size_t places) {
  std::size_t end = 0;
  while (end < utf8.size()) {
    const std::size_t size = size_of_first(utf8.substr(end));
    const std::size_t taken = places_of(utf8.substr(end, size));
    if (taken > places) break;
    places -= taken;
    end += size;
  }
  return utf8.substr(0, end);
}

}  // namespace troupe::inspection
