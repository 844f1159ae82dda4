"""The reproduction's numbers and sentences, as macros: chosen by the results, never typed."""

from __future__ import annotations

import math

import pandas as pd

from facefair_lib import latex
from facefair_lib.evidence import REPRODUCTION, Evidence, Table
from facefair_lib.latex import fixed, percent, words
from facefair_lib.macros import Macros, macro_name
from facefair_lib.titles import MODEL_TITLES, in_order, in_text, title
from facefair_lib.verdicts import Difference

TOGGLE = "reproduction"
_KNIFE = 0.99


def add_reproduction(macros: Macros, evidence: Evidence) -> None:
    """Add the macros of the section on the published numbers, where the study has its results."""
    present = evidence.has(f"{REPRODUCTION}/ladder")
    macros.switch(TOGGLE, present, f"{REPRODUCTION}/ladder.csv all rows")
    if not present:
        return
    _consistency(macros, evidence.table(f"{REPRODUCTION}/consistency"))
    _colours(macros, evidence)
    ladder = evidence.table(f"{REPRODUCTION}/ladder")
    for model in in_order(ladder.rows["model"], MODEL_TITLES):
        _ladder(macros, ladder, model)
    leak = f"{REPRODUCTION}/leak"
    tested = evidence.has(leak)
    text = leak_verdict(evidence.table(leak).rows if tested else None)
    macros.add("ReproLeakVerdict", text, f"{leak}.csv class=all,metric=image_iou difference,low,high")
    fed = evidence.table(f"{REPRODUCTION}/fed")
    macros.add("ReproFedModel", title(fed.rows["model"].iloc[0]), f"{fed.name}.csv way=as trained model")
    macros.add("ReproFedVerdict", fed_verdict(fed.rows), f"{fed.name}.csv way=both, as published value,low,high")
    _nine(macros, evidence.table(f"{REPRODUCTION}/nine_photos"))


def _consistency(macros: Macros, table: Table) -> None:
    def add(name: str, text: str, what: str) -> None:
        macros.add(name, text, table.whole(None, what).origin)

    rows = table.rows
    shares = rows.loc[rows["check"] == "prevalence", "value"]
    floors = rows[rows["check"] == "iou_floor"]
    add("ReproRows", words(len(shares)), "value (check=prevalence)")
    add("ReproShareLow", percent(shares.min()), "value (check=prevalence, smallest)")
    add("ReproShareHigh", percent(shares.max()), "value (check=prevalence, largest)")
    broken = floors[floors["verdict"] == "impossible"]
    add("ReproFloorVerdict", floor_verdict(floors, broken), "value,limit,verdict (check=iou_floor)")
    add("ReproEmptyVerdict", empty_verdict(rows[rows["check"] == "empty_mask"]), "verdict (check=empty_mask)")


def floor_verdict(floors: pd.DataFrame, broken: pd.DataFrame) -> str:
    """How many printed IoU lie below the floor of their own F1, and by how much."""
    if broken.empty:
        return f"none of the {words(len(floors))} printed IoU values lies below the floor that its F1 sets"
    lack = 1 - broken["value"] / broken["limit"]
    which = "each" if len(broken) == len(floors) else words(len(broken))
    verb = "lies" if which in ("each", "one") else "lie"
    return (
        f"{which} of the {words(len(floors))} printed IoU values {verb} below the floor that its F1 sets, by "
        rf"{percent(lack.min(), 0)} to {percent(lack.max(), 0)}\,\% of it"
    )


def empty_verdict(checks: pd.DataFrame) -> str:
    """Whose printed accuracy is worse than answering no to everything."""
    beaten = checks[checks["verdict"] == "worse than trivial"]
    if beaten.empty:
        return "every printed accuracy is better than that of an empty mask"
    parts = []
    for model in in_order(beaten["model"], MODEL_TITLES):
        mine, all_rows = beaten[beaten["model"] == model], checks[checks["model"] == model]
        often = "always" if len(mine) == len(all_rows) else f"in {words(len(mine))} of {words(len(all_rows))} rows"
        far = (mine["limit"] - mine["value"]).max()
        parts.append(
            f"that of {title(model)} is {often} lower than that of an empty mask, by up to {percent(far)} points"
        )
    return latex.listed(parts)


def _colours(macros: Macros, evidence: Evidence) -> None:
    codes, invented = (evidence.table(f"{REPRODUCTION}/{name}") for name in ("codes", "invented"))
    knife = evidence.table(f"{REPRODUCTION}/knife_edge")
    macros.add("ReproCodes", words(codes.rows["code"].nunique()), codes.whole(None, "code").origin)
    macros.add("ReproSharedCodes", shared_codes(codes.rows), codes.whole(None, "code").origin)
    hair = codes.cell("reads_as_vendor", class_="hair")
    macros.add("ReproHairReads", in_text(title(hair.text)), hair.origin)
    total = invented.rows[["pixels", "blended", "invented"]].sum()
    for column in ("blended", "invented"):
        cell = invented.whole(None, f"{column},pixels")
        macros.add(macro_name("repro", column), percent(total[column] / total["pixels"]), cell.origin)
    shares = (invented.rows["invented"] / invented.rows["pixels"]).where(invented.rows["pixels"] > 0)
    worst = str(invented.rows.loc[shares.idxmax(), "class"])
    origin = invented.cell("invented", class_=worst).origin
    macros.add("ReproInventedClass", latex.escape(in_text(title(worst))), origin)
    macros.add("ReproInventedClassShare", percent(shares.max(), 0), origin)
    for score in ("f1", "iou"):
        cell = knife.cell(score, shrink=_KNIFE)
        macros.add(macro_name("repro_knife", score), fixed(cell.number, 2), cell.origin)
    macros.add("ReproKnifeShrink", percent(1 - _KNIFE, 0), knife.cell("shrink", shrink=_KNIFE).origin)


