#include "protocol/session/credit.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::credit_test {

TEST_CASE("credit is left until as many messages or bytes are unhandled as may be", "[credit]") {
  credit used;
  credit_amount share;
  CHECK(used.is_left());
  used.take(share, {credit::messages_max - 1, credit::bytes_max - 1});
  CHECK(used.is_left());
  used.take(share, {1, 0});
  CHECK_FALSE(used.is_left());
  used.give_back(share, {1, 0});
  CHECK(used.is_left());
  used.take(share, {0, 1});
  CHECK_FALSE(used.is_left());
  used.give_back(share, {0, 1});
  CHECK(used.is_left());
}

TEST_CASE("one message may exceed the credit", "[credit]") {
  credit used;
  credit_amount share;
  used.take(share, {1, 5 * credit::bytes_max});
  CHECK_FALSE(used.is_left());
  used.give_back(share, {1, 4 * credit::bytes_max});
  CHECK_FALSE(used.is_left());
  used.give_back(share, {0, credit::bytes_max});
  CHECK(used.is_left());
  CHECK(used.used().messages == 0);
  CHECK(used.used().bytes == 0);
}

TEST_CASE("what is used is the sum of what each document holds", "[credit]") {
  credit used;
  credit_amount first, second;
  used.take(first, {3, 100});
  used.take(second, {4, 20});
  used.take(first, {1, 0});
  CHECK(first.messages == 4);
  CHECK(first.bytes == 100);
  CHECK(second.messages == 4);
  CHECK(used.used().messages == first.messages + second.messages);
  CHECK(used.used().bytes == first.bytes + second.bytes);
}

TEST_CASE("a document gives back no more than it holds", "[credit]") {
  credit used;
  credit_amount first, second;
  used.take(first, {3, 100});
  used.take(second, {4, 20});
  used.give_back(first, {10, 50});
  CHECK(first.messages == 0);
  CHECK(first.bytes == 50);
  used.give_back(first, {0, 1000});
  CHECK(first.bytes == 0);
  used.give_back(first, {1, 1});
  CHECK(used.used().messages == 4);
  CHECK(used.used().bytes == 20);
  used.give_back(second, second);
  CHECK(used.used().messages == 0);
  CHECK(used.used().bytes == 0);
}

}  // namespace troupe::credit_test
