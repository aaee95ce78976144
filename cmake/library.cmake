# libwick. Every source is compiled once, position independent, and goes into both libwick.so and libwick.a.
file(GLOB WICK_SOURCES CONFIGURE_DEPENDS
  src/core/*.c src/kernels/*.c src/autograd/*.c src/ops/*.c src/optim/*.c src/data/*.c src/io/*.c)
file(GLOB WICK_LAYER_SOURCES CONFIGURE_DEPENDS src/nn/*.c)
file(GLOB WICK_ISA_SOURCES CONFIGURE_DEPENDS src/kernels/isa/*.c)

# How the sources of the library and of the tests see each other: wick_object_library(target sources...)
function(wick_object_library target)
  add_library(${target} OBJECT ${ARGN})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_compile_options(${target} PRIVATE ${WICK_STRICT_WARNINGS} -ffp-contract=off -fno-semantic-interposition)
  target_compile_definitions(${target} PRIVATE WICK_HAS_ZLIB=$<BOOL:${WICK_ZLIB}>)
  target_link_libraries(${target} PRIVATE Threads::Threads $<$<BOOL:${WICK_ZLIB}>:wick_zlib>)
endfunction()

# Numbers must not depend on the compiler's taste, so a*b+c is fused only where a file is written for it.
file(GLOB kernel_sources CONFIGURE_DEPENDS src/kernels/*.c)
# A loop that clang is asked to vectorise and cannot (no such instruction, or -O1) is no defect: no warning.
set_property(SOURCE ${kernel_sources} ${WICK_ISA_SOURCES} APPEND PROPERTY COMPILE_OPTIONS -fno-math-errno -fno-trapping-math
  $<$<CONFIG:Release>:-fno-asynchronous-unwind-tables>
  $<$<C_COMPILER_ID:Clang>:-Wno-pass-failed>)
file(GLOB fused_sources CONFIGURE_DEPENDS src/kernels/isa/gemm*.c src/kernels/isa/conv*.c)
set_property(SOURCE ${fused_sources} APPEND PROPERTY COMPILE_OPTIONS -ffp-contract=fast)
# Plain loops gain from vectors, not from -O3's copies of each loop: that would make the library half as large again. For the oldest
# machines only those loops are made vectors that need no second copy.
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  set(loop_sources ${WICK_ISA_SOURCES})
  list(FILTER loop_sources EXCLUDE REGEX "isa/(gemm|conv|pool|optim)")
  set_property(SOURCE ${loop_sources} APPEND PROPERTY COMPILE_OPTIONS
    $<$<CONFIG:Release>:-O2;-ftree-vectorize>)
  set(vectors -fvect-cost-model=dynamic)
  set(few_vectors $<$<CONFIG:Release>:-O2> -fvect-cost-model=cheap)
endif()

# The kernels once per instruction set; the library chooses among them when it starts.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
  set(known_isas portable avx2 avx512)
  set(isa_flags_portable -march=x86-64-v2 ${few_vectors})
  set(isa_flags_avx2 -march=x86-64-v3 ${vectors})
  set(isa_flags_avx512 -march=x86-64-v4 -mprefer-vector-width=512 ${vectors})
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(known_isas neon)
  set(isa_flags_neon ${vectors})
else()
  set(known_isas portable)
  set(isa_flags_portable ${vectors})
endif()
# A build for one kind of machine is half as large: -DWICK_ISAS=avx2 runs on those that have AVX2, and on no others. Several must begin
# with the lowest, which chooses among them.
set(WICK_ISAS "${known_isas}" CACHE STRING "The instruction sets that the kernels are compiled for")
foreach(isa IN LISTS WICK_ISAS)
  if(NOT isa IN_LIST known_isas)
    message(FATAL_ERROR "WICK_ISAS: ${isa} is none of ${known_isas}")
  endif()
endforeach()
list(LENGTH WICK_ISAS isa_count)
list(GET known_isas 0 lowest_isa)
if(isa_count EQUAL 0 OR (isa_count GREATER 1 AND NOT lowest_isa IN_LIST WICK_ISAS))
  message(FATAL_ERROR "WICK_ISAS: one of ${known_isas}, or several with ${lowest_isa} among them")
endif()

wick_object_library(wick_objects ${WICK_SOURCES})
# What a small operation passes through is compiled at -O3; elsewhere that would only copy loops, as the time is spent in kernels.
set(small_sources ${WICK_SOURCES})
list(FILTER small_sources EXCLUDE REGEX "src/(core|autograd)/|src/ops/(map|elementwise|rows|number|view)\\.c")
set_property(SOURCE ${small_sources} APPEND PROPERTY COMPILE_OPTIONS $<$<CONFIG:Release>:-O2>)
# The layers are one object: who reads a network's text out of the static library gets all of them, though no code names them.
wick_object_library(wick_layers ${WICK_LAYER_SOURCES})
set_target_properties(wick_layers PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
target_compile_options(wick_layers PRIVATE $<$<CONFIG:Release>:-Os>) # its time is spent in the operations that it calls
set(objects $<TARGET_OBJECTS:wick_objects> $<TARGET_OBJECTS:wick_layers>)
foreach(isa IN LISTS WICK_ISAS)
  if(WICK_ISA_SOURCES)
    wick_object_library(wick_isa_${isa} ${WICK_ISA_SOURCES})
    if(isa_count GREATER 1)
      target_compile_definitions(wick_isa_${isa} PRIVATE WK_ISA=${isa})
      foreach(other IN LISTS known_isas)
        if(NOT other IN_LIST WICK_ISAS)
          target_compile_definitions(wick_isa_${isa} PRIVATE WK_WITHOUT_${other})
        endif()
      endforeach()
    endif()
    target_compile_options(wick_isa_${isa} PRIVATE ${isa_flags_${isa}})
    list(APPEND objects $<TARGET_OBJECTS:wick_isa_${isa}>)
  endif()
endforeach()

add_library(wick SHARED ${objects})
set_target_properties(wick PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  target_link_options(wick PRIVATE LINKER:-z,nodelete) # why: src/core/lifecycle.c
  if(NOT WICK_SANITIZE)
    target_link_options(wick PRIVATE LINKER:--no-undefined)
  endif()
endif()
add_library(wick_static STATIC ${objects})
set_target_properties(wick_static PROPERTIES OUTPUT_NAME wick EXPORT_NAME static)
add_library(wick::wick ALIAS wick)
add_library(wick::static ALIAS wick_static)
foreach(library wick wick_static)
  set_target_properties(${library} PROPERTIES LINKER_LANGUAGE C ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  target_include_directories(${library} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${library} PRIVATE Threads::Threads m)
  if(WICK_ZLIB)
    target_link_libraries(${library} PRIVATE $<BUILD_INTERFACE:wick_zlib> $<INSTALL_INTERFACE:z>)
  endif()
endforeach()
