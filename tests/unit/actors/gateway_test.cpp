// The gateway and its sessions among the actors of a node: what programs read, edit and observe,
// and with which rights.
#include "actors/gateway.hpp"

#include <thread>

#include <caf/actor_cast.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/actor_node.hpp"

namespace troupe::gateway_test {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds patience{20};
const std::string admin_token = "the-token-of-the-tests";

/// A node whose users have tokens that it has issued itself.
std::shared_ptr<access_control> access_with_tokens() {
  auto policy = std::make_shared<access::access_policy>();
  policy->how = access::mode::token;
  access_settings settings;
  settings.policy = policy;
  settings.client_tokens = std::make_shared<const access::client_tokens>(secret{admin_token});
  return std::make_shared<access_control>(std::move(settings));
}

class gateway_bed {
 public:
  explicit gateway_bed(std::size_t sessions_max = 10,
                       std::shared_ptr<access_control> with = std::make_shared<access_control>())
      : access(std::move(with)) {
    gateway_settings settings;
    settings.program = "9.8.7";
    settings.admin_token = secret{admin_token};
    settings.sessions_max = sessions_max;
    settings.update_bytes_max = 1000;
    settings.doc_of = [](const std::string&) { return crdt::doc_settings{}; };
    desk = std::make_shared<gateway_desk>(settings, node.directory_handle(), access, workers);
    running = node.system().spawn<gateway>(desk);
    self = std::make_unique<caf::scoped_actor>(node.system());
  }
  ~gateway_bed() {
    self.reset();
    caf::scoped_actor last{node.system()};
    caf::anon_send_exit(running, caf::exit_reason::user_shutdown);
    last->wait_for(running);
    running = nullptr;
    workers->stop(patience);
  }

  caf::expected<opened_client_session> open(const std::string& token, client_mark mark = {}) {
    caf::expected<opened_client_session> outcome{caf::make_error(caf::sec::runtime_error)};
    (*self)
        ->request(running, patience, open_client_session{mark, token, nullptr})
        .receive([&](const opened_client_session& opened) { outcome = opened; },
                 [&](const caf::error& why) { outcome = why; });
    return outcome;
  }
  client::session open_session(const std::string& token = admin_token) {
    const auto opened = open(token);
    REQUIRE(opened);
    return caf::actor_cast<client::session>(opened->session);
  }

  template <class Answer, class Question>
  Answer ask(const client::session& of, const Question& what) {
    Answer answer;
    (*self)
        ->request(of, patience, what)
        .receive([&](const Answer& heard) { answer = heard; },
                 [](const caf::error& why) { FAIL(caf::to_string(why)); });
    return answer;
  }
  template <class Answer, class Question>
  caf::error refusal(const client::session& of, const Question& what) {
    caf::error why;
    (*self)
        ->request(of, patience, what)
        .receive([](const Answer&) { FAIL("it is answered"); },
                 [&](const caf::error& error) { why = error; });
    return why;
  }
  document_changed next_change() {
    document_changed next;
    (*self)->receive([&](const document_changed& change) { next = change; },
                     caf::after(patience) >> [] { FAIL("no change came"); });
    return next;
  }
  /// To "plan", which is observed from then on.
  client::session observe_as_ada() {
    const client::session session = open_session(access->client_tokens()->issue(
        {.document = "plan", .user = "ada", .id = "t1"}, std::chrono::system_clock::now()));
    ask<observing_document>(session, observe_document{"plan"});
    return session;
  }
  changed_access change(access_change what) {
    changed_access changed;
    (*self)
        ->request(running, patience,
                  change_access{std::make_shared<const access_change>(std::move(what))})
        .receive([&](const changed_access& heard) { changed = heard; },
                 [](const caf::error& why) { FAIL(caf::to_string(why)); });
    return changed;
  }
  listed_sessions list(list_sessions which = {}) {
    listed_sessions all;
    (*self)
        ->request(running, patience, std::move(which))
        .receive([&](const listed_sessions& heard) { all = heard; },
                 [](const caf::error& why) { FAIL(caf::to_string(why)); });
    return all;
  }
  /// Why an observation has ended.
  std::string next_end() {
    std::string why;
    (*self)->receive([&](const observation_ended& ended) { why = ended.why; },
                     caf::after(patience) >> [] { FAIL("no observation ended"); });
    return why;
  }
  bool is_quiet() {
    bool quiet = false;
    (*self)->receive([](const document_changed&) {}, caf::after(50ms) >> [&] { quiet = true; });
    return quiet;
  }

