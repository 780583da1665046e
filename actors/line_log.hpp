// A file of lines that others write to while it goes to disk on a thread of its own, so that a slow
// disk holds up nobody. What finds no room, and what cannot be written, is left out and counted,
// and the file says so as soon as it can be written again; that it cannot is said on the standard
// error output.
//
// Owner: whoever opened it; its end writes what is left. Thread: any.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/errc.hpp"

namespace troupe {

class line_log {
 public:
  /// Of lines that are not written yet.
  static constexpr std::size_t waiting_bytes_max = 4 * 1024 * 1024;

  /// The line for so many that were left out.
  using gap_line = std::function<std::string(std::uint64_t count)>;

  /// Appends to a file, which is made if need be, readable by its owner alone; "stderr" is the
  /// standard error output. `gap`: called on the thread that writes.
  /// Fails with invalid_config if the file cannot be opened.
  static result<std::shared_ptr<line_log>> open(const std::string& path, gap_line gap);
  ~line_log();
  line_log(const line_log&) = delete;
  line_log& operator=(const line_log&) = delete;

  /// The line is without its end.
  void write(const std::string& line);

  /// Goes on with a file that has the path now, where the old one was renamed. If it cannot be
  /// opened, the old one is kept: fails with invalid_config.
  result<void> reopen();

  /// How many lines were left out since it was opened.
  std::uint64_t left_out() const;

 private:
  line_log(std::string path, int file, gap_line gap);

  void run();
  std::size_t put(std::string_view lines);
  std::size_t write_out(std::string_view text);

  const std::string path_;
  const gap_line gap_;
  std::mutex file_mutex_;     // held while the file is written or replaced
  int file_;                  // guarded by file_mutex_
  bool is_mid_line_ = false;  // likewise; of a line the beginning alone was written
  bool has_failed_ = false;   // likewise; the last lines could not be written
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable has_work_;
  std::string waiting_;
  std::uint64_t left_out_ = 0;
  std::uint64_t told_ = 0;  // of those that were left out
  bool is_ending_ = false;
  std::thread thread_;  // the last, which uses all others
};

}  // namespace troupe
