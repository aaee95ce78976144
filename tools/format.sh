#!/usr/bin/env bash
# Gives every C file the project's form (.clang-format). With --check only tells, and fails if there is anything to do.
set -euo pipefail
cd "$(dirname "$0")/.."
how=(-i)
if [ "${1:-}" = --check ]; then how=(--dry-run -Werror --ferror-limit=1); fi
git ls-files -z 'src/*.[ch]' 'include/*.h' 'include/*.hpp' 'cli/*.[ch]' 'tests/*.[ch]' 'examples/*.c' | xargs -0 clang-format "${how[@]}"
