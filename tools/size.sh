#!/usr/bin/env bash
# What each folder costs in the library of a build, and whether the whole is within its ration: size.sh BUILD [KILOBYTES]
#
# The table counts code and constants of the object files; the last line is the stripped library as it is installed.
set -euo pipefail
build=$1 limit=${2:-2300}
find "$build/CMakeFiles" -name '*.o' -path '*wick_*' | sort | xargs size | awk '
    $1 ~ /^[0-9]+$/ && $6 ~ /wick_(objects|layers|isa)/ {
        set = $6
        folder = $6
        sub(/.*wick_isa_/, "", set); sub(/\.dir.*/, "", set)
        sub(/.*\.dir\/src\//, "", folder); sub(/\/.*/, "", folder)
        if ($6 ~ /wick_layers/) folder = "nn"
        if ($6 ~ /wick_isa_/) folder = folder " (" set ")"
        bytes[folder] += $1 + $2
    }
    END { for (folder in bytes) printf "%-24s %6.0f KB\n", folder, bytes[folder] / 1000 }' | sort
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
strip --strip-all -o "$stripped" "$build/libwick.so"
kilobytes=$(($(stat -c %s "$stripped") / 1000))
printf '%-24s %6d KB of %d\n' 'libwick.so, stripped' "$kilobytes" "$limit"
[ "$kilobytes" -le "$limit" ]
