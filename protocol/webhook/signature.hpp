// How a request to an application proves where it comes from: an HMAC-SHA256 over the time and the
// body, with a secret that both know. The time is part of it, so that a request which was recorded
// cannot be used much later. Pure. Format: docs/backend-api.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace troupe::webhook {

/// The names of the headers, in the requests of webhooks and of authorisation.
inline constexpr std::string_view signature_header = "Troupe-Signature";
inline constexpr std::string_view event_header = "Troupe-Event";
inline constexpr std::string_view delivery_header = "Troupe-Delivery";

/// 64 hexadecimal digits: HMAC-SHA256 of "TIMESTAMP.BODY".
std::string sign(const secret& key, std::uint64_t timestamp, std::string_view body);

/// The value of the signature header, "t=1700000000,v1=5257a8...": seconds since 1970 (UTC), then
/// the digits of sign().
std::string signature_of(const secret& key, std::uint64_t timestamp, std::string_view body);

}  // namespace troupe::webhook
