// A few bytes of update v2, whose columns are run-length coded, that stand for many more structs.
#include "protocol/lib0/encoder.hpp"
#include "tests/hostile/hostile_case.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::test {

namespace {

using crdt::doc;
using crdt::update_format;

/// The columns of an update v2, each given in its encoding; what stands behind them is `rest`.
struct columns {
  byte_buffer client, left_clock, info, string, parent_info, length, rest;
  byte_buffer key_clock = {}, type_kind = {};

  byte_buffer build() const {
    lib0::encoder out;
    out.write_uint8(0);
    for (const byte_buffer& column : {key_clock, client, left_clock, byte_buffer{}, info, string,
                                      parent_info, type_kind, length})
      out.write_var_bytes(column);
    out.write_bytes(rest);
    return out.take();
  }
};

const byte_buffer no_strings{0};

/// `count` times the same value, count >= 2, as UintOptRle writes it.
byte_buffer run_of(std::uint64_t value, std::uint64_t count) {
  lib0::encoder out;
  out.write_var_int(value, true);
  out.write_var_uint(count - 2);
  return out.take();
}

/// One block of `count` structs of the client that the client column names, and no deletions.
byte_buffer one_block(std::uint64_t count) {
  lib0::encoder out;
  for (const std::uint64_t number : {std::uint64_t{1}, count, std::uint64_t{0}, std::uint64_t{0}})
    out.write_var_uint(number);
  return out.take();
}

byte_buffer gc_bomb(std::uint64_t count) {
  return columns{hex("01"), {}, hex("00"), no_strings, {}, run_of(1, count), one_block(count)}
      .build();
}

/// Tombstones, each in the root with the empty name.
byte_buffer root_bomb(std::uint64_t count) {
  lib0::encoder string;
  string.write_var_string("");
  string.write_bytes(run_of(0, count));
  return columns{hex("01"),       {}, hex("01"), string.take(), hex("01"), run_of(1, count),
                 one_block(count)}
      .build();
}

/// Tombstones, each behind the one before it: a tombstone in a root, then `count` - 1 with origins.
byte_buffer chain_bomb(std::uint64_t count) {
  lib0::encoder left;  // 0, 1, 2, ...: one difference of 0, the others 1
  left.write_var_int(0, false);
  left.write_var_int(3, false);
  left.write_var_uint(count - 2 - 2);
  lib0::encoder info;
  info.write_uint8(0x01);
  info.write_var_uint(0);
  info.write_uint8(0x81);
  return columns{run_of(1, count), left.take(),      info.take(),     hex("01 74 01"),
                 hex("01"),        run_of(1, count), one_block(count)}
      .build();
}

/// XML elements, each with the same long name, which stands in the update once; in the root with
/// the empty name.
byte_buffer name_bomb(std::uint64_t count) {
  lib0::encoder string;
  string.write_var_string(std::string(200, 'n'));
  string.write_var_int(0, false);  // the name of the root, of the first element...
  string.write_var_int(200, false);
  string.write_bytes(run_of(0, count));  // ...and of the roots of the others
  lib0::encoder key;                     // key 0 again and again
  key.write_var_int(1, false);
  key.write_var_uint(count - 2);
  columns all{hex("01"), {}, hex("07"), string.take(), hex("01"), {}, one_block(count)};
  all.key_clock = key.take();
  all.type_kind = run_of(3, count);
  return all.build();
}

/// Formats with the same long key, which stands in the update once.
byte_buffer key_bomb(std::uint64_t count) {
  lib0::encoder string;
  string.write_var_string(std::string(200, 'k'));
  string.write_var_int(0, false);
  string.write_var_int(200, false);
  string.write_bytes(run_of(0, count));
  lib0::encoder key;
  key.write_var_int(1, false);
  key.write_var_uint(count - 2);
  columns all{hex("01"), {}, hex("06"), string.take(), hex("01"), {}, {}};
  all.key_clock = key.take();
  lib0::encoder rest;
  for (const std::uint64_t number : {std::uint64_t{1}, count, std::uint64_t{0}})
    rest.write_var_uint(number);
  for (std::uint64_t i = 0; i < count; ++i) rest.write_uint8(126);
  rest.write_var_uint(0);
  all.rest = rest.take();
  return all.build();
}

}  // namespace

std::vector<hostile_case> bomb_cases() {
  std::vector<hostile_case> all;
  const auto v2 = update_format::v2;
  const auto has_one_item = [](const doc& of) { return of.item_count() == 1; };
  // The budgets are so small that the inputs are harmless to a program that has none.
  crdt::limits few;
  few.structs_per_update_max = 4000;
  few.structs_in_runs_max = 500;
  crdt::limits little_text;
  little_text.name_size_max = 300;
  little_text.reused_key_bytes_max = 10'000;
  all.push_back({"v2: 500 GCs in a run", v2, [] { return gc_bomb(500); }, {}, has_one_item, few});
  all.push_back({"v2: 2,000 GCs in a run",
                 v2,
                 [] { return gc_bomb(2000); },
                 errc::update_too_large,
                 {},
                 few});
  all.push_back({"v2: 5,000 GCs in a run",
                 v2,
                 [] { return gc_bomb(5000); },
                 errc::number_too_large,
                 {},
                 few});
  all.push_back({"v2: 5,000 structs in empty columns",
                 v2,
                 [] { return columns{{}, {}, {}, no_strings, {}, {}, one_block(5000)}.build(); },
                 errc::number_too_large,
                 {},
                 few});
  for (const std::uint64_t count : {std::uint64_t{500}, std::uint64_t{2000}}) {
    const std::string number = std::to_string(count);
    const auto refusal = count > 500 ? std::optional{errc::update_too_large} : std::nullopt;
    all.push_back({"v2: " + number + " tombstones in a row",
                   v2,
                   [count] { return chain_bomb(count); },
                   refusal,
                   {},
                   few});
    all.push_back({"v2: " + number + " tombstones in a root",
                   v2,
                   [count] { return root_bomb(count); },
                   refusal,
                   {},
                   few});
  }
  all.push_back({"v2: elements with one long name",
                 v2,
                 [] { return name_bomb(100); },
                 errc::update_too_large,
                 {},
                 little_text});
  all.push_back({"v2: formats with one long key",
                 v2,
                 [] { return key_bomb(100); },
                 errc::update_too_large,
                 {},
                 little_text});
  return all;
}

}  // namespace troupe::test
