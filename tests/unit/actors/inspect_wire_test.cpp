// The questions and answers of inspection, as CAF's network layer writes and reads them.
#include "actors/inspect_wire.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/wire_bed.hpp"

namespace troupe::inspect_wire_test {

namespace {

struct whole_wire_bed : test::wire_bed {
  /// What comes out of a message is written as the message was, and nothing is read of one that is
  /// cut short.
  template <class Message>
  Message there_and_back(const Message& what) {
    const caf::byte_buffer bytes = write(what);
    const Message read_back = wire_bed::there_and_back(what);
    CHECK(write(read_back) == bytes);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      Message cut;
      CHECK_FALSE(read({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}, cut));
    }
    return read_back;
  }
};

}  // namespace

TEST_CASE("questions come out of the network layer as they went in", "[inspect_wire]") {
  whole_wire_bed bed;
  CHECK(bed.there_and_back(inspect_hello{}).mark.is_ours());
  CHECK(bed.there_and_back(inspect_hello{{inspection::tag, 7}}).mark.version == 7);
  CHECK(bed.there_and_back(inspect_node{}).mark.is_ours());
  CHECK(bed.there_and_back(inspect_actors{}).mark.is_ours());
  const auto documents = bed.there_and_back(inspect_documents{{}, 3, 17});
  CHECK(documents.order == 3);
  CHECK(documents.limit == 17);
  const auto sessions = bed.there_and_back(inspect_sessions{{}, 2, 5});
  CHECK(sessions.order == 2);
  CHECK(sessions.limit == 5);
  CHECK(bed.there_and_back(inspect_document{{}, "notes/today"}).name == "notes/today");
}

TEST_CASE("answers come out of the network layer as they went in", "[inspect_wire]") {
  whole_wire_bed bed;
  CHECK(bed.there_and_back(inspect_welcome{{}, "0.1.0", "n1"}).node == "n1");

  inspected_node node;
  node.source = {12, 2, true};
  node.memory_bytes = std::uint64_t{1} << 40;
  node.storage_refusal = "the disk is full";
  node.cluster = "x";
  node.members = {{.name = "n1", .state = "self", .incarnation = 3},
                  {.name = "n2", .why_down = "refused", .lag = 250, .queued_bytes = 9}};
  const inspected_node read = bed.there_and_back(node);
  CHECK(read.source.is_partial);
  CHECK(read.members[0].incarnation == 3);
  CHECK(read.members[1].lag == 250);
  CHECK(read.members[1].why_down == "refused");

  inspected_actors actors;
  actors.actors = {{.name = "troupe.store", .asked = 1, .answer = 1500, .mailbox = 2}};
  CHECK(bed.there_and_back(actors).actors[0].answer == 1500);
  CHECK(bed.there_and_back(inspected_actors{{}, {}, {actor_row{}}}).actors[0].answer ==
        actor_row::not_known);

  inspected_documents documents;
  documents.documents = {{.name = "a", .is_folded = true, .home = "n2", .keepers = {"n2", "n1"}}};
  documents.silent = {"b"};
  CHECK(bed.there_and_back(documents).documents[0].keepers == std::vector<std::string>{"n2", "n1"});
  CHECK(bed.there_and_back(documents).silent == std::vector<std::string>{"b"});

  inspected_document document;
  document.is_stored = true;
  document.row.name = "a";
  document.updates = 77;
  document.is_silent = true;
  document.damage = "a record is broken";
  CHECK(bed.there_and_back(document).updates == 77);
  CHECK(bed.there_and_back(document).is_silent);

  inspected_sessions sessions;
  sessions.queued_bytes = 5;
  sessions.sessions = {{.id = 9, .user = "ada", .dialects = "json", .idle = 4000}};
  const inspected_sessions heard = bed.there_and_back(sessions);
  CHECK(heard.sessions[0].user == "ada");
  CHECK(heard.sessions[0].idle == 4000);
  CHECK(heard.queued_bytes == 5);
}

TEST_CASE("answers have limits", "[inspect_wire]") {
  const std::string longest(inspection::text_size_bytes_max, 'x');
  const std::string too_long = longest + "x";
  CHECK(inspection::cut(too_long) == longest);

  inspected_sessions sessions;
  sessions.sessions.resize(inspection::rows_max);
  sessions.sessions.back().document = longest;
  CHECK(sessions.is_well_formed());
  sessions.sessions.back().document = too_long;
  CHECK_FALSE(sessions.is_well_formed());
  sessions.sessions.back().document.clear();
  sessions.sessions.emplace_back();
  CHECK_FALSE(sessions.is_well_formed());

  inspected_documents documents;
  documents.documents.resize(1);
  documents.documents[0].keepers = {longest};
  CHECK(documents.is_well_formed());
  documents.documents[0].keepers = {too_long};
  CHECK_FALSE(documents.is_well_formed());
  documents.documents.assign(inspection::rows_max + 1, {});
  CHECK_FALSE(documents.is_well_formed());
  CHECK_FALSE((inspected_documents{{}, {}, {}, {too_long}}.is_well_formed()));

  inspected_node node;
  node.members.resize(1);
  CHECK(node.is_well_formed());
  node.members[0].why_down = too_long;
  CHECK_FALSE(node.is_well_formed());

  CHECK_FALSE((inspected_actors{{}, {}, {actor_row{.name = too_long}}}.is_well_formed()));
  CHECK_FALSE((inspect_welcome{{}, too_long, ""}.is_well_formed()));
  CHECK_FALSE((inspect_document{{}, too_long}.is_well_formed()));
  inspected_document document;
  document.row.name = too_long;
  CHECK_FALSE(document.is_well_formed());
}

TEST_CASE("a mark of something else is not ours", "[inspect_wire]") {
  CHECK(inspect_mark{}.is_ours());
  CHECK_FALSE((inspect_mark{1, inspection::version}.is_ours()));
  CHECK_FALSE((inspect_mark{inspection::tag, inspection::version + 1}.is_ours()));
}

}  // namespace troupe::inspect_wire_test