  test::actor_node node;
  std::shared_ptr<worker_pool> workers = std::make_shared<worker_pool>(2);
  std::shared_ptr<access_control> access;
  std::shared_ptr<gateway_desk> desk;
  gateway_actor running;
  std::unique_ptr<caf::scoped_actor> self;
};

edit_document append(const std::string& document, const std::string& text) {
  return {document, R"([{"op": "appendText", "path": "/t", "text": ")" + text + "\"}]"};
}

}  // namespace

TEST_CASE("a session is opened for a good token, and for nothing else", "[gateway]") {
  gateway_bed bed{2};
  CHECK(bed.open("").error() == client_error::wrong_token);
  CHECK(bed.open("wrong").error() == client_error::wrong_token);
  CHECK(bed.open(std::string(client::token_size_bytes_max + 1, 'x')).error() ==
        client_error::wrong_token);
  CHECK(bed.open(admin_token, {client::tag, 9}).error() == client_error::other_version);
  CHECK(bed.open(admin_token, {1, client::version}).error() == client_error::other_version);
  const auto opened = bed.open(admin_token);
  REQUIRE(opened);
  CHECK(opened->program == "9.8.7");
  REQUIRE(bed.open(admin_token));
  CHECK(bed.open(admin_token).error() == client_error::unavailable);
}

TEST_CASE("wrong tokens have a rate", "[gateway]") {
  gateway_bed bed;
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < gateway::wrong_tries_max; ++i) bed.open("wrong");
  const caf::error why = bed.open("wrong").error();
  if (std::chrono::steady_clock::now() - begin < 900ms) CHECK(why == client_error::unavailable);
}

TEST_CASE("a program edits and reads a document", "[gateway]") {
  gateway_bed bed;
  const client::session session = bed.open_session();
  const auto edited = bed.ask<edited_document>(session, append("plan", "hello"));
  CHECK(edited.has_changed);
  CHECK_FALSE(edited.version.empty());
  const auto json = bed.ask<document_contents>(session, read_document{"plan"});
  CHECK(json.contents == "{\"t\":\"hello\"}");
  CHECK(json.version == edited.version);
  CHECK(bed.ask<document_contents>(session, read_document{"plan", document_form::text, "t"})
            .contents == "hello");
  const auto update =
      bed.ask<document_contents>(session, read_document{"plan", document_form::update});
  // The same elsewhere.
  CHECK(bed.ask<edited_document>(session, apply_client_update{"copy", update.contents}).version ==
        edited.version);
  CHECK_FALSE(
      bed.ask<edited_document>(session, apply_client_update{"copy", update.contents}).has_changed);
  CHECK(bed.ask<document_contents>(session, read_document{"nothing"}).contents == "{}");
}

TEST_CASE("an edit may want a version", "[gateway]") {
  gateway_bed bed;
  const client::session session = bed.open_session();
  const auto first = bed.ask<edited_document>(session, append("plan", "a"));
  edit_document second = append("plan", "b");
  second.if_version = first.version;
  CHECK(bed.ask<edited_document>(session, second).has_changed);
  CHECK(bed.refusal<edited_document>(session, second) == client_error::edit_conflict);
}

