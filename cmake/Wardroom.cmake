# Helpers of every CMakeLists.txt here: flags, libraries, programs, tests, fuzz targets.

find_package(PkgConfig REQUIRED)
foreach(package libwebsockets libczmq libzmq libprotobuf-c hiredis libjwt libcrypto libssl libuv
        libpq jansson libpcre2-8 cmocka)
  string(MAKE_C_IDENTIFIER ${package} id)
  pkg_check_modules(${id} REQUIRED IMPORTED_TARGET ${package})
endforeach()
find_package(Threads REQUIRED)
find_library(ARGON2_LIBRARY argon2 REQUIRED)

set(WARDROOM_SANITIZE "" CACHE STRING "Comma-separated sanitizers, such as address,undefined")
option(WARDROOM_FUZZ "Build the libFuzzer targets (clang only)" OFF)
option(WARDROOM_FAILPOINTS "Compile in lib/core/failpoint.h; never for a release" OFF)

# Assertions state what the programmer promised and stay on: no -DNDEBUG in release.
set(CMAKE_C_FLAGS_RELEASE "-O2")

add_library(wardroom_flags INTERFACE)
target_include_directories(wardroom_flags INTERFACE ${CMAKE_SOURCE_DIR}/lib)
target_compile_definitions(wardroom_flags INTERFACE
  _GNU_SOURCE WARDROOM_VERSION="${PROJECT_VERSION}" CZMQ_BUILD_DRAFT_API=1)
target_compile_options(wardroom_flags INTERFACE
  -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wwrite-strings -Wformat=2
  -Wvla -Werror -fno-omit-frame-pointer -g)
if(WARDROOM_SANITIZE)
  target_compile_options(wardroom_flags INTERFACE -fsanitize=${WARDROOM_SANITIZE}
                         -fno-sanitize-recover=all)
  target_link_options(wardroom_flags INTERFACE -fsanitize=${WARDROOM_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(wardroom_flags INTERFACE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
                         -fPIE -fstack-clash-protection -fcf-protection)
  target_link_options(wardroom_flags INTERFACE -pie -Wl,-z,relro,-z,now)
endif()
if(WARDROOM_FAILPOINTS)
  target_compile_definitions(wardroom_flags INTERFACE WARDROOM_FAILPOINTS)
endif()
if(WARDROOM_FUZZ)
  target_compile_options(wardroom_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# wardroom_library(name SOURCES a.c b.c LINKS x y): the folder lib/<name> as target wardroom_<name>.
function(wardroom_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_library(wardroom_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(wardroom_${name} PUBLIC wardroom_flags ${ARG_LINKS})
endfunction()

# wardroom_program(name SOURCES ... LINKS ...): the executable bin/wardroom-<name>.
function(wardroom_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(wardroom-${name} ${ARG_SOURCES})
  target_link_libraries(wardroom-${name} PRIVATE wardroom_flags ${ARG_LINKS})
endfunction()

# wardroom_test(name LABEL unit|store|service SOURCES ... LINKS ...): a cmocka program run by ctest.
function(wardroom_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;LINKS" ${ARGN})
  add_executable(test_${name} ${ARG_SOURCES})
  target_link_libraries(test_${name} PRIVATE wardroom_flags PkgConfig::cmocka ${ARG_LINKS})
  target_compile_definitions(test_${name} PRIVATE SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                             BINARY_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  add_test(NAME ${name} COMMAND test_${name})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 300)
endfunction()

# wardroom_fuzz(name SOURCES ... LINKS ...): bin/fuzz_<name>, only with the fuzz preset.
function(wardroom_fuzz name)
  if(NOT WARDROOM_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(fuzz_${name} ${ARG_SOURCES})
  target_link_libraries(fuzz_${name} PRIVATE wardroom_flags ${ARG_LINKS})
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
endfunction()

# wardroom_schema(target): compile schema/*.sql of this folder into the target as `schema_files`.
function(wardroom_schema target)
  file(GLOB sql CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/schema/*.sql)
  list(SORT sql)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/schema_files.c)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_SOURCE_DIR}/cmake/embed-sql ${out} ${sql}
    DEPENDS ${sql} ${CMAKE_SOURCE_DIR}/cmake/embed-sql)
  target_sources(${target} PRIVATE ${out})
endfunction()
