#!/bin/sh
# Install Chromium through apt when it is absent and that is permitted; otherwise say in one line how to get it and go on.
set -u
HINT="▸ no Chromium here: the browser tests will be skipped; for them run: sudo apt-get install chromium"

command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "▸ no Chromium here: the browser tests will be skipped; for them install Chromium or Chrome"
    exit 0
fi
if [ "$(id -u)" -eq 0 ]; then
    AS_ROOT=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then
    AS_ROOT="sudo"
else
    echo "$HINT"
    exit 0
fi
echo "▸ installing Chromium (100 MB, about a minute, once)"
# apt speaks at length even when asked not to; its words matter only when it fails.
LOG=$(mktemp)
if ! { $AS_ROOT apt-get update && DEBIAN_FRONTEND=noninteractive $AS_ROOT apt-get install -y --no-install-recommends chromium; } >"$LOG" 2>&1; then
    tail -n 3 "$LOG"
    echo "$HINT"
fi
rm -f "$LOG"
