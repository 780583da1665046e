#include "actors/log_format.hpp"

#include <algorithm>
#include <array>

#include "actors/admin_json.hpp"
#include "base/printable.hpp"
#include "protocol/json/write.hpp"

namespace troupe {

namespace {

/// The words of CAF for levels.
struct level_word {
  std::string_view word;
  log_severity level;
  std::string_view colour;
};
constexpr std::array level_words{level_word{"ERROR", log_severity::error, "\x1b[31m"},
                                 level_word{"WARN", log_severity::warning, "\x1b[33m"},
                                 level_word{"INFO", log_severity::info, "\x1b[32m"},
                                 level_word{"DEBUG", log_severity::debug, "\x1b[36m"},
                                 level_word{"TRACE", log_severity::debug, "\x1b[34m"}};
constexpr std::string_view colour_end = "\x1b[0m";

/// Takes what stands before the first `end`, and the end with it.
std::optional<std::string_view> take_until(std::string_view& from, std::string_view end) noexcept {
  const auto at = from.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view taken = from.substr(0, at);
  from.remove_prefix(at + end.size());
  return taken;
}

std::string json_of(std::string_view level, std::string_view component, std::string_view message,
                    std::uint64_t now_ms) {
  json::writer line;
  line.open('{').name("time").value(std::string_view{admin::iso_time(now_ms)});
  line.name("level").value(level).name("component").value(component);
  line.name("message").value(std::string_view{printable(message)}).close('}');
  return line.take();
}

const level_word& word_of(const log_record& of) noexcept {
  return *std::ranges::find(level_words, of.level_word, &level_word::word);
}

}  // namespace

std::optional<log_record> read_record(std::string_view text) noexcept {
  const auto time = take_until(text, " ");
  const auto word = time ? take_until(text, " [") : std::nullopt;
  const auto component = word ? take_until(text, "] ") : std::nullopt;
  if (!component) return std::nullopt;
  const auto level = std::ranges::find(level_words, *word, &level_word::word);
  if (level == level_words.end()) return std::nullopt;
  return log_record{*time, *word, level->level, *component, text};
}

log_component component_of(const log_record& of) noexcept {
  return find_component(of.component).value_or(log_component::caf);
}

std::string text_line(const log_record& of, coloured how) {
  const level_word& word = word_of(of);
  std::string line;
  if (how == coloured::yes) line.append(word.colour);
  line.append(of.time).append(" ").append(word.word).append(" [").append(of.component);
  line.append("] ").append(printable(of.message));
  if (how == coloured::yes) line.append(colour_end);
  return line;
}

std::string json_line(const log_record& of, std::uint64_t now_ms) {
  return json_of(to_string(of.level), of.component, of.message, now_ms);
}

std::string plain_line(std::string_view text, log_format how, std::uint64_t now_ms) {
  if (how == log_format::text) return printable(text);
  return json_of(to_string(log_severity::info), to_string(log_component::caf), text, now_ms);
}

}  // namespace troupe
