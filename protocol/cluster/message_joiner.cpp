#include "protocol/cluster/message_joiner.hpp"

#include "protocol/cluster/link_piece.hpp"
#include "protocol/lib0/decoder.hpp"

namespace troupe::cluster {

result<void> message_joiner::add(const shared_bytes& payload, std::vector<shared_slice>& messages) {
  lib0::decoder in{payload.view()};
  while (!in.at_end()) {
    const std::uint64_t header = in.read_var_uint();
    const auto kind = static_cast<piece_kind>(header & ((1u << piece_kind_bits) - 1));
    const std::uint64_t whole_size =
        kind == piece_kind::begins ? in.read_var_uint(message_bytes_max_, "message") : 0;
    const std::size_t offset = in.offset();
    const byte_view bytes = in.read_bytes(header >> piece_kind_bits);
    if (!in.ok()) return in.error();
    if (bytes.empty()) return fail(errc::out_of_sequence, "a piece without bytes", offset);
    if (kind == piece_kind::whole) {
      if (bytes.size() > message_bytes_max_) return fail(errc::number_too_large, "message", offset);
      messages.emplace_back(payload, offset, bytes.size());
      continue;
    }
    if (kind == piece_kind::begins) {
      if (partial_) return fail(errc::out_of_sequence, "a chunk begins inside a message", offset);
      size_ = static_cast<std::size_t>(whole_size);
      partial_.emplace(size_);
    }
    if (!partial_) return fail(errc::out_of_sequence, "a chunk without its beginning", offset);
    const bool is_last = kind == piece_kind::ends;
    if (bytes.size() > partial_->left() || (bytes.size() == partial_->left()) != is_last)
      return fail(errc::out_of_sequence, "chunks of another size than announced", offset);
    partial_->append(bytes);
    if (!is_last) continue;
    messages.emplace_back(partial_->take());
    clear();
  }
  return {};
}

}  // namespace troupe::cluster
