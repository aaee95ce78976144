#!/bin/sh
# Makes the library in a few files with Python $2 and compiles them with compiler $1, without optimisation as that takes minutes: no
# error, no warning, no static name that two files of the library share; and an error for flags that lose NaN. Runs a program of them.
set -eu
cc=$1 python=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp consumer.c "$tmp"
"$python" ../../tools/amalgamate.py "$tmp"
cd "$tmp"

sets="-march=x86-64-v3 -march=x86-64-v4"
if $cc --version | grep -q clang && [ "$(uname -m)" = x86_64 ]; then
    for set in $sets; do
        case $set in *v3) file=wick_avx2.c ;; *) file=wick_avx512.c ;; esac
        $cc -std=c17 -O0 -Wall -Wextra -Werror -ffp-contract=off "$set" -c $file
    done
    $cc -std=c17 -O0 -Wall -Wextra -Werror -ffp-contract=off -c wick.c
else
    $cc -std=c17 -O0 -Wall -Wextra -Werror -ffp-contract=off -c wick.c wick_avx2.c wick_avx512.c
fi
mkdir wick && echo '#include "../wick.h"' >wick/wick.h
$cc -std=c17 -I. consumer.c wick.o wick_avx2.o wick_avx512.o -lm -pthread -o consumer
./consumer

for flag in -ffast-math -Ofast -ffinite-math-only; do
    if $cc -std=c17 $flag -fsyntax-only wick.c 2>log; then echo "wick.c compiles with $flag"; exit 1; fi
    grep -q "wick does not compile with" log || { cat log; exit 1; }
done
