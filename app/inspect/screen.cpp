#include "app/inspect/screen.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <ostream>
#include <string_view>

#include "app/inspect/width.hpp"

namespace troupe {

namespace {

constexpr std::string_view begin_screen = "\x1b[?1049h\x1b[?25l";  // alternate screen, no cursor
constexpr std::string_view end_screen = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view clear_screen = "\x1b[H\x1b[2J";

volatile std::sig_atomic_t was_interrupted = 0;

void note_signal(int) { was_interrupted = 1; }

/// Blocking calls are not taken up again after the signal.
void catch_signal(int which) {
  struct sigaction how {};
  how.sa_handler = note_signal;
  sigemptyset(&how.sa_mask);
  ::sigaction(which, &how, nullptr);
}

/// Ends early if a signal comes.
void wait(std::chrono::milliseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  timespec left{static_cast<std::time_t>(seconds.count()),
                static_cast<long>(std::chrono::nanoseconds{time - seconds}.count())};
  while (was_interrupted == 0 && ::nanosleep(&left, &left) != 0) {
  }
}

}  // namespace

watch_screen::watch_screen(std::ostream& out, kind where) : out_(out), where_(where) {
  was_interrupted = 0;
  catch_signal(SIGINT);
  catch_signal(SIGTERM);
  if (where_ == kind::terminal) out_ << begin_screen << std::flush;
}

watch_screen::~watch_screen() {
  if (where_ == kind::terminal) out_ << end_screen << std::flush;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool watch_screen::show(const std::string& text, std::chrono::milliseconds pause) {
  if (where_ == kind::terminal) {
    winsize size{};
    ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    out_ << clear_screen << fitted(text, size.ws_row, size.ws_col);
  } else {
    out_ << text;
  }
  out_.flush();
  if (!out_.good()) return false;
  wait(pause);
  return was_interrupted == 0;
}

std::string fitted(const std::string& text, std::size_t lines, std::size_t columns) {
  std::string fits;
  std::string_view left = text;
  for (std::size_t line = 1; !left.empty(); ++line) {
    const std::size_t end = std::min(left.find('\n'), left.size());
    const std::string_view whole = left.substr(0, end);
    fits += columns == 0 ? whole : inspection::beginning_of(whole, columns);
    if (line == lines || end == left.size()) break;
    fits += '\n';
    left.remove_prefix(end + 1);
  }
  return fits;
}

}  // namespace troupe
