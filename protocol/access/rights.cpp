#include "protocol/access/rights.hpp"

#include <array>
#include <utility>

namespace troupe {

namespace {

constexpr std::array<std::pair<right, std::string_view>, 4> right_names = {{
    {right::read, "read"},
    {right::write, "write"},
    {right::presence, "presence"},
    {right::admin, "admin"},
}};

constexpr rights with_read(right one) noexcept { return rights{one} | rights{right::read}; }

}  // namespace

std::string to_string(rights may) {
  std::string text;
  for (const auto& [one, name] : right_names)
    if (may.contains(one)) text.append(text.empty() ? "" : ", ").append(name);
  return text.empty() ? std::string{"none"} : text;
}

namespace access {

bool permission::add(std::string_view word) noexcept {
  if (word == "read")
    given = given | rights{right::read};
  else if (word == "write")
    given = given | with_read(right::write) | rights{right::presence};
  else if (word == "presence")
    given = given | with_read(right::presence);
  else if (word == "admin")
    given = rights::all();
  else if (word == "no_presence")
    denies_presence = true;
  else
    return false;
  return true;
}

permission& permission::operator|=(const permission& other) noexcept {
  given = given | other.given;
  denies_presence = denies_presence || other.denies_presence;
  return *this;
}

rights permission::effective() const noexcept {
  rights left = given;
  if (denies_presence) left.erase(right::presence);
  return left;
}

}  // namespace access

}  // namespace troupe
