# shellcheck shell=bash disable=SC2034
# Shared by try.sh, test.sh and .ci/run; read it with `.` from the root of the repository.
#   need PACKAGES...    sees to it that these Debian packages are there ("a|b": either will do)
#   phase NAME CMD...   runs the command as one quiet line; on failure shows the end of its log and stops

logs=build/logs
mkdir -p "$logs"

build_packages=(gcc libc6-dev cmake ninja-build zlib1g-dev libpng-dev
    "libcurl4-openssl-dev|libcurl4-gnutls-dev" ca-certificates)
test_packages=("${build_packages[@]}" g++ "pkg-config|pkgconf" libcmocka-dev python3)

log_of() { echo "$logs/${1//[^a-z0-9.+]/_}.log"; }

# The steps that ninja and ctest tell in the log, " 57/311" for the last.
_steps() { grep -oE '^(\[[0-9]+/[0-9]+\]| *[0-9]+/[0-9]+ Test)' "$1" 2>/dev/null | tail -n 1 | grep -oE '[0-9]+/[0-9]+' || true; }

# Says how far the command is whose log this is: every second on a terminal; every 20 in a log, if `patient` is set. Ends with the
# process $3.
_watch() {
    local name=$1 log=$2 start=$SECONDS seconds
    while sleep 1 >/dev/null && kill -0 "$3" 2>/dev/null; do
        seconds=$((SECONDS - start))
        if [ -t 1 ]; then
            printf '\r%-28s %3d s  %-16s' "$name" $seconds "$(_steps "$log")"
        elif [ -n "${patient:-}" ] && [ $((seconds % 20)) = 0 ]; then
            printf '%-28s %3d s  %s ...\n' "$name" $seconds "$(_steps "$log")"
        fi
    done
}

phase() {
    local name=$1 log start=$SECONDS watcher status=0
    shift
    log=$(log_of "$name")
    : >"$log"
    _watch "$name" "$log" $$ &
    watcher=$!
    "$@" >"$log" 2>&1 </dev/null || status=$?
    kill "$watcher" 2>/dev/null || true
    wait "$watcher" 2>/dev/null || true
    if [ -t 1 ]; then printf '\r%60s\r' ""; fi
    if [ "$status" = 0 ]; then
        printf '%-28s %3d s\n' "$name" $((SECONDS - start))
        return 0
    fi
    printf '%-28s failed after %d s; the end of %s:\n\n' "$name" $((SECONDS - start)) "$log"
    grep -vE '^\[[0-9]+/[0-9]+\] |^ +Start +[0-9]+: | Passed +[0-9.]+ sec$' "$log" | tail -n 60
    return 1
}

_installed() {
    case $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) in
    *"ok installed") return 0 ;;
    *) return 1 ;;
    esac
}

_install() {
    "$@" apt-get update && "$@" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# How this user becomes root without a question: a command in front, nothing for root itself; fails where that cannot be.
_as_root() {
    if [ "$(id -u)" = 0 ]; then
        return 0
    elif sudo -n true 2>/dev/null; then
        echo "sudo -n"
    else
        return 1
    fi
}

# Without apt the configuration finds out what is there, and names what is not.
need() {
    command -v apt-get >/dev/null || return 0
    missing=()
    local entry name found front
    for entry in "$@"; do
        found=
        for name in ${entry//|/ }; do
            if _installed "$name"; then found=yes; fi
        done
        if [ -z "$found" ]; then missing+=("${entry%%|*}"); fi
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if front=$(_as_root); then
        # shellcheck disable=SC2086
        phase "packages" _install $front
        return
    fi
    local install="apt-get install -y --no-install-recommends ${missing[*]}" by_hand
    if command -v sudo >/dev/null; then
        by_hand="sudo apt-get update && sudo $install"
    else
        by_hand="su -c 'apt-get update && $install'"
    fi
    echo "$0 needs packages that only root can install. Run this, then $0 again:  $by_hand" >&2
    return 1
}
