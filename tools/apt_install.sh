# Sourced: install packages through apt where that is permitted; otherwise say in one line how to get them.

# apt_install WHAT SIZE CONSEQUENCE ELSEWHERE PACKAGE...
#   WHAT         what is missing, as a reader knows it
#   SIZE         of the download
#   CONSEQUENCE  what happens without it, and for what it is needed
#   ELSEWHERE    what to install on a system without apt
apt_install() {
    what=$1 size=$2 consequence=$3 elsewhere=$4
    shift 4
    hint="▸ no $what here: $consequence"
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "$hint install $elsewhere"
        return
    fi
    if [ "$(id -u)" -eq 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then
        as_root="sudo"
    else
        echo "$hint run: sudo apt-get install $*"
        return
    fi
    echo "▸ installing $what ($size, about a minute, once)"
    # apt is verbose even when asked not to be; its output matters only when it fails.
    log=$(mktemp)
    if ! { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null; then
        tail -n 3 "$log"
        echo "$hint run: sudo apt-get install $*"
    fi
    rm -f "$log"
}
