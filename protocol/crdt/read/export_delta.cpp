#include "protocol/crdt/read/export_delta.hpp"

#include <utility>

namespace troupe::crdt {

void delta_writer::add_format(const struct_store& from, const item& format) {
  end_run();
  attributes_.apply(from, format);
}

void delta_writer::begin_insert() {
  end_run();
  out_->append(is_first_ ? "{\"insert\":" : ",{\"insert\":");
  is_first_ = false;
}

void delta_writer::end_insert() {
  if (!attributes_.empty()) {
    out_->append(",\"attributes\":");
    out_->append_with([this](std::string& out) { attributes_.append_json(out); });
  }
  out_->push_back('}');
}

void delta_writer::finish() {
  end_run();
  out_->push_back(']');
}

void delta_writer::end_run() {
  if (run_.empty()) return;
  const std::string run = std::exchange(run_, {});
  begin_insert();
  out_->append_string(run);
  end_insert();
}

}  // namespace troupe::crdt
