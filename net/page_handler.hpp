// Shows the files of a page on a listener that also does other things: a GET of one of them is
// answered, whatever else is left to another handler. Thread: any.
#pragma once

#include <memory>
#include <span>
#include <utility>

#include "net/http_message.hpp"
#include "net/page_files.hpp"

namespace troupe {

/// To whom a page is shown; for others it is not there.
enum class page_audience : unsigned char {
  this_machine,  ///< Clients on this machine, by the address that a proxy here names.
  everybody,
};

class page_handler final : public http_handler {
 public:
  page_handler(std::span<const page_file> files, page_audience audience,
               std::shared_ptr<http_handler> others)
      : files_(files), audience_(audience), others_(std::move(others)) {}

  body_plan on_head(const http_request& head) override;
  void on_request(http_request request, std::function<void(http_answer)> answer) override;

 private:
  /// Null: the request is for the others.
  const page_file* file_for(const http_request& request) const noexcept;

  const std::span<const page_file> files_;
  const page_audience audience_;
  const std::shared_ptr<http_handler> others_;
};

}  // namespace troupe
