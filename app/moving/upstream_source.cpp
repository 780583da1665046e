#include "app/moving/upstream_source.hpp"

#include <algorithm>
#include <chrono>

#include "actors/upstream_fetch.hpp"
#include "app/moving/folder_source.hpp"
#include "base/printable.hpp"
#include "net/request_target.hpp"

namespace troupe::moving {

namespace {

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
    const auto url = parse_websocket_url(from.url);
    if (!url) return fail(errc::invalid_config, "the URL " + url.error().detail);
    server_.url = *url;
    server_.ca_file = from.ca_file;
    server_.timeout = answer_timeout;
    server_.exchange.protocol = from.protocol;
    server_.exchange.about = upstream_exchange::doubt::empty_answer;
    server_.exchange.bytes_max = document_size_bytes_max;
    TROUPE_ASSIGN(names_, read_lines(from.names_file));
    if (from.token_file.empty()) return {};
    TROUPE_ASSIGN(const auto lines, read_lines(from.token_file));
    if (lines.size() != 1)
      return fail(errc::invalid_config, in_single_quotes(from.token_file) + ": no token");
    server_.token = secret{lines.front()};
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
    into.name = server_.exchange.protocol == upstream_protocol::y_websocket
                    ? decoded_name(asked_for)
                    : asked_for;
    ask(asked_for, into);
    return true;
  }

 private:
  void ask(const std::string& name, found_document& into) {
    upstream_state got;
    const auto fetched = fetch_state(server_, name, got);
    if (!fetched) into.problems.push_back(explain(fetched.error()));
    failures_in_a_row_ = got.is_reached ? 0 : failures_in_a_row_ + 1;
    if (!got.is_reached) last_failure_ = explain(fetched.error());
    for (const byte_buffer& update : got.updates) into.updates.emplace_back(as_text(update));
  }

  upstream_server server_;
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
