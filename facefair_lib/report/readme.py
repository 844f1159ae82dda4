"""The README's answer: tables written between two marks from the reference results, no number typed by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facefair_lib.errors import InputError
from facefair_lib.report.filters import bounds
from facefair_lib.report.results_reader import Results, Row, is_missing
from facefair_lib.scores.resampling import ALPHA
from facefair_lib.scores.titles import (
    COMPARED_BY_TEXT,
    EMOTION_TITLES,
    MODEL_TITLES,
    backbone_title,
    in_text,
    network_title,
    title,
)
from facefair_lib.settings import paths
from facefair_lib.store import stages
from facefair_lib.store.provenance import FILE_NAME
from facefair_lib.store.results import TIMINGS, read_json, write_text
from facefair_lib.tables.answer import LESS, MORE, OPEN

BEGIN, END = "<!-- answer: written by make reference -->", "<!-- end of answer -->"
_MADE_WITH_IT = "04_metric_analysis"  # a stage kept from the same study as the report


def update(readme: Path, reference: Path) -> None:
    """Write the answer into the README between its two marks."""
    write_text(readme, updated(readme, reference))


def updated(readme: Path, reference: Path) -> str:
    """The README's text with the answer that ``results/kept`` now gives between its two marks.

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
    return f"{before}{BEGIN}\n\n{answer(reference)}\n\n{END}{after}"


def answer(reference: Path) -> str:
    """Compose the tables and their notes from ``results/kept``."""
    results = Results(reference, paths.REPORT)
    return "\n".join([*_report(reference), *_planned(results), *_tones(results), *_architectures(results)])


def _report(reference: Path) -> list[str]:
    """The link to a kept report, if there is one, and its profile."""
    file = paths.kept_report()
    if not file.is_file():
        return []
    profile = read_json(reference / _MADE_WITH_IT / FILE_NAME)["profile"]
    place = file.relative_to(paths.REPOSITORY).as_posix()
    return [
        f"**[Read the whole report]({place})** (PDF, of the profile `{profile}`): it holds this answer and names the "
        "source of every number.",
        "",
    ]


def _planned(results: Results) -> list[str]:
    """Scores, and of every family of the plan the largest comparison of both networks together."""
    effects = f"{stages.ANSWER}/answer"
    networks = [
        network_title(m, results.row(f"{stages.TRAINING_STAGES[m]}/model").get("fine_maps")) for m in MODEL_TITLES
    ]
    lines = _head("", [*networks, "runs that agree"])
    scores = [[row["test_iou"] for row in results.rows(f"{stages.ANSWER}/runs", model=m)] for m in MODEL_TITLES]
    cells = [f"{_points(np.mean(runs))} ± {_points(np.std(runs, ddof=1))}" for runs in scores]
    lines.append(_line("mean IoU, people kept out of training (± SD of runs)", [*cells, ""]))
    for family, text in _COMPARED.items():
        pairs = _pairs(results.rows(effects, family=family))
        for pair in pairs if family in _ALL_SHOWN else pairs[:1]:
            shown = {row["model"]: row for row in results.rows(effects, family=family, contrast=pair)}
            sign = -1 if family not in _SIGNED and sum(row["difference"] for row in shown.values()) < 0 else 1
            agree = [results.row(f"{stages.ANSWER}/survival", family=family, contrast=pair, model=m) for m in shown]
            cells = [_found(shown[model], sign) for model in MODEL_TITLES]
            runs = f"{' and '.join(str(int(row['n_agreeing'])) for row in agree)} of {int(agree[0]['n_runs'])}"
            lines.append(_line(text.format(*map(_side, pair.split("-")[::sign])), [*cells, runs]))
    return [*lines, "", _note(results, effects)]


_COMPARED = {
    "tones_of_groups": "same people, skin tones of {} people against those of {} people",
    "darkest_tone": "same people, {} against {}",
    "morphology": "same people, face shape of {} people against that of {} people",
    "total": "same people, shape and tones of {} people against those of {} people",
    "emotions": "{} against {} people",
}
"""Families of the plan that the README shows -> wording of a comparison."""
_ALL_SHOWN = ("tones_of_groups", "darkest_tone")
"""Families with every comparison shown; of the others only the largest is."""
_SIGNED = ("darkest_tone",)
"""Families whose comparisons have a fixed direction; in others the higher side comes first."""


def _pairs(rows: list[Row]) -> list[str]:
    """Comparisons of a family, by the summed differences of all networks, largest first."""
    pairs = dict.fromkeys(row["contrast"] for row in rows)
    return sorted(pairs, key=lambda pair: -sum(abs(row["difference"]) for row in rows if row["contrast"] == pair))


def _side(key: str) -> str:
    return key if key.startswith("tone ") else in_text(title(key)) if key in EMOTION_TITLES else title(key)


def _found(row: Row, sign: int) -> str:
    """A difference in points with its interval, marked by its finding."""
    text = f"**{_turned(row, sign)}**" if row["finding"] in (LESS, MORE) else _turned(row, sign)
    return f"{text} ≈" if row["p_margin"] < ALPHA else text


