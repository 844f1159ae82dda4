"""The README's answer: tables written from the reference results between two marks; no number there is typed."""

from __future__ import annotations

from pathlib import Path

from facefair_lib.errors import InputError
from facefair_lib.report.filters import bounds
from facefair_lib.report.results_reader import Results, Row
from facefair_lib.report.sentences import leading
from facefair_lib.scores.metrics import COMPARED_BY
from facefair_lib.scores.resampling import ALPHA
from facefair_lib.scores.titles import (
    COMPARED_BY_TEXT,
    GROUP_TITLES,
    MODEL_TITLES,
    backbone_title,
    in_text,
    network_title,
    title,
)
from facefair_lib.settings import paths
from facefair_lib.store import stages
from facefair_lib.store.results import write_text

BEGIN, END = "<!-- answer: written by make reference -->", "<!-- end of answer -->"


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
    write_text(readme, f"{before}{BEGIN}\n\n{answer(reference)}\n\n{END}{after}")


def answer(reference: Path) -> str:
    """Compose the tables and their notes from ``results/kept``."""
    results = Results(reference, paths.REPORT)
    return "\n".join([*_groups(results), *_tones(results), *_counterfactual(results), *_architectures(results)])


def _groups(results: Results) -> list[str]:
    experiment = "05_ethnicity_emotion_experiment"
    heads = ["mean IoU, test people", *(f"{title(group)} people" for group in GROUP_TITLES)]
    lines = _head("", [*heads, "largest gap", "by chance", "p"])
    for model in MODEL_TITLES:
        gap = results.row(f"{experiment}/gaps", model=model, feature="group", metric=COMPARED_BY)
        cells = [_estimate(results.row("04_metric_analysis/summary", model=model, metric="iou"))]
        groups = [results.row(f"{experiment}/groups", model=model, group=g, metric=COMPARED_BY) for g in GROUP_TITLES]
        cells += [_estimate(row) for row in groups]
        cells += [_points(gap["gap"]), _points(gap["expected_by_chance"]), f"{gap['p_value']:.2g}"]
        fit = results.row(f"{stages.TRAINING_STAGES[model]}/model")
        lines.append(_line(network_title(model, fit.get("fine_maps")), cells))
    people = int(results.rows(f"{experiment}/groups", metric=COMPARED_BY)[0]["n_subjects"])
    note = (
        f"Per cent, with 95 % intervals over people. Group scores are the mean {COMPARED_BY_TEXT} over "
        f"{people} rendered people per group; it leaves out what a face may lack (spectacles, beards, teeth), so that "
        "all are scored on the same classes. *By chance* is the gap that shuffled group labels make on average, and "
        "*p* how often they make one as large."
    )
    return [*lines, "", note]


def _tones(results: Results) -> list[str]:
    """The tone curve, and what the tones of two groups make of it."""
    table, effects = "07_counterfactual_fairness/tones", "07_counterfactual_fairness/tone_effects"
    if not results.has(effects):
        return []
    tones = dict.fromkeys(f"tone {row['skin_tone']:g}" for row in results.rows(table))
    lines = _head("same person, other skin tone", list(tones))
    for model in MODEL_TITLES:
        lines.append(_line(title(model), [_below_best(row) for row in results.rows(table, model=model)]))
    note = (
        f"Points of {COMPARED_BY_TEXT} against the best tone of the Monk scale (0.0), over "
        f"{int(results.rows(table)[0]['n_subjects'])} rendered people who differ from themselves in nothing but the "
        "tone; \\* *p* < 0.05 from sign flips, adjusted for all pairs of tones."
    )
    return ["", *lines, "", " ".join([note, *(_between_tones(results, effects, model) for model in MODEL_TITLES)])]


def _below_best(row: Row) -> str:
    """A tone's difference to the best one in points, marked where it is clear."""
    points = round(100 * row["difference"], 1)
    return (f"{points:+.1f}" if points else "0.0") + (" \\*" if row["p_adjusted"] < ALPHA else "")


