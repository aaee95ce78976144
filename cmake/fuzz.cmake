# Fuzzing. cmake --build --preset release --target fuzz: ten minutes of random calls of every operation under clang's sanitizers,
# in a build of its own (build/fuzz); inputs that reach something new stay in build/fuzz/corpus. Any preset with tests replays
# tests/fuzz/ops.corpus.
set(WICK_FUZZ_SECONDS 600 CACHE STRING "How long the target fuzz runs")

find_package(Python3 COMPONENTS Interpreter)
if(NOT Python3_FOUND OR NOT WICK_TESTS)
  return()
endif()
# The calls are made from the public headers.
file(GLOB public_headers CONFIGURE_DEPENDS include/wick/*.h)
set(fuzz_calls ${PROJECT_BINARY_DIR}/fuzz/fuzz_calls.h)
add_custom_command(OUTPUT ${fuzz_calls}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/fuzz
  COMMAND ${Python3_EXECUTABLE} tools/fuzz_calls.py ${CMAKE_C_COMPILER} include ${fuzz_calls}
  DEPENDS ${public_headers} tools/fuzz_calls.py WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM)

function(wick_fuzz_target target main)
  add_executable(${target} ${main} tests/fuzz/fuzz_ops.c ${fuzz_calls})
  wick_test_target(${target})
  target_include_directories(${target} PRIVATE ${PROJECT_BINARY_DIR}/fuzz)
endfunction()

if(WICK_SANITIZE MATCHES "fuzzer-no-link")
  wick_fuzz_target(fuzz_ops tests/fuzz/libfuzzer_ops.c)
  target_link_options(fuzz_ops PRIVATE -fsanitize=fuzzer)
else()
  wick_fuzz_target(test.fuzz.ops tests/fuzz/replay_ops.c)
  add_test(NAME fuzz.ops COMMAND test.fuzz.ops tests/fuzz/ops.corpus WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(fuzz.ops PROPERTIES TIMEOUT ${test_seconds} ENVIRONMENT "${test_environment}")
  add_custom_target(fuzz
    COMMAND ${CMAKE_COMMAND} --preset fuzz
    COMMAND ${CMAKE_COMMAND} --build --preset fuzz --target fuzz_ops
    COMMAND ${Python3_EXECUTABLE} tools/fuzz_corpus.py unpack tests/fuzz/ops.corpus build/fuzz/corpus
    COMMAND ${CMAKE_COMMAND} -E env ASAN_OPTIONS=allocator_may_return_null=1 build/fuzz/fuzz_ops build/fuzz/corpus
      -max_total_time=${WICK_FUZZ_SECONDS} -timeout=60 -max_len=512 -len_control=0 -artifact_prefix=build/fuzz/
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} USES_TERMINAL VERBATIM)
endif()
