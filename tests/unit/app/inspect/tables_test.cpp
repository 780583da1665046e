// Answers of an inspector as tables.
#include "app/inspect/tables.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::inspect_tables_test {

using namespace troupe::inspection;

TEST_CASE("columns are as wide as their widest cell", "[inspect]") {
  CHECK(table_of({}).empty());
  CHECK(table_of({{{"A"}, {"N", true}, {"C"}}, {{"long"}, {"1", true}, {"x"}}}) == "A     N  C\n"
                                                                                   "long  1  x\n");
  CHECK(table_of({{{"N", true}, {"M", true}}, {{"12", true}, {"3", true}}}) == " N  M\n"
                                                                               "12  3\n");
  // A character of several bytes takes one place, or two.
  CHECK(table_of({{{"\xe6\x97\xa5"}, {"b"}}, {{"xyz"}, {"c"}}}) == "\xe6\x97\xa5   b\n"
                                                                   "xyz  c\n");
  CHECK(table_of({{{"\xc3\xa4"}, {"b"}}, {{"xy"}, {"c"}}}) == "\xc3\xa4   b\n"
                                                              "xy  c\n");
}

TEST_CASE("a node without a cluster", "[inspect]") {
  inspected_node node;
  node.program = "0.1.0";
  node.process = 17;
  node.uptime = 5'000;
  node.connections = 1'234;
  node.open_documents = 3;
  node.memory_bytes = 2048;
  CHECK(node_text(node) == "troupe 0.1.0, process 17, up 5.0 s\n"
                           "1,234 connections, 3 open documents, 0 messages, 0 actors\n"
                           "2.0 KiB of memory, 0 ms of processor time, 0 B not stored yet\n");
  node.storage_refusal = "disk_full: no space\n";
  CHECK(node_text(node).ends_with("\nEDITS ARE REFUSED: disk_full: no space\\x0a\n"));
}

TEST_CASE("a node of a cluster, with its members", "[inspect]") {
  inspected_node node;
  node.name = "n1";
  node.cluster = "x";
  node.list_number = 4;
  node.why_not_joined = "waits for n2";
  node.members = {
      {.name = "n1", .address = "h:1", .role = "member", .state = "self", .incarnation = 2},
      {.name = "n2",
       .address = "h:2",
       .role = "member",
       .state = "down",
       .why_down = "refused",
       .lag = 40,
       .queued_bytes = 1024}};
  const std::string text = node_text(node);
  CHECK(text.find("node 'n1'") != std::string::npos);
  CHECK(text.ends_with(
      "\ncluster 'x', member list 4; this node waits for n2\n"
      "MEMBER  ADDRESS  ROLE    STATE            LAG   QUEUED  IN FLIGHT  MOVED  START\n"
      "n1      h:1      member  self            0 ms      0 B        0 B      0      2\n"
      "n2      h:2      member  down: refused  40 ms  1.0 KiB        0 B      0      0\n"));
}