TEST_CASE("what is wrong is told", "[gateway]") {
  gateway_bed bed;
  const client::session session = bed.open_session();
  const auto code = [&](const auto& what) { return bed.refusal<edited_document>(session, what); };
  CHECK(code(edit_document{"", "[]"}) == client_error::invalid_request);
  CHECK(code(edit_document{"plan", "not JSON"}) == client_error::invalid_request);
  CHECK(code(edit_document{"plan", R"([{"op": "nothing"}])"}) == client_error::invalid_request);
  CHECK(code(edit_document{"plan",
                           R"([{"op": "deleteText", "path": "/t", "index": 5, "length": 1}])"}) ==
        client_error::refused_edit);
  CHECK(code(edit_document{"plan", R"([{"op": "test", "path": "/m/a", "value": 1}])"}) ==
        client_error::edit_conflict);
  CHECK(code(edit_document{"plan", "[]", "a\nb"}) == client_error::invalid_request);
  CHECK(code(apply_client_update{"plan", ""}) == client_error::invalid_request);
  CHECK(code(apply_client_update{"plan", std::string(1001, 'x')}) == client_error::invalid_request);
  CHECK(code(apply_client_update{"plan", "no update"}) == client_error::refused_edit);
  CHECK(bed.refusal<document_contents>(session,
                                       read_document{"plan", static_cast<document_form>(77)}) ==
        client_error::invalid_request);
  bed.ask<edited_document>(session, append("two", "a"));
  CHECK(bed.refusal<document_contents>(session,
                                       read_document{"two", document_form::text, "no such root"}) ==
        client_error::invalid_request);
}

TEST_CASE("an observer hears of changes, one at a time", "[gateway]") {
  gateway_bed bed;
  const client::session session = bed.open_session();
  bed.ask<observing_document>(session, observe_document{"plan"});
  CHECK(bed.is_quiet());
  bed.ask<edited_document>(session, append("plan", "a"));
  const document_changed first = bed.next_change();
  CHECK(first.document == "plan");
  CHECK(first.number == 1);
  REQUIRE(first.updates.size() == 1);
  CHECK_FALSE(first.has_missed);
  crdt::doc doc{{}};
  CHECK(doc.apply_update(as_bytes(first.updates[0])));

  bed.ask<edited_document>(session, append("plan", "b"));
  bed.ask<edited_document>(session, append("plan", "c"));
  CHECK(bed.is_quiet());
  (*bed.self)->send(session, changes_noted{"plan", 1});
  const document_changed second = bed.next_change();
  CHECK(second.number == 2);
  CHECK(second.updates.size() == 2);
  (*bed.self)->send(session, stop_observing{"plan"});
  (*bed.self)->send(session, changes_noted{"plan", 2});
  bed.ask<edited_document>(session, append("plan", "d"));
  CHECK(bed.is_quiet());
}

