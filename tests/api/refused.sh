#!/bin/sh
# Compiles each expression of file $2 with compiler $1 as language $3 (c17, c++17): it must fail, with the message that stands beside it.
set -eu
cc=$1 here=$(dirname "$0") list=$2 standard=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
count=0 failed=0

row() # of docs/bad-inputs.md: what follows asserts it
{
    if [ -n "${WICK_ROWS:-}" ]; then echo "$1" >"$WICK_ROWS"; fi
}

compile() # an expression
{
    cat >"$tmp/main.${standard%17}" <<END
#include <wick/wick.h>
void use(wk_Tensor *x, wk_Tensor *y, const wk_Tensor *c, void *p, double d, wk_Generator *g, wk_Module *net);
void use(wk_Tensor *x, wk_Tensor *y, const wk_Tensor *c, void *p, double d, wk_Generator *g, wk_Module *net)
{
    (void)x, (void)y, (void)c, (void)p, (void)d, (void)g, (void)net;
    (void)($1);
}
END
    $cc -std="$standard" -I"$here/../../include" -fsyntax-only "$tmp/main.${standard%17}" 2>"$tmp/log"
}

row A29
compile 'wk_add(x, c)' || { cat "$tmp/log"; exit 1; }
while IFS= read -r line; do
    case $line in '' | '#'*) continue ;; esac
    expression=${line%%' ##'*} message=${line#*'##'}
    count=$((count + 1))
    if compile "$expression"; then
        failed=$((failed + 1))
        echo "it compiles: $expression"
    elif ! grep -qE "error.*(${message# })" "$tmp/log"; then
        failed=$((failed + 1))
        echo "$expression fails without '$message':"
        cat "$tmp/log"
    fi
done <"$here/$list"
echo "$((count - failed)) passed, $failed failed"
test "$count" -gt 0 && test "$failed" = 0
