"""Building the report: numbers, tables and figures of one profile, then LaTeX, then one PDF moved into place.

LaTeX runs in ``results/<profile>/report`` and finds the sources in ``report/`` through a link there, so that the folder
of the sources stays clean, reports of several profiles can be built side by side, and no folder's name is text for TeX,
to which blanks, ``~``, ``$`` and braces in a search path mean something. The same results give the same bytes.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from facefair_lib.errors import InputError
from facefair_lib.evidence import COMPARISON, DATA, EXPERIMENT, FAIRNESS, METRICS, REPRODUCTION, TRAINING, Evidence
from facefair_lib.macros import Macros, macro_name
from facefair_lib.numbers import compose_numbers
from facefair_lib.path_text import path_text
from facefair_lib.processes import child_environment
from facefair_lib.results import replacing, write_text
from facefair_lib.tables import write_tables

REQUIRED_FIGURES: Mapping[str, str] = MappingProxyType(
    {
        "fig1_deeplabv3_architecture": TRAINING["deeplabv3"],
        "fig2_pspnet_architecture": TRAINING["pspnet"],
        "fig3_images_and_masks": DATA,
        "fig4_deeplabv3_metrics": TRAINING["deeplabv3"],
        "fig5_pspnet_metrics": TRAINING["pspnet"],
        "fig6_class_scores": METRICS,
        "fig7_where_models_differ": METRICS,
        "fig8_group_scores": EXPERIMENT,
        "table2_experiment_images": EXPERIMENT,
        "table3_deeplabv3_segmentations": EXPERIMENT,
        "table4_pspnet_segmentations": EXPERIMENT,
    }
)
"""Figure -> the stage that draws it."""

OPTIONAL_FIGURES: Mapping[str, str] = MappingProxyType(
    {
        "data_class_shares": DATA,
        "data_duplicates": DATA,
        "reproduction_colours": REPRODUCTION,
        "reproduction_shown": REPRODUCTION,
        "reproduction_iou": REPRODUCTION,
        "reproduction_ladder": REPRODUCTION,
        "reproduction_nine_photos": REPRODUCTION,
        "counterfactual_examples": FAIRNESS,
        "fig9_counterfactual_pairs": FAIRNESS,
        "fig10_skin_tone": FAIRNESS,
        "fig11_class_gaps": FAIRNESS,
        "fig12_composition": FAIRNESS,
        "fairness_sources": FAIRNESS,
        "fairness_adjusted": FAIRNESS,
        "fairness_boundary": FAIRNESS,
        "fairness_quality": FAIRNESS,
        "model_comparison": COMPARISON,
    }
)
"""Figures that a profile may lack, such as pairs of duplicates where there are none; the text then leaves them out."""

NEEDS_SCORES = ("fig8_group_scores",)
"""Figures that need masks of the experiment's people; a reader's own photographs may come without."""

NEEDS_GRID = ("table2_experiment_images", "table3_deeplabv3_segmentations", "table4_pspnet_segmentations")
"""Figures that need a picture of each group with each emotion; a reader's own photographs may show others."""

INSTALL_LATEX = (
    "sudo apt-get install --no-install-recommends texlive-latex-recommended texlive-fonts-recommended "
    "texlive-publishers texlive-pictures texlive-latex-extra latexmk"
)

SOURCES = "sources"
"""Link to the sources in the folder where LaTeX runs."""

_ERROR_LINE = re.compile(r"^.+?\.(?:tex|sty|cls|bbl|toc|aux):\d+: .+$", re.MULTILINE)
_UNRESOLVED = re.compile(r"^LaTeX Warning: (?:Citation|Reference) .+? undefined.*$", re.MULTILINE)
_TIME_LIMIT = 1800  # seconds; a healthy run takes about ten, and several times that beside much other work


class ReportError(RuntimeError):
    """LaTeX could not set the report; the message shows its first errors."""


class MissingLatexError(ReportError):
    """There is no latexmk on this machine."""

    def __init__(self) -> None:
        super().__init__(f"latexmk is missing, so the report cannot be set; get it with: {INSTALL_LATEX}")


def build_report(
    results_dir: Path, report_dir: Path, profile: str, settings: Mapping[str, Any], output_pdf: Path
) -> Path:
    """Build the report of one profile.

    Parameters
    ----------
    results_dir : ``results/<profile>``; ``results_dir/report`` receives everything that is made on the way
    report_dir : ``report/`` with ``report.tex``, its sections, ``refs.bib``, ``published.csv`` and ``literature.csv``
    profile : name, for messages
    settings : the profile as plain nested values, as ``Profile.model_dump`` gives them
    output_pdf : where the PDF goes; an older one stays until the new one is complete

    Returns
    -------
    ``output_pdf``

    Raises
    ------
    InputError
        if a result, a row or a figure that the report shows is missing
    MissingLatexError
        if latexmk is not installed; numbers and tables are written all the same
    ReportError
        if LaTeX fails or leaves a reference open
    """
    results_dir, report_dir, output_pdf = (Path(p).resolve() for p in (results_dir, report_dir, output_pdf))
    build_dir = results_dir / "report"
    assemble(Evidence(results_dir, report_dir), settings, build_dir)
    run_latexmk(report_dir, build_dir, profile)
    with replacing(output_pdf) as temporary:
        shutil.copyfile(build_dir / "report.pdf", temporary)
    return output_pdf


