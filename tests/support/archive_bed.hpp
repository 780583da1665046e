// Archivists among a real directory, store and documents, asked as the admin listener asks them.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "actors/archivist.hpp"
#include "tests/support/actor_node.hpp"

namespace troupe::test {

inline directory_settings without_grace() {
  directory_settings settings;
  settings.idle_grace = std::chrono::milliseconds{0};
  return settings;
}

inline archive_settings settings_with(std::chrono::milliseconds wait) {
  archive_settings settings;
  settings.update_bytes_max = 1'000'000;
  settings.patience = wait;
  return settings;
}

class archive_bed {
 public:
  explicit archive_bed(std::chrono::milliseconds wait = std::chrono::seconds{60},
                       const directory_settings& settings = without_grace(),
                       const version_rules& rules = {},
                       std::shared_ptr<const newest_links> homes = nullptr)
      : node(settings),
        archive(node.backend, &node.backend->archive()),
        desk(std::make_shared<archive_desk>(
            node.backend, archive, node.directory_handle(),
            std::make_shared<const version_keeper>(
                node.backend, archive, [](const std::string&) { return crdt::doc_settings{}; },
                rules),
            settings_with(wait), std::move(homes))) {}

  std::future<http_answer> begin(const std::string& method, const std::string& target,
                                 const std::string& body = {}, const std::string& type = {},
                                 const std::string& if_match = {}) {
    auto promise = std::make_shared<std::promise<http_answer>>();
    http_request request{method, target, body, "::1"};
    request.content_type = type.empty() ? "application/json" : type;
    request.if_match = if_match;
    auto page = std::get<admin::page_request>(admin::find_page(method, target));
    auto place = archive_desk::take_place(desk);
    REQUIRE(place != nullptr);
    const auto actor = node.system().spawn<archivist, caf::detached>(
        desk, std::move(place),
        [promise](http_answer with) { promise->set_value(std::move(with)); });
    tell_anonymously(actor,
                     answer_admin_request{std::make_shared<const http_request>(std::move(request)),
                                          std::move(page)});
    return promise->get_future();
  }
  http_answer end(std::future<http_answer>& begun) {
    REQUIRE(begun.wait_for(std::chrono::seconds{10}) == std::future_status::ready);
    return begun.get();
  }
  http_answer ask(const std::string& method, const std::string& target,
                  const std::string& body = {}, const std::string& type = {},
                  const std::string& if_match = {}) {
    auto begun = begin(method, target, body, type, if_match);
    return end(begun);
  }
  nlohmann::json get(const std::string& target) {
    const http_answer answer = ask("GET", target);
    INFO(answer.body);
    CHECK(answer.status == 200);
    return nlohmann::json::parse(answer.body);
  }
  http_answer import(const std::string& name, const byte_buffer& update,
                     const std::string& query = {}) {
    return ask("POST", "/api/v1/documents/" + name + "/import" + query,
               std::string{as_text(update)}, "application/octet-stream");
  }

  actor_node node;
  std::shared_ptr<storage::archive> archive;
  std::shared_ptr<archive_desk> desk;
};

}  // namespace troupe::test
