#!/bin/sh
# Install Chromium when it is absent and that is permitted; the browser tests are skipped without it.
set -u
. "$(dirname "$0")/apt_install.sh"

command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 && exit 0
apt_install Chromium "100 MB" "the browser tests will be skipped; for them" "Chromium or Chrome" chromium
