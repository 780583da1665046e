// The end of a link between two nodes whose other end, directory, cluster actor and documents the
// test plays.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch_test_macros.hpp>

#include "actors/peer_link.hpp"
#include "tests/support/actor_node.hpp"
#include "tests/support/answered_question.hpp"
#include "tests/support/remote_end.hpp"

namespace troupe::test {

using namespace troupe::cluster;
using namespace std::chrono_literals;

/// A link; the test is the directory, the cluster actor and the documents around it.
class link_bed {
 public:
  static constexpr std::chrono::seconds patience{10};
  static constexpr peer_id number = 4;  ///< Of the other end.

  /// `counted`: the link shows its figures in the metrics.
  explicit link_bed(link_limits limits = {}, bool counted = false) {
    register_types_once();
    config_.set("caf.logger.console.verbosity", "quiet");
    config_.set("caf.scheduler.max-threads", 2);
    system = std::make_unique<caf::actor_system>(config_);
    directory = std::make_unique<caf::scoped_actor>(*system);
    owner = std::make_unique<caf::scoped_actor>(*system);
    document = std::make_unique<caf::scoped_actor>(*system);
    remote = std::make_unique<remote_end>(*system, limits);
    if (counted) metrics = std::make_shared<node_metrics>(*system);
    link = system->spawn<peer_link>(peer_link_settings{number, "node n4", limits, metrics, "n4"},
                                    caf::actor_cast<directory_actor>(directory->ptr()),
                                    caf::actor_cast<cluster_actor>(owner->ptr()));
  }
  ~link_bed() {
    caf::anon_send_exit(link, caf::exit_reason::user_shutdown);
    (*owner)->wait_for(link);
    link = nullptr;
    remote.reset();
    document.reset();
    owner.reset();
    directory.reset();
  }

  template <class Message>
  void tell(Message what) {
    (*owner)->send(link, std::move(what));
  }
  /// Which the other end begins.
  void connect(link_epoch epoch = 7) {
    remote->open(link, epoch);
    tell(connect_link{remote->handle(), epoch, false});
    remote->greet();
    CHECK(next_change().is_up);
  }
  link_changed next_change() { return next<link_changed>(*owner); }

  template <class Message>
  Message next(caf::scoped_actor& from) {
    Message heard;
    from->receive([&](const Message& what) { heard = what; },
                  caf::after(patience) >> [] { FAIL("nothing of this kind comes"); });
    return heard;
  }
  peer_news next_news() {
    if (news_.empty()) return next<peer_news>(*document);
    const peer_news first = news_.front();
    news_.pop_front();
    return first;
  }
  bool has_news() {
    take_news();
    const bool has_one = !news_.empty();
    if (has_one) news_.pop_front();
    return has_one;
  }

  /// That a link is down a document may hear or take for granted.
  void attach(const std::string& name) {
    tell(attach_document{name, caf::actor_cast<document_actor>(document->ptr())});
    take_news();
    std::erase_if(news_, [](const peer_news& each) { return each.what == peer_news::kind::down; });
  }
  void detach(const std::string& name) { tell(detach_document{name, (*document)->id()}); }
  /// Waits until the link has handled all that it was told; what it is like then.
  described_link settle() {
    described_link answer;
    for (int i = 0; i < 2; ++i)
      (*owner)
          ->request(link, patience, describe_link{})
          .receive([&](const described_link& got) { answer = got; },
                   [](const caf::error& why) { FAIL(caf::to_string(why)); });
    return answer;
  }

  /// The next question about a document for the directory, answered so.
  template <class Question, class Answer>
  Question answer_next(Answer answer) {
    return test::answer_next<Question>(*directory, std::move(answer));
  }
  template <class Question>
  bool has_question() {
    settle();
    bool has_one = false;
    (*directory)
        ->receive(
            [&](const Question&) -> caf::result<void> {
              has_one = true;
              return caf::unit;
            },
            caf::after(0s) >> [] {});
    return has_one;
  }
  opened_document opened() { return {1, caf::actor_cast<document_actor>(document->ptr())}; }

 private:
  void take_news() {
    settle();
    for (bool has_come = true; has_come;) {
      has_come = false;
      (*document)->receive(
          [&](const peer_news& news) {
            news_.push_back(news);
            has_come = true;
          },
          caf::after(0s) >> [] {});
    }
  }

  caf::actor_system_config config_;
  std::deque<peer_news> news_;

 public:
  std::unique_ptr<caf::actor_system> system;
  std::shared_ptr<node_metrics> metrics;  // null unless it is counted
  std::unique_ptr<caf::scoped_actor> directory;
  std::unique_ptr<caf::scoped_actor> owner;
  std::unique_ptr<caf::scoped_actor> document;
  std::unique_ptr<remote_end> remote;
  peer_link_actor link;
};

/// What a document has for the other end.
inline send_to_peer about(const std::string& document, std::vector<document_message> messages) {
  return {encode(document_block{document, 9, std::move(messages), 1}), traffic_class::data,
          std::make_shared<const std::string>(document)};
}

inline peer_update update_of(std::size_t size, state_number at = 1) {
  return {shared_bytes::copy_of(byte_buffer(size, 7)), at};
}

inline document_block block_of(const std::string& document,
                               std::vector<document_message> messages) {
  return {document, 9, std::move(messages), 1};
}

}  // namespace troupe::test
