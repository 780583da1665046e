#include "net/transport.hpp"

#include <array>
#include <cerrno>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/client_frames.hpp"
#include "tests/support/socket_pair.hpp"
#include "tests/support/test_certificate.hpp"

namespace troupe::transport_test {

using test::socket_pair;

namespace {

constexpr std::size_t record_size_max = 16 * 1024;

std::vector<iovec> parts_of(const std::vector<std::string>& texts) {
  std::vector<iovec> parts;
  for (const std::string& text : texts)
    parts.push_back({const_cast<char*>(text.data()), text.size()});
  return parts;
}

io_outcome write(transport& to, const std::vector<std::string>& texts) {
  const auto parts = parts_of(texts);
  return to.write(parts.data(), parts.size());
}

std::string read_some(transport& from, std::size_t size_max = 1000) {
  byte_buffer room(size_max);
  const io_outcome got = from.read(room);
  return got.status == io_status::done ? std::string{as_text({room.data(), got.size})} : "";
}

io_status read_status(transport& from) {
  std::array<std::uint8_t, 16> room{};
  return from.read(room).status;
}

/// A server's transport with TLS and a client that has shaken hands with it.
struct tls_pair {
  test::temporary_directory files;
  std::unique_ptr<tls_context> context;
  socket_pair sockets;
  transport server;
  test::tls_client client{sockets.there};

  tls_pair() : context(load()), server(sockets.take_here(), context->make_session()) {
    for (int steps = 0; steps < 10; ++steps) {
      const bool is_done = client.shake_hands();
      if (read_status(server) != io_status::would_block) FAIL("the handshake failed");
      if (is_done) return;
    }
    FAIL("the handshake does not end");
  }