TEST_CASE("a session of a program that is gone leaves its documents", "[gateway]") {
  gateway_bed bed;
  {
    caf::scoped_actor program{bed.node.system()};
    client::session session;
    program->request(bed.running, patience, open_client_session{{}, admin_token, nullptr})
        .receive(
            [&](const opened_client_session& opened) {
              session = caf::actor_cast<client::session>(opened.session);
            },
            [](const caf::error& why) { FAIL(caf::to_string(why)); });
    program->request(session, patience, observe_document{"plan"})
        .receive([](const observing_document&) {},
                 [](const caf::error& why) { FAIL(caf::to_string(why)); });
  }
  const auto sessions_of_plan = [&] {
    caf::scoped_actor self{bed.node.system()};
    std::uint64_t sessions = 99;
    self->request(bed.node.directory_handle(), patience,
                  list_documents{.after = {}, .limit = 1, .only = "plan"})
        .receive(
            [&](const listed_documents& listed) {
              sessions = listed.documents.empty() ? 0 : listed.documents[0].sessions;
            },
            [](const caf::error&) {});
    return sessions;
  };
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (sessions_of_plan() > 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(5ms);
  CHECK(sessions_of_plan() == 0);
}

TEST_CASE("programs are listed as sessions are", "[gateway][access]") {
  gateway_bed bed{10, access_with_tokens()};
  CHECK(bed.list().count == 0);
  const client::session first = bed.observe_as_ada();
  const client::session second = bed.open_session();
  const listed_sessions all = bed.list();
  CHECK(all.count == 2);
  REQUIRE(all.sessions.size() == 2);
  CHECK(all.sessions[0].user == "ada");
  CHECK(all.sessions[0].documents == std::vector<std::string>{"plan"});
  CHECK(all.sessions[1].user.empty());
  const listed_sessions page = bed.list({.document = "", .after = no_session, .limit = 1});
  CHECK(page.sessions.size() == 1);
  CHECK(page.has_more);
  CHECK(bed.list({.document = "", .after = page.sessions[0].id, .limit = 1}).sessions.size() == 1);
  CHECK(bed.list({.document = "plan"}).count == 1);
}

TEST_CASE("closing reaches programs at once", "[gateway][access]") {
  gateway_bed bed{10, access_with_tokens()};
  for (const access_change& what :
       {access_change{.user = "ada", .why = close_reason::closed_by_operator},
        access_change{.token_id = "t1", .why = close_reason::closed_by_operator}}) {
    const client::session session = bed.observe_as_ada();
    CHECK(bed.change({.user = "bob"}).sessions == 0);
    CHECK(bed.change({.document = "other"}).sessions == 0);
    const changed_access changed = bed.change(what);
    CHECK(changed.sessions == 1);
    CHECK(changed.documents == std::vector<std::string>{"plan"});
    CHECK(bed.next_end() == describe(close_reason::closed_by_operator).text);
    CHECK(bed.refusal<edited_document>(session, append("plan", "x")));
  }
}

TEST_CASE("a document that is closed to a program is not observed any more", "[gateway][access]") {
  gateway_bed bed{10, access_with_tokens()};
  const client::session session = bed.observe_as_ada();
  CHECK(bed.change({.user = "ada", .document = "plan"}).sessions == 1);
  bed.next_end();
  bed.ask<edited_document>(session, append("plan", "x"));
  CHECK(bed.is_quiet());
  CHECK(bed.change({.document = "plan"}).sessions == 0);
  CHECK(bed.list({.document = "plan"}).count == 0);
}

TEST_CASE("rights that are taken away count for a program at once", "[gateway][access]") {
  gateway_bed bed{10, access_with_tokens()};
  const client::session session = bed.observe_as_ada();
  const rights reading{right::read};
  CHECK(bed.change({.user = "ada", .may = reading, .is_passing = true}).sessions == 1);
  CHECK(bed.refusal<edited_document>(session, append("plan", "x")) == client_error::forbidden);
  bed.ask<document_contents>(session, read_document{"plan"});
  const auto now = std::chrono::steady_clock::now();
  const access_change none{.user = "ada", .document = "plan", .may = rights{}};
  REQUIRE(bed.access->add(none, now, now + 1h));
  CHECK(bed.change(none).sessions == 1);
  CHECK_FALSE(bed.next_end().empty());
  CHECK(bed.refusal<document_contents>(session, read_document{"plan"}) == client_error::forbidden);
  REQUIRE(bed.access->lift(none, now));
  bed.ask<document_contents>(session, read_document{"plan"});
}

TEST_CASE("the admin token keeps its rights, and hears when a document is closed",
          "[gateway][access]") {
  gateway_bed bed;
  const client::session session = bed.open_session();
  bed.ask<observing_document>(session, observe_document{"plan"});
  CHECK(bed.change({.document = "plan", .may = rights{}}).sessions == 0);
  CHECK(bed.change({.user = "ada"}).sessions == 0);
  bed.ask<edited_document>(session, append("plan", "x"));
  bed.next_change();
  CHECK(bed.change({.document = "plan"}).sessions == 1);
  bed.next_end();
  bed.ask<observing_document>(session, observe_document{"plan"});
}

TEST_CASE("errors of the interface have names", "[gateway]") {
  for (std::uint8_t number = 1; number <= 9; ++number) {
    client_error code{};
    REQUIRE(from_integer(number, code));
    client_error again{};
    CHECK(from_string(to_string(code), again));
    CHECK(again == code);
  }
  client_error none{};
  CHECK_FALSE(from_integer(0, none));
  CHECK_FALSE(from_integer(10, none));
  CHECK_FALSE(from_string("nothing", none));
}

}  // namespace troupe::gateway_test
