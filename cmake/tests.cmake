# tests/<folder>/test_<thing>.c -> the program build/<preset>/tests/<folder>/test_<thing>, known to ctest as <folder>.<thing>.
# Tests run in the source folder, and are linked to the static library so that they reach what the shared one hides.
file(GLOB_RECURSE test_sources CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/tests tests/test_*.c)
file(GLOB support_sources CONFIGURE_DEPENDS tests/support/*.c)

set(test_seconds 60)
set(test_environment WICK_PROGRAM=${PROJECT_BINARY_DIR}/wick
  WICK_LIBRARY=$<TARGET_FILE:wick> WICK_TEST_PLUGIN=$<TARGET_FILE:wick_test_plugin> UBSAN_OPTIONS=print_stacktrace=1
  # A request for more memory than there is is refused, as it is without sanitizers: tests ask for it.
  ASAN_OPTIONS=allocator_may_return_null=1
  # Children of fork start threads of their own; that is tested too.
  TSAN_OPTIONS=allocator_may_return_null=1:die_after_fork=0)
if(WICK_SANITIZE)
  set(test_seconds 600) # sanitizers cost up to tenfold
endif()

# Flags and paths common to the tests and what supports them.
function(wick_test_target target)
  target_include_directories(${target} PRIVATE include src tests)
  target_compile_options(${target} PRIVATE ${WICK_WARNINGS} -ffp-contract=off)
  target_compile_definitions(${target} PRIVATE WICK_HAS_ZLIB=$<BOOL:${WICK_ZLIB}>
    WICK_HAS_PNG=$<BOOL:${WICK_PNG}> WICK_HAS_CURL=$<BOOL:${WICK_CURL}>)
  target_link_libraries(${target} PRIVATE wick_static wick_tests Threads::Threads m)
endfunction()

if(support_sources)
  add_library(wick_test_support OBJECT ${support_sources})
  wick_test_target(wick_test_support)
endif()

# Loaded and unloaded by core.lifecycle.
add_library(wick_test_plugin MODULE tests/core/plugin/plugin.c)
target_compile_options(wick_test_plugin PRIVATE ${WICK_WARNINGS})
target_link_libraries(wick_test_plugin PRIVATE wick_static)

# Each test notes here which rows of docs/bad-inputs.md it has reached; the notes of tests that are no more go.
set(rows_folder ${PROJECT_BINARY_DIR}/rows)
file(REMOVE_RECURSE ${rows_folder})
file(MAKE_DIRECTORY ${rows_folder})

foreach(source IN LISTS test_sources)
  cmake_path(GET source PARENT_PATH folder)
  cmake_path(GET source STEM program)
  string(REPLACE "/" "." name "${folder}/${program}")
  string(REPLACE ".test_" "." name "${name}")
  add_executable(test.${name} tests/${source})
  set_target_properties(test.${name} PROPERTIES OUTPUT_NAME ${program} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/${folder})
  wick_test_target(test.${name})
  if(support_sources)
    target_link_libraries(test.${name} PRIVATE wick_test_support)
  endif()
  add_test(NAME ${name} COMMAND test.${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${test_seconds} ENVIRONMENT "${test_environment};WICK_ROWS=${rows_folder}/${name}.rows"
    FIXTURES_SETUP rows)
endforeach()

add_dependencies(test.core.lifecycle wick wick_test_plugin)

# It asks every operation of the library for its samples: an archive would leave out the files that no test calls.
if(TARGET test.ops.gradcheck)
  file(GLOB gradient_sources CONFIGURE_DEPENDS tests/ops/gradients/*.c)
  target_sources(test.ops.gradcheck PRIVATE ${gradient_sources})
  target_link_libraries(test.ops.gradcheck PRIVATE wick_objects)
endif()

# It holds the program's own reader of pictures.
if(TARGET test.cli.picture AND WICK_PNG)
  target_link_libraries(test.cli.picture PRIVATE wick_png)
endif()

foreach(source IN LISTS example_sources)
  cmake_path(GET source STEM name)
  add_test(NAME example.${name} COMMAND example_${name} WORKING_DIRECTORY ${PROJECT_BINARY_DIR}/examples)
  set_tests_properties(example.${name} PROPERTIES LABELS example TIMEOUT ${test_seconds} ENVIRONMENT "${test_environment}")
endforeach()

# What the public macros, and in C++ the functions in their place, must refuse to compile.
add_test(NAME api.refused COMMAND ${PROJECT_SOURCE_DIR}/tests/api/refused.sh ${CMAKE_C_COMPILER} refused.txt c17)
find_program(WICK_CXX NAMES c++ g++ clang++)
if(WICK_CXX)
  add_test(NAME api.refused_cpp COMMAND ${PROJECT_SOURCE_DIR}/tests/api/refused.sh ${WICK_CXX} refused_cpp.txt c++17)
endif()
set_tests_properties(api.refused PROPERTIES ENVIRONMENT WICK_ROWS=${rows_folder}/api.refused.rows FIXTURES_SETUP rows)

# After all of them: has each row been reached? Without zlib those of compressed files are not.
if(WICK_ZLIB)
  add_test(NAME rows COMMAND ${PROJECT_SOURCE_DIR}/tools/check_rows.sh ${rows_folder} $<$<NOT:$<CONFIG:Release>>:debug>)
  set_tests_properties(rows PROPERTIES FIXTURES_REQUIRED rows)
endif()

# The library in one file, by the script that makes it.
find_program(WICK_PYTHON python3)
if(WICK_PYTHON AND NOT WICK_SANITIZE)
  add_test(NAME amalgamated COMMAND ${PROJECT_SOURCE_DIR}/tests/install/amalgamated.sh ${CMAKE_C_COMPILER} ${WICK_PYTHON}
    ${PROJECT_BINARY_DIR}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/tests/install)
  set_tests_properties(amalgamated PROPERTIES TIMEOUT 300)
endif()

# Installs to a folder of its own and builds programs outside of this tree against it, in C and C++. A library with a sanitizer
# in it is not one to install.
if(NOT WICK_SANITIZE)
  add_test(NAME install COMMAND ${PROJECT_SOURCE_DIR}/tests/install/run.sh ${PROJECT_BINARY_DIR} ${CMAKE_C_COMPILER}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/tests/install)
  set_tests_properties(install PROPERTIES TIMEOUT 120)
endif()
