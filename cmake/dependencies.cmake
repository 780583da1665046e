# Packages. CAF comes from CMAKE_PREFIX_PATH if it is there (0.18.7 or newer), else from .deps/, which
# cmake/setup.sh fills; all else are Debian packages.

if(DEFINED ENV{TROUPE_DEPS_DIR})
  set(troupe_deps_dir "$ENV{TROUPE_DEPS_DIR}")
else()
  set(troupe_deps_dir "${PROJECT_SOURCE_DIR}/.deps")
endif()
file(GLOB troupe_deps_prefixes "${troupe_deps_dir}/caf-*" "${troupe_deps_dir}/catch2-*")
list(FILTER troupe_deps_prefixes EXCLUDE REGEX "\\.log$")
list(APPEND CMAKE_PREFIX_PATH ${troupe_deps_prefixes})
# CMake would look into the environment's prefixes last; whoever names some wants them first.
if(DEFINED ENV{CMAKE_PREFIX_PATH})
  string(REPLACE ":" ";" troupe_named_prefixes "$ENV{CMAKE_PREFIX_PATH}")
  list(PREPEND CMAKE_PREFIX_PATH ${troupe_named_prefixes})
endif()

find_package(CAF 0.18.7 COMPONENTS core io REQUIRED)
message(STATUS "CAF: ${CAF_DIR}")
find_package(Boost 1.81 REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(tl-expected REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(Threads REQUIRED)
if(TROUPE_BUILD_TESTS)
  find_package(Catch2 3 REQUIRED)
endif()
