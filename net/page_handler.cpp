#include "net/page_handler.hpp"

#include "net/address_limits.hpp"

namespace troupe {

const page_file* page_handler::file_for(const http_request& request) const noexcept {
  if (request.method != "GET" && request.method != "HEAD") return nullptr;
  if (audience_ == page_audience::this_machine && !is_loopback_address(request.remote_address))
    return nullptr;
  return find_page_file(files_, request.target);
}

body_plan page_handler::on_head(const http_request& head) {
  return file_for(head) != nullptr ? body_plan{} : others_->on_head(head);
}

void page_handler::on_request(http_request request, std::function<void(http_answer)> answer) {
  const page_file* const file = file_for(request);
  if (file == nullptr) return others_->on_request(std::move(request), std::move(answer));
  answer(answer_page_file(*file, request));
}

}  // namespace troupe
