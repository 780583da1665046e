# Compiler flags of our own code, and the one function that makes a layer's library.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(TROUPE_CCACHE ccache)
if(TROUPE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${TROUPE_CCACHE}")
endif()

add_library(troupe_flags INTERFACE)
target_include_directories(troupe_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(troupe_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<BOOL:${TROUPE_WARNINGS_AS_ERRORS}>:-Werror>)
if(CMAKE_UNITY_BUILD)
  # What these say of a source is not so where it is one of several in a row; other builds have them.
  target_compile_options(troupe_flags INTERFACE -Wno-shadow $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
if(TROUPE_SANITIZE)
  target_compile_options(troupe_flags INTERFACE -fsanitize=${TROUPE_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all
    # GCC cannot follow values through the sanitizers' checks.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
    # Asio has fences, which ThreadSanitizer does not follow; it does not rely on them alone.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  if(TROUPE_SANITIZE MATCHES "address")
    # AddressSanitizer finds these itself when they happen; to check each pointer first makes a quarter of the compiling.
    target_compile_options(troupe_flags INTERFACE -fno-sanitize=null,object-size)
  endif()
  target_link_options(troupe_flags INTERFACE -fsanitize=${TROUPE_SANITIZE})
endif()

# The libraries too must count what a fuzzer reaches in them, or it searches blindly.
option(TROUPE_LIBFUZZER "Build the fuzz targets for libFuzzer (needs clang)" OFF)
if(TROUPE_LIBFUZZER)
  target_compile_options(troupe_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# troupe_library(NAME SOURCE...): the static library troupe_NAME. Its layers and packages are linked by the caller.
function(troupe_library name)
  add_library(troupe_${name} STATIC ${ARGN})
  target_link_libraries(troupe_${name} PUBLIC troupe_flags tl::expected)
  if(name MATCHES "^(base|protocol|storage)$")
    target_compile_options(troupe_${name} PRIVATE -Wconversion)
  endif()
  # They are part of a shared library, too (engine/), which nothing interposes: functions are inlined as elsewhere.
  if(name MATCHES "^(base|protocol)$")
    set_target_properties(troupe_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_compile_options(troupe_${name} PRIVATE -fno-semantic-interposition)
  endif()
endfunction()
