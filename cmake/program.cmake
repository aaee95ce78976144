# The program. It holds the library itself (static), so that build/release/wick runs from anywhere; it sees only the public headers.
file(GLOB cli_sources CONFIGURE_DEPENDS cli/*.c)
if(PROJECT_IS_TOP_LEVEL AND cli_sources)
  add_executable(wick_program ${cli_sources})
  set_target_properties(wick_program PROPERTIES OUTPUT_NAME wick RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  target_include_directories(wick_program PRIVATE cli)
  target_compile_options(wick_program PRIVATE ${WICK_STRICT_WARNINGS} -ffp-contract=off)
  target_compile_definitions(wick_program PRIVATE WICK_HAS_PNG=$<BOOL:${WICK_PNG}> WICK_HAS_CURL=$<BOOL:${WICK_CURL}>)
  target_link_libraries(wick_program PRIVATE wick_static m
    $<$<BOOL:${WICK_PNG}>:wick_png> ${CMAKE_DL_LIBS})
  # libcurl is loaded by the command that needs it; only its headers are needed here.
  target_include_directories(wick_program SYSTEM PRIVATE $<$<BOOL:${WICK_CURL}>:${WICK_CURL_INCLUDE}>)
  install(TARGETS wick_program)
endif()