def assemble(evidence: Evidence, settings: Mapping[str, Any], build_dir: Path) -> None:
    """Write numbers and tables to ``build_dir`` and copy the figures there; what an older build left is removed."""
    for folder in ("tables", "figures"):
        shutil.rmtree(build_dir / folder, ignore_errors=True)
    numbers = compose_numbers(evidence, settings)
    tables = write_tables(evidence, build_dir / "tables")
    absent = (
        *(() if "cell_scores" in tables else NEEDS_SCORES),
        *(() if "experiment_people" in tables else NEEDS_GRID),
    )
    figures = collect_figures(evidence.results_dir, build_dir / "figures", leave_out=absent)
    write_text(build_dir / "numbers.tex", numbers)
    switches = Macros()
    for stem in OPTIONAL_FIGURES:
        switches.switch(macro_name("has", stem), stem in figures, f"{OPTIONAL_FIGURES[stem]}/figures {stem}.pdf file")
    for stem in ("duplicate_folders", "transfer_scores"):
        switches.switch(macro_name("has", stem), stem in tables, f"report/tables {stem}.tex file")
    write_text(build_dir / "contents.tex", switches.render())


def collect_figures(results_dir: Path, folder: Path, leave_out: Collection[str] = ()) -> list[str]:
    """Copy the PDF of every figure from the stages to ``folder``, but those to leave out; returns their stems.

    Raises
    ------
    InputError
        if a figure that every report shows has not been drawn
    """
    folder.mkdir(parents=True, exist_ok=True)
    stems = []
    for stem, stage in {**REQUIRED_FIGURES, **OPTIONAL_FIGURES}.items():
        source = Path(results_dir) / stage / "figures" / f"{stem}.pdf"
        if stem in leave_out:
            continue
        if source.is_file():
            shutil.copyfile(source, folder / source.name)
            stems.append(stem)
        elif stem in REQUIRED_FIGURES:
            raise InputError(
                source, found="no such file", expected=f"a figure of {stage}", do=f"run the notebook {stage}"
            )
    return stems


def run_latexmk(report_dir: Path, build_dir: Path, profile: str) -> None:
    """Run latexmk on ``report_dir/report.tex`` in ``build_dir``."""
    latexmk = shutil.which("latexmk")
    if latexmk is None:
        raise MissingLatexError
    for stale in build_dir.glob("report.*"):  # latexmk would remember the failure of an older run
        stale.unlink()
    sources = build_dir / SOURCES
    sources.unlink(missing_ok=True)
    sources.symlink_to(report_dir)
    command = [latexmk, "-norc", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error", "report.tex"]
    try:
        run = subprocess.run(
            command, cwd=build_dir, env=latex_environment(), capture_output=True, encoding="utf-8", errors="replace",
            stdin=subprocess.DEVNULL, timeout=_TIME_LIMIT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ReportError(f"LaTeX did not finish the report of {profile!r} in {_TIME_LIMIT} seconds") from error
    log_file = build_dir / "report.log"
    log = log_file.read_text(encoding="utf-8", errors="replace") if log_file.is_file() else ""
    if run.returncode != 0:
        raise ReportError(failure_message(profile, run.stdout + run.stderr, log_file))
    open_references = sorted(set(_UNRESOLVED.findall(log)))
    if open_references:
        raise ReportError("\n  ".join([f"the report of {profile!r} has open references:", *open_references[:5]]))


def latex_environment() -> dict[str, str]:
    """Search paths that find the sources from the folder where LaTeX runs, and a clock that stands still.

    The trailing colon keeps TeX's own folders in each search path.
    """
    searched = dict.fromkeys(("TEXINPUTS", "BIBINPUTS", "BSTINPUTS"), f".:{SOURCES}:")
    clock = {"SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
    # The log must not break lines at 79 characters, or file:line: error messages cannot be read back.
    return child_environment(**searched, **clock, max_print_line="10000", openout_any="p")


def failure_message(profile: str, output: str, log_file: Path) -> str:
    """LaTeX's first errors, or its last lines where it named none."""
    errors = list(dict.fromkeys(_ERROR_LINE.findall(output)))[:3]
    shown = errors or [line for line in output.splitlines() if line.strip()][-5:]
    log = f"the whole log: {path_text(log_file)}"
    return "\n  ".join([f"LaTeX could not set the report of {profile!r}:", *shown, log])
