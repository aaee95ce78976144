#!/usr/bin/env bash
# Holds docs/bad-inputs.md and the tests together: each row of its tables is named by the comment above a test (or over a file of tests), and each such name is a row.
set -euo pipefail
cd "$(dirname "$0")/.."
rows=$(grep -oE '^\| [A-Z][0-9]+ \|' docs/bad-inputs.md | tr -d '| ' | sort -u)
named=$(grep -rhoE --include='*.c' --include='*.txt' '^(/\*|#) ([A-Z][0-9]+[ :;])+' tests | grep -oE '[A-Z][0-9]+' | sort -u)
if ! difference=$(diff <(echo "$rows") <(echo "$named")); then
    sed -n 's/^< /no test of row /p; s/^> /no row named /p' <<<"$difference"
    exit 1
fi
