// What a fuzz target gives: a function that takes any bytes and must neither crash nor run away.
// The same target runs under libFuzzer (preset `fuzz`, clang) and, built with any compiler, in a
// short smoke run over mutated seeds (smoke_main.cpp).
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
