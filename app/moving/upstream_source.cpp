#include "app/moving/upstream_source.hpp"

#include <algorithm>
#include <chrono>

#include "app/moving/folder_source.hpp"
#include "base/printable.hpp"
#include "net/request_target.hpp"
#include "net/websocket_client.hpp"

namespace troupe::moving {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds answer_timeout{30};
/// Documents in a row that got no connection, after which the server counts as gone.
constexpr std::size_t failures_in_a_row_max = 5;

/// The lines of a file, without those that are empty.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

result<std::vector<std::string>> read_lines(const std::string& file) {
  const auto text = read_whole_file(file);
  if (!text) return fail(errc::storage_failed, in_single_quotes(file) + ": " + text.error().detail);
  return lines_of(*text);
}

class upstream_source final : public document_source {
 public:
  result<void> open(const upstream_request& from) {
    protocol_ = from.protocol;
    const auto url = parse_websocket_url(from.url);
    if (!url) return fail(errc::invalid_config, "the URL " + url.error().detail);
    url_ = *url;
    settings_.ca_file = from.ca_file;
    settings_.message_bytes_max = document_size_bytes_max;
    TROUPE_ASSIGN(names_, read_lines(from.names_file));
    if (from.token_file.empty()) return {};
    TROUPE_ASSIGN(const auto lines, read_lines(from.token_file));
    if (lines.size() != 1)
      return fail(errc::invalid_config, in_single_quotes(from.token_file) + ": no token");
    token_ = lines.front();
    return {};
  }

  result<bool> next(found_document& into) override {
    into.clear();
    into.notation = update_notation::v1;
    if (at_ == names_.size()) return false;
    if (failures_in_a_row_ == failures_in_a_row_max)
      return fail(errc::storage_failed, "the server does not answer any more: " + last_failure_);
    const std::string& asked_for = names_[at_++];
    // The document that a client with this name in the path of its URL gets.
    into.name = protocol_ == upstream_protocol::y_websocket ? decoded_name(asked_for) : asked_for;
    if (const auto asked = ask(asked_for, into); !asked) {
      into.updates.clear();
      into.problems.push_back(explain(asked.error()));
    }
    return true;
  }

 private:
  websocket_url url_for(const std::string& document) const {
    websocket_url to = url_;
    if (protocol_ == upstream_protocol::hocuspocus) return to;
    if (!to.path.ends_with('/')) to.path.append("/");
    to.path.append(path_encoded(document));
    if (token_.empty()) return to;
    if (!to.query.empty()) to.query.append("&");
    to.query.append("token=").append(percent_encoded(token_));
    return to;
  }

  result<void> ask(const std::string& name, found_document& into) {
    const auto server = websocket_client::connect(url_for(name), settings_);
    if (!server) {
      ++failures_in_a_row_;
      last_failure_ = explain(server.error());
      return tl::unexpected(server.error());
    }
    failures_in_a_row_ = 0;
    for (const byte_buffer& each : upstream_greeting(protocol_, name, token_))
      TROUPE_TRY((*server)->send(each));
    const auto deadline = steady_clock::now() + answer_timeout;
    std::size_t size = 0;
    while (steady_clock::now() < deadline) {
      TROUPE_ASSIGN(const byte_view frame, (*server)->receive());
      TROUPE_ASSIGN(const upstream_answer answer, read_upstream_frame(protocol_, frame));
      for (const byte_view update : answer.updates) {
        size += update.size();
        if (size > document_size_bytes_max)
          return fail(errc::update_too_large,
                      "it is larger than " + std::to_string(document_size_bytes_max) + " bytes");
        into.updates.emplace_back(as_text(update));
      }
      if (answer.is_whole) return {};
    }
    return fail(errc::request_failed, "the server sent no state within 30 s");
  }

  upstream_protocol protocol_ = upstream_protocol::y_websocket;
  websocket_url url_;
  websocket_client_settings settings_;
  std::string token_;
  std::vector<std::string> names_;
  std::size_t at_ = 0;
  std::size_t failures_in_a_row_ = 0;
  std::string last_failure_;
};

}  // namespace

result<std::unique_ptr<document_source>> open_upstream(const upstream_request& from) {
  auto source = std::make_unique<upstream_source>();
  TROUPE_TRY(source->open(from));
  return source;
}

}  // namespace troupe::moving
