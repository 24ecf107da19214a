# How every folder becomes a target, and every test file a CTest program.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(edgefuse_options INTERFACE)
target_include_directories(edgefuse_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(edgefuse_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  -Wno-restrict)  # g++ 12 sees overlaps in std::string concatenation that are not there (GCC bug 105651)
if(EDGEFUSE_SANITIZE)
  target_compile_options(edgefuse_options INTERFACE -fsanitize=${EDGEFUSE_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(edgefuse_options INTERFACE -fsanitize=${EDGEFUSE_SANITIZE})
endif()

# LibTorch's own headers do not pass our warnings: they are system headers here.
add_library(edgefuse_torch INTERFACE)
target_include_directories(edgefuse_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(edgefuse_torch INTERFACE ${TORCH_LIBRARIES})

# edgefuse_precompile(TARGET LIKE other HEADERS...): parses the headers once for the target, or uses what was parsed for
# another one with the same options. Nine tenths of the time of a source that includes <ATen/ATen.h> are that header.
# Sources still include all they use: without EDGEFUSE_PRECOMPILE they must compile too.
function(edgefuse_precompile target)
  cmake_parse_arguments(PRECOMPILE "" "LIKE" "HEADERS" ${ARGN})
  if(NOT EDGEFUSE_PRECOMPILE)
    return()
  endif()
  if(PRECOMPILE_LIKE)
    target_precompile_headers(${target} REUSE_FROM ${PRECOMPILE_LIKE})
  else()
    target_precompile_headers(${target} PRIVATE ${PRECOMPILE_HEADERS})
  endif()
  # What ccache needs to know such a source by (its manual, "Precompiled headers").
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endfunction()

# edgefuse_folder(NAME EXCLUDE files... PUBLIC targets... PRIVATE targets... PRECOMPILE headers...): the sources under
# the calling folder form edgefuse_NAME. A new file needs no line here: the glob is re-checked at every build.
function(edgefuse_folder name)
  cmake_parse_arguments(FOLDER "" "" "EXCLUDE;PUBLIC;PRIVATE;PRECOMPILE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(TRANSFORM FOLDER_EXCLUDE PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  if(FOLDER_EXCLUDE)
    list(REMOVE_ITEM sources ${FOLDER_EXCLUDE})
  endif()
  add_library(edgefuse_${name} STATIC ${sources})
  target_link_libraries(edgefuse_${name} PUBLIC edgefuse_options ${FOLDER_PUBLIC} PRIVATE ${FOLDER_PRIVATE})
  if(FOLDER_PRECOMPILE)
    edgefuse_precompile(edgefuse_${name} HEADERS ${FOLDER_PRECOMPILE})
  endif()
endfunction()

# edgefuse_tests(NAME FROM folder LIBS targets... PRECOMPILE headers...): the *_test.cpp files under `folder` become test programs, one for
# each CTest label; other sources there help all of them. A file's label is the end of its name: FOO_oracle_test.cpp,
# FOO_property_test.cpp, FOO_golden_test.cpp, FOO_determinism_test.cpp, FOO_real_test.cpp, FOO_slow_test.cpp; just
# FOO_test.cpp is a unit test.
function(edgefuse_tests name)
  cmake_parse_arguments(TESTS "" "FROM" "LIBS;PRECOMPILE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${TESTS_FROM}/*_test.cpp)
  file(GLOB_RECURSE helpers CONFIGURE_DEPENDS ${TESTS_FROM}/*.cpp)
  list(FILTER helpers EXCLUDE REGEX "_test\\.cpp$")
  if(helpers)
    add_library(test_${name}_helpers STATIC ${helpers})
    target_link_libraries(test_${name}_helpers PUBLIC ${TESTS_LIBS} edgefuse_testing)
    list(PREPEND TESTS_LIBS test_${name}_helpers)
  endif()
  set(first_program "")
  foreach(label IN ITEMS oracle property golden determinism real slow unit)
    set(chosen ${sources})
    if(NOT label STREQUAL "unit")
      list(FILTER chosen INCLUDE REGEX "_${label}_test\\.cpp$")
    endif()
    if(chosen)
      list(REMOVE_ITEM sources ${chosen})
      set(program test_${name}_${label})
      add_executable(${program} ${chosen})
      target_link_libraries(${program} PRIVATE ${TESTS_LIBS} edgefuse_testing GTest::gtest GTest::gtest_main)
      # One process for all tests of a program: loading LibTorch takes longer than most of them.
      add_test(NAME ${program}
               COMMAND ${program} --gtest_brief=1 --gtest_output=json:${PROJECT_BINARY_DIR}/test-reports/${program}.json
               WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
      set_tests_properties(${program} PROPERTIES LABELS ${label})
      if(TESTS_PRECOMPILE)
        edgefuse_precompile(${program} LIKE ${first_program} HEADERS ${TESTS_PRECOMPILE})
        if(NOT first_program)
          set(first_program ${program})
        endif()
      endif()
    endif()
  endforeach()
endfunction()
