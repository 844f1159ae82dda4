#!/bin/sh
# Install TeX through apt when it is absent and that is permitted; otherwise say in one line how to get it and go on.
set -u
PACKAGES="latexmk texlive-latex-recommended texlive-fonts-recommended texlive-publishers texlive-pictures texlive-latex-extra"
HINT="▸ no LaTeX here: the study runs to its end without the PDF; for it run: sudo apt-get install $PACKAGES"

command -v latexmk >/dev/null 2>&1 && kpsewhich IEEEtran.cls cleveref.sty >/dev/null 2>&1 && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "▸ no LaTeX here: the study runs to its end without the PDF; for it install TeX Live or MacTeX (latexmk, IEEEtran, cleveref)"
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
echo "▸ installing LaTeX (115 MB, about a minute, once)"
# apt speaks at length even when asked not to; its words matter only when it fails.
LOG=$(mktemp)
if ! { $AS_ROOT apt-get update && DEBIAN_FRONTEND=noninteractive $AS_ROOT apt-get install -y --no-install-recommends $PACKAGES; } >"$LOG" 2>&1; then
    tail -n 3 "$LOG"
    echo "$HINT"
fi
rm -f "$LOG"
