#include "app/inspect/command.hpp"

#include <algorithm>
#include <iterator>
#include <ostream>
#include <string_view>

#include "app/inspect/json.hpp"
#include "app/inspect/tables.hpp"
#include "base/document_name.hpp"
#include "base/printable.hpp"
#include "protocol/cluster/node_address.hpp"

namespace troupe {

namespace {

/// The rows of an overview; more do not fit on a terminal.
constexpr std::size_t overview_rows = 10;

int say_why(const inspect_streams& streams, int code, std::string_view why) {
  streams.err << "troupe: " << printable(why) << '\n';
  return code;
}

template <std::size_t Count>
std::uint8_t number_of(const std::string& name, const char* const (&names)[Count]) {
  const auto at = std::ranges::find(names, std::string_view{name});
  return at == std::end(names) ? 0 : static_cast<std::uint8_t>(at - std::begin(names));
}

inspect_documents documents_question(const inspect_request& request, std::size_t limit) {
  return {{}, number_of(request.document_order, document_orders), limit};
}

inspect_sessions sessions_question(const inspect_request& request, std::size_t limit) {
  return {{}, number_of(request.session_order, session_orders), limit};
}

/// An answer as text: `table` or `json` of it.
template <class Answer>
result<std::string> shown_answer(const inspect_request& request, result<Answer> answer,
                                 std::string (*table)(const Answer&),
                                 std::string (*json)(const Answer&)) {
  if (!answer) return tl::unexpected(std::move(answer).error());
  return request.as_json ? json(*answer) : table(*answer);
}

result<std::string> show_overview(const inspect_request& request, asked_inspector& node) {
  const std::size_t rows = std::min(request.limit, overview_rows);
  inspection::overview all;
  TROUPE_ASSIGN(all.node, node.ask(inspect_node{}));
  TROUPE_ASSIGN(all.sessions, node.ask(sessions_question(request, rows)));
  TROUPE_ASSIGN(all.documents, node.ask(documents_question(request, rows)));
  TROUPE_ASSIGN(all.actors, node.ask(inspect_actors{}));
  return request.as_json ? inspection::overview_json(all) : inspection::overview_text(all);
}

result<std::string> ask(const inspect_request& request, asked_inspector& node) {
  using namespace inspection;
  switch (request.action) {
    case inspect_action::nodes:
      return shown_answer(request, node.ask(inspect_node{}), node_text, node_json);
    case inspect_action::actors:
      return shown_answer(request, node.ask(inspect_actors{}), actors_text, actors_json);
    case inspect_action::documents:
      return shown_answer(request, node.ask(documents_question(request, request.limit)),
                          documents_text, documents_json);
    case inspect_action::document:
      return shown_answer(request, node.ask(inspect_document{{}, request.document}), document_text,
                          document_json);
    case inspect_action::sessions:
      return shown_answer(request, node.ask(sessions_question(request, request.limit)),
                          sessions_text, sessions_json);
    case inspect_action::watch: return show_overview(request, node);
  }
  return fail(errc::invalid_config, "there is no such question");
}

int watch_again(const inspect_request& request, asked_inspector& node, const show_again& show,
                const inspect_streams& streams) {
  for (std::size_t times = 1;; ++times) {
    const auto text = ask(request, node);
    if (!text) return say_why(streams, inspect_failed, text.error().detail);
    const bool is_last = times == request.count;
    const bool goes_on = show(*text, is_last ? std::chrono::milliseconds{0} : request.interval);
    if (is_last || !goes_on) return inspect_done;
  }
}

}  // namespace

result<inspect_target> target_of(const inspect_request& request, const config* settings) {
  const config defaults;
  const config& node = settings == nullptr ? defaults : *settings;
  inspect_target target{node.inspect.address, node.inspect.port, {}};
  if (node.cluster.enabled) target.tls = node.cluster_tls;
  if (target.host == "0.0.0.0") target.host = "127.0.0.1";
  if (target.host == "::") target.host = "::1";
  if (request.at.empty()) {
    if (target.port == 0)
      return fail(errc::invalid_config,
                  "inspect.port is 0, so the node has any port: name it with --at HOST:PORT");
    return target;
  }
  const auto at = cluster::parse_node_address(request.at);
  if (!at) return fail(errc::invalid_config, "--at " + at.error().detail);
  target.host = at->host;
  target.port = at->port;
  return target;
}

int run_inspect_command(const inspect_request& request, const inspect_target& target,
                        const connect_inspector& connect, const show_again& show,
                        const inspect_streams& streams) {
  if (request.action == inspect_action::document)
    if (const auto good = check_document_name(request.document); !good)
      return say_why(streams, inspect_misused, "the name of the document: " + good.error().detail);
  const auto node = connect(target);
  if (!node) return say_why(streams, inspect_failed, node.error().detail);
  if (request.action == inspect_action::watch) return watch_again(request, **node, show, streams);
  const auto text = ask(request, **node);
  if (!text) return say_why(streams, inspect_failed, text.error().detail);
  streams.out << *text;
  return inspect_done;
}

}  // namespace troupe
