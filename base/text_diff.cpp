#include "base/text_diff.hpp"

#include <algorithm>
#include <map>

namespace troupe {

namespace {

using elements = std::span<const std::uint32_t>;
using kind = diff_run::kind;

/// More changes in one part are not looked for: their search takes the square of it in memory.
constexpr std::size_t changes_max = 1000;

void append_run(std::vector<diff_run>& to, kind what, std::size_t size) {
  if (size == 0) return;
  if (!to.empty() && to.back().what == what)
    to.back().size += size;
  else
    to.push_back({what, size});
}

std::size_t affordable_changes(std::size_t size, std::size_t work_max) {
  return std::min(changes_max, work_max / std::max<std::size_t>(size, 1));
}

struct by_content {
  bool operator()(elements a, elements b) const {
    return std::ranges::lexicographical_compare(a, b);
  }
};

/// What is compared as a whole at first, and in parts where it differs.
enum class grain : std::uint8_t { lines, words, characters };

constexpr grain finer(grain of) noexcept {
  return of == grain::lines ? grain::words : grain::characters;
}

/// Letters and digits; whatever is not ASCII counts as a letter.
constexpr bool is_in_word(std::uint32_t point) noexcept {
  return point >= 0x80 || (point >= '0' && point <= '9') || (point >= 'a' && point <= 'z') ||
         (point >= 'A' && point <= 'Z') || point == '_';
}

/// The size of the line, with its end, or of the word or other character that a text begins with.
std::size_t size_of_first(elements text, grain of) {
  if (of == grain::lines) {
    const auto end = std::ranges::find(text, std::uint32_t{'\n'});
    return static_cast<std::size_t>(end - text.begin()) + (end != text.end() ? 1 : 0);
  }
  const auto end = std::ranges::find_if_not(text, is_in_word);
  return std::max<std::size_t>(static_cast<std::size_t>(end - text.begin()), 1);
}

/// A text in parts, each with a number: equal parts have equal numbers.
struct numbered_parts {
  std::vector<elements> parts;
  std::vector<std::uint32_t> numbers;

  void read(elements text, grain of, std::map<elements, std::uint32_t, by_content>& known) {
    while (!text.empty()) {
      parts.push_back(text.first(size_of_first(text, of)));
      numbers.push_back(
          known.emplace(parts.back(), static_cast<std::uint32_t>(known.size())).first->second);
      text = text.subspan(parts.back().size());
    }
  }
};

/// A stretch of both texts: parts that stay, or parts that differ.
struct stretch {
  bool stays = false;
  std::size_t before = 0;  // in characters
  std::size_t after = 0;
};

std::vector<stretch> find_stretches(elements before, elements after, grain of,
                                    std::size_t work_max) {
  std::map<elements, std::uint32_t, by_content> known;
  numbered_parts old_parts, new_parts;
  old_parts.read(before, of, known);
  new_parts.read(after, of, known);
  const std::size_t count = old_parts.parts.size() + new_parts.parts.size();
  std::vector<stretch> found;
  std::size_t at_old = 0, at_new = 0;
  for (const diff_run& run :
       diff_sequences(old_parts.numbers, new_parts.numbers, affordable_changes(count, work_max))) {
    const bool stays = run.what == kind::equal;
    if (found.empty() || found.back().stays != stays) found.push_back({stays});
    for (std::size_t i = 0; i < run.size; ++i) {
      if (run.what != kind::inserted) found.back().before += old_parts.parts[at_old++].size();
      if (run.what != kind::deleted) found.back().after += new_parts.parts[at_new++].size();
    }
  }
  return found;
}

/// Adds the runs of a part of the texts. Each stretch of it gets its share of the work.
void diff_part(elements before, elements after, grain of, std::size_t work_max,
               std::vector<diff_run>& runs) {
  if (of == grain::characters || before.empty() || after.empty()) {
    const std::size_t changes = affordable_changes(before.size() + after.size(), work_max);
    for (const diff_run& run : diff_sequences(before, after, changes))
      append_run(runs, run.what, run.size);
    return;
  }
  const auto stretches = find_stretches(before, after, of, work_max);
  std::size_t differing = 0;
  for (const stretch& each : stretches)
    if (!each.stays) differing += each.before + each.after;
  for (const stretch& each : stretches) {
    if (each.stays) {
      append_run(runs, kind::equal, each.before);
    } else {
      const double share = static_cast<double>(each.before + each.after) /
                           static_cast<double>(std::max<std::size_t>(differing, 1));
      diff_part(before.first(each.before), after.first(each.after), finer(of),
                static_cast<std::size_t>(static_cast<double>(work_max) * share), runs);
    }
    before = before.subspan(each.before);
    after = after.subspan(each.after);
  }
}

}  // namespace

std::vector<diff_run> diff_texts(elements before, elements after, std::size_t work_max) {
  const auto [old_front, new_front] = std::ranges::mismatch(before, after);
  const auto front = static_cast<std::size_t>(old_front - before.begin());
  std::size_t back = 0;
  const std::size_t shorter = std::min(before.size(), after.size()) - front;
  while (back < shorter && before[before.size() - 1 - back] == after[after.size() - 1 - back])
    ++back;
  // A common beginning or end may cut a word or a line; both are found again in the rest.
  const std::size_t size_before = before.size() - front - back;
  const std::size_t size_after = after.size() - front - back;
  std::vector<diff_run> runs;
  append_run(runs, kind::equal, front);
  diff_part(before.subspan(front, size_before), after.subspan(front, size_after), grain::lines,
            work_max, runs);
  append_run(runs, kind::equal, back);
  return runs;
}

}  // namespace troupe
