// Documents that another server may have, in a cluster: only the home fetches, once the keepers
// have said that they have nothing, and the others hear from it what there is.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/editing_client.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/peer_bed.hpp"

namespace troupe::upstream_cluster_test {

using namespace troupe::cluster;
using sync::message_kind;
using test::fake_peer;
using test::fake_upstream;
using test::payload_of;
using test::peer_bed;

namespace {

constexpr std::uint8_t empty_state_vector[] = {0};
constexpr session_id ann = 1;

byte_buffer typed(std::string_view text) {
  test::editing_client client{5};
  return client.insert_text("text", 0, text);
}

peer_bed::options with(fake_upstream& old) {
  peer_bed::options how;
  how.directory.upstream_documents = upstream_names{{"*"}};
  how.upstream = old.spawner();
  return how;
}

class upstream_bed {
 public:
  upstream_bed() {
    bed.links.newest = std::make_shared<newest_links>();
    bed.links.newest->set(std::make_shared<const cluster_links>(bed.links));
    bed.publish();
  }
  /// The links refer to the newest ones, which are they.
  ~upstream_bed() { bed.links.newest->set(std::make_shared<const cluster_links>()); }
  /// A name of which this node is home, or is not.
  std::string name_at_home(bool is_here) const {
    for (int i = 0;; ++i) {
      std::string name = "d" + std::to_string(i);
      if (bed.links.newest->is_home(name, std::chrono::steady_clock::now()) == is_here) return name;
    }
  }
  /// Whether there is nothing to see for a while.
  bool is_held(const opened_document& document) {
    bed.node.send(document, ann, message_kind::sync_step1, empty_state_vector);
    bed.settle(document.document);
    return bed.node.is_quiet();
  }
  /// The text that the answer to is_held()'s question shows.
  std::string text_shown(const opened_document& document) {
    for (;;)
      for (const auto& each : bed.node.next_deliveries(document)) {
        const auto message = sync::decode_message(payload_of(each.frames));
        REQUIRE(message);
        if (message->kind != message_kind::sync_step2) continue;
        crdt::doc seen;
        REQUIRE(seen.apply_update(message->body));
        return seen.text("text");
      }
  }

