// A backend in C++ that joins a troupe node as a CAF peer: it reads a document, appends a line to
// one of its texts, and shows the text whenever somebody else changes it, until the text holds what
// it waits for.
//
//   TROUPE_TOKEN=... troupe_backend --document plan --append "from C++" --until "from a browser"
//
// The node needs gateway.enabled; the token is the admin token, or that of a user
// (docs/caf-client.md).
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>

#include <caf/actor_system.hpp>
#include <caf/all.hpp>
#include <caf/scoped_actor.hpp>

#include <troupe/client.hpp>

namespace {

using namespace std::chrono_literals;
using troupe::client::session;

constexpr auto patience = 10s;

/// The options of the command line: --NAME VALUE.
using options = std::map<std::string, std::string>;

options read_options(int argc, char** argv) {
  options read{
      {"--host", "127.0.0.1"}, {"--port", "3004"}, {"--document", "plan"}, {"--root", "text"},
      {"--append", ""},        {"--until", ""},    {"--seconds", "60"},    {"--certificate", ""},
      {"--key", ""},           {"--ca", ""}};
  for (int i = 1; i + 1 < argc; i += 2) read[argv[i]] = argv[i + 1];
  return read;
}

/// A JSON string with a text, which has neither quotes nor control characters here.
std::string quoted(const std::string& text) { return "\"" + text + "\""; }

/// Asks the session and waits; an answer of its default where that fails, which is shown.
template <class Answer, class Question>
Answer ask(caf::scoped_actor& self, const session& of, const Question& what, bool& failed) {
  Answer answer;
  self->request(of, patience, what)
      .receive([&](const Answer& heard) { answer = heard; },
               [&](const caf::error& why) {
                 std::cerr << "backend: " << caf::to_string(why) << std::endl;
                 failed = true;
               });
  return answer;
}

/// Hears of the next change and lets the one behind it come; returns whether there was one.
bool next_change(caf::scoped_actor& self, const session& of, caf::timespan patience_left) {
  bool has_changed = false;
  self->receive(
      [&](const troupe::document_changed& change) {
        has_changed = true;
        std::cout << "change " << change.number << ": " << change.updates.size() << " updates"
                  << (change.has_missed ? ", and more that were missed" : "") << std::endl;
        self->send(of, troupe::changes_noted{change.document, change.number});
      },
      [&](const troupe::observation_ended& end) {
        std::cerr << "backend: " << end.document << ": " << end.why << std::endl;
      },
      [&](const caf::down_msg&) { std::cerr << "backend: the session has ended" << std::endl; },
      caf::after(patience_left) >> [] {});
  return has_changed;
}

int run(const options& with) {
  troupe::client::config config{{with.at("--certificate"), with.at("--key"), with.at("--ca")}};
  caf::actor_system system{config};
  caf::scoped_actor self{system};

  const char* const token = std::getenv("TROUPE_TOKEN");
  troupe::client::target where;
  where.host = with.at("--host");
  where.port = static_cast<std::uint16_t>(std::stoul(with.at("--port")));
  where.token = token == nullptr ? "" : token;
  // The session ends with the actor that it is for.
  const auto connected =
      troupe::client::connect(system, where, caf::actor_cast<caf::strong_actor_ptr>(self));
  if (!connected) {
    std::cerr << "backend: " << caf::to_string(connected.error()) << std::endl;
    return EXIT_FAILURE;
  }
  const session of = connected->session;
  self->monitor(of);
  const std::string& document = with.at("--document");
  std::cout << "joined troupe " << connected->program << std::endl;

  // Observe first, then read: so nothing is missed in between.
  bool failed = false;
  ask<troupe::observing_document>(self, of, troupe::observe_document{document}, failed);
  const auto before =
      ask<troupe::document_contents>(self, of, troupe::read_document{document}, failed);
  std::cout << "contents: " << before.contents << std::endl;

  if (!with.at("--append").empty()) {
    const std::string edits =
        "[{\"op\": \"appendText\", \"path\": " + quoted("/" + with.at("--root")) +
        ", \"text\": " + quoted(with.at("--append")) + "}]";
    const auto edited = ask<troupe::edited_document>(
        self, of, troupe::edit_document{document, edits, "backend"}, failed);
    if (!failed) std::cout << "stored as version " << edited.version << std::endl;
  }

  const auto end =
      std::chrono::steady_clock::now() + std::chrono::seconds{std::stol(with.at("--seconds"))};
  const std::string& wanted = with.at("--until");
  while (!failed && !wanted.empty()) {
    const auto text = ask<troupe::document_contents>(
        self, of, troupe::read_document{document, troupe::contents_form::text, with.at("--root")},
        failed);
    std::cout << "text: " << text.contents << std::endl;
    if (text.contents.find(wanted) != std::string::npos) return EXIT_SUCCESS;
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= 0s || !next_change(self, of, left)) {
      std::cerr << "backend: nobody has written what it waits for" << std::endl;
      return EXIT_FAILURE;
    }
  }
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) { return run(read_options(argc, argv)); }
