# cmake --build --preset release --target bench: wick beside PyTorch where WICK_BENCH_PYTHON has it, else wick and the limits.
find_program(WICK_BENCH_PYTHON python3 DOC "The Python of the bench, best one with torch")

# The peak of multiply-adds is one instruction each.
set_property(SOURCE cli/bench_limits.c APPEND PROPERTY COMPILE_OPTIONS -ffp-contract=fast)

target_link_libraries(wick_program PRIVATE Threads::Threads)

if(WICK_BENCH_PYTHON)
  set(bench_command ${WICK_BENCH_PYTHON} bench/compare.py --wick $<TARGET_FILE:wick_program>)
else()
  set(bench_command wick_program bench)
endif()
add_custom_target(bench COMMAND ${bench_command} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} USES_TERMINAL VERBATIM)
add_dependencies(bench wick_program)