  std::unique_ptr<tls_context> load() const {
    const auto made = test::make_certificate(files, "server");
    auto loaded = tls_context::load(made.certificate, made.key);
    REQUIRE(loaded.has_value());
    return std::move(*loaded);
  }
};

}  // namespace

TEST_CASE("a plain transport reads what has come and does not wait", "[transport]") {
  socket_pair pair;
  transport here{pair.take_here()};
  CHECK(read_status(here) == io_status::would_block);
  pair.there_writes("abc");
  CHECK(read_some(here, 2) == "ab");
  CHECK_FALSE(here.has_input());
  CHECK(read_some(here) == "c");
  pair.there_ends_output();
  CHECK(read_status(here) == io_status::ended);
}

TEST_CASE("a plain transport writes its parts in order", "[transport]") {
  socket_pair pair;
  transport here{pair.take_here()};
  CHECK(write(here, {"one"}).size == 3);
  const io_outcome several = write(here, {" two", "", " three"});
  CHECK(several.status == io_status::done);
  CHECK(several.size == 10);
  CHECK(pair.there_reads() == "one two three");
}

TEST_CASE("a plain transport that is full says so and goes on later", "[transport]") {
  socket_pair pair;
  transport here{pair.take_here()};
  const std::string block(100'000, 'x');
  std::size_t written = 0;
  io_outcome outcome = write(here, {block});
  for (; outcome.status == io_status::done; outcome = write(here, {block})) written += outcome.size;
  CHECK(outcome.status == io_status::would_block);
  CHECK(pair.there_reads().size() == written);
  CHECK(write(here, {"more"}).status == io_status::done);
}

TEST_CASE("a plain transport tells that the peer is gone", "[transport]") {
  socket_pair pair;
  transport here{pair.take_here()};
  pair.close_there();
  const io_outcome outcome = write(here, {"x"});
  CHECK(outcome.status == io_status::failed);
  CHECK(outcome.error == EPIPE);
  CHECK(write(here, {"x", "y"}).status == io_status::failed);
  CHECK(read_status(here) == io_status::ended);
}

TEST_CASE("a transport whose output has ended still reads", "[transport]") {
  socket_pair pair;
  transport here{pair.take_here()};
  write(here, {"last"});
  here.end_output();
  CHECK(pair.there_reads() == "last");
  CHECK(pair.there_is_at_end());
  pair.there_writes("answer");
  CHECK(read_some(here) == "answer");
}

TEST_CASE("a transport gives its place back when it closes", "[transport]") {
  auto place = std::make_shared<int>(0);
  socket_pair pair;
  transport here{pair.take_here(), {}, place};
  CHECK(place.use_count() == 2);
  transport moved{std::move(here)};
  CHECK_FALSE(here.is_open());  // NOLINT(bugprone-use-after-move): what a move leaves behind
  here.close();
  CHECK(place.use_count() == 2);
  CHECK(moved.is_open());
  moved.close();
  CHECK(place.use_count() == 1);
  CHECK_FALSE(moved.is_open());
  CHECK(pair.there_is_at_end());
  moved.end_output();
  moved.close();
}

// --- under TLS ---

TEST_CASE("TLS carries bytes both ways", "[transport][tls]") {
  tls_pair pair;
  CHECK(pair.client.write("hello"));
  CHECK(read_some(pair.server) == "hello");
  CHECK(read_status(pair.server) == io_status::would_block);
  CHECK(write(pair.server, {"he", "llo", " there"}).size == 11);
  CHECK(pair.client.read() == "hello there");
}

TEST_CASE("TLS says when it holds more than it gave", "[transport][tls]") {
  tls_pair pair;
  CHECK(pair.client.write("0123456789"));
  CHECK_FALSE(pair.server.has_input());
  CHECK(read_some(pair.server, 4) == "0123");
  CHECK(pair.server.has_input());
  CHECK(read_some(pair.server, 100) == "456789");
  CHECK_FALSE(pair.server.has_input());
}

TEST_CASE("TLS writes one record at a time from the front of the parts", "[transport][tls]") {
  tls_pair pair;
  const std::string large(10'000, 'a');
  const io_outcome first = write(pair.server, {large, std::string(10'000, 'b')});
  CHECK(first.status == io_status::done);
  CHECK(first.size == record_size_max);
  CHECK(pair.client.read() == large + std::string(record_size_max - 10'000, 'b'));
}

TEST_CASE("TLS goes on from other memory after the socket was full", "[transport][tls]") {
  tls_pair pair;
  const byte_buffer counted = test::counted_bytes(3'000'000);
  const std::string all{as_text(counted)};
  std::size_t written = 0;
  std::string came;
  int times_full = 0;
  while (written < all.size()) {
    // Each attempt has memory of its own, as a queue that was moved, and may offer more than
    // before.
    const std::string rest = all.substr(written, 20'000);
    const io_outcome outcome = write(pair.server, {rest.substr(0, 7), rest.substr(7)});
    if (outcome.status == io_status::done) {
      written += outcome.size;
    } else {
      REQUIRE(outcome.status == io_status::would_block);
      ++times_full;
      came += pair.client.read();
    }
  }
  came += pair.client.read(all.size());
  CHECK(times_full > 0);
  CHECK(came == all);
}

TEST_CASE("TLS ends with a farewell, or with the socket", "[transport][tls]") {
  SECTION("the client says that nothing more comes") {
    tls_pair pair;
    pair.client.end();
    CHECK(read_status(pair.server) == io_status::ended);
  }
  SECTION("the client's socket just ends") {
    tls_pair pair;
    pair.sockets.there_ends_output();
    CHECK(read_status(pair.server) == io_status::ended);
  }
  SECTION("the server says so") {
    tls_pair pair;
    write(pair.server, {"last"});
    pair.server.end_output();
    CHECK(pair.client.read() == "last");
    CHECK(pair.client.server_has_ended());
  }
}

TEST_CASE("what is no TLS fails", "[transport][tls]") {
  test::temporary_directory files;
  const auto made = test::make_certificate(files, "server");
  const auto context = tls_context::load(made.certificate, made.key);
  REQUIRE(context.has_value());
  socket_pair pair;
  transport server{pair.take_here(), (*context)->make_session()};
  pair.there_writes("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(read_status(server) == io_status::failed);
}

TEST_CASE("a transport tells what the peer has acknowledged", "[transport]") {
  socket_pair sockets;
  transport server{sockets.take_here()};
  CHECK(server.sent(0).written == 0);
  REQUIRE(write(server, {"hello ", "there"}).status == io_status::done);
  CHECK(server.sent(11).written == 11);
  CHECK(server.sent(11).acknowledged < 11);  // this kind of socket acknowledges what is read
  CHECK(sockets.there_reads() == "hello there");
  CHECK(server.sent(11).acknowledged == 11);
  server.close();
  CHECK(server.sent(11).acknowledged == 11);
}

TEST_CASE("under TLS bytes on the wire count as sent", "[transport][tls]") {
  tls_pair pair;
  const std::uint64_t before = pair.server.sent(0).written;
  CHECK(before > 0);  // the handshake
  REQUIRE(write(pair.server, {"hello"}).status == io_status::done);
  CHECK(pair.server.sent(0).written > before + 5);
  CHECK(pair.server.sent(0).acknowledged <= pair.server.sent(0).written);
}

}  // namespace troupe::transport_test
