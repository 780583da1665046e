#include "actors/line_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iostream>
#include <system_error>
#include <utility>

#include "base/printable.hpp"

namespace troupe {

namespace {

constexpr std::string_view standard_error = "stderr";

result<int> open_file(const std::string& path) {
  if (path == standard_error) return STDERR_FILENO;
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file >= 0) return file;
  const std::string why = std::generic_category().message(errno);
  return fail(errc::invalid_config, std::string{"the file "}.append(path).append(": ").append(why));
}

void close_file(int file) {
  if (file != STDERR_FILENO) ::close(file);
}

}  // namespace

result<std::shared_ptr<line_log>> line_log::open(const std::string& path, gap_line gap) {
  TROUPE_ASSIGN(const int file, open_file(path));
  return std::shared_ptr<line_log>{new line_log{path, file, std::move(gap)}};
}

line_log::line_log(std::string path, int file, gap_line gap)
    : path_(std::move(path)), gap_(std::move(gap)), file_(file), thread_([this] { run(); }) {}

line_log::~line_log() {
  {
    const std::lock_guard lock{mutex_};
    is_ending_ = true;
  }
  has_work_.notify_one();
  thread_.join();
  close_file(file_);
}

void line_log::write(const std::string& line) {
  {
    const std::lock_guard lock{mutex_};
    if (waiting_.size() + line.size() > waiting_bytes_max) {
      ++left_out_;
      return;
    }
    waiting_.append(line).push_back('\n');
  }
  has_work_.notify_one();
}

result<void> line_log::reopen() {
  TROUPE_ASSIGN(const int file, open_file(path_));
  const std::lock_guard lock{file_mutex_};
  close_file(std::exchange(file_, file));
  is_mid_line_ = false;
  return {};
}

std::uint64_t line_log::left_out() const {
  const std::lock_guard lock{mutex_};
  return left_out_;
}

void line_log::run() {
  std::string lines;
  for (std::unique_lock lock{mutex_};;) {
    has_work_.wait(lock, [this] { return is_ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::swap(lines, waiting_);
    const std::uint64_t lost = left_out_ - told_;
    lock.unlock();
    const std::size_t size = lines.size();
    if (lost > 0) lines.append(gap_(lost)).push_back('\n');
    const std::size_t written = put(lines);
    const bool is_whole = written == lines.size();
    const std::string_view unwritten = std::string_view{lines}.substr(0, size);
    const auto left_out = std::ranges::count(unwritten.substr(std::min(written, size)), '\n');
    lines.clear();
    lock.lock();
    if (is_whole) told_ += lost;
    left_out_ += static_cast<std::uint64_t>(left_out);
  }
}

/// How many bytes are written. A disk that is full loses lines: it must not stop the node.
std::size_t line_log::put(std::string_view lines) {
  const std::lock_guard busy{file_mutex_};
  const bool can_begin = !is_mid_line_ || write_out("\n") == 1;
  const std::size_t written = can_begin ? write_out(lines) : 0;
  const bool is_whole = written == lines.size();
  if (can_begin) is_mid_line_ = written > 0 && lines[written - 1] != '\n';
  if (!is_whole && !has_failed_)
    std::cerr << "troupe: the file " + printable(path_) +
                     " cannot be written: " + std::generic_category().message(errno) +
                     "; lines are left out until it can\n";
  has_failed_ = !is_whole;
  return written;
}

/// How many bytes are written; errno says why the others are not.
std::size_t line_log::write_out(std::string_view text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = ::write(file_, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    done += static_cast<std::size_t>(written);
  }
  return done;
}

}  // namespace troupe
