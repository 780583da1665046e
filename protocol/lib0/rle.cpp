#include "protocol/lib0/rle.hpp"

namespace troupe::lib0 {

std::uint64_t int_diff_opt_rle_decoder::fail() noexcept {
  in_.fail(errc::number_too_large, "difference in a column");
  return static_cast<std::uint64_t>(value_ = 0);
}

void rle_encoder::write(std::uint8_t value) {
  if (count_ > 0 && value == value_) {
    ++count_;
    return;
  }
  if (count_ > 0) out_.write_var_uint(count_ - 1);
  out_.write_uint8(value);
  value_ = value;
  count_ = 1;
}

void uint_opt_rle_encoder::write(std::uint64_t value) {
  if (count_ > 0 && value == value_) {
    ++count_;
    return;
  }
  flush();
  value_ = value;
  count_ = 1;
}

void uint_opt_rle_encoder::flush() {
  if (count_ == 0) return;
  out_.write_var_int(value_, count_ > 1);
  if (count_ > 1) out_.write_var_uint(count_ - 2);
}

byte_view uint_opt_rle_encoder::finish() {
  flush();
  count_ = 0;
  return out_.view();
}

void int_diff_opt_rle_encoder::write(std::uint64_t value) {
  const std::int64_t difference = static_cast<std::int64_t>(value) - value_;
  value_ = static_cast<std::int64_t>(value);
  // The first run begins with difference 0 and no length, so that a first 0 opens a run.
  if (difference == difference_) {
    ++count_;
    return;
  }
  flush();
  difference_ = difference;
  count_ = 1;
}

void int_diff_opt_rle_encoder::flush() {
  if (count_ == 0) return;
  const bool is_negative = difference_ < 0;
  // difference * 2 + has_count, as magnitude and sign.
  const std::int64_t encoded = difference_ * 2 + (count_ > 1 ? 1 : 0);
  out_.write_var_int(static_cast<std::uint64_t>(encoded < 0 ? -encoded : encoded), is_negative);
  if (count_ > 1) out_.write_var_uint(count_ - 2);
}

byte_view int_diff_opt_rle_encoder::finish() {
  flush();
  count_ = 0;
  return out_.view();
}

void string_encoder::finish(encoder& out) {
  const byte_view lengths = lengths_.finish();
  encoder column{texts_.size() + lengths.size() + 16};
  column.write_var_bytes(texts_.view());
  column.write_bytes(lengths);
  out.write_var_bytes(column.view());
}

}  // namespace troupe::lib0
