// Numbers as JavaScript prints them.
#pragma once

#include <string>

namespace troupe::lib0 {

/// Appends the shortest decimal that reads back as the same double; "null" if it is not finite.
/// Source: ECMA-262, Number::toString.
void append_number(double value, std::string& out);

}  // namespace troupe::lib0
