// Where the lines of CAF's logger end: on the standard error output, in a file, or both. CAF's
// logger writes to std::clog on a thread of its own; while a sink lives it takes the place of what
// is behind std::clog. It drops lines of CAF itself below their level, renders the others
// (log_format), and can open its file again, which CAF's own log file cannot.
//
// Owner: serve(), from before the actor system begins until after it has ended. Thread: CAF's
// logger writes; reopen() is called by any.
#pragma once

#include <memory>
#include <streambuf>
#include <string>

#include "actors/line_log.hpp"
#include "actors/log_format.hpp"
#include "base/errc.hpp"

namespace troupe {

struct log_sink_settings {
  log_format format = log_format::text;
  bool writes_console = true;
  coloured console = coloured::no;
  std::string file;  ///< Empty: none.
};

class log_sink final : private std::streambuf {
 public:
  /// Longer ones are cut: a line holds a name of a document or two.
  static constexpr std::size_t record_bytes_max = 64 * 1024;

  /// Fails with invalid_config if the file cannot be opened.
  static result<std::unique_ptr<log_sink>> open(const log_sink_settings& settings);
  ~log_sink() override;
  log_sink(const log_sink&) = delete;
  log_sink& operator=(const log_sink&) = delete;

  bool has_file() const noexcept { return file_ != nullptr; }
  /// As line_log::reopen. Requires: has_file().
  result<void> reopen() { return file_->reopen(); }

 private:
  log_sink(log_sink_settings settings, std::shared_ptr<line_log> file);

  // std::streambuf: a record comes in pieces, and ends when the stream is flushed.
  int_type overflow(int_type letter) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

  void take(std::string_view text);
  void write(std::string_view text);
  void put(std::string_view line, std::string console_line);

  const log_sink_settings settings_;
  const std::shared_ptr<line_log> file_;  // null: none
  std::string record_;                    // as far as it has come
  std::streambuf* before_ = nullptr;      // of std::clog
};

}  // namespace troupe
