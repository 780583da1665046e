// The end of a link between two nodes: what it carries between documents, what it does with news
// about documents that are not open, and how connections come and go.
#include "actors/peer_link.hpp"

#include <catch2/catch_test_macros.hpp>

#include "actors/failure_codes.hpp"
#include "tests/support/link_bed.hpp"

namespace troupe::peer_link_test {

using namespace troupe::test;
using kind = peer_news::kind;

namespace {

constexpr std::chrono::seconds patience = link_bed::patience;
constexpr peer_id number = link_bed::number;

/// A queue that is soon full.
link_limits small_limits() {
  link_limits small;
  small.payload_bytes_max = 2'048;
  small.chunk_bytes_min = 64;
  small.queue_bytes_max = 8'192;
  small.credit_bytes = 8'192;
  return small;
}

}  // namespace

// --- connections ---

TEST_CASE("a link is up once the other end has spoken", "[peer_link]") {
  link_bed bed;
  bed.attach("d");
  bed.remote->open(bed.link, 7);
  bed.tell(connect_link{bed.remote->handle(), 7, false});
  CHECK_FALSE(bed.settle().is_up);
  CHECK_FALSE(bed.has_news());
  bed.remote->greet();
  const link_changed change = bed.next_change();
  CHECK(change.peer == number);
  CHECK(change.is_up);
  const peer_news news = bed.next_news();
  CHECK(news.peer == number);
  CHECK(news.what == kind::up);
}

TEST_CASE("the end that has dialed speaks first", "[peer_link]") {
  link_bed bed;
  bed.tell(expect_link{7});
  bed.remote->open(bed.link, 7);
  bed.tell(connect_link{bed.remote->handle(), 7, true});
  CHECK(bed.next_change().is_up);
  const peer_batch first = bed.remote->next_batch();
  CHECK(first.what == batch{7, 0, 0, {}});
  CHECK_FALSE(first.is_reset);
}

TEST_CASE("two links carry blocks between the documents of two nodes", "[peer_link]") {
  link_bed a;
  // In the same system, the link of another node.
  caf::scoped_actor directory{*a.system};
  caf::scoped_actor owner{*a.system};
  caf::scoped_actor document{*a.system};
  const auto b = a.system->spawn<peer_link>(peer_link_settings{8, "node n8", {}},
                                            caf::actor_cast<directory_actor>(directory.ptr()),
                                            caf::actor_cast<cluster_actor>(owner.ptr()));
  a.attach("d");
  a.tell(expect_link{7});
  owner->send(b, connect_link{caf::actor_cast<caf::strong_actor_ptr>(a.link), 7, false});
  a.tell(connect_link{caf::actor_cast<caf::strong_actor_ptr>(b), 7, true});
  CHECK(a.next_change().is_up);
  CHECK(a.next<link_changed>(owner).is_up);
  CHECK(a.next_news().what == kind::up);
  owner->send(b, attach_document{"d", caf::actor_cast<document_actor>(document.ptr())});
  CHECK(a.next<peer_news>(document).what == kind::up);

  a.tell(about("d", {update_of(3, 5), peer_opened{}}));
  const peer_news there = a.next<peer_news>(document);
  CHECK(there.peer == 8);
  REQUIRE(there.what == kind::block);
  CHECK(there.block->document == "d");
  CHECK(there.block->life == 9);
  CHECK(there.block->list == 1);
  REQUIRE(there.block->messages.size() == 2);
  CHECK(std::get<peer_update>(there.block->messages[0]).number == 5);

  owner->send(b, about("d", {update_of(1'000'000, 6)}));  // several batches
  const peer_news back = a.next_news();
  REQUIRE(back.what == kind::block);
  CHECK(std::get<peer_update>(back.block->messages[0]).update.size == 1'000'000);

  caf::anon_send_exit(b, caf::exit_reason::user_shutdown);
  owner->wait_for(b);
  CHECK_FALSE(a.next_change().is_up);
  CHECK(a.next_news().what == kind::down);
}

TEST_CASE("a link whose other end is gone is lost, and documents hear of it", "[peer_link]") {
  link_bed bed;
  bed.attach("d");
  bed.connect();
  CHECK(bed.next_news().what == kind::up);
  bed.remote.reset();
  const link_changed change = bed.next_change();
  CHECK_FALSE(change.is_up);
  CHECK_FALSE(change.why.empty());
  CHECK(bed.next_news().what == kind::down);
  CHECK_FALSE(bed.settle().is_up);
}

TEST_CASE("a new connection takes the place of the one before", "[peer_link]") {
  link_bed bed;
  bed.attach("d");
  bed.connect(7);
  CHECK(bed.next_news().what == kind::up);
  bed.remote->open(bed.link, 8);
  bed.tell(connect_link{bed.remote->handle(), 8, false});
  CHECK_FALSE(bed.next_change().is_up);
  CHECK(bed.next_news().what == kind::down);
  bed.remote->greet();
  CHECK(bed.next_change().is_up);
  CHECK(bed.next_news().what == kind::up);
}

TEST_CASE("a batch of an earlier connection is of no meaning", "[peer_link]") {
  link_bed bed;
  bed.connect(8);
  bed.attach("d");
  CHECK(bed.next_news().what == kind::up);
  bed.remote->send({7, 1, 0, "whatever"});
  CHECK(bed.settle().is_up);
  CHECK_FALSE(bed.has_news());
}

TEST_CASE("a link that says bye is lost at the other end without more ado", "[peer_link]") {
  link_bed bed;
  bed.connect();
  SECTION("this end") {
    bed.tell(end_link{true});
    bed.remote->next<peer_bye>();
  }
  SECTION("the other end") { bed.remote->say(node_message{peer_bye{}}); }
  CHECK_FALSE(bed.next_change().is_up);
}

TEST_CASE("a link that has no connection can be ended", "[peer_link]") {
  link_bed bed;
  bed.tell(end_link{true});
  CHECK_FALSE(bed.settle().is_up);
}

TEST_CASE("a batch that does not follow the last ends the connection at both ends", "[peer_link]") {
  link_bed bed;
  bed.connect();
  bed.remote->send({7, 5, 0, "of nothing"});
  const link_changed change = bed.next_change();
  CHECK_FALSE(change.is_up);
  CHECK(bed.remote->next_batch().is_reset);
}

TEST_CASE("a message that cannot be read ends the connection at both ends", "[peer_link]") {
  link_bed bed;
  bed.connect();
  bed.remote->say_bytes(shared_bytes::copy_of(byte_buffer{0xff, 0xff, 0xff}));
  CHECK_FALSE(bed.next_change().is_up);
  while (!bed.remote->next_batch().is_reset) continue;
}

TEST_CASE("a connection that the other end gives up is lost", "[peer_link]") {
  link_bed bed;
  bed.connect();
  bed.remote->reset();
  CHECK_FALSE(bed.next_change().is_up);
}

TEST_CASE("what a peer says about nodes goes to the cluster actor", "[peer_link]") {
  link_bed bed;
  bed.connect();
  bed.remote->say(node_message{peer_moved{12}});
  const auto said = bed.next<peer_said>(*bed.owner);
  CHECK(said.peer == number);
  CHECK(std::get<peer_moved>(said.what).list_number == 12);
}

TEST_CASE("what is to be sent without a connection is forgotten", "[peer_link]") {
  link_bed bed;
  bed.tell(about("d", {update_of(3)}));
  bed.connect();
  bed.settle();
  CHECK_FALSE(bed.remote->has<document_block>());
}

// --- documents ---

TEST_CASE("a document that attaches while the link is up hears so", "[peer_link]") {
  link_bed bed;
  bed.connect();
  bed.attach("d");
  CHECK(bed.next_news().what == kind::up);
  CHECK(bed.settle().documents == 1);
}

TEST_CASE("a peer hears that a document has ended", "[peer_link]") {
  link_bed bed;
  bed.connect();
  bed.attach("d");
  bed.detach("d");
  const auto block = bed.remote->next<document_block>();
  CHECK(block.document == "d");
  CHECK(block.life == 0);
  REQUIRE(block.messages.size() == 1);
  CHECK(std::holds_alternative<peer_closed>(block.messages[0]));
  CHECK(bed.settle().documents == 0);
}

TEST_CASE("a document that has ended late takes nothing from the one that came after it",
          "[peer_link]") {
  link_bed bed;
  bed.attach("d");
  bed.tell(detach_document{"d", (*bed.document)->id() + 1'000});
  bed.connect();
  CHECK(bed.next_news().what == kind::up);
}

TEST_CASE("a document hears that the replica of a peer has ended", "[peer_link]") {
  link_bed bed;
  bed.connect();
  bed.attach("d");
  CHECK(bed.next_news().what == kind::up);
  bed.remote->say(document_block{"d", 0, {peer_closed{}}});
  CHECK(bed.next_news().what == kind::gone);
  bed.remote->say(block_of("d", {peer_closed{}}));  // none of its sessions uses it, no more
  CHECK(bed.next_news().what == kind::block);
}

TEST_CASE("a document that a peer asks about is opened, and hears all that was said meanwhile",
          "[peer_link]") {
  link_bed bed;
  bed.connect();
  bed.remote->say(block_of("d", {peer_compare{{}, 1}}));
  bed.remote->say(block_of("d", {update_of(1, 2)}));
  bed.remote->say(block_of("d", {peer_opened{}}));
  const auto asked = bed.answer_next<open_document>(bed.opened());
  CHECK(asked.name == "d");
  CHECK(asked.is_for_peer);
  CHECK_FALSE(asked.join.has_value());
  bed.settle();
  CHECK_FALSE(bed.has_question<open_document>());  // once
  bed.attach("d");
  CHECK(bed.next_news().what == kind::up);
  CHECK(std::holds_alternative<peer_compare>(bed.next_news().block->messages[0]));
  CHECK(std::holds_alternative<peer_update>(bed.next_news().block->messages[0]));
  CHECK(std::holds_alternative<peer_opened>(bed.next_news().block->messages[0]));
}

TEST_CASE("a document is not opened for what needs no replica", "[peer_link]") {
  link_bed bed;
  bed.connect();
  for (const document_message& each :
       {document_message{peer_opened{}}, document_message{peer_closed{}},
        document_message{peer_stored{1, 1}}, document_message{peer_event{}},
        document_message{peer_generation{2}}})
    bed.remote->say(block_of("d", {each}));
  bed.remote->say(document_block{"d", 0, {peer_closed{}}});
  bed.remote->say(block_of("other", {peer_compare{{}, 1}}));
  CHECK(bed.answer_next<open_document>(bed.opened()).name == "other");
}

TEST_CASE("of a document that takes long to open only so much is kept", "[peer_link]") {
  constexpr std::size_t megabyte = 1024 * 1024;
  link_limits large;
  large.queue_bytes_max = large.credit_bytes = 64 * megabyte;
  link_bed bed{large};
  bed.connect();
  bed.remote->say(block_of("d", {peer_compare{{}, 1}}));
  for (int i = 0; i < 17; ++i) bed.remote->say(block_of("d", {update_of(megabyte)}));
  bed.answer_next<open_document>(bed.opened());
  bed.remote->say(node_message{peer_moved{1}});
  bed.next<peer_said>(*bed.owner);  // so it has taken in all before
  bed.attach("d");
  CHECK(bed.next_news().what == kind::up);
  std::size_t blocks = 0;
  bed.settle();
  while (bed.has_news()) ++blocks;
  CHECK(blocks < 17);
  // The peer hears that something is lost.
  CHECK(bed.remote->next<document_block>().life == 0);
}

TEST_CASE("a peer hears what has become of a document that cannot be opened", "[peer_link]") {
  link_bed bed;
  bed.connect();
  bed.remote->say(block_of("d", {peer_compare{{}, 1}}));
  bed.answer_next<open_document>(
      caf::result<opened_document>{to_caf_error(close_reason::document_removed)});
  const auto asked = bed.answer_next<adopt_generation>(removed_document{false, std::nullopt, 3});
  CHECK(asked.document == "d");
  CHECK(asked.generation == 0);
  const auto block = bed.remote->next<document_block>();
  CHECK(block.document == "d");
  CHECK(block.life == 0);
  CHECK(std::get<peer_generation>(block.messages.at(0)).generation == 3);
  // What it says next is a new beginning.
  bed.remote->say(block_of("d", {peer_compare{{}, 1}}));
  bed.answer_next<open_document>(bed.opened());
}

TEST_CASE("a document that ends before it has loaded counts as one that cannot be opened",
          "[peer_link]") {
  link_bed bed;
  bed.connect();
  auto loading = std::make_unique<caf::scoped_actor>(*bed.system);
  bed.remote->say(block_of("d", {peer_compare{{}, 1}}));
  bed.answer_next<open_document>(
      opened_document{1, caf::actor_cast<document_actor>(loading->ptr())});
  loading.reset();
  CHECK(bed.answer_next<adopt_generation>(removed_document{false, std::nullopt, 5}).document ==
        "d");
  CHECK(std::get<peer_generation>(bed.remote->next<document_block>().messages.at(0)).generation ==
        5);
}

TEST_CASE("a removal that a peer tells of counts for a document that is not open", "[peer_link]") {
  link_bed bed;
  bed.connect();
  bed.remote->say(document_block{"d", 0, {peer_generation{3}}});
  const auto asked = bed.answer_next<adopt_generation>(removed_document{true, std::nullopt, 3});
  CHECK(asked.document == "d");
  CHECK(asked.generation == 3);
  const auto answer = bed.remote->next<document_block>();
  CHECK(answer.life == 0);
  REQUIRE(answer.messages.size() == 1);
  CHECK(std::get<peer_generation_stored>(answer.messages[0]).generation == 3);
  CHECK_FALSE(bed.has_question<open_document>());
}

TEST_CASE("a removal that a peer tells of counts for an open document, too", "[peer_link]") {
  link_bed bed;
  bed.connect();
  bed.attach("d");
  bed.remote->say(document_block{"d", 0, {peer_generation{3}}});
  bed.answer_next<adopt_generation>(removed_document{true, std::nullopt, 3});
  CHECK(std::holds_alternative<peer_generation_stored>(
      bed.remote->next<document_block>().messages.at(0)));
}

TEST_CASE("a removal that cannot be stored, or is put off, is not confirmed", "[peer_link]") {
  link_bed bed;
  bed.connect();
  bed.remote->say(document_block{"d", 0, {peer_generation{3}}});
  bed.answer_next<adopt_generation>(removed_document{false, failure{errc::storage_failed, ""}, 0});
  bed.remote->say(document_block{"d", 0, {peer_generation{3}}});
  bed.answer_next<adopt_generation>(removed_document{});
  bed.settle();
  CHECK_FALSE(bed.remote->has<document_block>());
}

TEST_CASE("the directory hears which peer has stored a removal", "[peer_link]") {
  link_bed bed;
  bed.connect();
  bed.remote->say(document_block{"d", 0, {peer_generation_stored{3}}});
  note_generation heard;
  (*bed.directory)
      ->receive([&](const note_generation& news) { heard = news; },
                caf::after(patience) >> [] { FAIL("the directory hears nothing"); });
  CHECK(heard.by == number);
  CHECK(heard.document == "d");
  CHECK(heard.generation == 3);
}

TEST_CASE("a peer with an older life of a document hears of the newer one", "[peer_link]") {
  link_bed bed;
  bed.connect();
  bed.remote->say(document_block{"d", 0, {peer_generation{3}}});
  bed.answer_next<adopt_generation>(removed_document{false, std::nullopt, 6});
  CHECK(std::get<peer_generation>(bed.remote->next<document_block>().messages.at(0)).generation ==
        6);
}

// --- what does not fit ---

TEST_CASE("a document whose messages could not wait any longer hears so", "[peer_link]") {
  const link_limits small = small_limits();
  link_bed bed{small};
  bed.connect();
  bed.attach("d");
  CHECK(bed.next_news().what == kind::up);
  bed.remote->pause();  // it acknowledges nothing
  for (int i = 0; i < 40; ++i) bed.tell(about("d", {update_of(1'000)}));
  const described_link full = bed.settle();
  CHECK(full.is_up);
  CHECK(full.figures.unacknowledged_bytes <= small.credit_bytes);
  CHECK(full.figures.queued_bytes <= small.queue_bytes_max);
  CHECK(full.figures.dropped_messages > 0);
  while (bed.remote->has<peer_bye>()) continue;  // takes in what has come
  bed.remote->resume();
  CHECK(bed.next_news().what == kind::lost);
}

TEST_CASE("that a document has ended is told again if it could not wait", "[peer_link]") {
  link_bed bed{small_limits()};
  bed.connect();
  const std::string name(200, 'd');
  bed.attach(name);
  bed.remote->pause();  // it acknowledges nothing
  // Once the credit is used up, too, there is no room for as much as the end of the document needs.
  std::uint64_t dropped = 0;
  for (int i = 0; i < 160; ++i) {
    bed.tell(about("other " + std::to_string(i), {update_of(i < 40 ? 900 : 1)}));
    dropped = bed.settle().figures.dropped_messages;
  }
  bed.detach(name);
  CHECK(bed.settle().figures.dropped_messages == dropped + 1);
  while (bed.remote->has<peer_bye>()) continue;  // takes in what has come
  bed.remote->resume();
  document_block block = bed.remote->next<document_block>();
  while (block.document != name) block = bed.remote->next<document_block>();
  CHECK(block.life == 0);
  REQUIRE(block.messages.size() == 1);
  CHECK(std::holds_alternative<peer_closed>(block.messages[0]));
}

TEST_CASE("a link shows its figures in the metrics once a second", "[peer_link][metrics]") {
  link_bed bed{{}, true};
  const peer_metrics& shown = bed.metrics->peers();
  bed.tell(second_passed{});
  bed.settle();
  CHECK(shown.up.of("n4").value() == 0);
  bed.connect();
  bed.remote->pause();  // it acknowledges nothing
  bed.tell(about("d", {update_of(1'000)}));
  bed.settle();
  for (int second = 0; second < 2; ++second) {
    bed.tell(second_passed{});
    bed.settle();
    CHECK(shown.up.of("n4").value() == 1);
    CHECK(shown.unacknowledged_batches.of("n4").value() == 1);
    CHECK(shown.unacknowledged_bytes.of("n4").value() > 1'000);
    CHECK(shown.queued_bytes.of("n4").value() == 0);
    CHECK(shown.lag.of("n4").value() >= 0);
    CHECK(shown.sent_bytes.of("n4").value() > 1'000);
    CHECK(shown.sent_bytes.of("n4").value() < 2'000);  // added once
  }
}

TEST_CASE("a link describes itself", "[peer_link]") {
  link_bed bed;
  CHECK_FALSE(bed.settle().is_up);
  bed.connect();
  bed.tell(about("d", {update_of(1'000)}));
  bed.remote->pause();
  const described_link link = bed.settle();
  CHECK(link.peer == number);
  CHECK(link.is_up);
  CHECK(link.documents == 0);
  CHECK(link.figures.sent_batches == 1);
  CHECK(link.figures.unacknowledged_bytes > 1'000);
}

}  // namespace troupe::peer_link_test
