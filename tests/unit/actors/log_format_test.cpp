#include "actors/log_format.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

namespace troupe::log_format_test {

namespace {

constexpr std::uint64_t noon = 1'795'953'600'000;  // 2026-11-29T12:00:00Z

log_record record_of(std::string_view text) {
  const auto record = read_record(text);
  REQUIRE(record);
  return *record;
}

}  // namespace

TEST_CASE("a record of CAF has time, level, component and message", "[log]") {
  const log_record record =
      record_of("2026-11-29T13:00:00.123 WARN [troupe.store] a [b] c: INFO [x] y");
  CHECK(record.time == "2026-11-29T13:00:00.123");
  CHECK(record.level == log_severity::warning);
  CHECK(record.component == "troupe.store");
  CHECK(record.message == "a [b] c: INFO [x] y");
  CHECK(component_of(record) == log_component::store);
  CHECK(component_of(record_of("t TRACE [caf_io] x")) == log_component::caf);
  CHECK(record_of("t TRACE [caf_io] x").level == log_severity::debug);
  for (const char* text : {"", "no record", "t INFO troupe x", "t LOUD [c] x", "t INFO [c]"})
    CHECK_FALSE(read_record(text));
}

TEST_CASE("a line of text is what CAF wrote, with control characters shown", "[log]") {
  const log_record record = record_of("t ERROR [caf] two\nlines \x1b[31m and \xff");
  CHECK(text_line(record, coloured::no) == "t ERROR [caf] two\\x0alines \\x1b[31m and \\xff");
  const std::string coloured_line = text_line(record, coloured::yes);
  CHECK(coloured_line.starts_with("\x1b[31mt ERROR [caf] two"));
  CHECK(coloured_line.ends_with("\\xff\x1b[0m"));
}

TEST_CASE("a line of JSON is one object that every parser reads", "[log]") {
  const std::string line = json_line(record_of("t INFO [troupe.node] say \"hi\"\n\\ \xff"), noon);
  CHECK(line.find('\n') == std::string::npos);
  const auto parsed = nlohmann::json::parse(line);
  CHECK(parsed["time"] == "2026-11-29T12:00:00.000Z");
  CHECK(parsed["level"] == "info");
  CHECK(parsed["component"] == "troupe.node");
  CHECK(parsed["message"] == "say \"hi\"\\x0a\\ \\xff");
  CHECK(parsed.size() == 4);
}

TEST_CASE("a text in another format is shown as it is", "[log]") {
  CHECK(plain_line("what\tis this", log_format::text, noon) == "what\\x09is this");
  const auto parsed = nlohmann::json::parse(plain_line("what", log_format::json, noon));
  CHECK(parsed["message"] == "what");
  CHECK(parsed["component"] == "caf");
}

}  // namespace troupe::log_format_test