TEST_CASE("actors that nothing is known of have dashes", "[inspect]") {
  inspected_actors all;
  all.source.total = 12;
  all.actors = {{.name = "troupe.hub", .asked = 2, .answer = 40'000},
                {.name = "troupe.store",
                 .asked = 1,
                 .answer = 1'500,
                 .mailbox = 2,
                 .messages = 1'000,
                 .handling_mean = 20'000,
                 .handling_p99 = 100'000}};
  CHECK(actors_text(all) ==
        "12 actors run\n"
        "ACTOR         ANSWERS IN  SILENT  MAILBOX  MESSAGES  HANDLING       P99  WAITING  P99\n"
        "troupe.hub       40.0 us       0        -         -         -         -        -    -\n"
        "troupe.store      1.5 us       0        2     1,000   20.0 us  100.0 us        -    -\n");
}

TEST_CASE("documents, and where they belong in a cluster", "[inspect]") {
  inspected_documents all;
  all.source = {0, 1'000, false};
  all.documents = {{.name = "plan", .sessions = 2, .state_bytes = 100, .is_folded = true}};
  CHECK(documents_text(all) == "1 of 1,000 open documents\n"
                               "STORED  MEMORY  SESSIONS  CLIENTS  STATE   DOCUMENT\n"
                               " 100 B     0 B         2        0  folded  plan\n");
  all.documents[0].home = "n2";
  all.documents[0].keepers = {"n2", "n1"};
  all.source.age = 800;
  all.source.is_partial = true;
  CHECK(documents_text(all) ==
        "1 of 1,000 open documents, 800 ms ago (not all have answered yet)\n"
        "STORED  MEMORY  SESSIONS  CLIENTS  STATE   HOME  KEEPERS  DOCUMENT\n"
        " 100 B     0 B         2        0  folded  n2    n2 n1    plan\n");
}

TEST_CASE("documents that do not answer are named", "[inspect]") {
  inspected_documents all;
  all.source = {0, 1'000, true};
  all.silent = {"plan", "a\x1b[2J"};
  CHECK(documents_text(all).starts_with("0 of 1,000 open documents (not all have answered yet)\n"
                                        "DO NOT ANSWER: 2: plan, a\\x1b[2J\n"
                                        "STORED"));
  all.silent.assign(11, "x");
  CHECK(documents_text(all).find("\nDO NOT ANSWER: 11: x, x, x, x, x, x, x, x, x, x, ...\n") !=
        std::string::npos);
  inspected_document one;
  one.is_silent = true;
  CHECK(document_text(one).find("state     DOES NOT ANSWER\n") != std::string::npos);
}

TEST_CASE("one document, as far as it is there", "[inspect]") {
  inspected_document of;
  of.row.name = "a\x1b[2J";
  CHECK(document_text(of) == "document  a\\x1b[2J\n"
                             "state     not there\n");
  of.is_stored = true;
  of.changed_at = 1'767'225'600'000;
  of.updates = 7;
  of.log_records = 3;
  of.log_bytes = 300;
  CHECK(document_text(of).find("state           not open\n") != std::string::npos);
  CHECK(document_text(of).find("changed         2026-01-01 00:00:00 UTC\n") != std::string::npos);
  CHECK(document_text(of).find("log behind it   3 updates, 300 B\n") != std::string::npos);
  of.is_removed = true;
  CHECK(document_text(of).find("state           removed\n") != std::string::npos);
  of.is_removed = false;
  of.is_open = true;
  of.row.sessions = 4;
  CHECK(document_text(of).find("sessions        4\n") != std::string::npos);
}

TEST_CASE("sessions with their queues", "[inspect]") {
  inspected_sessions all;
  all.source = {0, 2, false};
  all.queued_bytes = 2048;
  all.sessions = {{.id = 9,
                   .user = "ada",
                   .address = "::1",
                   .dialects = "y-websocket",
                   .document = "plan",
                   .documents = 1,
                   .queued_bytes = 2048,
                   .idle = 1'000,
                   .connected = 60'000},
                  {.id = 10}};
  const std::string text = sessions_text(all);
  CHECK(text.starts_with("2 of 2 sessions; of all 2.0 KiB queued, 0 B in, 0 B out\nSESSION"));
  CHECK(text.find("\n      9  2.0 KiB  0 B  0 B       0        0  1.0 s   1 m 00 s          1  "
                  "y-websocket  ::1      ada   plan\n") != std::string::npos);
  CHECK(text.ends_with("-            -        -     -\n"));
}

TEST_CASE("a long name of a user does not push the document out of sight", "[inspect]") {
  std::string user;
  for (int i = 0; i < 32; ++i) user += "\xc3\xa4";
  inspected_sessions all;
  all.sessions = {{.id = 1, .user = user, .document = "plan"}};
  CHECK(sessions_text(all).ends_with("  " + user + "  plan\n"));
  all.sessions[0].user += "x";
  CHECK(sessions_text(all).ends_with("  " + user + "...  plan\n"));
}

TEST_CASE("an overview has all of it", "[inspect]") {
  overview all;
  all.node.program = "0.1.0";
  const std::string text = overview_text(all);
  for (const char* const part :
       {"troupe 0.1.0", "0 of 0 sessions", "0 of 0 open documents", "0 actors run"})
    CHECK(text.find(part) != std::string::npos);
}

}  // namespace troupe::inspect_tables_test
