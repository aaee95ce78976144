#!/usr/bin/env bash
# From a bare Debian to a trained network: installs what the build needs, builds, and trains on the digits that wick carries.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=tools/setup.sh
. tools/setup.sh

need "${build_packages[@]}"
phase "configure" cmake --preset release -DWICK_TESTS=OFF
phase "build" cmake --build --preset release
echo
exec build/release/wick train --data digits
