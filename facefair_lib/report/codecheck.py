"""The files that a codechecker recomputes: kept figures and tables that the report prints, in ``codecheck.yml``.

Source: CODECHECK configuration file specification 2.0, https://codecheck.org.uk/spec/config/2.0/
"""

from __future__ import annotations

import re
from pathlib import Path

from facefair_lib.errors import InputError
from facefair_lib.store.results import write_text

BEGIN = "manifest:"
_FIGURE = re.compile(r'figure\("(\d\d_\w+)/(\w+)"\)')
_TABLE = re.compile(r'"(\d\d_\w+)/(\w+)"')


def update(file: Path, report: Path, figures: Path, kept: Path) -> int:
    """Rewrite the list, which ends the file.

    Parameters
    ----------
    file : codecheck.yml; paths in it are relative to its folder
    report : folder of the report's templates
    figures, kept : folders of a reference run's figures and tables

    Returns
    -------
    the number of files listed

    Raises
    ------
    InputError
        if the line that begins the list is missing
    """
    before, mark, _ = file.read_text(encoding="utf-8").partition(f"\n{BEGIN}\n")
    if not mark:
        raise InputError(file, found="no list of files", expected=f"a line {BEGIN}", do="add this line at the end")
    entries = listed(report, figures, kept)
    lines = [
        f"  - file: {path.relative_to(file.parent).as_posix()}\n    comment: {comment}"
        for path, comment in entries.items()
    ]
    write_text(file, "\n".join([before, BEGIN, *lines]) + "\n")
    return len(entries)


def listed(report: Path, figures: Path, kept: Path) -> dict[Path, str]:
    """Kept figures and tables that a template names, path -> what it is."""
    text = "\n".join(template.read_text(encoding="utf-8") for template in sorted(report.rglob("*.tex")))
    shown, read = set(_FIGURE.findall(text)), set(_TABLE.findall(text))
    entries = {figures / f"{stem}.png": f"figure of {stage}" for stage, stem in sorted(shown)}
    entries |= {kept / stage / f"{name}.csv": f"table of {stage}" for stage, name in sorted(read - shown)}
    return {path: comment for path, comment in entries.items() if path.is_file()}