def _between_tones(results: Results, effects: str, model: str) -> str:
    """The difference to speak of between the tones of two groups, and what one typical tone of each says of it."""
    largest = leading(results.rows(effects, model=model, tones="own"))
    if largest is None:
        return f"{title(model)}'s groups of tones were not compared."
    typical = results.row(effects, model=model, tones="typical", contrast=largest["contrast"])
    sign = 1 if largest["difference"] >= 0 else -1
    first, second = [title(group) for group in largest["contrast"].split("-")][::sign]
    return (
        f"In the tones of {first} people as often as they have them, {title(model)} scores everybody "
        f"{_turned(largest, sign)} points higher than in those of {second} people (*p* = {largest['p_adjusted']:.2g}); "
        f"at one typical tone of each, {_turned(typical, sign)}."
    )


def _counterfactual(results: Results) -> list[str]:
    """Each model's difference to speak of and its two parts, turned to the side of the higher group."""
    table = "07_counterfactual_fairness/effects"
    if not results.has(table):
        return []
    lines = _head("same person, other group", ["largest difference", "p", "of it morphology", "of it skin tone"])
    identities = 0
    for model in MODEL_TITLES:
        total = leading(results.rows(table, model=model, component="total"))
        if total is None:
            continue
        parts = [
            results.row(table, model=model, contrast=total["contrast"], component=c) for c in ("morphology", "tone")
        ]
        sign = 1 if total["difference"] >= 0 else -1
        groups = [title(group) for group in total["contrast"].split("-")][::sign]
        cells = [_turned(total, sign), f"{total['p_adjusted']:.2g}", *(_turned(part, sign) for part in parts)]
        lines.append(_line(f"{title(model)}: {groups[0]} over {groups[1]}", cells))
        identities = max(identities, int(total["n_subjects"]))
    if not identities:
        return []
    note = (
        f"Points of {COMPARED_BY_TEXT} with 95 % intervals over {identities} rendered identities, each shown in all "
        "groups, in one typical skin tone of each, with everything else held fixed; *p* from sign flips, adjusted for "
        "a network's three differences."
    )
    return ["", *lines, "", note]


def _architectures(results: Results) -> list[str]:
    """The architectures, best first; nothing where the reference study fitted none for the comparison."""
    table = "09_model_comparison/comparison"
    if not results.has(table) or not results.cell("09_model_comparison/status", "fitted"):
        return []
    rows = sorted(results.rows(table), key=lambda row: -row["iou"])
    heads = ["million parameters", "GFLOP", "memory, MB", "images/s", "mean IoU, test people", "largest gap", "p"]
    lines = _head("fitted alike", heads)
    for r in rows:
        cells = [f"{r['parameters'] / 1e6:.1f}", f"{r['flops'] / 1e9:.1f}", f"{r['peak_bytes'] / 1e6:.0f}"]
        cells += [f"{r['images_per_second']:.0f}", _estimate(r, "iou"), _points(r["gap"]), f"{r['p_adjusted']:.2g}"]
        front = " \\*" if r["front"] else ""
        name = network_title(r["model"], r.get("fine_maps"))
        start = ", ImageNet weights" if r["weights"] == "imagenet" else ""
        lines.append(_line(f"{name}, {backbone_title(r['backbone'], r['model'])}{start}{front}", cells))
    size, epochs = int(rows[0]["size"]), int(rows[0]["epochs"])
    gap_of = in_text(title(rows[0].get("gap_metric", "image_iou")))
    note = (
        f"Every network from random weights where none are named, {epochs} epochs, otherwise the study's own training; "
        "*to stride 8* or *16*: only that part of the backbone. Costs are "
        f"of one picture of {size} x {size} pixels on {rows[0]['device']}. \\* no other scores higher with fewer "
        f"operations. The gap is in {gap_of} between the groups above; *p* is "
        "adjusted for the number of networks."
    )
    picture = "![Mean IoU against operations, and gaps against mean IoU](figures/model_comparison.png)"
    return ["", *lines, "", note, "", picture]


def _head(corner: str, heads: list[str]) -> list[str]:
    return [_line(corner, heads), "|---|" + "---:|" * len(heads)]


def _line(name: str, cells: list[str]) -> str:
    return " | ".join([f"| {name}".rstrip(), *cells]) + " |"


def _points(share: float) -> str:
    return f"{100 * share:.1f}"


def _turned(row: Row, sign: int) -> str:
    """A difference with its interval in points, both turned by ``sign``."""
    low, high = sorted(sign * end for end in bounds(row))
    return f"{100 * sign * row['difference']:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


def _estimate(row: Row, column: str = "value") -> str:
    low, high = bounds(row, column)
    return f"{_points(row[column])} ({_points(low)}–{_points(high)})"
