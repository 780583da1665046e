#include "net/page_files.hpp"

#include <algorithm>
#include <array>

#include "base/trim.hpp"
#include "net/host_name.hpp"
#include "net/request_target.hpp"

namespace troupe {

namespace {

/// What such a page may do in a browser: load and ask what it came from, and nothing else. No
/// script or style stands in the page itself, and no other page may frame it.
constexpr std::array page_fields{
    http_field{"Content-Security-Policy",
               "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
               "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    http_field{"X-Content-Type-Options", "nosniff"},
    http_field{"Referrer-Policy", "no-referrer"},
    http_field{"Cross-Origin-Opener-Policy", "same-origin"},
    http_field{"Cross-Origin-Resource-Policy", "same-origin"},
};

constexpr std::array packed_page_fields{page_fields[0], page_fields[1],
                                        page_fields[2], page_fields[3],
                                        page_fields[4], http_field{"Content-Encoding", "gzip"}};

/// Calls `see` with each element of a list with commas.
template <class See>
bool any_of_list(std::string_view list, See see) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (see(trimmed(list.substr(0, comma)))) return true;
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
  return false;
}

/// "gzip;q=0" refuses it; whoever says nothing takes anything. Source: RFC 9110, 12.5.3.
bool takes_gzip(std::string_view accept_encoding) {
  if (accept_encoding.empty()) return true;
  return any_of_list(accept_encoding, [](std::string_view each) {
    const auto weight = each.find(';');
    const std::string_view coding = trimmed(each.substr(0, weight));
    if (!is_same_host(coding, "gzip") && coding != "*") return false;
    if (weight == std::string_view::npos) return true;
    const std::string_view q = trimmed(each.substr(weight + 1));
    return !q.starts_with("q=") || q.find_first_not_of("0.", 2) != std::string_view::npos;
  });
}

/// Whether the client has this already. Source: RFC 9110, 13.1.2.
bool has_already(const page_file& file, std::string_view if_none_match) {
  return any_of_list(if_none_match, [&](std::string_view each) {
    if (each.starts_with("W/")) each.remove_prefix(2);
    return each == "*" || each == file.etag;
  });
}

}  // namespace

const page_file* find_page_file(std::span<const page_file> files,
                                std::string_view target) noexcept {
  const auto found = std::ranges::find(files, path_of_target(target), &page_file::path);
  return found == files.end() ? nullptr : &*found;
}

http_answer answer_page_file(const page_file& file, const http_request& request) {
  http_answer answer;
  answer.content_type = file.content_type;
  if (file.is_packed && !takes_gzip(request.accept_encoding)) {
    answer.status = 406;
    answer.content_type = "text/plain; charset=utf-8";
    answer.body = "This file is sent packed by gzip only.\n";
    return answer;
  }
  answer.etag = file.etag;
  answer.cache_control =
      file.is_named_by_content ? "public, max-age=31536000, immutable" : "no-cache";
  answer.fields = file.is_packed ? std::span<const http_field>{packed_page_fields}
                                 : std::span<const http_field>{page_fields};
  if (has_already(file, request.if_none_match))
    answer.status = 304;
  else
    answer.fixed_body = file.bytes;
  return answer;
}

}  // namespace troupe
