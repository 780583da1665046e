#include "actors/document_output.hpp"

#include "protocol/crdt/wire/update_tools.hpp"

namespace troupe {

namespace {

/// A frame from this size on has memory of its own, which its receivers share.
constexpr std::size_t own_memory_min = 4096;
/// Longer updates are not worth merging.
constexpr std::size_t merge_size_max = 4096;
/// What is merged at once.
constexpr std::size_t merge_count_max = 4096;

/// Whether the bytes hold U+FFFD. yjs writes it for a lone half of a surrogate pair, and the
/// document that wrote both halves as two updates takes what the others have only from two updates.
bool has_replacement_character(byte_view bytes) {
  constexpr std::string_view replacement = "\xEF\xBF\xBD";
  return as_text(bytes).find(replacement) != std::string_view::npos;
}

}  // namespace

void document_output::add(audience to, session_id session, sync::message_kind kind,
                          byte_view body) {
  end_run();
  const sync::message_head head = sync::encode_message_head(kind, body.size());
  const traffic what = kind == sync::message_kind::awareness ? traffic::presence : traffic::content;
  append(binary_, to, session, what, frame_kind::binary, head.view(), body);
}

void document_output::add_update(audience to, session_id session, byte_view update) {
  if (update.size() > merge_size_max || has_replacement_character(update))
    return add(to, session, sync::message_kind::update, update);
  const bool continues = run_.to == to && run_.session == session;
  if (!run_.updates.empty() && (!continues || run_.updates.size() >= merge_count_max)) end_run();
  run_.to = to;
  run_.session = session;
  run_.updates.emplace_back(run_.bytes.size(), update.size());
  run_.bytes.insert(run_.bytes.end(), update.begin(), update.end());
}

void document_output::end_run() {
  if (run_.updates.empty()) return;
  std::vector<byte_view> updates;
  updates.reserve(run_.updates.size());
  for (const auto& [offset, size] : run_.updates)
    updates.push_back(byte_view{run_.bytes}.subspan(offset, size));
  const auto send = [this](byte_view update) {
    const auto head = sync::encode_message_head(sync::message_kind::update, update.size());
    append(binary_, run_.to, run_.session, traffic::content, frame_kind::binary, head.view(),
           update);
  };
  result<byte_buffer> merged = byte_buffer{};
  if (updates.size() > 1) merged = crdt::merge_updates(updates);
  if (merged && !merged->empty()) {
    send(*merged);
  } else {
    for (const byte_view update : updates) send(update);
  }
  run_.updates.clear();
  run_.bytes.clear();
}

void document_output::add_text(audience to, session_id session, std::string_view text,
                               traffic what) {
  append(json_, to, session, what, frame_kind::text, {}, as_bytes(text));
}

void document_output::add_frame(audience to, session_id session, shared_bytes frame) {
  end_run();
  binary_.deliveries.push_back({to, session, traffic::content, shared_slice{std::move(frame)}});
}

void document_output::append(part& to_part, audience to, session_id session, traffic what,
                             frame_kind kind, byte_view head, byte_view body) {
  std::array<std::uint8_t, frame_header_size_max> header{};
  const std::size_t size = head.size() + body.size();
  const std::size_t header_size = write_frame_header(kind, size, header);
  const byte_view front{header.data(), header_size};
  if (size >= own_memory_min) {
    to_part.deliveries.push_back(
        {to, session, what, shared_slice{shared_bytes::copy_of(front, head, body)}});
    return;
  }
  byte_buffer& block = to_part.block;
  const std::size_t offset = block.size();
  block.insert(block.end(), front.begin(), front.end());
  block.insert(block.end(), head.begin(), head.end());
  block.insert(block.end(), body.begin(), body.end());
  to_part.deliveries.push_back({to, session, what, {{}, offset, header_size + size}});
}

void document_output::release_memory() {
  if (empty()) *this = {};
}

std::vector<document_output::delivery> document_output::take(dialect which) {
  end_run();
  part& from = which == dialect::binary ? binary_ : json_;
  const shared_bytes block = shared_bytes::copy_of(from.block);
  for (delivery& each : from.deliveries)
    if (each.frames.bytes.empty()) each.frames.bytes = block;
  from.block.clear();
  return std::exchange(from.deliveries, {});
}

}  // namespace troupe
