// The files of the pages that are in the binary, and how they are answered.
#include "net/page_files.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

#include <catch2/catch_test_macros.hpp>

namespace troupe::page_files_test {

namespace {

constexpr std::size_t all_bytes_max = 1'000'000;

http_request get(std::string accept_encoding = {}, std::string if_none_match = {}) {
  http_request asked{"GET", "/", {}, "127.0.0.1"};
  asked.accept_encoding = std::move(accept_encoding);
  asked.if_none_match = std::move(if_none_match);
  return asked;
}

std::string_view field(const http_answer& answer, std::string_view name) {
  const auto found = std::ranges::find(answer.fields, name, &http_field::name);
  return found == answer.fields.end() ? std::string_view{} : found->value;
}

constexpr page_file plain{"/p", "text/html; charset=utf-8", "\"ab\"", "<p>", false, false};
constexpr page_file packed{"/p/s.js", "text/javascript; charset=utf-8", "\"cd\"", "\x1f\x8b", true,
                           true};

}  // namespace

TEST_CASE("both pages are in the binary, with all that they load", "[pages]") {
  for (const auto& [files, page, folder] : {std::tuple{dashboard_files(), "/", "/dashboard/"},
                                            std::tuple{demo_files(), "/demo", "/demo/"}}) {
    REQUIRE(files.size() >= 3);
    const page_file* const html = find_page_file(files, page);
    REQUIRE(html != nullptr);
    CHECK(html->content_type == "text/html; charset=utf-8");
    CHECK_FALSE(html->is_packed);
    std::set<std::string_view> paths;
    std::size_t bytes = 0;
    for (const page_file& each : files) {
      INFO(each.path);
      bytes += each.bytes.size();
      CHECK(paths.insert(each.path).second);
      CHECK(each.etag.size() == 34);
      CHECK_FALSE(each.bytes.empty());
      if (&each == html) continue;
      CHECK(each.path.starts_with(folder));
      CHECK(each.is_packed);
      CHECK(each.bytes.starts_with("\x1f\x8b"));
      // Relative, so that a proxy may show the page elsewhere.
      const std::string loaded = std::string{"\"."}.append(each.path).append("\"");
      CHECK(html->bytes.find(loaded) != std::string_view::npos);
    }
    CHECK(bytes < all_bytes_max);
  }
}

TEST_CASE("the pages hold no script, style or address of their own", "[pages]") {
  for (const page_file* html :
       {find_page_file(dashboard_files(), "/"), find_page_file(demo_files(), "/demo")}) {
    REQUIRE(html != nullptr);
    for (const char* not_allowed : {"<style", "style=", "onclick", "javascript:", "http://",
                                    "https://", "<script>", "<iframe"}) {
      INFO(not_allowed);
      CHECK(html->bytes.find(not_allowed) == std::string_view::npos);
    }
  }
}

TEST_CASE("a file stands under its whole path and no other", "[pages]") {
  const std::string script{demo_files().back().path};
  CHECK(find_page_file(demo_files(), script) == &demo_files().back());
  CHECK(find_page_file(demo_files(), script + "?x=1") == &demo_files().back());
  CHECK(find_page_file(demo_files(), "http://host:1/demo") ==
        find_page_file(demo_files(), "/demo"));
  for (const std::string& other :
       {std::string{"/"}, std::string{"/demo/"}, std::string{"/demo/../demo"},
        std::string{"//demo"}, std::string{"/Demo"}, std::string{"/demo%00"},
        std::string{"/demo/%2e%2e/demo"}, std::string{"/etc/passwd"}, std::string{"/demo/."},
        std::string{}, script.substr(1), script + "/"}) {
    INFO(other);
    CHECK(find_page_file(demo_files(), other) == nullptr);
  }
}

TEST_CASE("a page is asked for again, and what it loads is kept for ever", "[pages]") {
  const http_answer page = answer_page_file(plain, get());
  CHECK(page.status == 200);
  CHECK(page.fixed_body == "<p>");
  CHECK(page.etag == "\"ab\"");
  CHECK(page.cache_control == "no-cache");
  CHECK(field(page, "Content-Encoding").empty());
  const http_answer script = answer_page_file(packed, get("gzip, deflate, br"));
  CHECK(script.fixed_body == packed.bytes);
  CHECK(script.cache_control.find("immutable") != std::string_view::npos);
  CHECK(field(script, "Content-Encoding") == "gzip");
}

TEST_CASE("a browser may do with the pages what they need and nothing else", "[pages]") {
  for (const page_file* file : {&plain, &packed}) {
    const http_answer answer = answer_page_file(*file, get());
    const std::string_view policy = field(answer, "Content-Security-Policy");
    CHECK(policy.starts_with("default-src 'none';"));
    CHECK(policy.find("frame-ancestors 'none'") != std::string_view::npos);
    CHECK(policy.find("unsafe") == std::string_view::npos);
    CHECK(policy.find("http") == std::string_view::npos);
    CHECK(policy.find('*') == std::string_view::npos);
    CHECK(field(answer, "X-Content-Type-Options") == "nosniff");
    CHECK(field(answer, "Referrer-Policy") == "no-referrer");
  }
}

TEST_CASE("who has a file hears that it has not changed", "[pages]") {
  for (const char* same : {"\"ab\"", "W/\"ab\"", "\"x\", \"ab\"", "*"}) {
    const http_answer answer = answer_page_file(plain, get({}, same));
    INFO(same);
    CHECK(answer.status == 304);
    CHECK(answer.fixed_body.empty());
    CHECK(answer.etag == "\"ab\"");
  }
  for (const char* other : {"\"x\"", "ab", "\"abc\""})
    CHECK(answer_page_file(plain, get({}, other)).status == 200);
}

TEST_CASE("who takes nothing that is packed is told so", "[pages]") {
  for (const char* takes : {"", "gzip", "GZIP;q=0.5", "br, *", "deflate, gzip;q=1.0"})
    CHECK(answer_page_file(packed, get(takes)).status == 200);
  for (const char* refuses : {"identity", "br", "gzip;q=0", "gzip;q=0.000", "deflate, br"}) {
    INFO(refuses);
    CHECK(answer_page_file(packed, get(refuses)).status == 406);
    CHECK(answer_page_file(plain, get(refuses)).status == 200);
  }
}

}  // namespace troupe::page_files_test
