// Where `troupe inspect watch` shows what it has.
#include "app/inspect/screen.hpp"

#include <csignal>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

namespace troupe::inspect_screen_test {

using namespace std::chrono_literals;

TEST_CASE("a text is cut to the lines and columns of a terminal", "[inspect]") {
  CHECK(fitted("ab\ncd\nef\n", 2, 0) == "ab\ncd");
  CHECK(fitted("ab\ncd\n", 0, 0) == "ab\ncd\n");
  CHECK(fitted("abc\nd\n", 9, 2) == "ab\nd\n");
  CHECK(fitted("", 9, 2).empty());
  CHECK(fitted("\n\na", 2, 0) == "\n");
  CHECK(fitted("\xe6\x97\xa5\xe6\x9c\xac\n", 9, 3) == "\xe6\x97\xa5\n");
  CHECK(fitted("\xc3\xa4\xc3\xb6x\n", 9, 2) == "\xc3\xa4\xc3\xb6\n");
}

TEST_CASE("elsewhere one text follows the other as it is", "[inspect]") {
  std::ostringstream out;
  watch_screen screen{out, watch_screen::kind::plain};
  CHECK(screen.show("one\n", 0ms));
  CHECK(screen.show("two\n", 0ms));
  CHECK(out.str() == "one\ntwo\n");
}

TEST_CASE("a terminal is given back as it was", "[inspect]") {
  std::ostringstream out;
  {
    watch_screen screen{out, watch_screen::kind::terminal};
    CHECK(screen.show("one\n", 0ms));
  }
  CHECK(out.str().starts_with("\x1b[?1049h"));
  CHECK(out.str().find("\x1b[2Jone") != std::string::npos);
  CHECK(out.str().ends_with("\x1b[?1049l"));
}

TEST_CASE("a signal ends the wait", "[inspect]") {
  std::ostringstream out;
  watch_screen screen{out, watch_screen::kind::plain};
  std::raise(SIGINT);
  const auto begin = std::chrono::steady_clock::now();
  CHECK_FALSE(screen.show("one\n", 60s));
  CHECK(std::chrono::steady_clock::now() - begin < 10s);
}

}  // namespace troupe::inspect_screen_test
