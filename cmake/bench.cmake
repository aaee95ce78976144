# cmake --build --preset release --target bench: wick beside PyTorch where WICK_BENCH_PYTHON has it, else wick and the limits.
find_program(WICK_BENCH_PYTHON python3 DOC "The Python of the bench, best one with torch")

# The peak of multiply-adds is one instruction each.
set_property(SOURCE cli/bench_limits.c APPEND PROPERTY COMPILE_OPTIONS -ffp-contract=fast)

file(GLOB bench_sources CONFIGURE_DEPENDS cli/bench*.c)
add_executable(wick_bench bench/wick_bench.c ${bench_sources} cli/lenet.c cli/report.c cli/progress.c)
target_include_directories(wick_bench PRIVATE cli)
target_compile_options(wick_bench PRIVATE ${WICK_STRICT_WARNINGS} -ffp-contract=off)
target_link_libraries(wick_bench PRIVATE wick_static Threads::Threads m)

if(WICK_BENCH_PYTHON)
  set(bench_command ${WICK_BENCH_PYTHON} bench/compare.py --wick $<TARGET_FILE:wick_bench>)
else()
  set(bench_command wick_bench bench)
endif()
add_custom_target(bench COMMAND ${bench_command} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} USES_TERMINAL VERBATIM)
add_dependencies(bench wick_bench)
if(TARGET test.cli.bench)
  set_property(TEST cli.bench APPEND PROPERTY ENVIRONMENT WICK_BENCH=$<TARGET_FILE:wick_bench>)
  add_dependencies(test.cli.bench wick_bench)
endif()
