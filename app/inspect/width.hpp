// How many places of a terminal a text takes: most characters take one, those of Chinese, Japanese
// and Korean and the emoji two, combining marks none. Pure; knows neither locale nor terminal,
// which may differ about rare characters.
#pragma once

#include <cstddef>
#include <string_view>

namespace troupe::inspection {

/// Requires: valid UTF-8, as `printable` makes it; what is none takes any number of places.
std::size_t width_of(std::string_view utf8);

/// The longest beginning that takes at most so many places. Requires: as above.
std::string_view beginning_of(std::string_view utf8, std::size_t places);

}  // namespace troupe::inspection
