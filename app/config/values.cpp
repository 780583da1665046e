#include "app/config/values.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

#include "base/bearer_text.hpp"
#include "base/trim.hpp"

namespace troupe {

namespace {

constexpr std::array<std::string_view, 4> level_names{"error", "warning", "info", "debug"};
constexpr std::array<std::string_view, 2> log_format_names{"text", "json"};
constexpr std::array<std::string_view, 3> engine_names{"rocksdb", "memory", "postgresql"};
constexpr std::array<std::string_view, 2> default_dialect_names{"y-websocket", "hocuspocus"};
constexpr std::array<std::string_view, 3> access_mode_names{"open", "token", "webhook"};
constexpr std::array<std::string_view, 3> anonymous_names{"none", "read", "write"};
constexpr std::array<std::string_view, 2> durability_mode_names{"keepers", "shared"};
constexpr std::array<std::string_view, 2> replication_mode_names{"strict", "available"};

/// The value whose name stands at the same place.
template <class Value>
result<Value> parse_name(std::string_view text, std::span<const std::string_view> names,
                         std::string_view expected) {
  for (std::size_t index = 0; index < names.size(); ++index)
    if (names[index] == text) return static_cast<Value>(index);
  return fail(errc::invalid_config, in_quotes(text).append(" is ").append(expected));
}

struct unit {
  std::string_view suffix;
  std::uint64_t factor;
};

// Ordered so that formatting finds the best unit first.
constexpr std::array<unit, 7> size_units{{{"GiB", 1ull << 30},
                                          {"MiB", 1ull << 20},
                                          {"KiB", 1ull << 10},
                                          {"GB", 1'000'000'000},
                                          {"MB", 1'000'000},
                                          {"kB", 1'000},
                                          {"B", 1}}};
constexpr std::array<unit, 4> duration_units{
    {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::size_t binary_units = 3;

struct quantity {
  std::uint64_t number;
  std::string_view suffix;  ///< What follows the digits, without the spaces between.
};

result<quantity> split_quantity(std::string_view text, std::string_view expected) {
  quantity parts{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parts.number);
  if (error == std::errc::result_out_of_range)
    return fail(errc::invalid_config, in_quotes(text) + " is too large");
  if (error != std::errc{})
    return fail(errc::invalid_config, in_quotes(text) + " is not " + std::string{expected});
  parts.suffix = text.substr(static_cast<std::size_t>(end - text.data()));
  while (parts.suffix.starts_with(' ')) parts.suffix.remove_prefix(1);
  return parts;
}

result<std::uint64_t> scale(const quantity& parts, std::span<const unit> units,
                            std::string_view text, std::string_view expected) {
  for (const unit& each : units) {
    if (each.suffix != parts.suffix) continue;
    if (parts.number > std::numeric_limits<std::int64_t>::max() / each.factor)
      return fail(errc::invalid_config, in_quotes(text) + " is too large");
    return parts.number * each.factor;
  }
  return fail(errc::invalid_config, in_quotes(text) + " is not " + std::string{expected});
}

}  // namespace

result<std::uint64_t> parse_count(std::string_view text) {
  constexpr std::string_view expected = "a whole number";
  TROUPE_ASSIGN(const quantity parts, split_quantity(text, expected));
  if (parts.suffix.empty() && !text.ends_with(' ')) return parts.number;
  return fail(errc::invalid_config, in_quotes(text) + " is not " + std::string{expected});
}

result<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::string_view expected = "a size such as 65536, 64KiB or 1MiB";
  TROUPE_ASSIGN(quantity parts, split_quantity(text, expected));
  if (parts.suffix.empty()) parts.suffix = "B";
  return scale(parts, size_units, text, expected);
}

result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::string_view expected = "a duration such as 500ms, 30s, 5m or 1h";
  TROUPE_ASSIGN(const quantity parts, split_quantity(text, expected));
  if (parts.suffix.empty()) {
    const std::string number = std::to_string(parts.number);
    return fail(errc::invalid_config,
                in_quotes(text) + " has no unit; write " + number + "s or " + number + "ms");
  }
  TROUPE_ASSIGN(const std::uint64_t count, scale(parts, duration_units, text, expected));
  return std::chrono::milliseconds{static_cast<std::int64_t>(count)};
}

result<std::string> parse_address(std::string_view text) {
  std::string address{text};
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  for (const int family : {AF_INET, AF_INET6})
    if (::inet_pton(family, address.c_str(), bytes.data()) == 1) return address;
  return fail(errc::invalid_config,
              in_quotes(text) + " is not an IP address (a host name is not enough)");
}

result<log_level> parse_log_level(std::string_view text) {
  return parse_name<log_level>(text, level_names, "not a log level");
}

result<log_format> parse_log_format(std::string_view text) {
  return parse_name<log_format>(text, log_format_names, "not a format of the log");
}

result<storage_engine> parse_storage_engine(std::string_view text) {
  return parse_name<storage_engine>(text, engine_names, "not a storage engine");
}

result<default_dialect> parse_default_dialect(std::string_view text) {
  return parse_name<default_dialect>(text, default_dialect_names,
                                     "neither y-websocket nor hocuspocus");
}

result<access::mode> parse_access_mode(std::string_view text) {
  return parse_name<access::mode>(text, access_mode_names, "no way to decide about access");
}

result<access::anonymous> parse_anonymous(std::string_view text) {
  return parse_name<access::anonymous>(text, anonymous_names, "neither none nor read nor write");
}

result<cluster::durability_mode> parse_durability_mode(std::string_view text) {
  return parse_name<cluster::durability_mode>(text, durability_mode_names,
                                              "neither keepers nor shared");
}

result<cluster::replication_mode> parse_replication_mode(std::string_view text) {
  return parse_name<cluster::replication_mode>(text, replication_mode_names,
                                               "neither strict nor available");
}

result<bool> parse_switch(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return fail(errc::invalid_config, in_quotes(text) + " is neither true nor false");
}

namespace {

constexpr std::string_view blanks = " \t";

/// Reads the texts of a list one by one.
class list_reader {
 public:
  explicit list_reader(std::string_view list) : whole_(list), rest_(trimmed(list, blanks)) {
    const bool has_brackets = rest_.size() >= 2 && rest_.front() == '[' && rest_.back() == ']';
    if (has_brackets) rest_ = trimmed(rest_.substr(1, rest_.size() - 2), blanks);
  }

  bool is_at_end() const noexcept { return rest_.empty(); }

  /// The next text, and the comma behind it.
  result<std::string> next() {
    rest_ = trimmed(rest_, blanks);
    auto text = rest_.starts_with('"') ? next_quoted() : next_plain();
    if (text && text->empty()) return wrong("has an empty text in it");
    return text;
  }

 private:
  std::string next_plain() {
    const auto comma = rest_.find(',');
    const std::string_view text = trimmed(rest_.substr(0, comma), blanks);
    rest_ = comma == std::string_view::npos ? std::string_view{} : rest_.substr(comma + 1);
    return std::string{text};
  }

  result<std::string> next_quoted() {
    std::string text;
    std::size_t at = 1;
    for (; at < rest_.size() && rest_[at] != '"'; ++at) {
      const bool is_escape = rest_[at] == '\\' && at + 1 < rest_.size() &&
                             (rest_[at + 1] == '"' || rest_[at + 1] == '\\');
      if (is_escape) ++at;
      text += rest_[at];
    }
    if (at >= rest_.size()) return wrong("has a quote that is not closed");
    rest_ = trimmed(rest_.substr(at + 1), blanks);
    if (!rest_.empty() && rest_.front() != ',')
      return wrong("has text between a closing quote and the next comma");
    if (!rest_.empty()) rest_.remove_prefix(1);
    return text;
  }

  tl::unexpected<failure> wrong(std::string_view what) const {
    return fail(errc::invalid_config, in_quotes(whole_).append(1, ' ').append(what));
  }

  std::string_view whole_;
  std::string_view rest_;
};

}  // namespace

result<std::vector<std::string>> parse_text_list(std::string_view text) {
  std::vector<std::string> texts;
  for (list_reader reader{text}; !reader.is_at_end();) {
    TROUPE_ASSIGN(std::string next, reader.next());
    texts.push_back(std::move(next));
  }
  return texts;
}

std::string format_text_list(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) {
    list += list.empty() ? "\"" : ", \"";
    for (const char letter : text) {
      if (letter == '"' || letter == '\\') list += '\\';
      list += letter;
    }
    list += '"';
  }
  return "[" + list + "]";
}

std::string format_size(std::uint64_t bytes) {
  if (bytes != 0)
    for (const unit& each : std::span{size_units}.first(binary_units))
      if (bytes % each.factor == 0)
        return std::to_string(bytes / each.factor) + std::string{each.suffix};
  return std::to_string(bytes);
}

std::string format_duration(std::chrono::milliseconds duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  if (count % 1'000 != 0) return std::to_string(count) + "ms";
  // Up to two minutes seconds read better: 60s, 90s.
  if (count > 120'000)
    for (const unit& each : std::span{duration_units}.first(2))
      if (count % each.factor == 0)
        return std::to_string(count / each.factor) + std::string{each.suffix};
  return std::to_string(count / 1'000) + "s";
}

std::string in_quotes(std::string_view text) {
  std::string quoted;
  return quoted.append(1, '"').append(text).append(1, '"');
}

std::string_view to_string(log_format format) noexcept {
  return log_format_names[static_cast<std::size_t>(format)];
}

std::string_view to_string(storage_engine engine) noexcept {
  return engine_names[static_cast<std::size_t>(engine)];
}

std::string_view to_string(default_dialect one) noexcept {
  return default_dialect_names[static_cast<std::size_t>(one)];
}

std::string_view to_string(access::mode mode) noexcept {
  return access_mode_names[static_cast<std::size_t>(mode)];
}

std::string_view to_string(access::anonymous anonymous) noexcept {
  return anonymous_names[static_cast<std::size_t>(anonymous)];
}

std::string_view to_string(cluster::durability_mode mode) noexcept {
  return durability_mode_names[static_cast<std::size_t>(mode)];
}

std::string_view to_string(cluster::replication_mode mode) noexcept {
  return replication_mode_names[static_cast<std::size_t>(mode)];
}

bool is_path_prefix(std::string_view text) noexcept {
  constexpr std::string_view others = "-._~/";
  const auto is_plain = [&](char one) {
    return (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || (one >= '0' && one <= '9') ||
           others.find(one) != std::string_view::npos;
  };
  return text.starts_with('/') && (text == "/" || !text.ends_with('/')) &&
         text.find("//") == std::string_view::npos && std::ranges::all_of(text, is_plain);
}

bool is_admin_token(std::string_view text) noexcept {
  return text.size() >= admin_token_size_min && text.size() <= admin_token_size_max &&
         is_bearer_text(text);
}

namespace {

bool has_controls(std::string_view text) noexcept {
  return std::ranges::any_of(text, [](char letter) {
    return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F;
  });
}

}  // namespace

bool is_signing_secret(std::string_view text) noexcept {
  return text.size() >= signing_secret_size_min && text.size() <= signing_secret_size_max &&
         !has_controls(text);
}

bool is_upstream_token(std::string_view text) noexcept {
  return !text.empty() && text.size() <= upstream_token_size_max && !has_controls(text);
}

}  // namespace troupe
