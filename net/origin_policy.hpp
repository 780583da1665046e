// Which web pages may connect: checks the Origin header of an upgrade against the configured list.
// Browsers send the header and scripts cannot change it, so a foreign page cannot use a visitor's
// access to this server. Programs that are not browsers send none. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

class origin_policy {
 public:
  /// `allowed`: server.allowed_origins, exact origins such as "https://app.example.com"; "*" allows
  /// all.
  explicit origin_policy(std::vector<std::string> allowed = {}) : allowed_(std::move(allowed)) {}

  /// `origin`: the header's value, empty if there is none. `host`: that of the request, with its
  /// port. Clients without the header may always connect. With a list only the pages it names may.
  /// Without one the pages of this machine (localhost, 127.0.0.0/8, [::1]) may, and those of the
  /// host and port that the request is for, if they came over https or the host is an IP address: a
  /// foreign page over plain http can have its own name point here (DNS rebinding), and its origin
  /// is that name. "null" is no page of anybody; only "*" and the list can allow it.
  bool allows(std::string_view origin, std::string_view host) const;

 private:
  std::vector<std::string> allowed_;
};

}  // namespace troupe
