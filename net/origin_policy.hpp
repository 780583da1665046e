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

  /// `origin`: the header's value, empty if there is none. Clients without the header may always
  /// connect. Without a list only pages of this machine (localhost, 127.0.0.0/8, [::1]) may; with
  /// one, only the pages it names.
  bool allows(std::string_view origin) const;

 private:
  std::vector<std::string> allowed_;
};

}  // namespace troupe
