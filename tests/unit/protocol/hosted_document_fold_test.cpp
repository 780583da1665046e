// Two hosted documents get the same events; one of them is folded before each. Nobody may notice.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "protocol/hosted_document.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::hosted_document_fold_test {

using namespace std::chrono_literals;
using test::editing_client;
using test::hex;

namespace {

std::string show(byte_view bytes) { return test::to_hex(bytes); }

std::string show(const notice& what) {
  std::string text = std::to_string(static_cast<int>(what.kind)) + " " + show(what.body.view()) +
                     " " + show(what.extra.view());
  for (const byte_buffer& piece : what.pieces) text += " + " + show(piece);
  return text;
}

/// All that the effects say, as text.
std::vector<std::string> show(const document_effects& effects) {
  std::vector<std::string> lines;
  for (const auto& each : effects.deliveries) {
    std::string line = "deliver " + std::to_string(static_cast<int>(each.to)) + " " +
                       std::to_string(each.session) + " ";
    each.in.for_each([&](dialect in) { line += std::to_string(index_of(in)); });
    lines.push_back(line + " " + show(each.what));
  }
  for (const auto& each : effects.writes)
    lines.push_back("write " + std::to_string(each.from.session()) + " " +
                    show(each.update.view()) + " " +
                    (each.confirmation ? show(*each.confirmation) : "none"));
  for (const auto& each : effects.refusals)
    lines.push_back("refuse " + std::to_string(each.from.session()) + " " + to_string(each.why) +
                    " " + each.message_id);
  for (const auto& each : effects.left_out)
    lines.push_back("left out " + std::to_string(each.clients) + " " + to_string(each.why));
  return lines;
}

/// The document that folds, beside one that does not.
class twins {
 public:
  explicit twins(crdt::garbage_collection gc = crdt::garbage_collection::on) {
    for (hosted_document** each : {&folding, &decoded}) {
      kept_.push_back(std::make_unique<hosted_document>(crdt::doc_settings{gc, {}}, 77));
      *each = kept_.back().get();
    }
  }

  /// Both do this; whatever comes out must be the same.
  template <class Event>
  std::vector<std::string> both(Event&& event) {
    if (folding->fold()) ++folds;
    document_effects ours;
    document_effects theirs;
    event(*folding, ours);
    event(*decoded, theirs);
    const auto seen = show(theirs);
    CHECK(show(ours) == seen);
    CHECK(folding->version() == decoded->version());
    return seen;
  }

  std::vector<std::string> ask(session_id from, request_kind kind, const byte_buffer& body,
                               dialect in = dialect::y_websocket, std::string_view id = {}) {
    return both([&](hosted_document& on, document_effects& out) {
      CHECK(on.on_request(from, {kind, in, body, id}, now, out));
    });
  }

  hosted_document* folding = nullptr;
  hosted_document* decoded = nullptr;
  hosted_document::time_point now{};
  std::size_t folds = 0;

 private:
  std::vector<std::unique_ptr<hosted_document>> kept_;
};

byte_buffer bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

crdt::state_vector earlier(const crdt::doc& of, std::mt19937& random) {
  const crdt::state_vector all = of.state_vector();
  crdt::state_vector known;
  for (const auto& [client, clock] : all.entries())
    if (const auto part = static_cast<crdt::clock_type>(random() % (clock + 1)); part > 0)
      known.add(client, part);
  known.sort();
  return known;
}

}  // namespace

TEST_CASE("requests of every kind have the same effects on a folded document", "[document][fold]") {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    twins pair{seed % 2 == 0 ? crdt::garbage_collection::on : crdt::garbage_collection::off};
    std::vector<std::unique_ptr<editing_client>> clients;
    for (session_id session = 1; session <= 3; ++session) {
      clients.push_back(std::make_unique<editing_client>(session * 10));
      pair.both([&](hosted_document& on, document_effects&) {
        on.on_join({session, rights::all(), nullptr});
      });
    }
    std::vector<byte_buffer> late;
    for (int step = 0; step < 120; ++step) {
      CAPTURE(step);
      const session_id from = 1 + random() % 3;
      editing_client& by = *clients[from - 1];
      const dialect in = random() % 2 == 0 ? dialect::y_websocket : dialect::json;
      const std::string id = random() % 2 == 0 ? "m" + std::to_string(step) : "";
      pair.now += std::chrono::milliseconds{random() % 2000};
      switch (random() % 13) {
        case 0: pair.ask(from, request_kind::sync, hex("00"), in, id); break;
        case 1: pair.ask(from, request_kind::sync, earlier(by.doc, random).encode(), in, id); break;
        case 2: pair.ask(from, request_kind::update, hex("00 00"), in, id); break;
        case 3: {  // what a client answers that has all of it
          crdt::doc whole;
          REQUIRE(whole.apply_update(pair.decoded->whole_state()));
          pair.ask(from, request_kind::update, whole.encode_state_as_update(whole.state_vector()),
                   in, id);
          break;
        }
        case 4:
          pair.ask(
              from, request_kind::presence,
              {1, static_cast<std::uint8_t>(from), static_cast<std::uint8_t>(step), 2, '{', '}'});
          break;
        case 5:
          pair.ask(from, request_kind::own_presence,
                   bytes_of("{\"at\":" + std::to_string(step) + "}"), dialect::json, id);
          break;
        case 6: pair.ask(from, request_kind::query_presence, {}, in); break;
        case 7:
          pair.ask(from, request_kind::event, bytes_of("{\"e\":1}"), dialect::json, id);
          break;
        case 8:  // an edit that comes late, so that others wait for it
        case 9: late.push_back(by.edit_randomly(random)); break;
        case 10: pair.ask(from, request_kind::update, hex("01 02 03"), in, id); break;
        default: pair.ask(from, request_kind::update, by.edit_randomly(random), in, id); break;
      }
      if (!late.empty() && random() % 3 == 0) {
        pair.ask(from, request_kind::update, late.front(), in, id + "l");
        late.erase(late.begin());
      }
      pair.both([&](hosted_document& on, document_effects& out) {
        on.on_tick(pair.now);
        on.ask_again(pair.now, out);
        CHECK(on.drop_abandoned(pair.now) == 0);
        on.end_turn(out);
      });
      if (random() % 10 == 0) {
        pair.both([&](hosted_document& on, document_effects& out) {
          on.on_leave(from, pair.now);
          on.on_join({from, rights::all(), nullptr});
          on.end_turn(out);
        });
      }
      for (const dialect each : {dialect::y_websocket, dialect::json})
        CHECK(show(pair.folding->whole_state_notice(each)) ==
              show(pair.decoded->whole_state_notice(each)));
      CHECK(pair.folding->whole_state() == pair.decoded->whole_state());
    }
    CHECK(pair.folds > 30);
    CHECK(pair.folding->state().json() == pair.decoded->state().json());
  }
}

