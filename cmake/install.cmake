# cmake --install: headers, both libraries, the program, and what find_package(wick) and pkg-config read.
include(CMakePackageConfigHelpers)
set(WICK_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/wick)

install(DIRECTORY include/wick TYPE INCLUDE FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(TARGETS wick wick_static EXPORT wick)
install(EXPORT wick NAMESPACE wick:: DESTINATION ${WICK_CMAKE_DIR} FILE wick-targets.cmake)

configure_package_config_file(cmake/wick-config.cmake.in wick-config.cmake INSTALL_DESTINATION ${WICK_CMAKE_DIR})
write_basic_package_version_file(wick-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/wick-config.cmake ${PROJECT_BINARY_DIR}/wick-config-version.cmake DESTINATION ${WICK_CMAKE_DIR})

set(WICK_PRIVATE_LIBS "-lm -pthread")
if(WICK_ZLIB)
  string(APPEND WICK_PRIVATE_LIBS " -lz")
endif()
# Programs find the library where it lies, also where the loader does not look by itself. Packages for a system's own folders leave
# that out: -DCMAKE_SKIP_INSTALL_RPATH=ON.
set(WICK_PC_RPATH "-Wl,-rpath,\${libdir} ")
if(CMAKE_SKIP_INSTALL_RPATH)
  set(WICK_PC_RPATH "")
endif()
file(RELATIVE_PATH WICK_PC_TO_PREFIX /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)
configure_file(cmake/wick.pc.in wick.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/wick.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# How to use what has been installed.
install(CODE "message(\"-- A program:   cc -std=c17 main.c \\$(PKG_CONFIG_PATH=\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/pkgconfig pkg-config --cflags --libs wick)\")")
