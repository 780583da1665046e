// A session that shares its connection, and a document that cannot be opened.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/protocol/session/session_core_bed.hpp"

namespace troupe::session_retries_test {

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view sync = "01 64 00 00 01 00";
constexpr std::string_view update = "01 64 00 02 02 00 00";

/// A session of "d" whose document was opened as `with`, and was sent a sync and an update.
struct retry_bed : session_core_bed {
  explicit retry_bed(dialect_set dialects = dialect::hocuspocus)
      : session_core_bed({}, "d", dialects) {}

  void begin(document_id with = 1) {
    open();
    authorise("d", reader);
    opened("d", with);
    says_binary(sync);
    says_binary(update);
  }
  join_state state() const { return core.documents().begin()->state; }
  void pass(std::chrono::seconds time) {
    now += time;
    second();
  }

  static inline const rights reader{right::read};
};

}  // namespace

TEST_CASE("a document that fails before it begins is opened again, and hears all again",
          "[session_protocol]") {
  retry_bed bed;
  bed.begin();
  bed.document_failed(1, close_reason::upstream_unavailable);
  CHECK_FALSE(bed.out.close.has_value());
  CHECK(bed.out.put_off == close_reason::upstream_unavailable);
  CHECK(bed.out.leaves == document_id{1});
  CHECK(bed.state() == join_state::put_off);
  CHECK(bed.is_paused);
  CHECK_FALSE(bed.core.is_opening());  // a session that is closed now need not wait
  bed.second();
  CHECK(bed.out.open.empty());
  bed.pass(2s);
  REQUIRE(bed.out.open.size() == 1);
  CHECK(bed.out.open[0] == std::pair{std::string{"d"}, retry_bed::reader});
  CHECK(bed.state() == join_state::opening);

  bed.opened("d", 2);
  const auto sent = bed.forwards();
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].document == 2);
  CHECK(sent[0].kind == request_kind::sync);
  CHECK(sent[1].kind == request_kind::update);
  REQUIRE(bed.out.hears.size() == 1);
  CHECK(bed.out.hears[0].document == 2);
  // Whether it has begun is not known yet.
  CHECK(bed.is_paused);
  bed.handled(2, {question_weight, 1});
  CHECK_FALSE(bed.is_paused);
}

TEST_CASE("a document that fails again and again is tried, and keeps what it was sent",
          "[session_protocol]") {
  retry_bed bed;
  bed.begin();
  bed.document_failed(1, close_reason::document_failed);
  for (document_id with = 2; with < 8; ++with) {
    bed.pass(46s);
    REQUIRE(bed.out.open.size() == 1);
    bed.opened("d", with);
    CHECK(bed.forwards().size() == 2);
    bed.document_failed(with, close_reason::document_failed);
    CHECK(bed.out.put_off == close_reason::document_failed);
  }
}

TEST_CASE("a document that the directory refuses is tried again", "[session_protocol]") {
  retry_bed bed;
  bed.open();
  bed.authorise("d");
  bed.refused("d", close_reason::storage_unavailable);
  CHECK(bed.out.put_off == close_reason::storage_unavailable);
  bed.pass(2s);
  CHECK(bed.out.open.size() == 1);
  // Nothing waits for it, so that the client is read.
  bed.opened("d", 1);
  CHECK_FALSE(bed.is_paused);
}

TEST_CASE("while the application cannot be asked it is asked again", "[session_protocol]") {
  retry_bed bed;
  bed.open();
  bed.refused("d", close_reason::access_unavailable);
  CHECK(bed.out.put_off == close_reason::access_unavailable);
  bed.happens([&] {
    bed.core.on_rights_changed("d", rights::all(), close_reason::access_revoked, bed.at(), bed.out);
  });
  bed.pass(2s);
  CHECK(bed.out.open.empty());
  CHECK(bed.out.authorise == texts{"d"});
  bed.authorise("d", retry_bed::reader);
  REQUIRE(bed.out.open.size() == 1);
  CHECK(bed.out.open[0].second == retry_bed::reader);
}

TEST_CASE("rights that change meanwhile count when the document is opened", "[session_protocol]") {
  retry_bed bed;
  bed.begin();
  bed.document_failed(1, close_reason::upstream_unavailable);
  bed.happens([&] {
    bed.core.on_rights_changed("d", rights::all(), close_reason::access_revoked, bed.at(), bed.out);
  });
  CHECK(bed.out.new_rights.empty());
  bed.pass(2s);
  REQUIRE(bed.out.open.size() == 1);
  CHECK(bed.out.open[0].second == rights::all());
  bed.document_failed(1, close_reason::upstream_unavailable);  // outdated: it has left
  bed.refused("d", close_reason::upstream_unavailable);
  bed.happens([&] {
    bed.core.on_rights_changed("d", {}, close_reason::access_revoked, bed.at(), bed.out);
  });
  CHECK(bed.out.close == close_reason::access_revoked);
}

TEST_CASE("a document that fails once it has begun ends its session", "[session_protocol]") {
  retry_bed bed;
  bed.begin();
  bed.handled(1, {question_weight, 1});
  bed.document_failed(1, close_reason::document_failed);
  CHECK(bed.out.close == close_reason::document_failed);
  CHECK_FALSE(bed.out.put_off.has_value());
}

TEST_CASE("what another node may serve, or nobody ever will, is not waited for",
          "[session_protocol]") {
  for (const close_reason why : {close_reason::cluster_unavailable, close_reason::document_removed,
                                 close_reason::server_stopping}) {
    retry_bed bed;
    bed.begin();
    bed.document_failed(1, why);
    CHECK(bed.out.close == why);
  }
}

TEST_CASE("a session that has its connection for itself comes back by a close",
          "[session_protocol]") {
  retry_bed bed{both_dialects};
  bed.join_address();
  bed.document_failed(1, close_reason::upstream_unavailable);
  CHECK(bed.out.close == close_reason::upstream_unavailable);
}

}  // namespace troupe::session_retries_test
