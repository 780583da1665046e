#include "actors/log_sink.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iostream>
#include <utility>

#include "base/wall_clock.hpp"

namespace troupe {

namespace {

/// As the other lines of the file.
std::string gap_in_file(std::uint64_t count, log_format format) {
  const std::string text =
      std::to_string(count) + " lines were left out: the disk was full, or too slow for them";
  const log_record record{"-", "WARN", log_severity::warning, to_string(log_component::node), text};
  return format == log_format::json ? json_line(record, wall_clock_ms())
                                    : text_line(record, coloured::no);
}

void write_to_console(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

result<std::unique_ptr<log_sink>> log_sink::open(const log_sink_settings& settings) {
  std::shared_ptr<line_log> file;
  if (!settings.file.empty()) {
    auto opened = line_log::open(settings.file, [format = settings.format](std::uint64_t count) {
      return gap_in_file(count, format);
    });
    if (!opened) return tl::unexpected(std::move(opened).error());
    file = *std::move(opened);
  }
  return std::unique_ptr<log_sink>{new log_sink{settings, std::move(file)}};
}

log_sink::log_sink(log_sink_settings settings, std::shared_ptr<line_log> file)
    : settings_(std::move(settings)), file_(std::move(file)), before_(std::clog.rdbuf(this)) {}

log_sink::~log_sink() { std::clog.rdbuf(before_); }

log_sink::int_type log_sink::overflow(int_type letter) {
  if (traits_type::eq_int_type(letter, traits_type::eof())) return traits_type::not_eof(letter);
  const char one = traits_type::to_char_type(letter);
  take({&one, 1});
  return letter;
}

std::streamsize log_sink::xsputn(const char* text, std::streamsize size) {
  take({text, static_cast<std::size_t>(size)});
  return size;
}

void log_sink::take(std::string_view text) {
  const std::size_t room = record_bytes_max - std::min(record_.size(), record_bytes_max);
  record_.append(text.substr(0, room));
}

int log_sink::sync() {
  std::string_view text = record_;
  while (text.ends_with('\n')) text.remove_suffix(1);
  if (!text.empty()) write(text);
  record_.clear();
  return 0;
}

void log_sink::write(std::string_view text) {
  const std::uint64_t now = settings_.format == log_format::json ? wall_clock_ms() : 0;
  const auto record = read_record(text);
  if (!record) return put(plain_line(text, settings_.format, now), {});
  if (record->message.empty() || !levels_of_process().allows(record->level, component_of(*record)))
    return;
  if (settings_.format == log_format::json) return put(json_line(*record, now), {});
  const bool is_coloured = settings_.writes_console && settings_.console == coloured::yes;
  put(text_line(*record, coloured::no), is_coloured ? text_line(*record, coloured::yes) : "");
}

/// `console_line`: empty if it is the same.
void log_sink::put(std::string_view line, std::string console_line) {
  if (file_) file_->write(std::string{line});
  if (!settings_.writes_console) return;
  if (console_line.empty()) console_line = line;
  console_line += '\n';
  write_to_console(console_line);
}

}  // namespace troupe
