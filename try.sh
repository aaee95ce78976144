#!/usr/bin/env bash
# From a bare Debian to a trained network: installs what the build needs, builds, and trains on the digits that wick carries.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=tools/setup.sh
. tools/setup.sh
# shellcheck disable=SC2034 # setup.sh reads it
patient=yes

model=build/lenet.safetensors

need "${build_packages[@]}"
phase "configure" cmake --preset release -DWICK_TESTS=OFF
phase "build (some minutes)" cmake --build --preset release
echo
echo "\$ build/release/wick train --save $model"
build/release/wick train --save "$model"
cat <<END

Next:
  build/release/wick test $model
  build/release/wick predict $model digit.png --invert    # a digit that you have drawn, dark on white
  build/release/wick help
END
