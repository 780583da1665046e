// Runs a fuzz target over the files of folders and over seeded mutations of them, for a few
// seconds: so that a target is known to work, and a plain regression is found, wherever the tests
// run. The search is libFuzzer's.
//
//   NAME_fuzz_smoke SECONDS FOLDER...
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <vector>

#include "tests/fuzz/fuzz_target.hpp"
#include "tests/support/test_data.hpp"

namespace {

using troupe::byte_buffer;

void mutate(byte_buffer& bytes, std::mt19937& random) {
  for (unsigned times = 1 + random() % 4; times > 0; --times) {
    const std::size_t at = bytes.empty() ? 0 : random() % bytes.size();
    const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    switch (bytes.empty() ? 1 : random() % 5) {
      case 0: bytes[at] = static_cast<std::uint8_t>(random()); break;
      case 1: bytes.insert(place, static_cast<std::uint8_t>(random())); break;
      case 2: bytes.erase(place); break;
      case 3: bytes[at] ^= static_cast<std::uint8_t>(1u << random() % 8); break;
      default: bytes.resize(at);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  std::vector<byte_buffer> seeds{{}};
  for (int folder = 2; folder < argc; ++folder)
    for (const auto& file : std::filesystem::directory_iterator{argv[folder]})
      if (file.is_regular_file()) seeds.push_back(*troupe::test::read_file(file.path()));
  for (const byte_buffer& seed : seeds) LLVMFuzzerTestOneInput(seed.data(), seed.size());
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{std::atoi(argv[1])};
  std::mt19937 random{12345};
  unsigned long runs = 0;
  for (; std::chrono::steady_clock::now() < end; ++runs) {
    byte_buffer bytes = seeds[random() % seeds.size()];
    mutate(bytes, random);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  std::printf("%zu seeds, %lu mutations\n", seeds.size(), runs);
  return 0;
}
