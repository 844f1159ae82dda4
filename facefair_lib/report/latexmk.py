"""Running latexmk reproducibly, and reporting what went wrong."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from facefair_lib.settings.path_text import path_text
from facefair_lib.store.processes import child_environment, dying_with_parent

INSTALL_LATEX = (
    "sudo apt-get install --no-install-recommends texlive-latex-recommended texlive-fonts-recommended "
    "texlive-publishers texlive-pictures texlive-latex-extra latexmk"
)
_ERROR_LINE = re.compile(r"^.+?\.(?:tex|sty|cls|bbl|toc|aux):\d+: .+$", re.MULTILINE)
_UNRESOLVED = re.compile(r"^LaTeX Warning: (?:Citation|Reference) .+? undefined.*$", re.MULTILINE)
_TIME_LIMIT = 300  # seconds; a healthy run takes about ten


class ReportError(RuntimeError):
    """LaTeX could not typeset the report; the message shows its first errors."""


class MissingLatexError(ReportError):
    """latexmk is not installed."""

    def __init__(self) -> None:
        super().__init__(f"latexmk is missing, so the report cannot be typeset; install it with: {INSTALL_LATEX}")


def run_latexmk(report_dir: Path, build_dir: Path, profile: str) -> None:
    """Run latexmk on ``build_dir/report.tex``.

    Parameters
    ----------
    report_dir : folder with ``refs.bib``
    build_dir : folder of the filled templates; LaTeX reads from here only, because blanks, ``~``, ``$`` and braces are
        special in its search paths
    profile : name, for messages

    Raises
    ------
    MissingLatexError
        if latexmk is not installed
    ReportError
        if LaTeX fails, takes longer than ``_TIME_LIMIT`` or leaves a reference undefined
    """
    latexmk = shutil.which("latexmk")
    if latexmk is None:
        raise MissingLatexError
    for made in build_dir.glob("report.*"):  # latexmk would remember the failure of an older run
        if made.suffix != ".tex":
            made.unlink()
    for literature in report_dir.glob("*.bib"):
        shutil.copyfile(literature, build_dir / literature.name)
    options = ("-interaction=nonstopmode", "-halt-on-error", "-file-line-error", "-latexoption=-no-shell-escape")
    command = [latexmk, "-norc", "-pdf", *options, "report.tex"]
    try:
        run = subprocess.run(
            dying_with_parent(command), cwd=build_dir, env=latex_environment(), capture_output=True, encoding="utf-8",
            errors="replace", stdin=subprocess.DEVNULL, timeout=_TIME_LIMIT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ReportError(f"LaTeX did not finish the report of {profile!r} in {_TIME_LIMIT} seconds") from error
    log_file = build_dir / "report.log"
    log = log_file.read_text(encoding="utf-8", errors="replace") if log_file.is_file() else ""
    if run.returncode != 0:
        raise ReportError(failure_message(profile, run.stdout + run.stderr, log_file))
    open_references = sorted(set(_UNRESOLVED.findall(log)))
    if open_references:
        raise ReportError("\n  ".join([f"the report of {profile!r} has undefined references:", *open_references[:5]]))
    for made in build_dir.glob("report.*"):  # auxiliary files are no results: they name folders of this machine
        if made.suffix not in (".tex", ".pdf", ".log"):
            made.unlink()


def latex_environment() -> dict[str, str]:
    """Environment with TeX's default search paths and a fixed clock."""
    clock = {"SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
    # Without line breaks at 79 characters, "file:line: error" messages can be found in the output.
    return child_environment(**clock, max_print_line="10000", openout_any="p")


def failure_message(profile: str, output: str, log_file: Path) -> str:
    """LaTeX's first errors, or the last lines of its output if it named none."""
    errors = list(dict.fromkeys(_ERROR_LINE.findall(output)))[:3]
    shown = errors or [line for line in output.splitlines() if line.strip()][-5:]
    log = f"the full log: {path_text(log_file)}"
    return "\n  ".join([f"LaTeX could not typeset the report of {profile!r}:", *shown, log])
