#!/bin/sh
# Makes the library in one file with Python $2 and compiles it with compiler $1, without optimisation as that takes minutes: no error, no
# warning, no static name that two files of the library share; and an error for flags that lose NaN. Runs a program of it, which must
# have the instruction sets that the library of build $3 has on this machine.
set -eu
cc=$1 python=$2 build=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp consumer.c "$tmp"
"$python" ../../tools/amalgamate.py "$tmp"
cd "$tmp"

$cc -std=c17 -O0 -Wall -Wextra -Werror -ffp-contract=off -c wick.c
mkdir wick && echo '#include "../wick.h"' >wick/wick.h
$cc -std=c17 -I. consumer.c wick.o -lm -pthread -o consumer
./consumer

cat >isa.c <<'END'
#include <stdio.h>
#include <wick/wick.h>
int main(void)
{
    return puts(wk_isa()) < 0;
}
END
$cc -std=c17 -I. isa.c wick.o -lm -pthread -o isa_of_file
$cc -std=c17 -I. isa.c "$build/libwick.so" -Wl,-rpath,"$build" -o isa_of_library
for limit in portable avx2 avx512 neon; do
    file=$(WK_ISA=$limit ./isa_of_file) library=$(WK_ISA=$limit ./isa_of_library)
    if [ "$file" != "$library" ]; then echo "WK_ISA=$limit: wick.c runs $file, libwick.so $library"; exit 1; fi
done

for flag in -ffast-math -Ofast -ffinite-math-only; do
    if $cc -std=c17 $flag -fsyntax-only wick.c 2>log; then echo "wick.c compiles with $flag"; exit 1; fi
    grep -q "wick does not compile with" log || { cat log; exit 1; }
done
