"""Building the report: fill the templates from one profile's results, copy the figures, run LaTeX.

The templates are ``report/**/*.tex``. They are filled into ``results/<profile>/report``, where LaTeX runs, so that the
source folder stays clean and the reports of several profiles can be built side by side. The ledger, ``numbers.csv``,
lists every number printed with the file, row and column it came from.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from facefair_lib.data.published.catalogue import CATALOGUE
from facefair_lib.errors import InputError
from facefair_lib.fairness.groups import MIN_SUBJECTS
from facefair_lib.report.filters import FILTERS, Tex, tex
from facefair_lib.report.latexmk import run_latexmk
from facefair_lib.report.results_reader import Number, Results, Source, is_missing, size, total
from facefair_lib.report.sentences import against_chance, ahead, leading, shown_smaller
from facefair_lib.scores.metrics import COMPARED_BY, ESTIMANDS
from facefair_lib.scores.resampling import ALPHA, LEVEL, POWER
from facefair_lib.scores.titles import MODEL_TITLES
from facefair_lib.settings.labels import NUM_CLASSES
from facefair_lib.store.results import Stage, replacing, write_csv, write_text
from facefair_lib.tables.performance import CLEAR_PIXELS

_CONSTANTS: Mapping[str, tuple[float, str]] = {
    "LEVEL": (LEVEL, "scores/resampling.py"),
    "ALPHA": (ALPHA, "scores/resampling.py"),
    "POWER": (POWER, "scores/resampling.py"),
    "MIN_SUBJECTS": (MIN_SUBJECTS, "fairness/groups.py"),
    "NUM_CLASSES": (NUM_CLASSES, "settings/labels.py"),
    "CLEAR_PIXELS": (CLEAR_PIXELS, "tables/performance.py"),
}
_LEDGER = ("template", "number", "file", "row", "column")


def build_report(
    results_dir: Path,
    report_dir: Path,
    profile: str,
    settings: Mapping[str, Any],
    output_pdf: Path,
    on_read: Callable[[Path], None] | None = None,
) -> Path:
    """Build the report of one profile.

    Parameters
    ----------
    results_dir : ``results/<profile>``; intermediate files go to ``results_dir/report``
    report_dir : ``report/`` with the templates, ``refs.bib``, ``published.csv`` and ``literature.csv``
    profile : name, for messages
    settings : the profile as nested plain values, as ``Profile.model_dump`` gives them
    output_pdf : the PDF; an older one stays until the new one is complete
    on_read : called with the path of every table and figure of the study that the report reads

    Returns
    -------
    ``output_pdf``

    Raises
    ------
    InputError
        if a result, a row or a figure that the report shows is missing
    MissingLatexError
        if latexmk is not installed; filled templates and ledger are still written
    ReportError
        if LaTeX fails or leaves a reference undefined
    """
    results_dir, report_dir, output_pdf = (Path(p).resolve() for p in (results_dir, report_dir, output_pdf))
    build_dir = results_dir / "report"
    render(Results(results_dir, report_dir, settings, on_read), build_dir)
    run_latexmk(report_dir, build_dir, profile)
    with replacing(output_pdf) as temporary:
        shutil.copyfile(build_dir / "report.pdf", temporary)
    return output_pdf


def render(results: Results, build_dir: Path) -> pd.DataFrame:
    """Fill every template into ``build_dir``, copy the figures they show, and write the ledger.

    Returns
    -------
    the ledger: template, number (as printed), file, row, column
    """
    for folder in ("sections", "floats", "figures"):
        shutil.rmtree(build_dir / folder, ignore_errors=True)
    ledger: list[tuple[str, str, str, str, str]] = []
    for path in sorted(results.report_dir.rglob("*.tex")):
        name = path.relative_to(results.report_dir).as_posix()
        numbers: list[tuple[str, Source]] = []
        write_text(build_dir / name, fill(name, environment(results, build_dir, numbers)))
        ledger += [(name, _plain(text), source.file, source.row, source.column) for text, source in numbers]
    table = pd.DataFrame(ledger, columns=list(_LEDGER))
    write_csv(build_dir / "numbers.csv", table)
    return table


def fill(name: str, templates: jinja2.Environment) -> str:
    """Fill one template; raise an `InputError` that names the file and line of a mistake in it."""
    try:
        return templates.get_template(name).render()
    except jinja2.TemplateError as error:
        line = f" line {error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
        raise InputError(
            f"report/{name}{line}",
            found=str(error.message),
            expected="a template that uses the names and filters of facefair_lib/report/build.py",
            do="correct the template",
        ) from error


def environment(results: Results, build_dir: Path, numbers: list[tuple[str, Source]]) -> jinja2.Environment:
    """What the templates may use; ``numbers`` receives every number printed, with its source."""

    def finish(value: object) -> str:
        if isinstance(value, jinja2.Undefined):
            return str(value)  # raises: a misspelt name must not print as nothing
        if isinstance(value, str) or is_missing(value):  # an empty column of texts is read back as NaN
            done = tex(value)
            numbers.extend(done.numbers)
            return str(done)
        raise InputError(
            "a template of the report",
            found=f"{value!r} without a filter",
            expected="<< value | percent >> or the like",
            do="add a filter that says how it is printed",
        )

    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(results.report_dir), undefined=jinja2.StrictUndefined, finalize=finish,
        autoescape=False, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True,
        variable_start_string="<<", variable_end_string=">>", block_start_string="<%", block_end_string="%>",
        comment_start_string="<#", comment_end_string="#>",
    )  # fmt: skip
    templates.filters.update(FILTERS, total=total, size=size, leading=leading)
    templates.tests["missing"] = is_missing
    templates.globals.update(_names(results, build_dir))
    return templates


def _names(results: Results, build_dir: Path) -> dict[str, Any]:
    """Functions and values that templates may use."""

    def figure(name: str) -> Tex:
        stage, stem = name.split("/")
        source = Stage(results.results_dir / stage, results.on_read).existing(f"figures/{stem}.pdf")
        target = build_dir / "figures" / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        return Tex(stem)

    def constant(name: str) -> Number:
        value, module = _CONSTANTS[name]
        return Number(value, Source(f"facefair_lib/{module}", "", name))

    def definition(metric: str) -> Tex:
        text = ESTIMANDS[metric].definition.rstrip(".")
        return tex(text[0].lower() + text[1:])

    def rendered_people() -> bool:
        """Whether the experiment shows rendered people, and not the user's own photographs."""
        shown = results.rows("05_ethnicity_emotion_experiment/nine")
        return bool(shown) and all(results.has("experiment/people", image_id=row["image_id"]) for row in shown)

    readers = (results.cell, results.row, results.rows, results.has, results.setting)
    functions = (*readers, ahead, against_chance, shown_smaller, figure, constant, definition, rendered_people)
    return {
        **{function.__name__: function for function in functions},
        "data_set_title": lambda: CATALOGUE[results.setting("data.source")].title,
        "models": tuple(MODEL_TITLES),
        "experiment_metric": COMPARED_BY,
    }


def _plain(number: str) -> str:
    """A number without LaTeX markup: ``$-$0.7`` -> ``-0.7``."""
    return number.replace("$", "").replace("\\,", " ")
