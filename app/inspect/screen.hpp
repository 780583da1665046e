// Where `troupe inspect watch` shows what it has: on a terminal in the place of what was there
// before, on the alternate screen, which gives the terminal back as it was; elsewhere one text
// below the other. SIGINT, SIGTERM and the end of the program on the other side of a pipe end it.
// One at a time, since signals belong to the process. Thread: the main thread.
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>

namespace troupe {

class watch_screen {
 public:
  enum class kind : unsigned char { terminal, plain };

  watch_screen(std::ostream& out, kind where);
  ~watch_screen();
  watch_screen(const watch_screen&) = delete;
  watch_screen& operator=(const watch_screen&) = delete;

  /// Shows the text, then waits; returns whether to continue.
  bool show(const std::string& text, std::chrono::milliseconds pause);

 private:
  std::ostream& out_;
  const kind where_;
};

/// The text as it fits into so many lines and columns of a terminal: longer lines and further lines
/// are left out. 0: no limit.
std::string fitted(const std::string& text, std::size_t lines, std::size_t columns);

}  // namespace troupe
