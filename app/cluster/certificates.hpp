// Makes an authority and certificates for nodes, for trials of cluster.tls: what a company uses in
// earnest comes from its own authority. With OpenSSL's library, which the server has anyway: the
// program `openssl` may be missing, of another version, or configured in another way.
#pragma once

#include <string>
#include <vector>

#include "base/errc.hpp"

namespace troupe::cluster {

inline constexpr const char* authority_certificate_name = "ca.pem";
inline constexpr const char* authority_key_name = "ca.key";

struct certificate_order {
  std::string directory;           ///< Made if it does not exist.
  std::vector<std::string> nodes;  ///< Names.
};

/// Writes ca.pem and ca.key, or uses those that are there, and NAME.pem and NAME.key for each node.
/// Only their owner may read keys, and no file is overwritten. Returns the files that were written.
/// Fails with invalid_config for a bad or repeated name and for a file that is there already, with
/// storage_failed and disk_full; nothing is written then but what came before. Blocks for
/// milliseconds.
result<std::vector<std::string>> make_certificates(const certificate_order& order);

}  // namespace troupe::cluster
