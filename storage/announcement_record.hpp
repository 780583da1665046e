// The bytes of a stored announcement (outbox.hpp). Pure. Format: docs/storage-format.md.
//
// The readers take any bytes and fail as those of record.hpp do.
#pragma once

#include <string>
#include <string_view>

#include "base/errc.hpp"
#include "storage/outbox.hpp"

namespace troupe::storage {

std::string announcement_key(announcement_number number);
result<announcement_number> read_announcement_key(std::string_view key);

/// Fails with name_too_long if the topic or the name of the document does not fit.
result<void> check_announcement(const announcement& what);

/// Requires: check_announcement has found nothing.
std::string encode_announcement(std::string_view key, const announcement& what);
result<announcement> decode_announcement(std::string_view key, std::string_view value);

}  // namespace troupe::storage
