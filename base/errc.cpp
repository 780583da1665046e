#include "base/errc.hpp"

#include <algorithm>

namespace troupe {

namespace {

std::string place_of(const failure& what) {
  return what.offset == failure::no_offset ? std::string{}
                                           : " at byte " + std::to_string(what.offset);
}

}  // namespace

std::string_view to_string(errc code) noexcept {
  switch (code) {
    case errc::truncated: return "truncated";
    case errc::trailing_bytes: return "trailing_bytes";
    case errc::number_too_large: return "number_too_large";
    case errc::invalid_utf8: return "invalid_utf8";
    case errc::invalid_any: return "invalid_any";
    case errc::invalid_json: return "invalid_json";
    case errc::invalid_base64: return "invalid_base64";
    case errc::invalid_zstd: return "invalid_zstd";
    case errc::too_deep: return "too_deep";
    case errc::unknown_message: return "unknown_message";
    case errc::unknown_content: return "unknown_content";
    case errc::unknown_type: return "unknown_type";
    case errc::invalid_reference: return "invalid_reference";
    case errc::update_too_large: return "update_too_large";
    case errc::name_too_long: return "name_too_long";
    case errc::pending_limit: return "pending_limit";
    case errc::unusable_content: return "unusable_content";
    case errc::document_full: return "document_full";
    case errc::too_complex: return "too_complex";
    case errc::too_many_clients: return "too_many_clients";
    case errc::state_too_large: return "state_too_large";
    case errc::invalid_name: return "invalid_name";
    case errc::out_of_range: return "out_of_range";
    case errc::type_gone: return "type_gone";
    case errc::storage_failed: return "storage_failed";
    case errc::disk_full: return "disk_full";
    case errc::corrupt_document: return "corrupt_document";
    case errc::corrupt_store: return "corrupt_store";
    case errc::store_in_use: return "store_in_use";
    case errc::newer_format: return "newer_format";
    case errc::storage_conflict: return "storage_conflict";
    case errc::document_removed: return "document_removed";
    case errc::address_in_use: return "address_in_use";
    case errc::watch_failed: return "watch_failed";
    case errc::message_id_reused: return "message_id_reused";
    case errc::not_owner: return "not_owner";
    case errc::forbidden: return "forbidden";
    case errc::invalid_key: return "invalid_key";
    case errc::weak_key: return "weak_key";
    case errc::quota_exceeded: return "quota_exceeded";
    case errc::request_failed: return "request_failed";
    case errc::invalid_edit: return "invalid_edit";
    case errc::edit_conflict: return "edit_conflict";
    case errc::out_of_sequence: return "out_of_sequence";
    case errc::invalid_config: return "invalid_config";
  }
  return "unknown";
}

std::string to_string(const failure& what) {
  std::string text{to_string(what.code)};
  if (!what.detail.empty()) text.append(": ").append(what.detail);
  return text + place_of(what);
}

std::string explain(const failure& what) {
  std::string text = what.detail;
  if (text.empty()) {
    text = to_string(what.code);
    std::ranges::replace(text, '_', ' ');
  }
  return text + place_of(what);
}

}  // namespace troupe
