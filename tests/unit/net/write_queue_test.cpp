#include "net/write_queue.hpp"

#include <array>
#include <random>
#include <string>

#include <catch2/catch_test_macros.hpp>

namespace troupe::write_queue_test {

namespace {

constexpr std::size_t no_limit = 1U << 30;

shared_bytes frame(std::string_view text) { return shared_bytes::copy_of(as_bytes(text)); }
shared_bytes frame_of(std::size_t size, char fill) { return frame(std::string(size, fill)); }

/// What is gathered, as one string, and in how many parts.
struct gathered {
  std::string text;
  std::size_t parts;
};

gathered front_of(const write_queue& queue, std::size_t parts_max = 64) {
  std::array<iovec, 64> parts;
  const std::size_t count = queue.gather(parts.data(), parts_max);
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return {text, count};
}

}  // namespace

TEST_CASE("a new write queue is empty", "[write_queue]") {
  write_queue queue;
  CHECK(queue.empty());
  CHECK(queue.size_bytes() == 0);
  CHECK(front_of(queue).parts == 0);
  queue.consume(0);
  CHECK(queue.empty());
}

TEST_CASE("small frames are copied into one part, in order", "[write_queue]") {
  write_queue queue;
  queue.push(frame("one "));
  queue.push(frame("two "));
  const std::string third = "three";
  queue.append(as_bytes(third));
  CHECK(front_of(queue).text == "one two three");
  CHECK(front_of(queue).parts == 1);
  CHECK(queue.size_bytes() == 13);
}

TEST_CASE("a large frame is shared, not copied", "[write_queue]") {
  write_queue queue;
  const shared_bytes large = frame_of(write_queue::share_size_min, 'L');
  queue.push(frame("a"));
  queue.push(large);
  queue.push(frame("b"));
  queue.push(frame("c"));
  std::array<iovec, 8> parts;
  REQUIRE(queue.gather(parts.data(), parts.size()) == 3);
  CHECK(parts[1].iov_base == large.view().data());
  CHECK(parts[1].iov_len == large.size());
  CHECK(front_of(queue).text == "a" + std::string(write_queue::share_size_min, 'L') + "bc");
}

TEST_CASE("a lone small frame is shared until another one follows", "[write_queue]") {
  write_queue queue;
  const shared_bytes lone = frame("lone");
  queue.push(lone);
  iovec part;
  REQUIRE(queue.gather(&part, 1) == 1);
  CHECK(part.iov_base == lone.view().data());
  queue.consume(2);
  queue.push(frame("!"));
  CHECK(front_of(queue).text == "ne!");
  CHECK(front_of(queue).parts == 1);
}

TEST_CASE("a block of small frames is closed at its largest size", "[write_queue]") {
  write_queue queue;
  for (std::size_t i = 0; i < 100; ++i) queue.push(frame_of(400, 'x'));
  CHECK(queue.size_bytes() == 40'000);
  CHECK(front_of(queue).parts == 3);
}

TEST_CASE("consume works across parts and inside of them", "[write_queue]") {
  write_queue queue;
  queue.push(frame("abcd"));
  queue.push(frame_of(600, 'L'));
  queue.push(frame("wxyz"));
  queue.consume(3);
  CHECK(front_of(queue).text == "d" + std::string(600, 'L') + "wxyz");
  queue.consume(1 + 599);
  CHECK(front_of(queue).text == "Lwxyz");
  queue.consume(3);
  CHECK(front_of(queue).text == "yz");
  queue.push(frame("!"));
  CHECK(front_of(queue).text == "yz!");
  queue.consume(3);
  CHECK(queue.empty());
  CHECK(queue.consumed_total() == 4 + 600 + 4 + 1);
}

TEST_CASE("gather fills no more parts than it may", "[write_queue]") {
  write_queue queue;
  for (char fill : {'a', 'b', 'c'}) queue.push(frame_of(600, fill));
  CHECK(front_of(queue, 2).text == std::string(600, 'a') + std::string(600, 'b'));
}

TEST_CASE("consuming more than there is breaks a promise", "[write_queue]") {
  write_queue queue;
  queue.push(frame("ab"));
  CHECK_THROWS(queue.consume(3));
}

TEST_CASE("the queue is full above its limit, its largest frame aside", "[write_queue]") {
  write_queue queue;
  queue.push(frame_of(5000, 'D'));
  CHECK_FALSE(queue.is_full(1000));
  queue.push(frame_of(900, 'x'));
  CHECK_FALSE(queue.is_full(1000));
  queue.push(frame_of(900, 'x'));
  CHECK(queue.is_full(1000));
  queue.consume(queue.size_bytes());
  CHECK_FALSE(queue.is_full(1000));
  for (std::size_t i = 0; i < 12; ++i) queue.push(frame_of(100, 'x'));
  CHECK(queue.is_full(1000));
}

TEST_CASE("clear forgets all that waits", "[write_queue]") {
  write_queue queue;
  queue.push(frame("ab"));
  queue.consume(1);
  queue.clear();
  CHECK(queue.empty());
  queue.push(frame("cd"));
  CHECK(front_of(queue).text == "cd");
}

TEST_CASE("the bytes come out as they went in, whatever is pushed and consumed", "[write_queue]") {
  std::mt19937 random{42};
  write_queue queue;
  std::string pushed;
  std::string written;
  for (std::size_t step = 0; step < 5000; ++step) {
    const std::size_t size = random() % 10 == 0 ? random() % 4000 : random() % 300;
    const std::string bytes(size, static_cast<char>('a' + step % 26));
    random() % 3 == 0 ? queue.append(as_bytes(bytes)) : queue.push(frame(bytes));
    pushed += bytes;
    REQUIRE(queue.size_bytes() == pushed.size() - written.size());
    if (random() % 2 == 0) continue;
    const std::string front = front_of(queue, 1 + random() % 8).text;
    const std::size_t taken = random() % 4 == 0 ? front.size() : random() % (front.size() + 1);
    written.append(front, 0, taken);
    queue.consume(taken);
  }
  while (!queue.empty()) {
    const std::string front = front_of(queue).text;
    written += front;
    queue.consume(front.size());
  }
  CHECK(written == pushed);
  CHECK(queue.consumed_total() == pushed.size());
}

TEST_CASE("a write queue that is empty takes little: each idle connection has one",
          "[write_queue]") {
  STATIC_CHECK(sizeof(write_queue) <= 88);
}

}  // namespace troupe::write_queue_test
