# Debian packages by CPack: `cpack -G DEB` in a build with the prefix /usr (preset `package`). CAF is linked statically,
# because Debian 12 has 0.17; all else the packages depend on is Debian's, found by dpkg-shlibdeps.

if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  return()
endif()

set(CPACK_PACKAGE_NAME troupe)
set(CPACK_PACKAGE_VENDOR "The troupe authors")
set(CPACK_PACKAGE_CONTACT "The troupe authors <troupe@localhost>")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
# Files with an absolute destination (/etc) must not go to this machine.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL server engine development)
set(CPACK_GENERATOR DEB)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME troupe)
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "adduser, ca-certificates")
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA
  "${PROJECT_SOURCE_DIR}/packaging/debian/conffiles"
  "${PROJECT_SOURCE_DIR}/packaging/debian/postinst"
  "${PROJECT_SOURCE_DIR}/packaging/debian/postrm"
  "${PROJECT_SOURCE_DIR}/packaging/debian/prerm")
# The first line of each description is its summary.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_COMPONENT_SERVER_DESCRIPTION
  "real-time collaboration server for Yjs\nServes the documents of Yjs clients, such as collaborative editors and\nwhiteboards, and of programs that speak JSON.\nDocuments are kept in RocksDB; several nodes form a cluster.")

set(CPACK_DEBIAN_ENGINE_PACKAGE_NAME libtroupe-engine1)
set(CPACK_DEBIAN_ENGINE_PACKAGE_SECTION libs)
# CPack also adds scripts that call ldconfig, which the trigger would do.
set(CPACK_DEBIAN_ENGINE_PACKAGE_CONTROL_EXTRA
  "${PROJECT_SOURCE_DIR}/packaging/debian/shlibs"
  "${PROJECT_SOURCE_DIR}/packaging/debian/triggers")
set(CPACK_COMPONENT_ENGINE_DESCRIPTION
  "Yjs engine of troupe\nA Yjs engine with a C interface: documents that apply, edit, read and\nencode Yjs updates, without a server.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libtroupe-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libtroupe-engine1 (= ${PROJECT_VERSION}-1)")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
  "development files of troupe\nHeader and CMake package of libtroupe-engine1; header and static library for\nprograms in C++ that join a node as CAF peers, which need CAF 0.18.7 as well.")

include(CPack)
