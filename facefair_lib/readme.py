"""The README's answer: a table written from the reference results between two marks; no number there is typed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from facefair_lib import results
from facefair_lib.errors import InputError
from facefair_lib.titles import GROUP_TITLES, MODEL_TITLES, backbone_title, title
from facefair_lib.verdicts import ALPHA

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
    return "\n".join([*lines, "", note, *counterfactual_answer(reference), *comparison_answer(reference)])


def counterfactual_answer(reference: Path) -> list[str]:
    """Compose the small table of the counterfactual pictures; empty where the reference study has none.

    Each model's row holds the difference to speak of (the largest that is distinguishable from zero, else the largest)
    and its two parts, all turned to the side of the higher group.
    """
    path = reference / "07_counterfactual_fairness" / "effects.csv"
    if not path.is_file():
        return []
    table = pd.read_csv(path).set_index(["model", "contrast", "component"]).sort_index()
    heads = ["same person, other group", "largest difference", "p", "of it morphology", "of it skin tone"]
    lines = ["", "| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    identities = 0
    for model, name in MODEL_TITLES.items():
        totals = table.xs((model, "total"), level=("model", "component")).dropna(subset=["difference", "p_adjusted"])
        if totals.empty:
            continue
        clear = totals[totals["p_adjusted"] < ALPHA]
        contrast = (clear if len(clear) else totals)["difference"].abs().idxmax()
        total, *parts = (table.loc[(model, contrast, part)] for part in ("total", "morphology", "tone"))
        sign = 1 if total["difference"] >= 0 else -1
        groups = [title(group) for group in contrast.split("-")][::sign]
        cells = [f"{name}: {groups[0]} over {groups[1]}", _points(total, sign), f"{total['p_adjusted']:.2g}"]
        lines.append("| " + " | ".join([*cells, *(_points(part, sign) for part in parts)]) + " |")
        identities = max(identities, int(total["n_subjects"]))
    if not identities:
        return []
    note = (
        f"Points of image IoU with 95 % intervals over {identities} rendered identities, each shown in all groups with "
        "everything else held fixed; *p* from sign flips, adjusted for a network's three differences."
    )
    return [*lines, "", note]


def comparison_answer(reference: Path) -> list[str]:
    """Compose the table of the architectures, best first; empty where the reference study fitted none for it.

    Parameters
    ----------
    reference : folder with the stages' CSVs
    """
    folder = reference / "09_model_comparison"
    if not (folder / "comparison.csv").exists() or not pd.read_csv(folder / "status.csv")["fitted"].item():
        return []
    table = pd.read_csv(folder / "comparison.csv").sort_values("iou", ascending=False)
    heads = ["million parameters", "GFLOP", "memory, MB", "images/s", "mean IoU, test people", "largest gap", "p"]
    lines = ["", "| fitted alike | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(heads)]
    for r in table.to_dict("records"):
        score = pd.Series({"value": r["iou"], "low": r["iou_low"], "high": r["iou_high"]})
        cells = [f"{r['parameters'] / 1e6:.1f}", f"{r['flops'] / 1e9:.1f}", f"{r['peak_bytes'] / 1e6:.0f}"]
        cells += [f"{r['images_per_second']:.0f}", _estimate(score), f"{100 * r['gap']:.1f}", f"{r['p_adjusted']:.2g}"]
        name = f"{title(r['model'])}, {backbone_title(r['backbone'])}" + (" \\*" if r["front"] else "")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    first = table.iloc[0]
    size = first["size"]
    note = (
        f"Every network from random weights, {first['epochs']} epochs, otherwise the study's own training; costs are "
        f"of one picture of {size} x {size} pixels on {first['device']}. \\* no other scores higher with fewer "
        "operations. The gap is that of the groups above; *p* is adjusted for the number of networks."
    )
    picture = "![Mean IoU against operations, and gaps against mean IoU](figures/model_comparison.png)"
    return [*lines, "", note, "", picture]


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


def _points(row: pd.Series, sign: int) -> str:
    """A difference with its interval in points, both turned by ``sign``."""
    low, high = sorted((sign * row["low"], sign * row["high"]))
    return f"{100 * sign * row['difference']:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


def _estimate(row: pd.Series) -> str:
    return f"{100 * row['value']:.1f} ({100 * row['low']:.1f}–{100 * row['high']:.1f})"
