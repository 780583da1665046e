// Which web pages may connect: the Origin header of an upgrade against the list of the
// configuration. A browser sends it and a script cannot change it, so a page of somebody else
// cannot use a visitor's reach to this server. Programs that are no browsers send none. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

class origin_policy {
 public:
  /// `allowed` as server.allowed_origins: exact origins, "https://app.example.com"; "*" allows all.
  explicit origin_policy(std::vector<std::string> allowed = {}) : allowed_(std::move(allowed)) {}

  /// `origin`: the header's value, empty if there is none. Without a list only pages of this
  /// machine (localhost, 127.0.0.0/8, [::1]) and clients without the header may connect; with one,
  /// only what it names, and clients without the header.
  bool allows(std::string_view origin) const;

 private:
  std::vector<std::string> allowed_;
};

}  // namespace troupe
