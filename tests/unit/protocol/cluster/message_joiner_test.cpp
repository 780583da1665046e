#include "protocol/cluster/message_joiner.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/hex_bytes.hpp"

namespace troupe::message_joiner_test {

using namespace troupe::cluster;

namespace {

struct joiner_bed {
  result<void> add(std::string_view digits) {
    return joiner.add(shared_bytes::copy_of(test::hex(digits)), messages);
  }
  errc failure_of(std::string_view digits) {
    const auto outcome = add(digits);
    REQUIRE_FALSE(outcome.has_value());
    return outcome.error().code;
  }
  std::string text(std::size_t i) const { return std::string{as_text(messages.at(i).view())}; }

  message_joiner joiner{100};
  std::vector<shared_slice> messages;
};

}  // namespace

TEST_CASE("whole messages are slices of their payload", "[cluster][link]") {
  joiner_bed bed;
  const shared_bytes payload = shared_bytes::copy_of(test::hex("04 61 | 08 6263"));
  REQUIRE(bed.joiner.add(payload, bed.messages));
  REQUIRE(bed.messages.size() == 2);
  CHECK(bed.text(0) == "a");
  CHECK(bed.text(1) == "bc");
  CHECK(bed.messages[1].bytes.view().data() == payload.view().data());
}

TEST_CASE("chunks become a message, and whole ones pass between them", "[cluster][link]") {
  joiner_bed bed;
  REQUIRE(bed.add("09 05 6161"));
  CHECK(bed.joiner.waiting_bytes() == 5);
  CHECK(bed.messages.empty());
  REQUIRE(bed.add("04 62 | 0a 6363 | 04 64"));
  REQUIRE(bed.add("07 65 | 04 66"));
  REQUIRE(bed.messages.size() == 4);
  CHECK(bed.text(0) == "b");
  CHECK(bed.text(1) == "d");
  CHECK(bed.text(2) == "aacce");
  CHECK(bed.text(3) == "f");
  CHECK(bed.joiner.waiting_bytes() == 0);
}

TEST_CASE("chunks that make no message are refused", "[cluster][link]") {
  CHECK(joiner_bed{}.failure_of("06 61") == errc::out_of_sequence);       // continues nothing
  CHECK(joiner_bed{}.failure_of("07 61") == errc::out_of_sequence);       // ends nothing
  CHECK(joiner_bed{}.failure_of("05 01 61") == errc::out_of_sequence);    // begins and is all
  CHECK(joiner_bed{}.failure_of("09 01 6161") == errc::out_of_sequence);  // begins with more
  CHECK(joiner_bed{}.failure_of("05 00 61") == errc::out_of_sequence);    // of nothing
  const std::string begun = "09 05 6161";
  CHECK(joiner_bed{}.failure_of(begun + begun) == errc::out_of_sequence);    // two at a time
  CHECK(joiner_bed{}.failure_of(begun + "07 61") == errc::out_of_sequence);  // ends early
  CHECK(joiner_bed{}.failure_of(begun + "0e 616161") ==
        errc::out_of_sequence);  // goes on at the end
  CHECK(joiner_bed{}.failure_of(begun + "13 61616161") == errc::out_of_sequence);  // too much
}

TEST_CASE("pieces without bytes, or with fewer than they say, are refused", "[cluster][link]") {
  for (const char* const each : {"00", "01 05", "09 05 6161 02", "09 05 6161 03"})
    CHECK(joiner_bed{}.failure_of(each) == errc::out_of_sequence);
  for (const char* const each : {"08 61", "80", "09", "09 05 61"})
    CHECK(joiner_bed{}.failure_of(each) == errc::truncated);
}

TEST_CASE("a message is no larger than its limit", "[cluster][link]") {
  joiner_bed bed;
  const std::string hundred = [] {
    std::string digits = "9003";  // 100 << 2
    for (int i = 0; i < 100; ++i) digits += "61";
    return digits;
  }();
  REQUIRE(bed.add(hundred));
  CHECK(joiner_bed{}.failure_of("9403 61" + hundred.substr(4)) == errc::number_too_large);
  REQUIRE(bed.add("05 64 61"));
  CHECK(joiner_bed{}.failure_of("05 65 61") == errc::number_too_large);
}

TEST_CASE("a joiner that is cleared begins anew", "[cluster][link]") {
  joiner_bed bed;
  REQUIRE(bed.add("09 05 6161"));
  bed.joiner.clear();
  CHECK(bed.joiner.waiting_bytes() == 0);
  REQUIRE(bed.add("09 05 6161 0f 626262"));
  CHECK(bed.text(0) == "aabbb");
}

}  // namespace troupe::message_joiner_test
