# shellcheck shell=bash disable=SC2034
# Shared by try.sh, test.sh and .ci/run; read it with `.` from the root of the repository.
#   need PACKAGES...    sees to it that these Debian packages are there ("a|b": either will do)
#   phase NAME CMD...   runs the command as one quiet line; on failure shows the end of its log and stops

logs=build/logs
mkdir -p "$logs"

build_packages=(gcc libc6-dev cmake ninja-build zlib1g-dev libpng-dev
    "libcurl4-openssl-dev|libcurl4-gnutls-dev" ca-certificates)
test_packages=("${build_packages[@]}" g++ "pkg-config|pkgconf" libcmocka-dev)

log_of() { echo "$logs/${1//[^a-z0-9.+]/_}.log"; }

phase() {
    local name=$1 log start=$SECONDS
    shift
    log=$(log_of "$name")
    if [ -t 1 ]; then printf '%-28s ...' "$name"; fi
    if "$@" >"$log" 2>&1 </dev/null; then
        if [ -t 1 ]; then printf '\r'; fi
        printf '%-28s %3d s\n' "$name" $((SECONDS - start))
        return 0
    fi
    if [ -t 1 ]; then printf '\r'; fi
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

# Without apt the configuration finds out what is there, and names what is not.
need() {
    command -v apt-get >/dev/null || return 0
    missing=()
    local entry name found
    for entry in "$@"; do
        found=
        for name in ${entry//|/ }; do
            if _installed "$name"; then found=yes; fi
        done
        if [ -z "$found" ]; then missing+=("${entry%%|*}"); fi
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" = 0 ]; then
        phase "packages" _install
    elif sudo -n true 2>/dev/null; then
        phase "packages" _install sudo -n
    else
        echo "Packages are missing. Type this, then start again:  sudo apt-get update && sudo apt-get install -y ${missing[*]}"
        return 1
    fi
}
