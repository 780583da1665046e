# What `cmake --install` puts where. Three components: server (the binary and what belongs to it), engine (the shared
# library of the C interface) and development (its header, the library and the header of CAF peers, and the CMake
# package). With the prefix /usr, as in a package, configuration and unit go to where Debian looks for them; with any
# other, below the prefix.

include(CMakePackageConfigHelpers)

if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(troupe_config_dir /etc/troupe)
  set(troupe_unit_dir /lib/systemd/system)
else()
  set(troupe_config_dir "${CMAKE_INSTALL_SYSCONFDIR}/troupe")
  set(troupe_unit_dir lib/systemd/system)
endif()
set(troupe_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/troupe")

# As Debian wants pages of manuals and change logs: gzipped, the same bytes each time.
find_program(TROUPE_GZIP gzip REQUIRED)
function(install_compressed file name directory component)
  set(compressed "${CMAKE_CURRENT_BINARY_DIR}/${name}.gz")
  execute_process(COMMAND "${TROUPE_GZIP}" -9nc "${PROJECT_SOURCE_DIR}/${file}" OUTPUT_FILE "${compressed}"
    COMMAND_ERROR_IS_FATAL ANY)
  install(FILES "${compressed}" DESTINATION "${directory}" COMPONENT ${component})
endfunction()

# What each package must have in a folder of its own.
function(install_legal package component)
  set(directory "${CMAKE_INSTALL_DATAROOTDIR}/doc/${package}")
  install(FILES packaging/debian/copyright DESTINATION "${directory}" COMPONENT ${component})
  install_compressed(packaging/debian/changelog changelog.Debian "${directory}" ${component})
endfunction()

# --- server ---

install(TARGETS troupe RUNTIME COMPONENT server)
install(FILES packaging/troupe.yaml DESTINATION "${troupe_config_dir}" COMPONENT server)
install(FILES packaging/troupe.service DESTINATION "${troupe_unit_dir}" COMPONENT server)
install(FILES README.md DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT server)
install_compressed(CHANGELOG.md changelog "${CMAKE_INSTALL_DOCDIR}" server)
install(DIRECTORY docs/ DESTINATION "${CMAKE_INSTALL_DOCDIR}/docs" COMPONENT server)
install(DIRECTORY config/ DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples" COMPONENT server)
install_compressed(packaging/troupe.1 troupe.1 "${CMAKE_INSTALL_MANDIR}/man1" server)
install_legal(troupe server)

install_legal(libtroupe-engine1 engine)
install_legal(libtroupe-dev development)

# --- engine, and what is needed to build with it ---

install(TARGETS troupe_engine EXPORT troupe-engine-targets
  LIBRARY COMPONENT engine NAMELINK_COMPONENT development)
install(FILES include/troupe.h DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT development)
install(EXPORT troupe-engine-targets NAMESPACE troupe:: DESTINATION "${troupe_cmake_dir}" COMPONENT development)

# --- for programs that join as CAF peers ---

install(TARGETS troupe_client EXPORT troupe-client-targets ARCHIVE COMPONENT development)
install(FILES include/troupe/client.hpp DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/troupe" COMPONENT development)
install(EXPORT troupe-client-targets NAMESPACE troupe:: DESTINATION "${troupe_cmake_dir}" COMPONENT development)
install(FILES cmake/troupe-client-dependencies.cmake DESTINATION "${troupe_cmake_dir}" COMPONENT development)

# find_package(troupe COMPONENTS ...): each component NAME has a file troupe-NAME-targets.cmake and, if it needs
# packages, troupe-NAME-dependencies.cmake beside it.
configure_package_config_file(cmake/troupe-config.cmake.in "${CMAKE_CURRENT_BINARY_DIR}/troupe-config.cmake"
  INSTALL_DESTINATION "${troupe_cmake_dir}")
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/troupe-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
    "${CMAKE_CURRENT_BINARY_DIR}/troupe-config.cmake"
    "${CMAKE_CURRENT_BINARY_DIR}/troupe-config-version.cmake"
  DESTINATION "${troupe_cmake_dir}" COMPONENT development)
