#!/usr/bin/env bash
# Holds the direction of #include: a folder may look only at those named beside it (and at <wick/...> and itself).
set -euo pipefail
cd "$(dirname "$0")/.."
bad=0
while read -r folder allowed; do
    while IFS=: read -r file line text; do
        from=${text#*\"} from=${from%%\"*}
        if [[ $from != */* ]]; then [ -f "$(dirname "$file")/$from" ] && continue; fi
        if [[ " $allowed " == *" ${from%%/*} "* ]]; then continue; fi
        echo "$file:$line: $folder must not include \"$from\" (it may look at: $allowed)"
        bad=1
    done < <(grep -rnE --include='*.[ch]' --include='*.def' '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$folder" || true)
done <<'END'
include/wick  wick
src/core      wick core
src/kernels   wick core kernels
src/autograd  wick core kernels autograd
src/ops       wick core kernels autograd ops
src/nn        wick core kernels autograd ops nn
src/optim     wick core kernels autograd ops optim
src/data      wick core kernels autograd ops data
src/io        wick core kernels autograd ops io
cli           wick cli
examples      wick
END
exit $bad
