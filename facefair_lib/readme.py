"""The README's answer: a table written from the reference results between two marks; no number there is typed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from facefair_lib import results
from facefair_lib.errors import InputError
from facefair_lib.titles import GROUP_TITLES, MODEL_TITLES, title

BEGIN, END = "<!-- answer: written by make reference -->", "<!-- end of answer -->"
_METRIC = "image_iou"


def answer(reference: Path) -> str:
    """Compose the table and its sentence from ``results/reference``.

    Parameters
    ----------
    reference : folder with the stages' CSVs
    """
    experiment = reference / "05_ethnicity_emotion_experiment"
    summary = pd.read_csv(reference / "04_metric_analysis" / "summary.csv").set_index(["model", "metric"])
    groups = pd.read_csv(experiment / "groups.csv").set_index(["model", "group", "metric"])
    gaps = pd.read_csv(experiment / "gaps.csv").set_index(["model", "feature", "metric"])
    people_of = [f"{title(group)} people" for group in GROUP_TITLES]
    heads = ["mean IoU, test people", *people_of, "largest gap", "by chance", "p"]
    lines = ["| | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(heads)]
    for model, name in MODEL_TITLES.items():
        gap = gaps.loc[(model, "group", _METRIC)]
        cells = [_estimate(summary.loc[(model, "iou")])]
        cells += [_estimate(groups.loc[(model, group, _METRIC)]) for group in GROUP_TITLES]
        cells += [f"{100 * gap['gap']:.1f}", f"{100 * gap['expected_by_chance']:.1f}", f"{gap['p_value']:.2g}"]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    first = (next(iter(MODEL_TITLES)), next(iter(GROUP_TITLES)), _METRIC)
    people = int(groups.loc[first, "n_subjects"])
    note = (
        "Per cent, with 95 % intervals over people. Group scores are the mean image IoU over "
        f"{people} rendered people per group; *by chance* is the gap that shuffled group labels make on average, "
        "and *p* how often they make one as large."
    )
    return "\n".join([*lines, "", note])


def update(readme: Path, reference: Path) -> None:
    """Write the answer into the README between its two marks.

    Raises
    ------
    InputError
        if a mark is missing
    """
    text = readme.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise InputError(
            readme, found="no place for the answer", expected=f"the lines {BEGIN} and {END}", do="add them"
        )
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    results.write_text(readme, f"{before}{BEGIN}\n\n{answer(reference)}\n\n{END}{after}")


def _estimate(row: pd.Series) -> str:
    return f"{100 * row['value']:.1f} ({100 * row['low']:.1f}–{100 * row['high']:.1f})"