  fake_upstream old;
  peer_bed bed{with(old)};
};

}  // namespace

TEST_CASE("the home fetches a document once the keepers have nothing of it",
          "[actors][cluster][upstream]") {
  upstream_bed bed;
  const auto document = bed.bed.open(bed.name_at_home(true), ann);
  CHECK(bed.is_held(document));
  CHECK_FALSE(bed.old.is_asked());
  bed.bed.peer(0).answer_load(document.document);
  auto question = bed.old.next();
  CHECK(bed.is_held(document));
  question.answer(fake_upstream::found({typed("fetched")}));
  CHECK(bed.text_shown(document) == "fetched");
  // The keepers get it like any edit.
  const auto sent = bed.bed.peer(0).next<peer_update>();
  crdt::doc seen;
  REQUIRE(seen.apply_update(sent.update.view()));
  CHECK(seen.text("text") == "fetched");
}

TEST_CASE("what a keeper has is not fetched", "[actors][cluster][upstream]") {
  upstream_bed bed;
  for (const bool is_home : {true, false}) {
    const auto document = bed.bed.open(bed.name_at_home(is_home), ann);
    CHECK(bed.is_held(document));
    bed.bed.peer(0).answer_load(document.document, typed("of a keeper"));
    CHECK(bed.text_shown(document) == "of a keeper");
  }
  CHECK_FALSE(bed.old.is_asked());
}

TEST_CASE("a document that exists without contents at a keeper is not fetched",
          "[actors][cluster][upstream]") {
  upstream_bed bed;
  const auto document = bed.bed.open(bed.name_at_home(true), ann);
  CHECK(bed.is_held(document));
  bed.bed.peer(0).answer_load(document.document, update_without_contents);
  CHECK(bed.text_shown(document).empty());
  CHECK_FALSE(bed.old.is_asked());
}

TEST_CASE("a node that is not the home waits for what the home says",
          "[actors][cluster][upstream]") {
  upstream_bed bed;
  const auto document = bed.bed.open(bed.name_at_home(false), ann);
  // Enough keepers have nothing; that the home is among them is not known.
  bed.bed.peer(0).answer_load(document.document);
  CHECK(bed.is_held(document));
  CHECK_FALSE(bed.old.is_asked());
  const auto asked = bed.bed.peer(1).next<peer_load>();
  bed.bed.peer(1).say(document.document, {peer_loaded{bed.bed.peer(1).document_life,
                                                      shared_bytes::copy_of(typed("of the home")),
                                                      true, asked.round}});
  CHECK(bed.text_shown(document) == "of the home");
  CHECK_FALSE(bed.old.is_asked());
}

TEST_CASE("a node opens a document empty once the home has looked for it in vain",
          "[actors][cluster][upstream]") {
  upstream_bed bed;
  const std::string name = bed.name_at_home(false);
  const auto document = bed.bed.open(name, ann);
  bed.bed.peer(0).answer_load(document.document);
  CHECK(bed.is_held(document));
  bed.bed.peer(1).answer_load(document.document, update_without_contents);
  CHECK(bed.text_shown(document).empty());
  // It exists from now on, which the keepers hear.
  const auto mark = bed.bed.peer(0).next<peer_update>();
  CHECK(std::ranges::equal(mark.update.view(), update_without_contents));
}

TEST_CASE("a node is told that the home could not ask, and so are its sessions",
          "[actors][cluster][upstream]") {
  upstream_bed bed;
  const auto document = bed.bed.open(bed.name_at_home(false), ann);
  bed.bed.peer(0).answer_load(document.document);
  CHECK(bed.is_held(document));
  const auto asked = bed.bed.peer(1).next<peer_load>();
  bed.bed.peer(1).say(document.document,
                      {peer_loaded{bed.bed.peer(1).document_life, {}, false, asked.round}});
  CHECK(bed.bed.node.next_close().reason == close_reason::upstream_unavailable);
}

TEST_CASE("the home answers a node that opens a document when it knows what there is",
          "[actors][cluster][upstream]") {
  upstream_bed bed;
  const std::string name = bed.name_at_home(true);
  // For a peer, not for a session.
  const auto opened = bed.bed.ask_directory<opened_document>(
      open_document{.name = name, .join = std::nullopt, .is_for_peer = true});
  bed.bed.note(opened.document);
  for (const auto& each : bed.bed.peers) {
    CHECK(each->next_attached().name == name);
    each->document = name;
    each->come_up(opened.document);
  }
  fake_peer& asking = bed.bed.peer(0);
  const hash128 digest{};
  asking.say(opened.document,
             {peer_load{digest, shared_bytes::copy_of(byte_view{empty_state_vector}), 1}});
  // It asks the others first, who have nothing.
  bed.bed.peer(1).answer_load(opened.document);
  auto question = bed.old.next();
  CHECK_FALSE(asking.has<peer_loaded>());
  question.answer(fake_upstream::found({typed("fetched")}));
  const auto answer = asking.next<peer_loaded>();
  CHECK(answer.is_whole);
  CHECK(answer.round == 1);
  crdt::doc seen;
  REQUIRE(seen.apply_update(answer.update.view()));
  CHECK(seen.text("text") == "fetched");
}

TEST_CASE("the home that cannot ask says so to a node that opens the document",
          "[actors][cluster][upstream]") {
  upstream_bed bed;
  const std::string name = bed.name_at_home(true);
  const auto opened = bed.bed.ask_directory<opened_document>(
      open_document{.name = name, .join = std::nullopt, .is_for_peer = true});
  bed.bed.note(opened.document);
  for (const auto& each : bed.bed.peers) {
    each->document = name;
    each->come_up(opened.document);
  }
  fake_peer& asking = bed.bed.peer(0);
  asking.say(opened.document,
             {peer_load{{}, shared_bytes::copy_of(byte_view{empty_state_vector}), 1}});
  bed.bed.peer(1).answer_load(opened.document);
  bed.old.next().answer(fake_upstream::failed());
  CHECK_FALSE(asking.next<peer_loaded>().is_whole);
}

}  // namespace troupe::upstream_cluster_test
