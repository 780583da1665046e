// Foreign bytes for a line of the log or of the terminal: what is no UTF-8, and control characters,
// which could end the line or move the cursor, are shown in hexadecimal. Pure.
#pragma once

#include <string>
#include <string_view>

namespace troupe {

/// The text with each byte that is not part of valid UTF-8, and each byte of a control character,
/// written as "\xff". Anything else stays, so that printable text is unchanged.
std::string printable(std::string_view text);

/// The same between single quotes.
std::string in_single_quotes(std::string_view text);

}  // namespace troupe
