#include "bench/engine/curves.hpp"

#include <array>
#include <bit>
#include <fstream>
#include <functional>
#include <optional>
#include <random>

#include "bench/engine/input.hpp"
#include "protocol/crdt/doc.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::bench {

namespace {

using updates = std::vector<byte_buffer>;

/// The reordered curves park more than a server would allow.
constexpr std::size_t pending_size_max = std::size_t{256} << 20;

/// The document before `measured` is applied; only that is timed.
struct workload {
  updates before;
  updates measured;
};

/// Client ids are as long as those of real clients: 5 bytes each.
crdt::client_id client_number(std::size_t i) { return (crdt::client_id{1} << 31) + i; }

/// One update: `text` of `client` from clock 0, behind `origin`, or in the root `text`.
byte_buffer insertion(crdt::client_id client, std::optional<crdt::struct_id> origin,
                      std::string_view text) {
  lib0::encoder out{64};
  for (const std::uint64_t number : {std::uint64_t{1}, std::uint64_t{1}, client, std::uint64_t{0}})
    out.write_var_uint(number);
  out.write_uint8(origin ? 0x84 : 0x04);
  out.write_var_uint(origin ? origin->client : 1);
  if (origin)
    out.write_var_uint(origin->clock);
  else
    out.write_var_string("text");
  out.write_var_string(text);
  out.write_var_uint(0);
  return out.take();
}

/// One user after the other writes a word behind what is there.
updates words_of_clients(std::size_t count) {
  updates all;
  std::optional<crdt::struct_id> last;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back(insertion(client_number(i), last, "abc"));
    last = {client_number(i), 2};
  }
  return all;
}

workload clients_join(std::size_t count) { return {{}, words_of_clients(count)}; }

/// All of them at once: the state of the document, as it is loaded.
workload clients_load(std::size_t count) {
  crdt::doc doc;
  for (const byte_buffer& update : words_of_clients(count))
    static_cast<void>(doc.apply_update(update));
  return {{}, {doc.encode_state_as_update()}};
}

/// A thousand characters of one more client.
workload clients_type(std::size_t count) {
  workload work{words_of_clients(count), {}};
  work.before.push_back(typed_character(client_number(count), 0));
  for (crdt::clock_type i = 1; i <= 1000; ++i)
    work.measured.push_back(typed_character(client_number(count), i));
  return work;
}

enum class order { ascending, descending, random };

template <class T>
void put_in_order(std::vector<T>& values, order wanted) {
  if (wanted == order::descending) std::ranges::reverse(values);
  if (wanted == order::random) std::ranges::shuffle(values, std::mt19937{1});
}

/// Clients that have not seen each other insert one character each at the same place.
workload at_one_place(std::size_t count, order clients) {
  workload work;
  work.before.push_back(insertion(1, {}, "ab"));
  for (std::size_t i = 0; i < count; ++i)
    work.measured.push_back(insertion(client_number(i), crdt::struct_id{1, 0}, "x"));
  put_in_order(work.measured, clients);
  return work;
}

/// One user types; the updates come out of order.
workload typed(std::size_t count, order delivery) {
  workload work;
  for (std::size_t i = 0; i < count; ++i)
    work.measured.push_back(typed_character(client_number(0), static_cast<crdt::clock_type>(i)));
  put_in_order(work.measured, delivery);
  return work;
}

/// A board of which two people drag shapes about: they set the two coordinates of one in each
/// update, 60 times in a row.
class dragged_board {
 public:
  dragged_board() : places_(3000) {
    begin_update(places_.size() * 3, 0);
    for (std::size_t i = 0; i < places_.size(); ++i) {
      out_.write_uint8(0x27);  // a type, in the root, under a key
      out_.write_var_uint(1);
      out_.write_var_string("text");
      out_.write_var_string(std::to_string(i));
      out_.write_var_uint(1);  // a map
      const crdt::struct_id shape{client_number(0), clocks_[0]++};
      for (const char* const key : {"x", "y"}) {
        out_.write_uint8(0x28);  // a value, in that map, under a key
        out_.write_var_uint(0);
        write_id(shape);
        out_.write_var_string(key);
        write_coordinate(0);
      }
      places_[i] = {client_number(0), clocks_[0]};
      clocks_[0] += 2;
    }
    out_.write_var_uint(0);
  }

