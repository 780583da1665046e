#include "base/compression.hpp"

#include <string>

#include <zstd.h>

#include "base/check.hpp"

namespace troupe {

namespace {

tl::unexpected<failure> no_frame(std::string_view why) { return fail(errc::invalid_zstd, why); }

/// A thread compresses again and again; what zstd needs for it is some hundred kilobytes.
ZSTD_CCtx& compressor() {
  struct owner {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ~owner() { ZSTD_freeCCtx(context); }
  };
  thread_local owner own;
  TROUPE_CHECK(own.context != nullptr);
  return *own.context;
}

}  // namespace

byte_buffer compress(byte_view bytes, compression_level level) {
  byte_buffer frame(ZSTD_compressBound(bytes.size()));
  const std::size_t size = ZSTD_compressCCtx(&compressor(), frame.data(), frame.size(),
                                             bytes.data(), bytes.size(), static_cast<int>(level));
  TROUPE_CHECK(ZSTD_isError(size) == 0U);
  frame.resize(size);
  frame.shrink_to_fit();
  return frame;
}

result<byte_buffer> decompress(byte_view frame, std::size_t size_max) {
  const std::size_t frame_size = ZSTD_findFrameCompressedSize(frame.data(), frame.size());
  if (ZSTD_isError(frame_size) != 0U) return no_frame(ZSTD_getErrorName(frame_size));
  if (frame_size != frame.size()) return no_frame("there is more behind it");
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR)
    return no_frame("it names no size");
  if (size > size_max)
    return fail(errc::state_too_large,
                std::to_string(size) + " bytes where " + std::to_string(size_max) + " are allowed");
  byte_buffer bytes(static_cast<std::size_t>(size));
  const std::size_t got = ZSTD_decompress(bytes.data(), bytes.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) != 0U) return no_frame(ZSTD_getErrorName(got));
  if (got != bytes.size()) return no_frame("it holds fewer bytes than it names");
  return bytes;
}

}  // namespace troupe
