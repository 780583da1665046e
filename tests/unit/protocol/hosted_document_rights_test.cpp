// What a session may do to a hosted document with which rights, in both dialects, before and after
// they change. Every cell of rights, dialect and request is looked at.
#include <algorithm>
#include <array>

#include <catch2/catch_test_macros.hpp>

#include "protocol/contents_query.hpp"
#include "protocol/hosted_document.hpp"
#include "protocol/lib0/encoder.hpp"
#include "tests/support/edit_checks.hpp"

namespace troupe::hosted_document_rights_test {

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

constexpr session_id viewer = 1;
constexpr session_id author = 2;
const hosted_document::time_point start{1h};

/// An update that inserts a text, of a client of its own.
byte_buffer edit_of(std::string_view text) {
  crdt::doc doc;
  return edit(
      doc, [&](crdt::doc_edit& e) { must(e.insert_text("t", 0, text)); }, 9);
}

byte_buffer shown_client() {
  lib0::encoder out;
  out.write_var_uint(1);
  out.write_var_uint(77);
  out.write_var_uint(1);
  out.write_var_string(R"({"name":"v"})");
  return out.take();
}

constexpr std::array all_kinds{request_kind::sync,           request_kind::update,
                               request_kind::contents,       request_kind::edit,
                               request_kind::presence,       request_kind::own_presence,
                               request_kind::query_presence, request_kind::event};

/// What a request of this kind needs.
right needed_for(request_kind kind) {
  switch (kind) {
    case request_kind::update:
    case request_kind::edit: return right::write;
    case request_kind::presence:
    case request_kind::own_presence:
    case request_kind::event: return right::presence;
    default: return right::read;
  }
}

rights rights_of(unsigned bits) {
  rights may;
  if ((bits & 1) != 0) may.insert(right::read);
  if ((bits & 2) != 0) may.insert(right::write);
  if ((bits & 4) != 0) may.insert(right::presence);
  return may;
}

class rights_bed {
 public:
  rights_bed() {
    document.on_join({author, rights::all(), nullptr});
    document_effects out;
    document.on_request(author, {request_kind::update, dialect::json, edit_of("x")}, start, out);
    document.on_request(author, {request_kind::sync, dialect::json, empty_vector}, start, out);
  }

  void join(rights may) { document.on_join({viewer, may, nullptr}); }

  /// Returns whether it was refused, and checks that a refusal does nothing.
  bool is_refused(request_kind kind, dialect in) {
    const std::string before = document.state().json();
    const auto shown_before = document.presence().known().size();
    byte_buffer body;
    switch (kind) {
      case request_kind::sync: body = empty_vector; break;
      case request_kind::update: body = edit_of("news"); break;
      case request_kind::presence: body = shown_client(); break;
      case request_kind::query_presence: break;
      case request_kind::contents: body = contents_query{}.encode(); break;
      case request_kind::edit: {
        constexpr std::string_view edits =
            R"([{"op":"insertText","path":"/t","index":0,"text":"news"}])";
        body.assign(edits.begin(), edits.end());
        break;
      }
      default: body = {'{', '}'}; break;
    }
    document_effects out;
    REQUIRE(document.on_request(viewer, {kind, in, body}, start, out));
    const bool is_left_out = !out.left_out.empty();
    if (out.refusals.empty() && !is_left_out) return false;
    if (is_left_out) {
      CHECK(out.left_out[0].why.code == errc::forbidden);
    } else {
      CHECK(out.refusals[0].why.code == errc::forbidden);
      CHECK(out.refusals[0].in == in);
      CHECK(out.refusals[0].from.session() == viewer);
    }
    CHECK(out.deliveries.empty());
    CHECK(out.writes.empty());
    CHECK(document.state().json() == before);
    CHECK(document.presence().known().size() == shown_before);
    return true;
  }

  hosted_document document{{}};

 private:
  const byte_buffer empty_vector{0};
};

}  // namespace

TEST_CASE("a request is done exactly with the right to it", "[document][rights]") {
  for (unsigned bits = 0; bits < 8; ++bits)
    for (const dialect in : {dialect::y_websocket, dialect::json})
      for (const request_kind kind : all_kinds) {
        CAPTURE(bits, index_of(in), static_cast<int>(kind));
        rights_bed bed;
        bed.join(rights_of(bits));
        CHECK(bed.is_refused(kind, in) == !rights_of(bits).contains(needed_for(kind)));
      }
}

TEST_CASE("a change of rights counts from the next request on", "[document][rights]") {
  for (unsigned before = 0; before < 8; ++before)
    for (unsigned after = 0; after < 8; ++after)
      for (const dialect in : {dialect::y_websocket, dialect::json})
        for (const request_kind kind : all_kinds) {
          CAPTURE(before, after, index_of(in), static_cast<int>(kind));
          rights_bed bed;
          bed.join(rights_of(before));
          bed.document.on_rights(viewer, rights_of(after), start);
          CHECK(bed.is_refused(kind, in) == !rights_of(after).contains(needed_for(kind)));
        }
}

TEST_CASE("an update with nothing new needs no right to write", "[document][rights]") {
  rights_bed bed;
  rights may;
  may.insert(right::read);
  bed.join(may);
  for (const byte_buffer& known : {edit_of("x"), byte_buffer{0, 0}}) {
    document_effects out;
    bed.document.on_request(viewer, {request_kind::update, dialect::y_websocket, known}, start,
                            out);
    CHECK(out.refusals.empty());
  }
  // What clients answer that have nothing of their own leaves a folded document folded.
  REQUIRE(bed.document.fold());
  document_effects out;
  bed.document.on_request(viewer, {request_kind::update, dialect::y_websocket, byte_buffer{0, 0}},
                          start, out);
  CHECK(out.refusals.empty());
  CHECK(bed.document.is_folded());
}

TEST_CASE("what a session shows goes with the right to be seen", "[document][rights]") {
  rights_bed bed;
  bed.join(rights::all());
  REQUIRE_FALSE(bed.is_refused(request_kind::presence, dialect::y_websocket));
  REQUIRE(bed.document.presence().has_states());
  rights may;
  may.insert(right::read);
  bed.document.on_rights(viewer, may, start);
  CHECK_FALSE(bed.document.presence().has_states());
  CHECK(bed.document.has_gathered());  // all others hear of it
}

TEST_CASE("rights of a session that is not here change nothing", "[document][rights]") {
  rights_bed bed;
  bed.document.on_rights(99, {}, start);
  bed.join(rights::all());
  CHECK_FALSE(bed.is_refused(request_kind::update, dialect::json));
}

}  // namespace troupe::hosted_document_rights_test
