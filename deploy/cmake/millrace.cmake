# Flags for every target of the tree, and the two calls that make targets.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
option(MILLRACE_FUZZ "Build the fuzz targets (clang)" OFF)
option(MILLRACE_ONE_SOURCE "Compile the sources of a folder, and the tests of a program, as one" ON)
set(MILLRACE_SANITIZE "" CACHE STRING "Sanitizers, such as address,undefined or thread")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(millrace_flags INTERFACE)
target_include_directories(millrace_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(millrace_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # gcc 12 reports these falsely at -O2 and with sanitizers (inlined std::optional, std::string).
  target_compile_options(millrace_flags INTERFACE -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow
                                                  -Wno-array-bounds -Wno-stringop-overread)
  if(MILLRACE_ONE_SOURCE)
    target_compile_options(millrace_flags INTERFACE -Wno-subobject-linkage)  # a source that is included is no header
  endif()
endif()
if(MILLRACE_SANITIZE)
  target_compile_options(millrace_flags INTERFACE -fsanitize=${MILLRACE_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(millrace_flags INTERFACE -fsanitize=${MILLRACE_SANITIZE})
  if(MILLRACE_SANITIZE MATCHES "undefined")
    target_compile_options(millrace_flags INTERFACE -fno-sanitize-recover=undefined)
  endif()
endif()
if(MILLRACE_FUZZ)
  target_compile_options(millrace_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Standard headers and fmt are half of what a file compiles, GoogleTest's are as much again: each lot is precompiled once.
# The preset dev does without, as it does without millrace_one_source(), and so finds what a file should have included.
function(millrace_precompiled name libraries)
  add_library(${name} OBJECT EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/deploy/cmake/precompiled.cpp)
  target_link_libraries(${name} PRIVATE millrace_flags fmt::fmt ${libraries})
  target_precompile_headers(${name} PRIVATE
    <algorithm> <array> <chrono> <cstdint> <deque> <functional> <map> <memory> <optional> <set> <span> <stdexcept>
    <string> <string_view> <utility> <vector> <fmt/format.h> ${ARGN})
endfunction()
millrace_precompiled(millrace_headers "")
millrace_precompiled(millrace_test_headers GTest::gmock <gmock/gmock.h> <gtest/gtest.h>)
if(NOT MILLRACE_SANITIZE)
  target_compile_options(millrace_test_headers PRIVATE -O1)  # as the tests
endif()

# millrace_precompile(NAME HEADERS): the target uses these.
function(millrace_precompile name headers)
  target_compile_definitions(${name} PRIVATE $<TARGET_PROPERTY:fmt::fmt,INTERFACE_COMPILE_DEFINITIONS>)
  target_precompile_headers(${name} REUSE_FROM ${headers})
endfunction()

# millrace_folders_as_one(TARGET [APART]...): of the target's sources those of a folder are compiled as one; those whose
# names begin with a word of the list APART are so by themselves, as their names repeat.
function(millrace_folders_as_one target)
  if(NOT MILLRACE_ONE_SOURCE)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    get_filename_component(lot "${source}" DIRECTORY)
    foreach(word IN LISTS ARGN)
      if(source MATCHES "(^|/)${word}[^/]*$")
        string(APPEND lot "/${word}")
        break()
      endif()
    endforeach()
    string(MAKE_C_IDENTIFIER "of ${lot}" lot)
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${lot})
  endforeach()
endfunction()

# millrace_library(NAME SOURCES ... [APART words] [PUBLIC targets] [PRIVATE targets]): the folder's target millrace::NAME.
function(millrace_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;APART;PUBLIC;PRIVATE" ${ARGN})
  add_library(millrace_${name} STATIC ${arg_SOURCES})
  millrace_folders_as_one(millrace_${name} ${arg_APART})
  add_library(millrace::${name} ALIAS millrace_${name})
  target_link_libraries(millrace_${name} PUBLIC millrace_flags ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
  millrace_precompile(millrace_${name} millrace_headers)
endfunction()

# millrace_optimized(NAME): also in the sanitizer builds of the long run, which replays captures and damage through it;
# all else is compiled at -O0 there, in half the time.
function(millrace_optimized name)
  if(MILLRACE_SANITIZE AND "$ENV{MILLRACE_LONG}" STREQUAL "1")
    target_compile_options(millrace_${name} PRIVATE -O1)
    set_target_properties(millrace_${name} PROPERTIES DISABLE_PRECOMPILE_HEADERS ON)  # those are of -O0
  endif()
endfunction()

# millrace_one_source(OUT NAME SOURCE...): a program's tests (*_test.cpp) become one source, which takes less than half the
# time: what their headers bring is parsed, instrumented and optimized once. OUT is set to what is to be compiled.
function(millrace_one_source out name)
  set(tests ${ARGN})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  foreach(test IN LISTS tests)
    string(REGEX REPLACE "\\.cpp$" ".h" header ${CMAKE_CURRENT_SOURCE_DIR}/${test})
    if(EXISTS ${header})
      list(REMOVE_ITEM tests ${test})  # others use it
    endif()
  endforeach()
  list(LENGTH tests count)
  if(NOT MILLRACE_ONE_SOURCE OR count LESS 2)
    set(${out} ${ARGN} PARENT_SCOPE)
    return()
  endif()
  set(others ${ARGN})
  list(REMOVE_ITEM others ${tests})
  list(TRANSFORM tests PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  set(merged ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  set(script ${CMAKE_SOURCE_DIR}/deploy/cmake/one_source.awk)
  add_custom_command(OUTPUT ${merged} COMMAND awk -f ${script} -v out=${merged} ${tests} DEPENDS ${script} ${tests} VERBATIM)
  set(${out} ${merged} ${others} PARENT_SCOPE)
endfunction()

# millrace_test(NAME SOURCES ... [LIBRARIES targets] [LABELS labels]): a GoogleTest program, one ctest entry. Labels with a
# meaning: threads (runs under the thread sanitizer), kafka (wants a broker) and captures (replays whole recordings, under
# sanitizers in the long run only). Those two, sim and flow are left out of memory_tests.
function(millrace_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  millrace_one_source(sources ${name} ${arg_SOURCES})
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE millrace_flags ${arg_LIBRARIES} GTest::gmock_main)
  target_compile_definitions(${name} PRIVATE MILLRACE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  millrace_precompile(${name} millrace_test_headers)
  if(NOT MILLRACE_SANITIZE)
    target_compile_options(${name} PRIVATE -O1)  # the tests' own code; a third of its compile time less
  endif()
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 300)
  if("threads" IN_LIST arg_LABELS)
    add_dependencies(thread_tests ${name})
  endif()
  set(left_out ${arg_LABELS})
  list(FILTER left_out INCLUDE REGEX "^(sim|kafka|flow|captures)$")
  if("$ENV{MILLRACE_LONG}" STREQUAL "1")
    list(REMOVE_ITEM left_out captures)
  endif()
  if(NOT left_out)
    add_dependencies(memory_tests ${name})
  endif()
endfunction()

# millrace_coroutines(SOURCE...): sources with coroutines. clang 14 cannot compile one under the function sanitizer
# ("Cannot represent a difference across sections").
function(millrace_coroutines)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND MILLRACE_SANITIZE MATCHES "undefined")
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS -fno-sanitize=function)
  endif()
endfunction()