  byte_buffer take() { return std::exchange(out_, lib0::encoder{128}).take(); }

  byte_buffer drag(std::size_t number) {
    constexpr std::size_t moves = 60;
    const std::size_t author = number / moves % 2;
    crdt::struct_id& place = places_[number / moves * 7919 % places_.size()];
    begin_update(2, author);
    for (const std::uint64_t i : {0, 1}) {
      out_.write_uint8(0xa8);  // a value, under the key of its origin
      write_id({place.client, place.clock + i});
      write_coordinate(static_cast<double>(number % 5000) + 0.37);
    }
    out_.write_var_uint(1);  // what is replaced: two units of one client
    out_.write_var_uint(place.client);
    out_.write_var_uint(1);
    out_.write_var_uint(place.clock);
    out_.write_var_uint(2);
    place = {client_number(author), clocks_[author]};
    clocks_[author] += 2;
    return take();
  }

 private:
  void begin_update(std::size_t structs, std::size_t author) {
    out_.write_var_uint(1);
    out_.write_var_uint(structs);
    write_id({client_number(author), clocks_[author]});
  }
  void write_id(crdt::struct_id id) {
    out_.write_var_uint(id.client);
    out_.write_var_uint(id.clock);
  }
  void write_coordinate(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    out_.write_var_uint(1);
    out_.write_uint8(123);  // a double, its highest byte first
    for (unsigned shift = 64; shift > 0; shift -= 8)
      out_.write_uint8(static_cast<std::uint8_t>(bits >> (shift - 8)));
  }

  std::vector<crdt::struct_id> places_;  // of the x of each shape; its y is the next
  std::array<std::uint64_t, 2> clocks_{};
  lib0::encoder out_{1 << 20};
};

workload dragging(std::size_t count) {
  dragged_board board;
  workload work;
  work.before.push_back(board.take());
  for (std::size_t i = 0; i < count; ++i) work.measured.push_back(board.drag(i));
  return work;
}

struct series {
  std::string name;
  std::vector<std::size_t> sizes;
  std::function<workload(std::size_t)> make;
};

struct curve {
  std::string name;
  std::vector<series> all;
};