TEST_CASE("only an edit decodes a folded document", "[document][fold]") {
  twins pair;
  pair.both([&](hosted_document& on, document_effects&) {
    on.on_join({1, rights::all(), nullptr});
    on.on_join({2, rights::all(), nullptr});
  });
  editing_client writer{5};
  pair.ask(1, request_kind::update, writer.insert_text("t", 0, "hello"));
  pair.ask(1, request_kind::update, writer.remove("t", 0, 1));
  REQUIRE(pair.folding->fold());
  const hosted_document& folding = *pair.folding;

  pair.ask(2, request_kind::sync, hex("00"));
  pair.ask(2, request_kind::sync, hex("01 05 02"));
  pair.ask(2, request_kind::update, hex("00 00"));
  pair.ask(2, request_kind::update, writer.doc.encode_state_as_update(writer.doc.state_vector()));
  pair.ask(2, request_kind::event, bytes_of("{}"), dialect::json, "e");
  pair.ask(2, request_kind::own_presence, bytes_of("{}"), dialect::json, "p");
  pair.ask(2, request_kind::query_presence, {});
  pair.both([&](hosted_document& on, document_effects& out) {
    on.on_event("{}", out);
    on.on_tick(pair.now);
    on.ask_again(pair.now, out);
    on.on_presence_missed(1, out);
    on.end_turn(out);
    on.on_leave(2, pair.now);
    on.on_join({2, rights::all(), nullptr});
  });
  for (const dialect each : {dialect::y_websocket, dialect::json})
    (void)folding.whole_state_notice(each);
  (void)folding.whole_state();
  (void)folding.describe();
  CHECK(folding.is_folded());
  CHECK(pair.folds == 2);  // nothing of all that has made it fold again

  CHECK_FALSE(folding.would_unfold({request_kind::sync, dialect::y_websocket, hex("00"), {}}));
  const byte_buffer more = writer.insert_text("t", 0, "y");
  CHECK(folding.would_unfold({request_kind::update, dialect::y_websocket, more, {}}));
  pair.ask(1, request_kind::update, more);
  CHECK_FALSE(folding.is_folded());
  CHECK(folding.state().text("t") == "yello");
}

TEST_CASE("a document with a gap that is asked for does not fold, and folds once it is filled",
          "[document][fold]") {
  twins pair;
  pair.both([&](hosted_document& on, document_effects&) {
    on.on_join({1, rights::all(), nullptr});
  });
  editing_client writer{5};
  const byte_buffer first = writer.insert_text("t", 0, "a");
  const byte_buffer second = writer.insert_text("t", 1, "b");
  CHECK(pair.ask(1, request_kind::update, second).size() == 2);  // a question and a write
  CHECK_FALSE(pair.folding->fold());
  pair.ask(1, request_kind::update, first);
  CHECK(pair.folding->fold());
  CHECK(pair.folding->state().text("t") == "ab");
}

TEST_CASE("what waits on the node is charged the same for documents that fold",
          "[document][fold]") {
  const auto shared = std::make_shared<budget>(1'000'000);
  hosted_document folding{{}, 0, nullptr, shared};
  editing_client writer{5};
  document_effects out;
  folding.on_update(origin::of_server(), writer.insert_text("t", 0, "a"), out);
  REQUIRE(folding.fold());
  const byte_buffer missing = writer.insert_text("t", 1, "b");
  const byte_buffer waiting = writer.insert_text("t", 2, "c");
  folding.on_update(origin::of_server(), waiting, out);
  CHECK(shared->used() > 0);
  CHECK_FALSE(folding.fold());
  folding.on_update(origin::of_server(), missing, out);
  CHECK(shared->used() == 0);
  CHECK(folding.fold());
}

}  // namespace troupe::hosted_document_fold_test
