# troupe_embed_pages(TARGET FOLDER): adds the pages that web/pages/build.sh has built to TARGET, as
# the tables that net/page_files.hpp declares. Pages themselves go in as they are, so that curl shows
# them; what they load is packed by gzip, once, here. Nothing is read from the disk at run time.
#
#   FOLDER/dashboard.html   -> /                 FOLDER/demo.html   -> /demo
#   FOLDER/dashboard/NAME   -> /dashboard/NAME   FOLDER/demo/NAME   -> /demo/NAME

find_program(TROUPE_GZIP gzip REQUIRED)

set(troupe_page_type_.css "text/css; charset=utf-8")
set(troupe_page_type_.html "text/html; charset=utf-8")
set(troupe_page_type_.js "text/javascript; charset=utf-8")
set(troupe_page_type_.svg "image/svg+xml")

# Appends the row and the bytes of FILE, which is shown as PATH, to what the caller has of both.
function(troupe_embed_page symbol file path)
  get_filename_component(extension "${file}" LAST_EXT)
  set(type "${troupe_page_type_${extension}}")
  if(type STREQUAL "")
    message(FATAL_ERROR "${file}: embed.cmake knows no content type for ${extension}")
  endif()
  file(SHA256 "${file}" hash)
  string(SUBSTRING "${hash}" 0 32 hash)
  if(extension STREQUAL .html)
    set(is_packed false)
    set(bytes "${file}")
  else()
    set(is_packed true)
    set(bytes "${CMAKE_CURRENT_BINARY_DIR}/pages/${symbol}.gz")
    add_custom_command(OUTPUT "${bytes}" DEPENDS "${file}" VERBATIM
      COMMAND "${TROUPE_GZIP}" -9 -n -c "${file}" > "${bytes}")
  endif()
  # What is packed has a name that Vite has made of its contents.
  string(APPEND troupe_page_bytes
    "asm(\".section .rodata, \\\"a\\\"\\n.global ${symbol}\\n${symbol}:\\n\"\n"
    "    \".incbin \\\"${bytes}\\\"\\n.global ${symbol}_end\\n${symbol}_end:\\n.byte 0\\n.previous\");\n"
    "extern \"C\" const char ${symbol}[];\n"
    "extern \"C\" const char ${symbol}_end[];\n")
  string(APPEND troupe_page_rows
    "      {\"${path}\", \"${type}\", \"\\\"${hash}\\\"\",\n"
    "       {${symbol}, static_cast<std::size_t>(${symbol}_end - ${symbol})}, ${is_packed}, ${is_packed}},\n")
  set(troupe_page_bytes "${troupe_page_bytes}" PARENT_SCOPE)
  set(troupe_page_rows "${troupe_page_rows}" PARENT_SCOPE)
  set(troupe_page_inputs ${troupe_page_inputs} "${bytes}" PARENT_SCOPE)
endfunction()

function(troupe_embed_pages target folder)
  set(troupe_page_bytes "")
  set(troupe_page_inputs "")
  set(tables "")
  file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/pages")
  foreach(page dashboard demo)
    set(troupe_page_rows "")
    if(page STREQUAL dashboard)
      troupe_embed_page(troupe_page_dashboard "${folder}/dashboard.html" "/")
    else()
      troupe_embed_page(troupe_page_demo "${folder}/demo.html" "/demo")
    endif()
    file(GLOB files CONFIGURE_DEPENDS "${folder}/${page}/*")
    list(SORT files)
    set(number 0)
    foreach(file ${files})
      math(EXPR number "${number} + 1")
      get_filename_component(name "${file}" NAME)
      troupe_embed_page(troupe_page_${page}_${number} "${file}" "/${page}/${name}")
    endforeach()
    string(APPEND tables
      "std::span<const page_file> ${page}_files() {\n"
      "  static const page_file files[] = {\n${troupe_page_rows}  };\n"
      "  return files;\n}\n\n")
    # The table has their hashes.
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${folder}/${page}.html" ${files})
  endforeach()
  set(source "${CMAKE_CURRENT_BINARY_DIR}/pages/page_files_data.cpp")
  file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT
    "// Made by web/pages/embed.cmake.\n#include \"net/page_files.hpp\"\n\n${troupe_page_bytes}\nnamespace troupe {\n\n${tables}}  // namespace troupe\n")
  set_source_files_properties("${source}" PROPERTIES OBJECT_DEPENDS "${troupe_page_inputs}")
  target_sources(${target} PRIVATE "${source}")
endfunction()
