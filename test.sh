#!/usr/bin/env bash
# Builds wick and runs every test. Words given are ctest's: ./test.sh -R core
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=tools/setup.sh
. tools/setup.sh
# shellcheck disable=SC2034 # setup.sh reads it
patient=yes

need "${test_packages[@]}"
phase "configure" cmake --preset release -DWICK_TESTS=ON
phase "build" cmake --build --preset release
exec ctest --preset release --progress "$@"
