#!/bin/sh
# Installs the build in $1 to a temporary prefix, moves that, and builds programs outside of the tree against it with
# compiler $2: by find_package, by pkg-config (shared and static), in C and in C++. Then runs each.
set -eu
build=$1 cc=$2 readme=$PWD/../../README.md
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp consumer.c consumer.cpp CMakeLists.txt "$tmp"

cmake --install "$build" --prefix "$tmp/first" >"$tmp/install.log"
mv "$tmp/first" "$tmp/prefix" # an installation may be moved
cd "$tmp"

# In a user's program every name that is not the user's begins with wk_, hidden ones in the static library too.
libdir=$(dirname "$(find "$tmp/prefix" -name libwick.a)")
foreign=$(nm -g --defined-only "$libdir/libwick.a"; nm -D --defined-only "$libdir/libwick.so")
foreign=$(echo "$foreign" | awk 'NF == 3 && $3 !~ /^wk_/ { print $3 }')
if [ -n "$foreign" ]; then echo "names without wk_ in front: $foreign"; exit 1; fi

cmake -G Ninja -S . -B out -DCMAKE_PREFIX_PATH="$tmp/prefix" -DCMAKE_C_COMPILER="$cc" >cmake.log || { cat cmake.log; exit 1; }
cmake --build out >cmake.log || { cat cmake.log; exit 1; }
for program in c_shared c_static cxx_shared cxx20_static; do out/$program >log || { cat log; exit 1; }; done

# Every member of a struct of options has its name in C++, but those that always come by place.
members=$(cat prefix/include/wick/*.h | awk '/^typedef struct wk_[A-Za-z0-9_]*_options [{]/ { on = 1; next } /^}/ { on = 0 } on' |
    sed 's,/\*.*,,; s/\[[0-9]*\]//g; /(/d; s/^ *const //; s/^ *[A-Za-z_0-9]* //; s/const //g; s/[*;]//g' | tr ',' '\n' | tr -d ' ' | sort -u)
for member in $members; do
    case $member in
    by_place | count | dataset | dim | dims | get_item | images | in_channels | in_features | input | length | mat1 | mat2 | module) ;;
    normalized_shape | num_channels | num_features | num_groups | optimizer | out_channels | out_features | output | outputs | p) ;;
    params | path | root | state | target | tensor | tensors) ;;
    *) grep -q "WK_OPTION($member)" prefix/include/wick/options.hpp || { echo "options.hpp lacks WK_OPTION($member)"; exit 1; } ;;
    esac
done

export PKG_CONFIG_PATH="$libdir/pkgconfig"
flags="-std=c17 -Wall -Wextra -Wpedantic -Werror"
# shellcheck disable=SC2046,SC2086 # the words of flags are words
{
    $cc $flags consumer.c $(pkg-config --cflags --libs wick) -o pc_shared
    $cc $flags consumer.c $(pkg-config --cflags wick) "$libdir/libwick.a" \
        $(pkg-config --static --libs-only-l --libs-only-other wick | sed 's/-lwick//') -o pc_static
}
./pc_shared
./pc_static

# The README's program by the README's command, without a warning.
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$readme" >lenet.c
# shellcheck disable=SC2046,SC2086
$cc $flags -O2 lenet.c $(pkg-config --cflags --libs wick) -o lenet

# Linkers that drop what nothing refers to leave the layers in place.
cat >gc.c <<'END'
#include <wick/wick.h>
int main(void)
{
    wk_Module *net = wk_Sequential_from_text("Linear(2, 2)\n", 13, NULL);
    wk_free(net);
    return net == NULL;
}
END
for linker in -Wl,-z,start-stop-gc "-fuse-ld=lld" "-fuse-ld=gold"; do
    # shellcheck disable=SC2086
    if ! $cc $flags $linker gc.c -o gc_probe -I"$tmp/prefix/include" -L"$libdir" -lwick 2>/dev/null; then
        echo "skipped: $cc has no $linker"
        continue
    fi
    # shellcheck disable=SC2046,SC2086
    $cc $flags $linker -Wl,--gc-sections $(pkg-config --cflags wick) gc.c "$libdir/libwick.a" \
        $(pkg-config --static --libs-only-l --libs-only-other wick | sed 's/-lwick//') -o gc
    ./gc
done
if [ -x "$tmp/prefix/bin/wick" ]; then "$tmp/prefix/bin/wick" --version; fi
