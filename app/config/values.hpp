// The notations of configuration values: whole numbers, sizes, durations, IP addresses, log levels.
// Pure functions from text to value and back; a failure is errc::invalid_config whose detail
// completes the sentence "server.port ..." for the operator. The caller checks ranges.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/config/config.hpp"
#include "base/errc.hpp"

namespace troupe {

/// Decimal digits only.
result<std::uint64_t> parse_count(std::string_view text);

/// Bytes: a plain number, or one with B, kB, MB, GB (powers of 1000) or KiB, MiB, GiB (powers of
/// 1024).
result<std::uint64_t> parse_size(std::string_view text);

/// A number with ms, s, m or h. A plain number is an error, since its unit would be a guess.
result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// An IPv4 or IPv6 address in the usual notation; returned unchanged. A host name is an error.
result<std::string> parse_address(std::string_view text);

/// error, warning, info or debug.
result<log_level> parse_log_level(std::string_view text);

/// text or json.
result<log_format> parse_log_format(std::string_view text);

/// rocksdb or memory.
result<storage_engine> parse_storage_engine(std::string_view text);

/// open, token or webhook.
result<default_dialect> parse_default_dialect(std::string_view text);
result<access::mode> parse_access_mode(std::string_view text);

/// none, read or write.
result<access::anonymous> parse_anonymous(std::string_view text);

/// strict or available.
result<cluster::durability_mode> parse_durability_mode(std::string_view text);
result<cluster::replication_mode> parse_replication_mode(std::string_view text);

/// true or false.
result<bool> parse_switch(std::string_view text);

/// `["a", "b"]`, or texts separated by commas; an empty text is an error. Between double quotes a
/// comma is part of the text, and a backslash escapes a quote or a backslash.
result<std::vector<std::string>> parse_text_list(std::string_view text);

/// In the first of these notations.
std::string format_text_list(const std::vector<std::string>& texts);

/// The shortest exact notation, for example "1MiB" or "1500".
std::string format_size(std::uint64_t bytes);

/// An exact notation, for example "30s", "250ms" or "2h".
std::string format_duration(std::chrono::milliseconds duration);

/// The text between double quotes, for messages.
std::string in_quotes(std::string_view text);

/// Static storage.
std::string_view to_string(log_format format) noexcept;
std::string_view to_string(storage_engine engine) noexcept;
std::string_view to_string(default_dialect one) noexcept;
std::string_view to_string(access::mode mode) noexcept;
std::string_view to_string(access::anonymous anonymous) noexcept;
std::string_view to_string(cluster::durability_mode mode) noexcept;
std::string_view to_string(cluster::replication_mode mode) noexcept;

inline constexpr std::size_t admin_token_size_min = 16;
inline constexpr std::size_t admin_token_size_max = 1024;
inline constexpr std::string_view admin_token_rule =
    "16 to 1024 letters, digits and characters of -._~+/=";

/// "/" or "/one/or/more", of characters that need no escape in a path.
bool is_path_prefix(std::string_view text) noexcept;

/// Whether the text can be a token, as Authorization: Bearer carries it (RFC 6750, 2.1).
bool is_admin_token(std::string_view text) noexcept;

inline constexpr std::size_t signing_secret_size_min = 16;
inline constexpr std::size_t signing_secret_size_max = 1024;
inline constexpr std::string_view signing_secret_rule =
    "16 to 1024 bytes without control characters";

/// Whether the text can be the secret of signatures.
bool is_signing_secret(std::string_view text) noexcept;

inline constexpr std::size_t upstream_token_size_max = 16 * 1024;
inline constexpr std::string_view upstream_token_rule =
    "1 to 16384 bytes without control characters";

/// Whether the text can be the token for another server.
bool is_upstream_token(std::string_view text) noexcept;

}  // namespace troupe
