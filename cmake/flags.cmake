# Compiler flags. Nothing here may depend on the machine that builds: never -march=native, never -ffast-math.
option(WICK_WERROR "Warnings are errors" OFF)
set(WICK_SANITIZE "" CACHE STRING "Sanitizers to build with, such as address,undefined")

if(NOT CMAKE_C_COMPILER_ID MATCHES "GNU|Clang")
  message(FATAL_ERROR "wick needs gcc or clang (it uses their vector extensions), but found ${CMAKE_C_COMPILER_ID}.")
endif()
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug or Release" FORCE)
endif()

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(WICK_SANITIZE)
  add_compile_options(-fsanitize=${WICK_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WICK_SANITIZE})
endif()

# Sources that must be tidy (library, program) ask for more than sources that show or test it.
# Tables are indexed by wk_dtype, which is a char.
set(WICK_WARNINGS -Wall -Wextra -Wpedantic -Wno-char-subscripts $<$<BOOL:${WICK_WERROR}>:-Werror>)
set(WICK_STRICT_WARNINGS ${WICK_WARNINGS} -Wshadow -Wconversion)
