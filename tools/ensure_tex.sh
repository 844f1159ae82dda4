#!/bin/sh
# Install TeX when it is absent and that is permitted; the study completes without it.
set -u
. "$(dirname "$0")/apt_install.sh"

command -v latexmk >/dev/null 2>&1 && kpsewhich IEEEtran.cls cleveref.sty >/dev/null 2>&1 && exit 0
apt_install LaTeX "115 MB" "the study runs to its end without the PDF; for it" "TeX Live or MacTeX (latexmk, IEEEtran, cleveref)" \
    latexmk texlive-latex-recommended texlive-fonts-recommended texlive-publishers texlive-pictures texlive-latex-extra
