// The examples of docs/peer-link.md, run through the code: each is decoded and encoded again, byte
// for byte, and holds what the page says of it.
#include <map>
#include <regex>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "protocol/cluster/hello.hpp"
#include "protocol/cluster/link_limits.hpp"
#include "protocol/cluster/link_queue.hpp"
#include "protocol/cluster/message_joiner.hpp"
#include "protocol/cluster/peer_codec.hpp"
#include "protocol/hosted_document.hpp"
#include "tests/support/hex_bytes.hpp"
#include "tests/support/source_tree.hpp"

namespace troupe::peer_link_page_test {

using namespace troupe::cluster;

namespace {

constexpr replica_life life = 0x0123456789abcdef;
constexpr hash128 digest{0x0011223344556677, 0x8899aabbccddeeff};

shared_slice slice(std::string_view digits) { return shared_bytes::copy_of(test::hex(digits)); }

const shared_slice hello = slice("01010100040104746578740568656c6c6f00");
const shared_slice vector_of_page = slice("010105");

/// The blocks that are fenced as ```hex KIND.
std::vector<std::string> fenced(const std::string& kind) {
  std::vector<std::string> all;
  std::istringstream page{test::read_text("docs/peer-link.md")};
  for (std::string line; std::getline(page, line);) {
    if (line != "```hex " + kind) continue;
    std::string digits;
    while (std::getline(page, line) && line != "```") digits += line;
    all.push_back(test::to_hex(test::hex(digits)));
  }
  return all;
}

/// The last cells of the tables of messages, by the name in the second.
std::map<std::string, std::string> rows() {
  static const std::regex row{"\\| +([0-9]+) \\| `(peer_[a-z_]+)` \\|.*\\| `([0-9a-f ]+)` \\|"};
  std::map<std::string, std::string> all;
  std::istringstream page{test::read_text("docs/peer-link.md")};
  for (std::string line; std::getline(page, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, row)) continue;
    const byte_buffer bytes = test::hex(match[3].str());
    CHECK(bytes.at(0) == std::stoi(match[1]));
    CHECK(all.emplace(match[2], test::to_hex(bytes)).second);
  }
  return all;
}

std::string hex_of(const peer_message& message) { return test::to_hex(encode(message).view()); }

std::string again(const std::string& digits) {
  const auto message = decode(shared_bytes::copy_of(test::hex(digits)));
  REQUIRE(message.has_value());
  return hex_of(*message);
}

}  // namespace

TEST_CASE("the messages of the page are read and written as it says", "[cluster][docs]") {
  const std::vector<std::pair<std::string, document_message>> meant = {
      {"peer_compare", peer_compare{digest, 17}},
      {"peer_stored", peer_stored{life, 17, 16}},
      {"peer_ask", peer_ask{life, vector_of_page}},
      {"peer_fill", peer_fill{life, hello, 17}},
      {"peer_update", peer_update{hello, 17}},
      {"peer_load", peer_load{digest, vector_of_page, 1}},
      {"peer_loaded", peer_loaded{life, hello, true, 1}},
      {"peer_opened", peer_opened{}},
      {"peer_closed", peer_closed{}},
      {"peer_presence", peer_presence{slice("010101027b7d"), true}},
      {"peer_event", peer_event{slice("7b2261223a317d"), "ada", "m-1"}},
      {"peer_generation", peer_generation{3}},
      {"peer_authors", peer_authors{{"ada"}, {"import"}}},
      {"peer_generation_stored", peer_generation_stored{3}},
      {"peer_part", peer_part{life, answer_to::ask, hello}},
      {"peer_more", peer_more{life, answer_to::load}}};
  const std::vector<std::pair<std::string, node_message>> of_nodes = {
      {"peer_members", peer_members{slice("6162")}},
      {"peer_moved", peer_moved{7}},
      {"peer_access_change", peer_access_change{slice("7b7d")}},
      {"peer_bye", peer_bye{}}};
  const auto examples = rows();
  CHECK(examples.size() == meant.size() + of_nodes.size());
  const std::string header = hex_of(document_block{"plan", life, {}, 7});
  for (const auto& [name, message] : meant) {
    INFO(name);
    const std::string bytes = header + examples.at(name);
    CHECK(hex_of(document_block{"plan", life, {message}, 7}) == bytes);
    CHECK(again(bytes) == bytes);
  }
  for (const auto& [name, message] : of_nodes) {
    INFO(name);
    CHECK(hex_of(message) == examples.at(name));
    CHECK(again(examples.at(name)) == examples.at(name));
  }
}

TEST_CASE("the block of the page is read and written as it says", "[cluster][docs]") {
  const auto all = fenced("block");
  REQUIRE(all.size() == 1);
  const document_block block{
      "plan", life, {peer_update{hello, 17}, peer_update{slice("0000"), 18}}, 7};
  CHECK(hex_of(block) == all[0]);
  CHECK(again(all[0]) == all[0]);
}

TEST_CASE("the payloads of the page are read and written as it says", "[cluster][docs]") {
  const auto all = fenced("payload");
  REQUIRE(all.size() == 2);
  const shared_bytes bye = encode(node_message{peer_bye{}});
  const shared_slice ten = slice("00010203040506070809");
  link_limits limits;
  limits.payload_bytes_max = 17;
  limits.chunk_bytes_min = 1;
  link_queue queue{limits};
  message_joiner joiner{limits.message_bytes_max};
  queue.push(ten.bytes, traffic_class::data, "plan");
  std::vector<shared_slice> messages;
  for (const std::string& each : all) {
    queue.push(bye, traffic_class::control, {});
    CHECK(test::to_hex(as_bytes(queue.take_payload())) == each);
    REQUIRE(joiner.add(shared_bytes::copy_of(test::hex(each)), messages));
  }
  REQUIRE(messages.size() == 3);
  CHECK(test::to_hex(messages[0].view()) == "05");
  CHECK(test::to_hex(messages[1].view()) == "05");
  CHECK(test::to_hex(messages[2].view()) == test::to_hex(ten.view()));
}

TEST_CASE("the limits of the page are those of the code", "[cluster][docs]") {
  CHECK(protocol_version == 2);
  CHECK(peer_message_size_bytes_max == 83'886'080);
  CHECK(peer_authors_count_max == 100);
  CHECK(peer_update_size_bytes_max == 67'108'864);
  CHECK(hosted_document::whole_difference_max == 16 * 1024 * 1024);
  CHECK(hosted_document::difference_part_size == 4 * 1024 * 1024);
  CHECK(block_messages_max == 65'536);
  const link_limits limits;
  CHECK(limits.payload_bytes_max == 262'144);
  CHECK(limits.message_bytes_max == peer_message_size_bytes_max);
  CHECK(limits.credit_bytes == 4 * 1024 * 1024);
  CHECK(limits.queue_bytes_max == 8 * 1024 * 1024);
  CHECK(limits.ack_bytes == 256 * 1024);
  CHECK(limits.ack_delay == std::chrono::milliseconds{50});
  CHECK(limits.chunk_bytes_min == 4096);
}

}  // namespace troupe::peer_link_page_test
