#!/bin/sh
# Installs the build in $1 to a temporary prefix, moves that, and builds programs outside of the tree against it with
# compiler $2: by find_package, by pkg-config (shared and static), in C and in C++. Then runs each.
set -eu
build=$1 cc=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp consumer.c consumer.cpp CMakeLists.txt "$tmp"

cmake --install "$build" --prefix "$tmp/first" >"$tmp/install.log"
mv "$tmp/first" "$tmp/prefix" # an installation may be moved
cd "$tmp"

# In a user's program every name that is not the user's begins with wk_, hidden ones in the static library too; GNU ld lists the
# ends of our own section, hidden, among them.
libdir=$(dirname "$(find "$tmp/prefix" -name libwick.a)")
foreign=$(nm -g --defined-only "$libdir/libwick.a"; nm -D --defined-only "$libdir/libwick.so")
foreign=$(echo "$foreign" | awk 'NF == 3 && $3 !~ /^(__(start|stop)_)?wk_/ { print $3 }')
if [ -n "$foreign" ]; then echo "names without wk_ in front: $foreign"; exit 1; fi

cmake -G Ninja -S . -B out -DCMAKE_PREFIX_PATH="$tmp/prefix" -DCMAKE_C_COMPILER="$cc" >cmake.log || { cat cmake.log; exit 1; }
cmake --build out >cmake.log || { cat cmake.log; exit 1; }
for program in c_shared c_static cxx_shared; do out/$program; done

export PKG_CONFIG_PATH="$libdir/pkgconfig"
flags="-std=c17 -Wall -Wextra -Wpedantic -Werror"
# shellcheck disable=SC2046,SC2086 # the words of flags are words
{
    $cc $flags consumer.c $(pkg-config --cflags --libs wick) -o pc_shared
    $cc $flags consumer.c $(pkg-config --cflags wick) "$libdir/libwick.a" \
        $(pkg-config --static --libs-only-l --libs-only-other wick | sed 's/-lwick//') -o pc_static
}
LD_LIBRARY_PATH=$libdir ./pc_shared
./pc_static
if [ -x "$tmp/prefix/bin/wick" ]; then "$tmp/prefix/bin/wick" --version; fi
