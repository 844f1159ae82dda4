"""What the checks of a published table found, in plain sentences, for both the command line and the explorer."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.reproduction.table_checks import (
    BEATEN,
    IMPOSSIBLE,
    POSSIBLE,
    SCORES,
    check_table,
    is_one_question,
    one_question,
    without_spurious_zero,
)
from facefair_lib.reproduction.table_reader import ScoreTable

SCORE_TITLES: Mapping[str, str] = {
    "accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "F1", "iou": "IoU",
}  # fmt: skip
"""Scores as they are written within a sentence."""
UNCHECKED = "not checked"
_TOO_FEW = "too few scores are given to check anything; F1 and IoU will do, or precision, recall and F1"
_TOO_FEW_FOR_ACCURACY = ", or accuracy, precision and recall"
_BROKEN = {
    "prevalence": "{accuracy}, {precision} and {recall} together would take {positives} positives, "
    "as only means over classes or very unlike images can",
    "f1_ceiling": "{f1} is above {limit}, the most that goes with {precision} and {recall}",
    "iou_floor": "{iou} is below {limit}, the least that goes with {f1} under one threshold",
    "iou_ceiling": "{iou} is above {f1}, which it never exceeds",
    "empty_mask": "{accuracy} is below {limit}, what an answer that finds nothing scores",
}
_LIMITED = {"f1_ceiling": "f1", "iou_floor": "iou", "empty_mask": "accuracy"}
"""Check -> the score that it compares with a number that is not printed."""
_SHOWN_WIDTH = 0.01  # rounding that leaves a wider range of prevalences is reported


@dataclass(frozen=True)
class RowReport:
    """What is said about one row.

    Attributes
    ----------
    positives : share of positives that the row implies, "" if it implies none
    verdict : ``POSSIBLE``, ``IMPOSSIBLE``, ``BEATEN`` or ``UNCHECKED``
    sentences : (verdict, sentence) of each broken check
    note : any further remark, such as which scores are missing
    """

    name: str
    positives: str
    verdict: str
    sentences: tuple[tuple[str, str], ...]
    note: str = ""


def check_scores(table: ScoreTable, *, zero_among: int = 0, averaged: bool = False) -> pd.DataFrame:
    """Check every row of a published table; see ``table_checks``.

    Parameters
    ----------
    zero_among : number of batches, if each mean over them contains one spurious zero, which is undone first; else 0
    averaged : scores are means over classes, or over very different images. Accuracy is then not linked to the others,
        so the checks that need it, the share of positives and the empty answer, are left out. The checks of IoU by F1,
        and of F1 by precision and recall, hold for these means too: each class or image obeys them, and by Jensen's
        inequality so does the mean.

    Returns
    -------
    columns row (from 1), name, check, value, limit, low, high, verdict and sentence ("" if nothing is broken)

    Raises
    ------
    InputError
        if a score is larger than a mean that contains a zero can be
    """
    scale = without_spurious_zero(1.0, zero_among) if zero_among else 1.0
    scores = table.scores.assign(accuracy=np.nan) if averaged else table.scores
    _check_room_for_zero(table, scale, zero_among)
    rows = scores.assign(row=range(1, len(scores) + 1), name=list(table.names), split="")
    checks = check_table(rows, step=table.steps, batches={"": zero_among} if zero_among else None)
    corrected = (scores * scale).to_dict("records")
    return checks.drop(columns="split").assign(
        sentence=[
            "" if check["verdict"] == POSSIBLE else _sentence(check, corrected[check["row"] - 1], table)
            for check in checks.to_dict("records")
        ]
    )


def row_reports(table: ScoreTable, checks: pd.DataFrame, *, averaged: bool = False) -> list[RowReport]:
    """Say what the checks of each row found; the arguments are those of ``check_scores``, and its result."""
    reports = []
    for number, name in enumerate(table.names, 1):
        rows = checks[checks["row"] == number]
        found = rows[rows["sentence"] != ""]
        verdict = next((kind for kind in (IMPOSSIBLE, BEATEN) if (found["verdict"] == kind).any()), POSSIBLE)
        note = ""
        if rows.empty:
            verdict, note = UNCHECKED, _TOO_FEW + ("" if averaged else _TOO_FEW_FOR_ACCURACY)
        sentences = tuple(zip(found["verdict"], found["sentence"], strict=True))
        reports.append(RowReport(name, _positives(rows), verdict, sentences, note))
    return reports


def summary(reports: Sequence[RowReport], checks: pd.DataFrame) -> str:
    """How many rows have a broken check, and whether the rows answer the same question; one line."""
    broken = [{verdict for verdict, _ in report.sentences} for report in reports]
    counts = {kind: sum(kind in kinds for kinds in broken) for kind in (IMPOSSIBLE, BEATEN)}
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    line = f"{sum(map(bool, broken))} of {len(reports)} rows have a broken check" + (f" ({kinds})" if kinds else "")
    implying = checks[(checks["check"] == "prevalence") & (checks["verdict"] == POSSIBLE)]
    if len(implying) < 2:
        return line
    low, high = np.minimum(one_question(implying), 1)
    who = "all rows imply" if len(implying) == len(reports) else f"{len(implying)} rows imply"
    same = ": one and the same yes-or-no question" if is_one_question(implying) else ""
    return f"{line}; {who} between {100 * low:.1f} and {100 * high:.1f} % positives{same}"


def _sentence(check: Mapping[str, object], scores: Mapping[str, float], table: ScoreTable) -> str:
    """Sentence on one broken check of a row; ``scores`` are shares, the spurious zero undone."""
    words = {name: f"{title} {_printed(scores[name], name, table)}" for name, title in SCORE_TITLES.items()}
    words["positives"] = f"{100 * check['value']:.5g} %"
    if check["check"] in _LIMITED:
        name = _LIMITED[check["check"]]
        value, words["limit"] = _apart(check["value"], check["limit"], name, table)
        words[name] = f"{SCORE_TITLES[name]} {value}"
    return _BROKEN[check["check"]].format(**words)


def _apart(value: float, limit: float, score: str, table: ScoreTable) -> tuple[str, str]:
    """A value and its limit, printed with as many decimals as tell them apart."""
    for more in itertools.count():
        printed = tuple(_printed(number, score, table, more) for number in (value, limit))
        if printed[0] != printed[1]:
            return printed


def _printed(share: float, score: str, table: ScoreTable, more: int = 0) -> str:
    return f"{share / table.unit:.{table.decimals[score] + more}f}"


def _positives(rows: pd.DataFrame) -> str:
    """The share of positives that a row's checks imply, with the range left by rounding if that is wide."""
    implied = rows[rows["check"] == "prevalence"]
    if implied.empty:
        return ""
    low, value, high = implied[["low", "value", "high"]].to_numpy(float)[0] + (1, 0, 1)
    if implied["verdict"].item() == IMPOSSIBLE:
        return f"{100 * value:.5g} %"
    text = f"{100 * min(value, 1):.1f} %"
    if high - low <= _SHOWN_WIDTH:
        return text
    low, high = np.nan_to_num(np.clip([low, high], 0, 1))
    return f"{text} (rounding leaves {100 * low:.0f} to {100 * high:.0f} %)"


def _check_room_for_zero(table: ScoreTable, scale: float, batches: int) -> None:
    """Reject scores that would exceed 1 once the zero that they are said to contain is undone."""
    for name, row in zip(table.names, table.scores.to_dict("records"), strict=True):
        for score in SCORES:
            if (row[score] - table.steps[score] / 2) * scale > 1:
                most = _printed(1 / scale, score, table)
                raise InputError(
                    f"{SCORE_TITLES[score]} of {name}", found=f"the value {_printed(row[score], score, table)}",
                    expected=f"at most {most}, if it is a mean over {batches} batches and a zero",
                    do="correct --spurious-zero, or leave it out",
                )  # fmt: skip
