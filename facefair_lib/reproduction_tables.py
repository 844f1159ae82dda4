"""The reproduction's tables: can the published scores be true, what each correction does, both ends side by side."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from facefair_lib import latex
from facefair_lib.latex import count, escape, percent, tabular
from facefair_lib.titles import MODEL_TITLES, in_order, in_text, title

POSSIBLE = "possible"
PROTOCOL_TITLES: Mapping[str, str] = MappingProxyType(
    {"paper": "Course paper", "published": "As published, here", "corrected": "As corrected, here"}
)
_VERDICTS: Mapping[tuple[str, str], str] = MappingProxyType(
    {("iou_floor", "impossible"): "IoU impossible", ("empty_mask", "worse than trivial"): "below an empty mask"}
)


def consistency(checks: pd.DataFrame) -> str:
    """What each published row implies, and whether it can be true."""
    body: list[list[list[str]]] = []
    for model in in_order(checks["model"], MODEL_TITLES):
        block = []
        part = checks[checks["model"] == model]
        for (split, epoch), rows in part.groupby(["split", "epoch"], sort=False):
            by = rows.set_index("check")
            cells = [_cell(by, *key) for key in _COLUMNS]
            name = title(model) if not block else ""
            block.append([name, in_text(title(str(split))), count(epoch), *cells, verdict(rows)])
        body.append(block)
    heads = [
        [
            "Model",
            "Split",
            "Epoch",
            r"Yes (\%)",
            "Accuracy",
            "Empty mask",
            "F1",
            "at most",
            "IoU",
            "at least",
            "Verdict",
        ]
    ]
    return tabular("llrrrrrrrrl", heads, body)


_COLUMNS = (
    ("prevalence", "value"),
    ("empty_mask", "value"),
    ("empty_mask", "limit"),
    ("f1_ceiling", "value"),
    ("f1_ceiling", "limit"),
    ("iou_floor", "value"),
    ("iou_floor", "limit"),
)


def _cell(checks: pd.DataFrame, check: str, column: str) -> str:
    return percent(checks.loc[check, column]) if check in checks.index else latex.MISSING


def verdict(rows: pd.DataFrame) -> str:
    """The broken checks of one published row in words; "possible" where none is broken."""
    broken = rows[rows["verdict"] != POSSIBLE]
    words = [
        _VERDICTS.get((r["check"], r["verdict"]), f"{r['check'].replace('_', ' ')}: {r['verdict']}")
        for r in broken.to_dict("records")
    ]
    return escape("; ".join(words)) or POSSIBLE


def ladder(steps: pd.DataFrame) -> str:
    """Pictures, reported scores and true IoU of every step, and what the step changed, network by network."""
    blocks = []
    for model in in_order(steps["model"], MODEL_TITLES):
        rows = steps[steps["model"] == model].to_dict("records")
        block = [[rf"\multicolumn{{9}}{{@{{}}l}}{{\emph{{{title(model)}}}}}"]]
        for r in rows:
            sizes = [count(r[column]) for column in ("train", "test", "copies", "shared_people")]
            scores = [percent(r[column]) for column in ("f1", "iou", "true_iou")]
            scores[1] += "*" if r["impossible"] else r"\phantom{*}"
            block.append([escape(r["title"]), *sizes, *scores, _change(r)])
        blocks.append(block)
    heads = [
        ["Step", "Training", "Test", "Copies", "On both sides", "F1", "IoU", "True IoU", "Change (interval)"],
        ["", "pictures", "pictures", "", "people", "", "", "", ""],
    ]
    return tabular("lrrrrrrrr", heads, blocks)


def _change(row: Mapping[str, float]) -> str:
    """What a step did to the true score; steps that only score differently leave the network as it is."""
    if (row["change"], row["change_low"], row["change_high"]) == (0, 0, 0):
        return "same network"
    return latex.estimate(row["change"], row["change_low"], row["change_high"], latex.signed)


def _epoch_time(seconds: float) -> str:
    """A duration; one that whole seconds would round to little, with a decimal."""
    return rf"{latex.fixed(seconds)}\,s" if seconds < 10 else latex.duration(seconds)


def headline(rows: pd.DataFrame) -> str:
    """The paper's finals beside both ends of the ladder, with the time of an epoch."""
    blocks = []
    for model in in_order(rows["model"], MODEL_TITLES):
        block = []
        for r in rows[rows["model"] == model].to_dict("records"):
            scores = [percent(r[column]) for column in ("accuracy", "precision", "recall", "f1", "iou", "true_iou")]
            name = title(model) if not block else ""
            when = _epoch_time(r["seconds_per_epoch"])
            about = [count(r["train"]), count(r["size"]), count(r["epochs"]), when, escape(r["device"])]
            block.append([name, PROTOCOL_TITLES[r["protocol"]], *scores, *about])
        blocks.append(block)
    scored = ["Accuracy", "Precision", "Recall", "F1", "IoU", "True IoU"]
    heads = [["Model", "Protocol", *scored, "Pictures", "Pixels", "Epochs", "Time of one", "Hardware"]]
    return tabular("llrrrrrrrrrrl", heads, blocks)
