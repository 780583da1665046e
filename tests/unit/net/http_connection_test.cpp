// A socket that speaks HTTP, until it upgrades or ends: what is answered, in which order, and what
// is too much, too slow or no HTTP at all.
#include "net/http_connection.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/http_bed.hpp"
#include "tests/support/test_certificate.hpp"

namespace troupe::http_connection_test {

using namespace std::chrono_literals;
using test::http_bed;

namespace {

const std::string upgrade_head =
    "GET /notes?userId=ada HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\n";
const std::string key_line = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string upgrade = upgrade_head + key_line + "\r\n";

std::string get(const std::string& target, const std::string& headers = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n";
}

unsigned status_of(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 ") ? static_cast<unsigned>(std::stoul(answer.substr(9))) : 0;
}

std::string body_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

bool names(const std::string& answer, const std::string& header) {
  return answer.find("\r\n" + header + "\r\n") != std::string::npos;
}

}  // namespace

TEST_CASE("a request is answered, and the connection stays for the next", "[http]") {
  http_bed bed;
  bed.serve();
  for (const char* target : {"/healthz", "/other?x=1"}) {
    const std::string answer = bed.answer_to(get(target));
    CHECK(status_of(answer) == 200);
    CHECK(body_of(answer) == std::string{target} + "\n");
    CHECK(names(answer, "Cache-Control: no-store"));
    CHECK_FALSE(bed.has_ended());
  }
  CHECK(bed.handler->requests[0].method == "GET");
  CHECK(bed.handler->requests[0].remote_address == "10.0.0.1");
  bed.sockets.close_there();
  CHECK(bed.connections() == 0);
}

TEST_CASE("a connection ends behind the answer where its client wants that", "[http]") {
  for (const std::string& request :
       {get("/a", "Connection: close\r\n"), std::string{"GET /a HTTP/1.0\r\n\r\n"}}) {
    http_bed bed;
    CHECK(body_of(bed.serve().answer_to(request)) == "/a\n");
    CHECK(bed.has_ended());
    CHECK(bed.connections() == 1);  // until the client ends, too
    bed.sockets.there_ends_output();
    CHECK(bed.connections() == 0);
  }
}

TEST_CASE("requests that come together are answered one after the other", "[http]") {
  http_bed bed;
  bed.handler->answers_at_once = false;
  bed.serve();
  CHECK(bed.answer_to(get("/one") + get("/two") + get("/three")).empty());
  for (const char* target : {"/one\n", "/two\n", "/three\n"}) {
    REQUIRE(bed.handler->answers.size() == 1);
    bed.run([&] { bed.handler->answer_next(); });
    CHECK(body_of(bed.sockets.there_reads()) == target);
  }
  CHECK(bed.handler->requests.size() == 3);
}

TEST_CASE("a request may come byte by byte", "[http]") {
  http_bed bed;
  bed.serve();
  const std::string request = get("/slow");
  for (std::size_t i = 0; i + 1 < request.size(); ++i)
    CHECK(bed.answer_to(request.substr(i, 1)).empty());
  CHECK(body_of(bed.answer_to("\n")) == "/slow\n");
}

TEST_CASE("HEAD is answered with the length and without the body", "[http]") {
  http_bed bed;
  const std::string answer = bed.serve().answer_to("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(names(answer, "Content-Length: 3"));
  CHECK(body_of(answer).empty());
  CHECK(body_of(bed.answer_to(get("/b"))) == "/b\n");
}

TEST_CASE("an answer may have bytes of the binary behind its body, and fields of its own",
          "[http]") {
  static const std::string large(300'000, 'x');
  static constexpr http_field fields[] = {{"X-One", "1"}, {"Content-Encoding", "gzip"}};
  http_bed bed;
  bed.handler->dress = [](http_answer& answer) {
    answer.fixed_body = large;
    answer.fields = fields;
    answer.cache_control = "no-cache";
  };
  std::string answer = bed.serve().answer_to(get("/a"));
  // It is more than the socket holds.
  for (int i = 0; i < 1000 && body_of(answer).size() < large.size() + 3; ++i) {
    bed.thread.settle();
    answer += bed.sockets.there_reads();
  }
  CHECK(names(answer, "X-One: 1"));
  CHECK(names(answer, "Content-Encoding: gzip"));
  CHECK(names(answer, "Cache-Control: no-cache"));
  CHECK(names(answer, "Content-Length: 300003"));
  CHECK(body_of(answer) == "/a\n" + large);
  const std::string head = bed.answer_to("HEAD /b HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(names(head, "Content-Length: 300003"));
  CHECK(body_of(head).empty());
}

TEST_CASE("an answer that nothing has changed has no length, and the connection stays", "[http]") {
  http_bed bed;
  bed.handler->dress = [](http_answer& answer) {
    answer.status = 304;
    answer.body.clear();
    answer.etag = "\"a\"";
  };
  const std::string answer = bed.serve().answer_to(get("/a"));
  CHECK(status_of(answer) == 304);
  CHECK(names(answer, "ETag: \"a\""));
  CHECK(answer.find("Content-Length") == std::string::npos);
  bed.handler->dress = nullptr;
  CHECK(body_of(bed.answer_to(get("/b"))) == "/b\n");
}

TEST_CASE("a header above its limit is refused", "[http]") {
  connection_settings settings;
  settings.http_header_bytes_max = 100;
  http_bed fits{settings};
  CHECK(status_of(fits.serve().answer_to(get("/" + std::string(50, 'a')))) == 200);
  http_bed bed{settings};
  CHECK(status_of(bed.serve().answer_to(get("/" + std::string(100, 'a')))) == 431);
  CHECK(bed.has_ended());
  http_bed endless{settings};
  CHECK(status_of(endless.serve().answer_to("GET / HTTP/1.1\r\n" + std::string(200, 'a'))) == 431);
  CHECK(endless.has_ended());
}

TEST_CASE("a body is taken up to its limit, and not at all where there is none", "[http]") {
  const auto post = [](const std::string& body) {
    return "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  };
  http_bed none;
  const std::string refused = none.serve().answer_to(post("x"));
  CHECK(status_of(refused) == 413);
  CHECK(body_of(refused) == "Requests with a body are not accepted.\n");
  connection_settings settings;
  settings.http_body_bytes_max = 10;
  http_bed some{settings};
  CHECK(status_of(some.serve().answer_to(post("0123456789"))) == 200);
  CHECK(some.handler->requests.at(0).body == "0123456789");
  CHECK(status_of(some.answer_to(post("0123456789x"))) == 413);
  CHECK(some.has_ended());
}

TEST_CASE("a handler sees the header first, and may refuse the body", "[http]") {
  connection_settings settings;
  settings.http_body_bytes_max = 100;
  http_bed bed{settings};
  bed.handler->plan.refusal = http_answer{.status = 401, .body = "no\n", .allow = {}};
  bed.handler->plan.refusal->authenticate = "Bearer";
  const std::string head = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n";
  const std::string answer = bed.serve().answer_to(head);
  CHECK(status_of(answer) == 401);
  CHECK(names(answer, "WWW-Authenticate: Bearer"));
  CHECK(bed.has_ended());  // the body, which nobody reads, would be taken for a request
  CHECK(bed.handler->heads == std::vector<std::string>{"/a"});
  CHECK(bed.handler->requests.empty());
  http_bed without{settings};
  without.handler->plan = bed.handler->plan;
  CHECK(status_of(without.serve().answer_to(get("/b"))) == 401);
  CHECK_FALSE(without.has_ended());
  CHECK(status_of(without.answer_to(get("/c"))) == 401);
}

TEST_CASE("a handler may take a larger body, which counts as a large message", "[http]") {
  connection_settings settings;
  settings.http_body_bytes_max = 10;
  settings.large_messages = std::make_shared<budget>(1'000'000);
  http_bed bed{settings};
  bed.handler->answers_at_once = false;
  bed.handler->plan.bytes_max = 500'000;
  const auto head = [](std::size_t size) {
    return "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
  };
  bed.serve();
  CHECK(bed.answer_to(head(500'000) + std::string(250'000, 'a')).empty());
  CHECK(settings.large_messages->used() == 500'000);
  CHECK(bed.answer_to(std::string(250'000, 'b')).empty());
  REQUIRE(bed.handler->requests.size() == 1);
  CHECK(bed.handler->requests[0].body == std::string(250'000, 'a') + std::string(250'000, 'b'));
  bed.run([&] { bed.handler->answer_next(); });
  CHECK(status_of(bed.sockets.there_reads()) == 200);
  CHECK(settings.large_messages->used() == 0);
  CHECK(status_of(bed.answer_to(head(500'001))) == 413);
  http_bed chunked{settings};
  chunked.handler->plan.bytes_max = 500'000;
  CHECK(status_of(chunked.serve().answer_to(
            "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n" +
            std::string(11, 'a') + "\r\n0\r\n\r\n")) == 413);
}

TEST_CASE("a large body that finds no room is refused before it is read", "[http]") {
  connection_settings settings;
  settings.large_messages = std::make_shared<budget>(1000);
  http_bed bed{settings};
  bed.handler->plan.bytes_max = 5000;
  const std::string answer =
      bed.serve().answer_to("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n");
  CHECK(status_of(answer) == 503);
  CHECK(names(answer, "Retry-After: 1"));
  CHECK(bed.handler->requests.empty());
  CHECK(settings.large_messages->used() == 0);
  http_bed gone{settings};
  gone.handler->plan.bytes_max = 5000;
  gone.serve().answer_to("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nabc");
  CHECK(settings.large_messages->used() == 1000);
  gone.sockets.close_there();
  CHECK(gone.connections() == 0);
  CHECK(settings.large_messages->used() == 0);
}

TEST_CASE("what is no HTTP is refused with what is wrong", "[http]") {
  for (const char* bytes : {"hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
                            "GET / HTTP/1.1\r\nno colon\r\n\r\n", "\r\n\r\n\r\n",
                            "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"}) {
    CAPTURE(bytes);
    http_bed bed;
    const std::string answer = bed.serve().answer_to(bytes);
    CHECK(status_of(answer) == 400);
    CHECK(body_of(answer).starts_with("This is not an HTTP/1.1 request: "));
    CHECK(bed.has_ended());
    CHECK(bed.handler->requests.empty());
  }
}

TEST_CASE("more than may wait behind a request is refused", "[http]") {
  connection_settings settings;
  settings.http_header_bytes_max = 1000;
  http_bed bed{settings};
  bed.handler->answers_at_once = false;
  bed.serve();
  CHECK(bed.answer_to(get("/first")).empty());
  const std::string answer = bed.answer_to(std::string(40'000, 'x'));
  CHECK(status_of(answer) == 413);
  CHECK(bed.has_ended());
}

TEST_CASE("a request has so long to come, and so has the next", "[http]") {
  connection_settings settings;
  settings.http_deadline = 20ms;
  for (const std::string& begin : {std::string{}, std::string{"GET / HT"}, get("/whole")}) {
    CAPTURE(begin);
    http_bed bed{settings};
    bed.serve().answer_to(begin);
    CHECK(bed.ends_within(10s));
    CHECK(bed.connections() == 0);
  }
}

TEST_CASE("an answer that comes when its client has left goes nowhere", "[http]") {
  http_bed bed;
  bed.handler->answers_at_once = false;
  bed.serve().answer_to(get("/gone"));
  bed.sockets.close_there();
  CHECK(bed.connections() == 0);
  bed.run([&] { bed.handler->answer_next(); });
}

TEST_CASE("an upgrade leaves HTTP with its document, query and address", "[http]") {
  http_bed bed;
  bed.serve().answer_to(upgrade);
  REQUIRE(bed.acceptor->upgrades.size() == 1);
  CHECK(bed.acceptor->upgrades[0].target == "/notes?userId=ada");
  CHECK(bed.acceptor->upgrades[0].remote_address == "10.0.0.1");
  CHECK(bed.acceptor->on_own_unit);
  CHECK(bed.handler->requests.empty());
  CHECK(bed.connections() == 0);
}

TEST_CASE("an upgrade may follow plain requests on the same connection", "[http]") {
  http_bed bed;
  CHECK(status_of(bed.serve().answer_to(get("/healthz"))) == 200);
  bed.answer_to(upgrade);
  CHECK(bed.acceptor->upgrades.size() == 1);
}

TEST_CASE("an upgraded connection lives on the unit that is chosen for it", "[http]") {
  test::unit_thread other;
  http_bed bed;
  bed.acceptor->home = &other.unit;
  bed.serve().answer_to(upgrade);
  other.settle();
  CHECK(bed.acceptor->upgrades.size() == 1);
  CHECK(bed.acceptor->on_own_unit);
}

TEST_CASE("bytes behind an upgrade that is not answered yet are refused", "[http]") {
  http_bed bed;
  const std::string answer = bed.serve().answer_to(upgrade + "early");
  CHECK(status_of(answer) == 400);
  CHECK(body_of(answer) == "Data came before the upgrade was answered.\n");
  CHECK(bed.acceptor->upgrades.empty());
  CHECK(bed.has_ended());
}

TEST_CASE("an upgrade may have to wait for its answer", "[http]") {
  http_bed bed;
  bed.acceptor->wait = 30ms;
  const auto begin = std::chrono::steady_clock::now();
  CHECK(bed.serve().answer_to(upgrade).empty());
  CHECK(bed.ends_within(2000ms));  // what it was handed to has just ended
  CHECK(std::chrono::steady_clock::now() - begin >= 30ms);
  CHECK(bed.acceptor->upgrades.size() == 1);
}

TEST_CASE("an upgrade that is refused for the moment is told when to come again", "[http]") {
  for (const auto wait : {0ms, 10ms}) {
    CAPTURE(wait.count());
    http_bed bed;
    bed.acceptor->wait = wait;
    bed.acceptor->refusal = passing_refusal{"The server is full.\n", 7s};
    std::string answer = bed.serve().answer_to(upgrade);
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (answer.empty() && std::chrono::steady_clock::now() < end) {
      bed.thread.settle();
      answer = bed.sockets.there_reads();
    }
    CHECK(status_of(answer) == 503);
    CHECK(names(answer, "Retry-After: 7"));
    CHECK(names(answer, "Connection: close"));
    CHECK(body_of(answer) == "The server is full.\n");
    CHECK(bed.acceptor->upgrades.empty());
    CHECK(bed.acceptor->dropped == 1);
  }
}

TEST_CASE("a client that leaves while its upgrade waits is forgotten at once", "[http]") {
  http_bed bed;
  bed.acceptor->wait = 1h;
  CHECK(bed.serve().answer_to(upgrade).empty());
  CHECK(bed.connections() == 1);
  CHECK(bed.acceptor->dropped == 0);
  bed.sockets.close_there();
  CHECK(bed.connections() == 0);
  CHECK(bed.acceptor->dropped == 1);
  CHECK(bed.acceptor->upgrades.empty());
}

TEST_CASE("who speaks while its upgrade waits is refused", "[http]") {
  http_bed bed;
  bed.acceptor->wait = 10ms;
  std::string answer = bed.serve().answer_to(upgrade);
  answer += bed.answer_to("too early");
  const auto end = std::chrono::steady_clock::now() + 5s;
  while (answer.empty() && std::chrono::steady_clock::now() < end) {
    bed.thread.settle();
    answer = bed.sockets.there_reads();
  }
  CHECK(status_of(answer) == 400);
  CHECK(bed.acceptor->upgrades.empty());
}

TEST_CASE("an upgrade that waits ends with the listener", "[http]") {
  http_bed bed;
  bed.acceptor->wait = 1h;
  bed.serve().answer_to(upgrade);
  bed.run([&] { bed.thread.unit.terminate_not_upgraded(); });
  CHECK(bed.has_ended());
  CHECK(bed.acceptor->dropped == 1);
}

TEST_CASE("behind a proxy on this machine a client counts by its own address", "[http]") {
  const auto limits =
      std::make_shared<address_limits>(address_limit_settings{.connections_max = 1});
  const auto ask = [&](const char* address, const char* peer) {
    http_bed bed;
    bed.service->limits = limits;
    const std::string answer =
        bed.serve(admission::admitted, {}, peer)
            .answer_to(upgrade_head + key_line + "X-Forwarded-For: a, " + address + "\r\n\r\n");
    const std::string told =
        bed.acceptor->upgrades.empty() ? "nobody" : bed.acceptor->upgrades[0].remote_address;
    return told + (status_of(answer) == 429 ? ", 429 " : "") +
           (bed.acceptor->log.empty() ? "" : bed.acceptor->log[0]);
  };
  const auto place = limits->admit("203.0.113.5", {});
  CHECK(ask("203.0.113.5", "127.0.0.1") == "nobody, 429 too many");
  CHECK(ask("203.0.113.6", "127.0.0.1") == "203.0.113.6");
  CHECK(ask("203.0.113.6", "127.0.0.1") == "203.0.113.6");  // the place was given back
  CHECK(ask("203.0.113.5", "10.0.0.1") == "10.0.0.1");
  CHECK(ask("unknown", "127.0.0.1") == "127.0.0.1");
}

TEST_CASE("an upgrade that is wrong is refused with what is wrong", "[http]") {
  const std::string head =
      "GET /notes HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
  const auto refused = [](const std::string& request) {
    http_bed bed;
    const std::string answer = bed.serve().answer_to(request);
    CHECK(bed.acceptor->upgrades.empty());
    CHECK(bed.has_ended());
    return answer;
  };
  const std::string version = refused(head + "Sec-WebSocket-Version: 8\r\n" + key_line + "\r\n");
  CHECK(status_of(version) == 426);
  CHECK(names(version, "Sec-WebSocket-Version: 13"));
  CHECK(status_of(refused(head + key_line + "\r\n")) == 426);
  CHECK(body_of(refused(upgrade_head + "\r\n")) == "Sec-WebSocket-Key is missing.\n");
  CHECK(body_of(refused(upgrade_head + "Sec-WebSocket-Key: abc\r\n\r\n")) ==
        "Sec-WebSocket-Key is not 16 bytes in base64.\n");
  std::string bad_name = upgrade;
  bad_name.replace(bad_name.find("/notes"), 6, "/%zz");
  CHECK(status_of(refused(bad_name)) == 400);
}

TEST_CASE("a header that names something twice, or no host, is refused", "[http]") {
  http_bed bed;
  const std::string answer = bed.serve().answer_to("GET /a HTTP/1.1\r\n\r\n");
  CHECK(status_of(answer) == 400);
  CHECK(body_of(answer) == "The Host header is missing.\n");
  CHECK(bed.has_ended());
  const std::string origin = "Origin: http://localhost\r\n";
  for (const std::string& request : {get("/a", "Host: g\r\n"), get("/a", origin + origin),
                                     upgrade_head + key_line + key_line + "\r\n",
                                     upgrade_head + key_line + origin + origin + "\r\n",
                                     upgrade_head + key_line + "Host: g\r\n\r\n"}) {
    CAPTURE(request);
    http_bed twice;
    const std::string refused = twice.serve().answer_to(request);
    CHECK(status_of(refused) == 400);
    CHECK(body_of(refused).starts_with("There is more than one "));
    CHECK(twice.has_ended());
    CHECK(twice.handler->requests.empty());
    CHECK(twice.acceptor->upgrades.empty());
  }
}

TEST_CASE("an upgrade may be named on a second line of Connection", "[http]") {
  http_bed bed;
  bed.serve().answer_to(
      "GET /notes HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
      key_line + "\r\n");
  CHECK(bed.acceptor->upgrades.size() == 1);
  http_bed ending;
  ending.serve().answer_to(get("/a", "Connection: x\r\nConnection: close\r\n"));
  CHECK(ending.has_ended());
}

TEST_CASE("an upgrade tells the fields in which a token may come", "[http]") {
  http_bed bed;
  bed.serve().answer_to(upgrade_head + key_line +
                        "Authorization: Bearer a.b.c\r\nSec-WebSocket-Protocol: troupe, x\r\n"
                        "Sec-WebSocket-Protocol: troupe.token.d.e.f\r\nCookie: a=1; b=2\r\n"
                        "Cookie: c=3\r\nOrigin: http://localhost\r\n\r\n");
  REQUIRE(bed.acceptor->upgrades.size() == 1);
  const upgrade_request& request = bed.acceptor->upgrades[0];
  CHECK(request.authorization == "Bearer a.b.c");
  CHECK(request.subprotocols == "troupe, x,troupe.token.d.e.f");
  CHECK(request.cookies == "a=1; b=2;c=3");
  CHECK(request.origin == "http://localhost");
}

TEST_CASE("an upgrade without such fields leaves them empty", "[http]") {
  http_bed bed;
  bed.serve().answer_to(upgrade);
  REQUIRE(bed.acceptor->upgrades.size() == 1);
  const upgrade_request& request = bed.acceptor->upgrades[0];
  CHECK((request.authorization + request.subprotocols + request.cookies + request.origin).empty());
}

TEST_CASE("an offer of subprotocols that is no list of tokens is refused", "[http]") {
  http_bed bed;
  const std::string answer =
      bed.serve().answer_to(upgrade_head + key_line + "Sec-WebSocket-Protocol: a b\r\n\r\n");
  CHECK(status_of(answer) == 400);
  CHECK(bed.acceptor->upgrades.empty());
}

TEST_CASE("a handler is told for whom a request is, and from where", "[http]") {
  http_bed bed;
  bed.serve().answer_to(get("/a", "Sec-Fetch-Site: none\r\nContent-Type: text/plain\r\n"));
  REQUIRE(bed.handler->requests.size() == 1);
  CHECK(bed.handler->requests[0].host == "h");
  CHECK(bed.handler->requests[0].fetch_site == "none");
  CHECK(bed.handler->requests[0].content_type == "text/plain");
  bed.answer_to(get("http://other:80/a"));
  CHECK(bed.handler->requests.at(1).host == "other:80");
}

TEST_CASE("a large answer is written as its client takes it", "[http]") {
  http_bed bed;
  bed.handler->body = std::string(3'000'000, 'b');
  bed.serve().sockets.there_writes(get("/large"));
  bed.thread.settle();
  CHECK(bed.sockets.there_waiting() < bed.handler->body.size());
  std::string got = bed.sockets.there_reads();
  for (int reads = 0; reads < 1000 && body_of(got).size() < bed.handler->body.size(); ++reads) {
    got += bed.sockets.there_reads();
    bed.thread.settle();
  }
  CHECK(body_of(got) == bed.handler->body);
  bed.handler->body.clear();
  CHECK(body_of(bed.answer_to(get("/next"))) == "/next\n");
}

TEST_CASE("pages of other origins may neither connect nor ask", "[http]") {
  const std::string origin = "Origin: https://evil.example\r\n";
  http_bed connecting;
  CHECK(status_of(connecting.serve().answer_to(upgrade_head + key_line + origin + "\r\n")) == 403);
  CHECK(connecting.acceptor->log ==
        std::vector<std::string>{"origin https://evil.example from 10.0.0.1"});
  CHECK(connecting.acceptor->upgrades.empty());
  http_bed asking;
  CHECK(status_of(asking.serve().answer_to(get("/healthz", origin))) == 403);
  CHECK(asking.handler->requests.empty());
}

TEST_CASE("where nobody takes WebSockets an upgrade is a plain request", "[http]") {
  http_bed bed;
  bed.service->acceptor = nullptr;
  CHECK(body_of(bed.serve().answer_to(upgrade)) == "/notes?userId=ada\n");
}

TEST_CASE("who was not admitted is told when it asks", "[http]") {
  for (const admission why : {admission::too_many, admission::too_fast})
    for (const std::string& request : {upgrade, get("/healthz")}) {
      http_bed bed;
      CHECK(status_of(bed.serve(why).answer_to(request)) == 429);
      CHECK(bed.has_ended());
      CHECK(bed.acceptor->upgrades.empty());
      CHECK(bed.handler->requests.empty());
      CHECK(bed.acceptor->log ==
            std::vector<std::string>{why == admission::too_many ? "too many" : "too fast"});
    }
}

TEST_CASE("a listener that has stopped serves no new sockets", "[http]") {
  http_bed bed;
  bed.service->stopped = true;
  bed.serve();
  CHECK(bed.has_ended());
  CHECK(bed.connections() == 0);
}

TEST_CASE("a client that speaks TLS to a plain port is told at once", "[http]") {
  http_bed bed;
  // A record that begins a handshake, with the first bytes of a greeting of 508.
  const std::string answer = bed.serve().answer_to({"\x16\x03\x01\x02\x00\x01\x00\x01\xFC", 9});
  CHECK(status_of(answer) == 400);
  CHECK(body_of(answer) == "This port speaks no TLS: use http:// or ws://.\n");
  CHECK(bed.has_ended());
  CHECK(bed.acceptor->log == std::vector<std::string>{"tls from 10.0.0.1"});
}

TEST_CASE("a client that speaks plain HTTP to a TLS port is told in plain HTTP", "[http]") {
  const test::temporary_directory files;
  const auto made = test::make_certificate(files, "localhost");
  const auto context = tls_context::load(made.certificate, made.key);
  REQUIRE(context);
  for (const std::string& request : {get("/healthz"), upgrade}) {
    http_bed bed;
    const std::string answer =
        bed.serve(admission::admitted, (*context)->make_session()).answer_to(request);
    CHECK(status_of(answer) == 400);
    CHECK(body_of(answer) == "This port speaks TLS: use https:// or wss://.\n");
    CHECK(bed.has_ended());
    CHECK(bed.acceptor->log == std::vector<std::string>{"plain from 10.0.0.1"});
    bed.sockets.close_there();
    CHECK(bed.connections() == 0);
  }
}

TEST_CASE("what is neither TLS nor HTTP just ends on a TLS port", "[http]") {
  const test::temporary_directory files;
  const auto made = test::make_certificate(files, "localhost");
  const auto context = tls_context::load(made.certificate, made.key);
  REQUIRE(context);
  http_bed bed;
  bed.serve(admission::admitted, (*context)->make_session()).answer_to("\x01\x02\x03\x04\x05\x06");
  CHECK(bed.has_ended());
  CHECK(bed.connections() == 0);
  CHECK(bed.acceptor->log.empty());
}

}  // namespace troupe::http_connection_test