def shared_codes(codes: pd.DataFrame) -> str:
    """Which classes have one code: ``a and b``; groups separated by semicolons."""
    groups = [
        latex.escape(latex.listed([in_text(title(name)) for name in part["class"]]))
        for _, part in codes.groupby("code", sort=False)
        if len(part) > 1
    ]
    return "; ".join(groups) or "none"


def _ladder(macros: Macros, ladder: Table, model: str) -> None:
    for tag, step in (("published", "published"), ("corrected", "recipe")):
        for score in ("f1", "iou", "true_iou"):
            cell = ladder.cell(score, model=model, step=step)
            macros.add(macro_name("repro", tag, score, model), percent(cell.number), cell.origin)
    mine = ladder.rows[ladder.rows["model"] == model]
    origin = f"{ladder.name}.csv model={model} change,change_low,change_high,luck"
    macros.add(macro_name("repro_steps", model), steps_verdict(mine), origin)
    f1, iou = (ladder.cell(score, model=model, step="published") for score in ("f1", "iou"))
    macros.add(macro_name("repro_here", model), here_verdict(model, f1.number, iou.number), f1.origin, iou.origin)


def here_verdict(model: str, f1: float, iou: float) -> str:
    """Whether the protocol as published makes the impossible pair of scores here, too."""
    floor = f1 / (2 - f1)
    pair = rf"{title(model)} reports an F1 of {percent(f1)}\,\% and an IoU of {percent(iou)}\,\%"
    least = rf"the least that goes with this F1 is {percent(floor)}\,\%"
    return f"{pair}, {'where' if iou < floor else 'and'} {least}"


def steps_verdict(rows: pd.DataFrame) -> str:
    """Which corrections move the true score beyond its interval over people, and further than another seed does."""
    fitted = rows[rows["change"].notna() & (rows[["change", "change_low", "change_high"]] != 0).any(axis=1)]
    luck = rows["luck"].max()
    sure = fitted[(fitted["change_low"] > 0) | (fitted["change_high"] < 0)]
    if not math.isnan(luck):
        sure = sure[sure["change"].abs() > luck]
    moved = [
        f"``{latex.escape(r['title'])}'' ({latex.signed(r['change'])} points, {latex.signed(r['change_low'])} to "
        f"{latex.signed(r['change_high'])})"
        for r in sure.sort_values("change", key=abs, ascending=False).to_dict("records")
    ]
    further = "" if math.isnan(luck) else f", and further than the {percent(luck)} points of another seed"
    number = f"of {words(len(fitted))} corrections with a new fit"
    if not moved:
        return f"{number}, none moves it beyond its interval over people{further}"
    return f"{number}, these move it beyond its interval over people{further}: {latex.listed(moved)}"


def fed_verdict(ways: pd.DataFrame) -> str:
    """What a network that was trained in order loses when its pictures are fed as the course paper fed its own."""
    by_way = ways.set_index("way")
    trained, wrong = by_way.iloc[0], by_way.iloc[-1]
    pair = rf"from {percent(trained['value'])}\,\% to {percent(wrong['value'])}\,\%"
    difference = Difference(wrong["change"], wrong["change_low"], wrong["change_high"])
    span = f"{latex.signed(difference.low)} to {latex.signed(difference.high)} points"
    if difference.sign == 0:
        return f"its mean IoU goes {pair} ({span}), which these people cannot tell from no change"
    return f"its mean IoU {'rises' if difference.sign > 0 else 'falls'} {pair} ({span})"


def leak_verdict(rows: pd.DataFrame | None) -> str:
    """What the comparison of training sets with and without the tested people allows to say."""
    if rows is None or rows.empty:
        return "too few people had several pictures to test it here"
    row = rows[rows["metric"] == "image_iou"].iloc[0]
    difference = Difference(row["difference"], row["low"], row["high"])
    if math.isnan(difference.value):
        return "it could not be measured here"
    who = f"{words(int(row['n_subjects']))} people on {words(int(row['n_images']))} pictures"
    span = f"interval {percent(difference.low)} to {percent(difference.high)}"
    size = percent(abs(difference.value))
    if difference.sign == 0:
        return f"the image IoU differs by {size} points on {who} ({span}), which leaves open whether knowing them helps"
    effect = "raises" if difference.sign > 0 else "lowers"
    return f"knowing the tested people {effect} the image IoU by {size} points on {who} ({span})"


def _nine(macros: Macros, nine: Table) -> None:
    forms = {
        "per_group": lambda value: words(int(value)),
        "spread": lambda value: percent(value, 0),
        "noise_range": percent,
        "noise_range_high": percent,
        "right_order": percent,
        "detectable_gap": percent,
    }
    for measure, form in forms.items():
        cell = nine.cell("value", measure=measure)
        macros.add(macro_name("repro_nine", measure), form(cell.number), cell.origin)
    for measure in ("spread", "detectable_gap"):
        cell = nine.cell("measured", measure=measure)
        macros.add(macro_name("repro_nine_measured", measure), percent(cell.number), cell.origin)
    smallest = nine.cell("value", measure="smallest_p")  # a probability, not a score: printed as it is
    origin = nine.whole(None, "value (measure=smallest_p)").origin
    macros.add("ReproNineSmallestP", fixed(smallest.number, 2), origin)
