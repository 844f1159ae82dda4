"""Can a published table be true? Checks that need nothing but the table, for any paper's scores of a binary question.

Each check compares a printed score with what the other columns of the same row allow, within the rounding of the
printed numbers. Means over batches or images obey the same limits by Jensen's inequality: F1 is concave in precision
and recall together, and F/(2 - F) is convex.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.scores.metrics import iou_floor

SCORES = ("accuracy", "precision", "recall", "f1", "iou")
POSSIBLE, IMPOSSIBLE, BEATEN = "possible", "impossible", "worse than trivial"
CLOSE = 0.1
"""Largest range of implied prevalences, as a share of the rarer answer, for which rows answer the same question."""
_NOTHING = 1e-9  # far below any printed decimal, far above floating-point error


def implied_prevalence(accuracy: float, precision: float, recall: float) -> float:
    """Share of positives that makes accuracy, precision and recall fit one yes-or-no question.

    Of N answers with a share ``p`` of positives, ``p (1 - R)`` are missed and ``p R (1 - P) / P`` are false alarms;
    together they are the errors ``1 - accuracy``. NaN if precision is 0 or precision and recall imply no error.

    Notes
    -----
    Exact for one table of counts, approximate for means over batches of similar composition.
    """
    if not precision > 0:
        return np.nan
    errors = (1 - recall) + recall * (1 - precision) / precision
    return (1 - accuracy) / errors if errors > 0 else np.nan


def f1_ceiling(precision: float, recall: float) -> float:
    """Largest mean F1 for a given mean precision and mean recall: their harmonic mean, NaN if either is NaN."""
    return 0.0 if precision + recall <= 0 else 2 * precision * recall / (precision + recall)


def trivial_scores(prevalence: float) -> dict[str, dict[str, float]]:
    """Scores of constant answers.

    Returns
    -------
    ``nothing`` (always no), ``all`` (always yes) and ``majority`` (whichever is more common) -> score -> value;
    precision is NaN where the answer is never yes
    """
    nothing = {"accuracy": 1 - prevalence, "precision": np.nan, "recall": 0.0, "f1": 0.0, "iou": 0.0}
    f1 = 2 * prevalence / (1 + prevalence)
    everything = {"accuracy": prevalence, "precision": prevalence, "recall": 1.0, "f1": f1, "iou": prevalence}
    return {"nothing": nothing, "all": everything, "majority": nothing if prevalence <= 0.5 else everything}


def without_spurious_zero(value: float, batches: int) -> float:
    """Correct a mean over batches whose list began with a zero that was counted: value x (B + 1) / B."""
    return value * (batches + 1) / batches


def final_scores(published: pd.DataFrame) -> pd.DataFrame:
    """One row per model, split and epoch of a long table of scores in per cent.

    Parameters
    ----------
    published : columns model, split, metric, epoch, value; rows of other metrics are left out

    Returns
    -------
    columns model, split, epoch and ``SCORES`` as shares, NaN where the paper gives none; in the table's order
    """
    keys = ["model", "split", "epoch"]
    chosen = published[published["metric"].isin(SCORES) & published["epoch"].notna()]
    wide = chosen.pivot_table(index=keys, columns="metric", values="value", sort=False).reset_index()
    wide = wide.rename_axis(columns=None).reindex(columns=[*keys, *SCORES]).astype({"epoch": int})
    return wide.assign(**{name: wide[name] / 100 for name in SCORES})


def check_table(
    table: pd.DataFrame, *, step: float | Mapping[str, float], batches: Mapping[str, int] | None = None
) -> pd.DataFrame:
    """Check every row of a table of scores.

    Parameters
    ----------
    table : columns ``SCORES`` as shares (NaN where not given) and any that name the row; ``split`` if ``batches`` is
        given
    step : unit of the last printed decimal, as a share: 0.0001 for per cent with two decimals; or score -> its own
    batches : split -> batches per epoch, if each mean contains one spurious zero; ``None`` if there is none

    Returns
    -------
    the naming columns and check (``prevalence``, ``f1_ceiling``, ``iou_floor``, ``iou_ceiling`` or ``empty_mask``),
    value (printed or implied), limit, low and high (range of value minus limit under any rounding), verdict

    Raises
    ------
    InputError
        if a column is missing or a score is not in 0..1
    """
    _require(table, [*SCORES, *(["split"] if batches else [])])
    names = [column for column in table.columns if column not in SCORES]
    half = {name: (step[name] if isinstance(step, Mapping) else step) / 2 for name in SCORES}
    rows = []
    for row in table.to_dict("records"):
        scale = without_spurious_zero(1.0, batches[row["split"]]) if batches else 1.0
        printed = {name: row[name] for name in SCORES}
        for check, value, limit, low, high in _checks(printed, half, scale):
            verdict = _verdict(check, low, high)
            entry = {"check": check, "value": value, "limit": limit, "low": low, "high": high, "verdict": verdict}
            rows.append({**{name: row[name] for name in names}, **entry})
    return pd.DataFrame(rows, columns=[*names, "check", "value", "limit", "low", "high", "verdict"])


def _checks(
    printed: Mapping[str, float], half: Mapping[str, float], scale: float
) -> Iterator[tuple[str, float, float, float, float]]:
    """Check, value, limit, and the ends of their distance under any rounding."""
    centre = {name: value * scale for name, value in printed.items()}
    corners = [
        {name: (value + sign * half[name]) * scale for (name, value), sign in zip(printed.items(), signs, strict=True)}
        for signs in np.array(np.meshgrid(*[(-1, 1)] * len(SCORES))).reshape(len(SCORES), -1).T
    ]
    for check, measure in _MEASURES.items():
        value, limit = measure(centre)
        if np.isnan(value) or np.isnan(limit):
            continue
        distances = [np.subtract(*measure(corner)) for corner in corners]
        # At a corner without errors, the prevalence may be anything above that of the other corners.
        yield check, value, limit, min(distances), np.inf if np.isnan(distances).any() else max(distances)


_MEASURES = {
    "prevalence": lambda s: (implied_prevalence(s["accuracy"], s["precision"], s["recall"]), 1.0),
    "f1_ceiling": lambda s: (s["f1"], f1_ceiling(s["precision"], s["recall"])),
    "iou_floor": lambda s: (s["iou"], iou_floor(s["f1"])),
    "iou_ceiling": lambda s: (s["iou"], s["f1"]),
    "empty_mask": lambda s: (
        s["accuracy"], 1 - implied_prevalence(s["accuracy"], s["precision"], s["recall"]),
    ),
}  # fmt: skip


def _verdict(check: str, low: float, high: float) -> str:
    """Only a limit that is broken under any rounding counts as broken."""
    if check == "empty_mask":
        return BEATEN if high < -_NOTHING else POSSIBLE
    broken = high < -_NOTHING if check == "iou_floor" else low > _NOTHING
    return IMPOSSIBLE if broken else POSSIBLE


def one_question(checks: pd.DataFrame) -> tuple[float, float]:
    """Smallest and largest prevalence that the rows imply; if they are close, the rows answer the same question."""
    values = checks.loc[checks["check"] == "prevalence", "value"]
    return float(values.min()), float(values.max())


def is_one_question(checks: pd.DataFrame) -> bool:
    """Whether all prevalences implied by two or more rows lie within ``CLOSE`` of each other under any rounding.

    Notes
    -----
    Rows of different classes differ by factors. Rows of one question differ if they were counted on different pictures
    or are means over batches: of eight simulated networks as good as the course paper's, each scored by means over 105
    batches of four pictures with 29 +- 10 % positives, the prevalences lay within 8.5 % of each other in 95 of 100
    simulations. The distance is relative to the rarer answer, so that "yes" and "no" may be swapped.
    """
    rows = checks[checks["check"] == "prevalence"]
    low, high = 1 + rows["low"].min(), 1 + rows["high"].max()
    middle = (low + high) / 2
    return len(rows) > 1 and bool(high - low <= CLOSE * min(middle, 1 - middle))


def _require(table: pd.DataFrame, columns: list[str]) -> None:
    missing = [column for column in columns if column not in table]
    if missing:
        raise InputError(
            "table of scores", found=f"the columns {', '.join(map(str, table.columns))}",
            expected=f"also {', '.join(missing)}", do="add them; leave scores that are not given empty",
        )  # fmt: skip
    values = table[list(SCORES)].to_numpy(float)
    if ((values < 0) | (values > 1)).any():
        raise InputError(
            "table of scores", found=f"the value {values[(values < 0) | (values > 1)][0]:g}",
            expected="shares from 0 to 1", do="divide per cent by 100",
        )  # fmt: skip


def paper_finals(published: pd.DataFrame) -> pd.DataFrame:
    """The course paper's final test scores with the time per epoch.

    Parameters
    ----------
    published : the long table of the course paper's numbers (``report/published.csv``)

    Returns
    -------
    columns model, accuracy, precision, recall, f1, iou, seconds_per_epoch, device, epochs, train (pictures), size
    (pixels)
    """

    def number(metric: str, split: str | None = None) -> float:
        rows = published[published["metric"] == metric]
        return (rows if split is None else rows[rows["split"] == split])["value"].item()

    finals = final_scores(published)
    finals = finals[(finals["split"] == "test") & (finals["epoch"] == finals["epoch"].max())].set_index("model")
    seconds = published[published["metric"] == "seconds"].set_index("model")["value"]
    epochs = number("epochs")
    about = {"device": "M1 laptop", "epochs": epochs, "train": number("images", "train"), "size": number("image_size")}
    return finals[list(SCORES)].assign(seconds_per_epoch=seconds / epochs, **about).reset_index()


def batches_per_epoch(published: pd.DataFrame) -> dict[str, int]:
    """Split -> batches per epoch in the course paper's programs."""
    rows = published[published["metric"] == "batches"]
    return {split: int(value) for split, value in zip(rows["split"], rows["value"], strict=True)}
