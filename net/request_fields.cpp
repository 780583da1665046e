#include "net/request_fields.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/verb.hpp>

#include "base/trim.hpp"
#include "net/address_limits.hpp"
#include "net/request_target.hpp"

namespace troupe {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

bool has_token(const request_head& request, http::field name, std::string_view token) noexcept {
  const auto [begin, end] = request.equal_range(name);
  for (auto line = begin; line != end; ++line)
    if (http::token_list{line->value()}.exists({token.data(), token.size()})) return true;
  return false;
}

/// Some proxies tell the port as well: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
std::string_view without_port(std::string_view address) noexcept {
  if (address.starts_with('[')) return address.substr(1, address.find(']') - 1);
  const std::size_t colon = address.find(':');
  const bool is_only = colon != std::string_view::npos && colon == address.rfind(':');
  return is_only ? address.substr(0, colon) : address;
}

}  // namespace

std::string_view mistake_in(const request_head& request) noexcept {
  if (request.version() >= 11 && request.count(http::field::host) == 0)
    return "The Host header is missing.\n";
  struct once {
    http::field name;
    std::string_view mistake;
  };
  constexpr once single[] = {
      {http::field::host, "There is more than one Host header.\n"},
      {http::field::origin, "There is more than one Origin header.\n"},
      {http::field::authorization, "There is more than one Authorization header.\n"},
      {http::field::sec_websocket_key, "There is more than one Sec-WebSocket-Key header.\n"},
      {http::field::sec_websocket_version,
       "There is more than one Sec-WebSocket-Version header.\n"},
  };
  for (const once& each : single)
    if (request.count(each.name) > 1) return each.mistake;
  return {};
}

bool asks_for_websocket(const request_head& request) noexcept {
  return request.version() >= 11 && request.method() == http::verb::get &&
         has_token(request, http::field::connection, "upgrade") &&
         has_token(request, http::field::upgrade, "websocket");
}

bool has_body(const request_head& request) noexcept {
  return request.count(http::field::transfer_encoding) > 0 ||
         request.count(http::field::content_length) > 0;
}

std::string values_of(const request_head& request, http::field name, std::string_view separator) {
  std::string values;
  const auto [begin, end] = request.equal_range(name);
  for (auto line = begin; line != end; ++line)
    values.append(values.empty() ? "" : separator).append(view_of(line->value()));
  return values;
}

std::string condition_in(const request_head& request, http::field name) {
  std::string all = values_of(request, name);
  if (all.empty() && request.find(name) != request.end()) all = ",";
  return all;
}

std::string_view value_of(const request_head& request, http::field name) noexcept {
  return view_of(request[name]);
}

std::string_view value_of(const request_head& request, std::string_view name) noexcept {
  return view_of(request[beast::string_view{name.data(), name.size()}]);
}

std::string client_address(const request_head& request, const std::string& peer) {
  if (!is_loopback_address(peer)) return peer;
  std::string_view last;
  const auto [begin, end] = request.equal_range("X-Forwarded-For");
  for (auto line = begin; line != end; ++line) last = view_of(line->value());
  last = without_port(trimmed(last.substr(last.rfind(',') + 1)));
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(last, failed);
  return failed ? peer : address.to_string();
}

std::string_view host_of(const request_head& request) noexcept {
  const std::string_view absolute = host_of_target(view_of(request.target()));
  return absolute.empty() ? value_of(request, http::field::host) : absolute;
}

}  // namespace troupe