def _note(results: Results, effects: str) -> str:
    rows = [row for row in results.rows(effects) if row["family"] in _COMPARED]
    margin = next(row["margin"] for row in results.rows(f"{stages.ANSWER}/plan") if not is_missing(row["margin"]))
    units = {row["family"]: int(row["n_units"]) for row in rows}
    unseen = [row["detectable"] for row in rows if row["finding"] == OPEN]
    found = f"a difference of {_points(max(unseen))} points would have been found" if unseen else ""
    largest = f" Unmarked: open; {found} at least four times in five." if unseen else ""
    return (
        f"Points of mean IoU per picture over the classes that every face has (*{COMPARED_BY_TEXT}*), so without "
        "spectacles, beards and teeth, with 95 % "
        f"intervals over {units['tones_of_groups']} rendered people (emotions: {units['emotions']} matched sets of "
        f"three) *and* {int(rows[0]['n_runs'])} runs of each network. **Bold**: differs from zero, *p* < {ALPHA:g} "
        f"after adjustment within its family. ≈: shown to be smaller than {_points(margin)} points either way."
        f"{largest} "
        "Questions, tests and margin were [written down](config/analysis_plan.yaml) before these people were rendered; "
        "only the standard error, planned as that of drawn replicates, was afterwards computed as their exact limit. "
        "The first row is of the test pictures, portraits and candid ones together. "
        "The last column says how many runs, taken alone, would have led to the same conclusion."
    )


def _tones(results: Results) -> list[str]:
    """The tone curve over runs, and the change by training on other people."""
    curve, gain = f"{stages.ANSWER}/curve", f"{stages.ANSWER}/mitigation"
    tones = dict.fromkeys(f"tone {row['skin_tone']:g}" for row in results.rows(curve))
    lines = _head("same people at every skin tone", list(tones))
    for model in MODEL_TITLES:
        lines.append(_line(title(model), [_marked(row) for row in results.rows(curve, model=model)]))
    middle = next(row["skin_tone"] for row in results.rows(curve) if row["difference"] == 0)
    note = (
        f"Points against tone {middle:g} of the Monk scale, everything else held fixed; \\* *p* < {ALPHA:g}, adjusted "
        "for the tones. Of this table only the darkest tone was planned."
    )
    if results.has(gain):
        for model in MODEL_TITLES:
            cells = [_marked(row) for row in results.rows(gain, model=model, of="tone")]
            lines.append(_line(f"{title(model)}, change by training on even tones", cells))
        note += (
            " *Even tones*: the same training people, each tone as likely as any other, fitted "
            f"{int(results.rows(gain)[0]['n_runs'])} times; the change is at the tone itself, not against another."
        )
    return ["", *lines, "", note]


def _marked(row: Row) -> str:
    """A difference in points, starred where it is clear."""
    return _signed(row["difference"]) + (" \\*" if row["p_adjusted"] < ALPHA else "")


def _architectures(results: Results) -> list[str]:
    """The compared networks, best first; nothing if the reference study fitted none."""
    table = "09_model_comparison/comparison"
    if not results.has(table) or not results.cell("09_model_comparison/status", "fitted"):
        return []
    rows = sorted(results.rows(table), key=lambda row: -row["iou"])
    speed = {row["network"]: row["images_per_second"] for row in results.rows(f"09_model_comparison/{TIMINGS}")}
    heads = ["million parameters", "GFLOP", "memory, MB", "images/s", "mean IoU, test people", "largest gap", "p"]
    lines = _head("fitted alike", heads)
    for r in rows:
        cells = [f"{r['parameters'] / 1e6:.1f}", f"{r['flops'] / 1e9:.1f}", f"{r['peak_bytes'] / 1e6:.0f}"]
        low, high = bounds(r, "iou")
        cells += [f"{speed[r['network']]:.0f}", f"{_points(r['iou'])} ({_points(low)}–{_points(high)})"]
        cells += [_points(r["gap"]), f"{r['p_adjusted']:.2g}"]
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
    clear = [row for row in rows if row["p_adjusted"] < ALPHA]
    if len(clear) > 1 and len({(row["best"], row["worst"]) for row in clear}) == 1:
        best, worst = title(clear[0]["best"]), title(clear[0]["worst"])
        note += f" In all {len(clear)} gaps with *p* < {ALPHA:g}, {best} people are ahead and {worst} people behind."
    picture = "![Mean IoU against operations, and gaps against mean IoU](figures/model_comparison.png)"
    return ["", *lines, "", note, "", picture]


def _head(corner: str, heads: list[str]) -> list[str]:
    return [_line(corner, heads), "|---|" + "---:|" * len(heads)]


def _line(name: str, cells: list[str]) -> str:
    return " | ".join([f"| {name}".rstrip(), *cells]) + " |"


def _points(share: float) -> str:
    return f"{100 * share:.1f}"


def _turned(row: Row, sign: int) -> str:
    """A difference with its interval in points, both multiplied by ``sign`` (1 or -1)."""
    low, high = sorted(sign * end for end in bounds(row))
    return f"{_signed(sign * row['difference'])} ({_signed(low)} to {_signed(high)})"


def _signed(share: float) -> str:
    """A difference in points; one that shows as zero has no sign."""
    points = round(100 * share, 1)
    return f"{points:+.1f}" if points else "0.0"
