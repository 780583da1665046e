// The files of the pages for people, the dashboard and the demo, as they stand in the binary: the
// build embeds what web/pages/dist has (web/pages/embed.cmake). A page is found in a table by its
// whole path; nothing here opens a file, so there is no path to get wrong. Pure, any thread.
#pragma once

#include <span>
#include <string_view>

#include "net/http_message.hpp"

namespace troupe {

/// All of it has static storage.
struct page_file {
  std::string_view path;  ///< Of its URL: "/demo", "/demo/main-Bx3k.js".
  std::string_view content_type;
  std::string_view etag;     ///< Of the contents, with its quotes.
  std::string_view bytes;    ///< As they are sent.
  bool is_packed;            ///< They are packed by gzip.
  bool is_named_by_content;  ///< Under this name there is never anything else.
};

/// The dashboard of the admin listener: "/" and what it loads below "/dashboard/".
std::span<const page_file> dashboard_files();

/// The demo of the public listener: "/demo" and what it loads below "/demo/".
std::span<const page_file> demo_files();

/// The file that stands under exactly the path of this target, as it was sent; null if none does.
const page_file* find_page_file(std::span<const page_file> files, std::string_view target) noexcept;

/// The answer to a GET or HEAD of the file: 200; 304 to whoever has it; 406 if it is packed and the
/// request takes nothing that is. With the header fields that keep the page to itself
/// (docs/security.md).
http_answer answer_page_file(const page_file& file, const http_request& request);

}  // namespace troupe
