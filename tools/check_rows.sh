#!/usr/bin/env bash
# Holds docs/bad-inputs.md and the tests together.
#   check_rows.sh              each row of its tables is named in a test, ROW("A13") or "row A13" in a script, and each such name is a row
#   check_rows.sh DIR [debug]  each row has been reached by the tests that have just run and have left their notes in DIR; without assertions
#                              in the build (debug) not those whose text says that they are for "builds with assertions"
set -euo pipefail
cd "$(dirname "$0")/.."
all=$(grep -E '^\| [A-Z][0-9]+ \|' docs/bad-inputs.md)
if [ $# = 0 ]; then
    named=$(grep -rhoE --include='*.c' --include='*.h' --include='*.sh' '(\bROW\("|^row )[A-Z][0-9]+\b' tests)
    what="no test names"
else
    if [ "${2:-}" != debug ]; then all=$(grep -v 'builds with assertions' <<<"$all"); fi
    named=$(cat "$1"/*.rows)
    what="no test that has run reaches"
fi
rows=$(grep -oE '^\| [A-Z][0-9]+' <<<"$all" | tr -d '| ' | sort -u)
named=$(grep -oE '[A-Z][0-9]+$' <<<"$named" | sort -u)
missing=$(comm -23 <(echo "$rows") <(echo "$named"))
unknown=
if [ $# = 0 ]; then unknown=$(comm -13 <(echo "$rows") <(echo "$named")); fi
[ -z "$missing$unknown" ] && exit 0
if [ -n "$missing" ]; then sed "s/.*/$what row &: write ROW(\"&\") before what asserts it/" <<<"$missing"; fi
if [ -n "$unknown" ]; then sed 's/^/docs\/bad-inputs.md has no row /' <<<"$unknown"; fi
exit 1
