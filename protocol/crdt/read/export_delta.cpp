#include "protocol/crdt/read/export_delta.hpp"

#include "protocol/json/write.hpp"

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
    attributes_.append_json(*out_);
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
  json::append_string(run, *out_);
  end_insert();
}

}  // namespace troupe::crdt
