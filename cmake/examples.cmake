# examples/NN_name.c -> build/<preset>/examples/NN_name, over the shared library: an entry point that is not exported shows here.
# Each is also a test, "example.NN_name", run in a folder of its own so that what it writes litters nothing.
file(GLOB example_sources CONFIGURE_DEPENDS examples/[0-9][0-9]_*.c)
foreach(source IN LISTS example_sources)
  cmake_path(GET source STEM name)
  add_executable(example_${name} ${source})
  set_target_properties(example_${name} PROPERTIES OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/examples)
  target_compile_options(example_${name} PRIVATE ${WICK_WARNINGS})
  target_link_libraries(example_${name} PRIVATE wick m)
endforeach()
