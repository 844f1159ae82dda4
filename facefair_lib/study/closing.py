"""The last lines of a study: what it found, where the report is, and what to open next."""

from __future__ import annotations

from collections.abc import Iterator

from facefair_lib.report.results_reader import Results
from facefair_lib.scores.metrics import COMPARED_BY
from facefair_lib.scores.titles import MODEL_TITLES, title
from facefair_lib.settings import paths
from facefair_lib.settings.path_text import path_text
from facefair_lib.store.stages import ANSWER

_SCORES, _GAPS = "04_metric_analysis/summary", "05_ethnicity_emotion_experiment/gaps"


def closing_lines(profile: str) -> list[str]:
    """The lines in order, without those whose files the study has not written."""
    folder, pdf = paths.results_dir(profile), paths.report_pdf(profile)
    notebook = folder / "notebooks" / f"{ANSWER}.ipynb"
    chosen = "" if profile == paths.DEFAULT_PROFILE else f" PROFILE={profile}"
    found = "; ".join(_found(Results(folder, paths.REPORT)))
    lines = [f"found: {found}"] if found else []
    if pdf.exists():
        lines.append(f"report: {path_text(pdf)}")
    if notebook.exists():
        lines.append(f"next: open {path_text(notebook)} (make lab), or look at pictures and groups (make app{chosen})")
    return lines


def _found(results: Results) -> Iterator[str]:
    """Each network's score and its largest gap between groups, as far as the tables hold them."""
    for model in MODEL_TITLES:
        if not results.has(_SCORES, "value", model=model, metric="iou"):
            continue
        score = results.row(_SCORES, model=model, metric="iou")["value"]
        told = f"{title(model)}: mean IoU {100 * score:.1f} %"
        of_groups = {"model": model, "feature": "group", "metric": COMPARED_BY}
        if results.has(_GAPS, "gap", **of_groups) and results.has(_GAPS, "p_value", **of_groups):
            gap = results.row(_GAPS, **of_groups)
            told += f", largest gap between groups {100 * gap['gap']:.1f} points (p = {gap['p_value']:.2g})"
        yield told
