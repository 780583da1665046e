// A backend in C++ that joins a troupe node as a CAF peer: it reads a document, appends a line to
// one of its texts, and shows the text whenever somebody changes it, until the text holds what it
// waits for.
//
//   TROUPE_TOKEN=... troupe_backend --document plan --append "from C++" --until "from a browser"
//
// The node needs gateway.enabled; the token is the admin token, or that of a user
// (docs/caf-client.md).
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

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

/// Throws std::invalid_argument, with what is wrong.
options read_options(int argc, char** argv) {
  options read{
      {"--host", "127.0.0.1"}, {"--port", "3004"}, {"--document", "plan"}, {"--root", "text"},
      {"--append", ""},        {"--until", ""},    {"--seconds", "60"},    {"--certificate", ""},
      {"--key", ""},           {"--ca", ""}};
  for (int i = 1; i < argc; i += 2) {
    const auto known = read.find(argv[i]);
    if (known == read.end() || i + 1 == argc) {
      std::string usage = "options, each with a value:";
      for (const auto& [name, value] : read) usage.append(" ").append(name);
      throw std::invalid_argument{usage};
    }
    known->second = argv[i + 1];
  }
  return read;
}

/// Throws std::invalid_argument.
template <class Number>
Number number_of(const options& with, const std::string& name) {
  const std::string& text = with.at(name);
  Number number{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size())
    throw std::invalid_argument{name + " needs a number"};
  return number;
}

/// A JSON string.
std::string quoted(const std::string& text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20)
      json.append("\\u00").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    else
      json.append(c == '"' || c == '\\' ? "\\" : "").append(1, c);
  }
  return json.append("\"");
}

/// What the program has to do with one document, by a session that it has opened.
class backend {
 public:
  backend(caf::scoped_actor& self, session with, std::string document, std::string root)
      : self_(self),
        session_(std::move(with)),
        document_(std::move(document)),
        root_(std::move(root)) {
    self_->monitor(session_);
  }

  /// Observes first, and reads then: so it misses nothing in between.
  void begin() {
    ask<troupe::observing_document>(troupe::observe_document{document_});
    const auto all = ask<troupe::document_contents>(troupe::read_document{document_});
    std::cout << "contents: " << all.contents << std::endl;
  }

  void append(const std::string& text) {
    const std::string edits = R"([{"op": "appendText", "path": )" + quoted("/" + root_) +
                              R"(, "text": )" + quoted(text) + "}]";
    const auto edited =
        ask<troupe::edited_document>(troupe::edit_document{document_, edits, "backend"});
    std::cout << "stored as version " << edited.version << std::endl;
  }

  std::string text() {
    using troupe::document_form;
    return ask<troupe::document_contents>(
               troupe::read_document{document_, document_form::text, root_})
        .contents;
  }

  /// Hears of the next change, and lets the one behind it come. Throws if there is none in time.
  void await_change(caf::timespan time) {
    self_->receive(
        [&](const troupe::document_changed& change) {
          std::cout << "change " << change.number << ": " << change.updates.size() << " updates"
                    << (change.has_missed ? ", and more that were missed" : "") << std::endl;
          self_->send(session_, troupe::changes_noted{change.document, change.number});
        },
        [](const troupe::observation_ended& end) {
          throw std::runtime_error{end.document + ": " + end.why};
        },
        [](const caf::down_msg&) { throw std::runtime_error{"the session has ended"}; },
        caf::after(time) >>
            [] { throw std::runtime_error{"nobody has written what it waits for"}; });
  }

 private:
  template <class Answer, class Question>
  Answer ask(const Question& what) {
    Answer answer;
    caf::error problem;
    self_->request(session_, patience, what)
        .receive([&](const Answer& heard) { answer = heard; },
                 [&](const caf::error& why) { problem = why; });
    if (problem) throw std::runtime_error{caf::to_string(problem)};
    return answer;
  }

  caf::scoped_actor& self_;
  const session session_;
  const std::string document_;
  const std::string root_;
};

/// The session ends with `self`.
session join(caf::actor_system& system, caf::scoped_actor& self, const options& with) {
  const char* const token = std::getenv("TROUPE_TOKEN");
  troupe::client::target where;
  where.host = with.at("--host");
  where.port = number_of<std::uint16_t>(with, "--port");
  where.token = token == nullptr ? "" : token;
  const auto connected =
      troupe::client::connect(system, where, caf::actor_cast<caf::strong_actor_ptr>(self));
  if (!connected) throw std::runtime_error{caf::to_string(connected.error())};
  std::cout << "joined troupe " << connected->program << std::endl;
  return connected->session;
}

void run(const options& with) {
  troupe::client::config config{{with.at("--certificate"), with.at("--key"), with.at("--ca")}};
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::seconds{number_of<int>(with, "--seconds")};
  const std::string& wanted = with.at("--until");

  backend mine{self, join(system, self, with), with.at("--document"), with.at("--root")};
  mine.begin();
  if (!with.at("--append").empty()) mine.append(with.at("--append"));
  while (!wanted.empty()) {
    const std::string text = mine.text();
    std::cout << "text: " << text << std::endl;
    if (text.find(wanted) != std::string::npos) return;
    mine.await_change(std::max<caf::timespan>(end - std::chrono::steady_clock::now(), 0s));
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(read_options(argc, argv));
    return EXIT_SUCCESS;
  } catch (const std::exception& why) {
    std::cerr << "backend: " << why.what() << std::endl;
    return EXIT_FAILURE;
  }
}
