// What must hold for any bytes that are taken for an update.
#pragma once

#include <cstdlib>

#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/store/check_invariants.hpp"
#include "protocol/crdt/wire/update_tools.hpp"

namespace troupe::test {

/// Reads every root in every form, now and at a snapshot, whatever is in it.
inline void read_everything(const crdt::doc& doc) {
  const crdt::snapshot now = doc.snapshot();
  for (const crdt::doc_view& view : {doc.view(), doc.view_at(now)}) {
    std::size_t size = view.json().size();
    for (const crdt::root_info& root : view.roots()) {
      const crdt::type_ref name{root.name};
      size += view.text(name).size() + view.array_json(name).size() + view.map_json(name).size();
      size += view.delta_json(name).size() + view.xml_string(name).size();
      size += view.xml_string(name, crdt::type_kind::xml_text).size();
    }
    if (size < 2) std::abort();
  }
}

/// What is read from storage and repaired, if need be, is fit for clients.
inline void check_stored_update(byte_view update) {
  crdt::doc loaded;
  std::vector<crdt::repaired_struct> repaired;
  if (!loaded.load_update(update, repaired)) return;
  crdt::check_invariants(loaded.contents());
  crdt::limits strict = crdt::limits_of_stored({});
  strict.unusable = crdt::unusable_content::refuse;
  crdt::doc client{{.limit = strict}};
  if (!client.apply_update(loaded.encode_state_as_update())) std::abort();
}

/// A refused update changes nothing; an accepted one leaves a sound document whose state loads and
/// encodes as it is.
inline void check_update(byte_view update, crdt::update_format format) {
  crdt::doc_settings options;
  options.limit.structs_per_update_max = std::size_t{1} << 16;
  crdt::doc doc{options};
  const auto applied = doc.apply_update(update, format);
  crdt::check_invariants(doc.contents());
  const byte_buffer state = doc.encode_state_as_update();
  if (!applied && state != byte_buffer{0, 0}) std::abort();
  crdt::doc again;
  if (!again.apply_update(state)) std::abort();
  crdt::check_invariants(again.contents());
  // Two structs with one id, of which one waits, are a forgery; which of them wins may change on
  // the way.
  const bool is_settled = doc.pending_size() == 0;
  if (is_settled && again.state_vector() != doc.state_vector()) std::abort();
  crdt::doc through_v2;
  if (!through_v2.apply_update(doc.encode_state_as_update({}, crdt::update_format::v2),
                               crdt::update_format::v2))
    std::abort();
  // Values may come out in another spelling (1.0 as 1), so the bytes need not be equal.
  if (is_settled && through_v2.state_vector() != again.state_vector()) std::abort();
  if (is_settled && through_v2.item_count() != again.item_count()) std::abort();
  if (is_settled && through_v2.text("text") != again.text("text")) std::abort();
  read_everything(doc);
  if (format == crdt::update_format::v1) check_stored_update(update);
  static_cast<void>(crdt::diff_update(update, doc.state_vector(), format, options.limit));
}

}  // namespace troupe::test
