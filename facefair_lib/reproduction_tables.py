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
    """Reported F1, reported IoU and true IoU of every step, network by network."""
    blocks = []
    for model in in_order(steps["model"], MODEL_TITLES):
        rows = steps[steps["model"] == model].to_dict("records")
        block = [[rf"\multicolumn{{4}}{{@{{}}l}}{{\emph{{{title(model)}}}}}"]]
        for r in rows:
            scores = [percent(r[column]) for column in ("f1", "iou", "true_iou")]
            scores[1] += "*" if r["impossible"] else r"\phantom{*}"
            block.append([escape(r["title"]), *scores])
        blocks.append(block)
    return tabular("lrrr", [["Step", "F1", "IoU", "True IoU"]], blocks)


def headline(rows: pd.DataFrame) -> str:
    """The paper's finals beside both ends of the ladder, with the time of an epoch."""
    blocks = []
    for model in in_order(rows["model"], MODEL_TITLES):
        block = []
        for r in rows[rows["model"] == model].to_dict("records"):
            scores = [percent(r[column]) for column in ("accuracy", "precision", "recall", "f1", "iou", "true_iou")]
            name = title(model) if not block else ""
            when = latex.duration(r["seconds_per_epoch"])
            block.append([name, PROTOCOL_TITLES[r["protocol"]], *scores, when, escape(r["device"])])
        blocks.append(block)
    heads = [
        ["Model", "Protocol", "Accuracy", "Precision", "Recall", "F1", "IoU", "True IoU", "Epoch", "Hardware"],
    ]
    return tabular("llrrrrrrrl", heads, blocks)
