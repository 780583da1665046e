// The token that the admin pages ask for: where it comes from, and where one that the node has made
// is kept, so that a restart does not change it. It is never logged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/config/config.hpp"
#include "base/errc.hpp"
#include "base/secret.hpp"

namespace troupe {

struct admin_token {
  enum class source : std::uint8_t {
    configured,  ///< admin.token, or the file that admin.token_file names.
    kept,        ///< The file that an earlier start has made.
    made,        ///< Made now, and kept in a file if there is one.
  };

  secret value;
  source from = source::configured;
  std::string file;  ///< Where it is kept; empty: nowhere, or by the operator.
};

/// The name of the file in storage.path.
inline constexpr std::string_view admin_token_file_name = "admin-token";

/// The token of this node; makes one of 256 random bits if none is configured or kept. Requires:
/// the storage is open, so that no other node uses its directory.
/// Fails with invalid_config if a file cannot be read or holds no token, with storage_failed if a
/// new one cannot be written. The detail names the file and never the token.
result<admin_token> find_admin_token(const config& settings);

/// The token in a file of the operator's. `what`: for messages, "the admin token". Fails with
/// invalid_config, as above.
result<secret> read_token_file(std::string_view what, const std::string& file);

}  // namespace troupe
