// How a line of the log looks: as text or as JSON. CAF's logger renders a record as
// "TIME LEVEL [COMPONENT] MESSAGE" (caf_record_format); this reads it and writes the line of the
// node. Control characters, and what is no UTF-8, are shown in hexadecimal, whoever wrote them.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "actors/log_levels.hpp"

namespace troupe {

enum class log_format : std::uint8_t { text, json };

/// For caf.logger.console.format.
inline constexpr std::string_view caf_record_format = "%d %p [%c] %m";

struct log_record {
  std::string_view time;  ///< Local time, as CAF writes it.
  std::string_view level_word;
  log_severity level = log_severity::info;
  std::string_view component;
  std::string_view message;
};

/// Nothing: it is none, as with another format.
std::optional<log_record> read_record(std::string_view text) noexcept;

/// The component whose level counts: that of the name, or CAF.
log_component component_of(const log_record& of) noexcept;

enum class coloured : std::uint8_t { no, yes };

/// Without the end of the line.
std::string text_line(const log_record& of, coloured how);
/// {"time": UTC, "level", "component", "message"}.
std::string json_line(const log_record& of, std::uint64_t now_ms);
/// Of a text that is no record.
std::string plain_line(std::string_view text, log_format how, std::uint64_t now_ms);

}  // namespace troupe