const std::vector<curve>& curves() {
  static const std::vector<std::size_t> clients{1250, 2500, 5000};
  static const std::vector<std::size_t> places{500, 1000, 2000};
  static const std::vector<std::size_t> few{1000, 2000, 4000};
  static const std::vector<std::size_t> many{25'000, 50'000, 100'000};
  static const std::vector<std::size_t> drags{250'000, 500'000, 1'000'000};
  static const auto at_place = [](order by) {
    return [by](std::size_t count) { return at_one_place(count, by); };
  };
  static const auto typing = [](order delivery) {
    return [delivery](std::size_t count) { return typed(count, delivery); };
  };
  static const std::vector<curve> all{
      {"clients",
       {{"one-by-one", clients, clients_join},
        {"load", clients, clients_load},
        {"1000-keystrokes", clients, clients_type}}},
      {"concurrent",
       {{"ascending", places, at_place(order::ascending)},
        {"descending", places, at_place(order::descending)},
        {"random", places, at_place(order::random)}}},
      {"in-order",
       {{"few", few, typing(order::ascending)}, {"many", many, typing(order::ascending)}}},
      {"random-order",
       {{"few", few, typing(order::random)}, {"many", many, typing(order::random)}}},
      {"reverse-order",
       {{"few", few, typing(order::descending)}, {"many", many, typing(order::descending)}}},
      {"drags", {{"two-people", drags, dragging}}}};
  return all;
}

const curve& find_curve(const std::string& name) {
  return *std::ranges::find(curves(), name, &curve::name);
}

struct point {
  timing time;
  std::size_t pending_peak = 0;  // bytes by the engine's own account
  std::size_t refused = 0;
};

point measure(const workload& work, const repetition& how) {
  crdt::doc_settings options;
  options.limit.pending_size_max = pending_size_max;
  point result;
  result.time = repeat(how, [&] {
    crdt::doc doc{options};
    for (const byte_buffer& update : work.before) static_cast<void>(doc.apply_update(update));
    result.refused = 0;
    return milliseconds_of([&] {
      for (const byte_buffer& update : work.measured) {
        result.refused += !doc.apply_update(update);
        result.pending_peak = std::max(result.pending_peak, doc.pending_size());
      }
    });
  });
  return result;
}

void print_line(const std::string& series_name, std::size_t size, const workload& work,
                const point& at, double growth) {
  std::printf("  %-16s %7zu  %10.3f ms  %8.0f ns/update  growth %5.2f", series_name.c_str(), size,
              at.time.median_ms,
              at.time.median_ms * 1e6 / static_cast<double>(work.measured.size()), growth);
  if (at.pending_peak > 0) std::printf("  pending peak %zu bytes", at.pending_peak);
  std::printf("%s\n", at.refused > 0 ? "  SOME REFUSED" : "");
}

}  // namespace

const std::vector<std::string>& curve_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const curve& each : curves()) all.push_back(each.name);
    return all;
  }();
  return names;
}

void run_curve(const std::string& name, const repetition& how, bool as_json) {
  std::string points;
  if (!as_json) std::printf("%s\n", name.c_str());
  for (const series& each : find_curve(name).all) {
    double before = 0;
    for (const std::size_t size : each.sizes) {
      const workload work = each.make(size);
      const point at = measure(work, how);
      // Sizes double, except that a fixed number of keystrokes is the same work at every size.
      const double linear = work.before.size() > work.measured.size() ? 1.0 : 2.0;
      const double growth = before > 0 ? at.time.min_ms / before / linear : 1.0;
      before = at.time.min_ms;  // disturbed least by what else runs
      if (!as_json) print_line(each.name, size, work, at, growth);
      json_object object;
      object.add("series", each.name).add("size", static_cast<double>(size));
      object.add("median_ms", at.time.median_ms).add("min_ms", at.time.min_ms);
      object.add("runs", at.time.runs).add("growth", growth);
      object.add("updates", static_cast<double>(work.measured.size()));
      object.add("refused", static_cast<double>(at.refused));
      object.add("pending_peak_bytes", static_cast<double>(at.pending_peak));
      points += (points.empty() ? "" : ", ") + object.text();
    }
  }
  if (as_json)
    std::printf(
        "%s\n",
        json_object{}.add("curve", name).add_raw("points", '[' + points + ']').text().c_str());
}

int write_curve(const std::string& name, const std::string& directory) {
  for (const series& each : find_curve(name).all) {
    for (const std::size_t size : each.sizes) {
      const workload work = each.make(size);
      lib0::encoder out;
      for (const byte_buffer& update : work.before) out.write_var_bytes(update);
      for (const byte_buffer& update : work.measured) out.write_var_bytes(update);
      const std::string path =
          directory + '/' + name + '.' + each.name + '.' + std::to_string(size);
      std::ofstream file{path, std::ios::binary};
      file.write(reinterpret_cast<const char*>(out.view().data()),
                 static_cast<std::streamsize>(out.size()));
      if (!file.flush()) {
        std::fprintf(stderr, "%s: cannot be written\n", path.c_str());
        return 1;
      }
    }
  }
  return 0;
}

}  // namespace troupe::bench
