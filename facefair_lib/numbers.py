r"""Every number of the report's text, as a macro that says where it comes from.

A line of ``numbers.tex`` reads ``\newcommand{\TestIoUPspnet}{48.2}% file row column``: whoever doubts a number in the
PDF finds the cell that made it. Scores become per cent here. What no table holds is calculated here, and its line
says from what: how many pictures and people the experiment has in all, the spread of the test pictures' scores
with the gap and the p value that nine pictures could have had, and the IoU that a published F1 implies.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from facefair_lib import latex, titles, verdicts
from facefair_lib.comparison_numbers import add_comparison
from facefair_lib.data.catalogue import CATALOGUE
from facefair_lib.errors import InputError
from facefair_lib.evidence import DATA, EXPERIMENT, METRICS, TRAINING, Cell, Evidence, Table
from facefair_lib.fairness_numbers import add_fairness
from facefair_lib.labels import NUM_CLASSES, SCORED_CLASSES
from facefair_lib.latex import count, fixed, percent
from facefair_lib.macros import Macros, macro_name
from facefair_lib.metrics import ESTIMANDS
from facefair_lib.reproduction_numbers import add_reproduction
from facefair_lib.results import write_text
from facefair_lib.tables import EXPERIMENT_METRIC, SMALL_CELL
from facefair_lib.titles import EMOTION_TITLES, GROUP_TITLES, MODEL_TITLES, in_text, title
from facefair_lib.uncertainty import LEVEL

FIRST, SECOND = MODEL_TITLES


def compose_numbers(evidence: Evidence, settings: Mapping[str, Any]) -> str:
    """Compose ``numbers.tex``.

    Parameters
    ----------
    evidence : results of the profile and the numbers of other papers
    settings : the profile as plain nested values, as ``Profile.model_dump`` gives them

    Raises
    ------
    InputError
        if a table, row, column or setting that the text needs is missing
    """
    macros = Macros()
    _settings(macros, settings)
    _definitions(macros)
    _data(macros, evidence)
    _training(macros, evidence)
    _test(macros, evidence)
    _experiment(macros, evidence)
    _nine_pictures(macros, evidence)
    _published(macros, evidence)
    _transfer(macros, evidence)
    add_reproduction(macros, evidence)
    add_fairness(macros, evidence)
    add_comparison(macros, evidence)
    return macros.render()


def write_numbers(evidence: Evidence, settings: Mapping[str, Any], path: Path) -> Path:
    """Write ``numbers.tex`` to ``path``, atomically."""
    return write_text(path, compose_numbers(evidence, settings))


def _settings(macros: Macros, settings: Mapping[str, Any]) -> None:
    file = f"config/{setting(settings, 'name')}.yaml"

    def add(name: str, key: str, form: Callable[[Any], str]) -> None:
        macros.add(name, form(setting(settings, key)), f"{file} {key} value")

    add("ProfileName", "name", latex.escape)
    add("ProfileTitle", "title", lambda text: latex.escape(str(text).rstrip(".")))
    add("Seed", "seed", str)
    add("ImageSize", "data.size", str)
    add("NearDuplicateBits", "data.near_duplicate_bits", str)
    add("ValidationShare", "data.validation", lambda share: percent(share, 0))
    add("TestShare", "data.test", lambda share: percent(share, 0))
    add("BatchSize", "training.batch_size", str)
    add("WeightDecay", "training.weight_decay", lambda value: f"{value:g}")
    add("DiceWeight", "training.dice_weight", lambda value: f"{value:g}")
    add("TestViews", "inference", view_phrase)
    add("Replicates", "analysis.replicates", count)  # of the bootstrap and of the permutation test
    add("PeoplePerCell", "experiment.people_per_cell", lambda number: latex.counted(number, "person", "people"))
    for model in MODEL_TITLES:
        add(macro_name("backbone", model), f"models.{model}.backbone", backbone_title)
        add(macro_name("output_stride", model), f"models.{model}.output_stride", str)
        add(macro_name("learning_rate", model), f"models.{model}.learning_rate", scientific)
        add(macro_name("start", model), f"models.{model}.weights", start_phrase)
    starts = {model: setting(settings, f"models.{model}.small_start") for model in MODEL_TITLES}
    macros.switch("smallstart", all(starts.values()), f"{file} models all small_start")
    for model, start in starts.items():
        for part in start or ():
            key = f"models.{model}.small_start.{part}"
            add(macro_name("small_start", part, model), key, lambda share: percent(share, 0))
    add("AtrousRates", "models.deeplabv3.atrous_rates", lambda rates: latex.listed([str(rate) for rate in rates]))
    _data_set(macros, setting(settings, "data.source"), f"{file} data.source value")


def _data_set(macros: Macros, source: str, origin: str) -> None:
    """Say which data set was read, and what it counts as what: ``ears as background and teeth as mouth``."""
    groups = SCORED_CLASSES[source]
    for name in SCORED_CLASSES:
        macros.switch(name, source == name, origin)
    macros.switch("fewerclasses", len(groups) < NUM_CLASSES, origin)
    macros.add("DataSetTitle", latex.escape(CATALOGUE[source].title), origin)
    merged = {into: [name.replace("_", " ") for name in others] for into, (_, *others) in groups.items() if others}
    phrases = [f"{latex.listed(others)} as {into}" for into, others in merged.items()] or ["none"]
    macros.add("MergedClasses", latex.listed(phrases), origin)


def view_phrase(views: Mapping[str, Any]) -> str:
    """How a picture is segmented, in words: ``at the scales 1 and 1.5 (mirrored)``."""
    shown = [f"{view['scale']:g}" + (" (mirrored)" if view["mirrored"] else "") for view in views["views"]]
    return f"at the {'scales' if len(shown) > 1 else 'scale'} {latex.listed(shown)}"


def setting(settings: Mapping[str, Any], key: str) -> Any:
    """The value of a dotted key such as ``data.size``."""
    value: Any = settings
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise InputError(
                f"setting {key!r}",
                found="no such key",
                expected="a value; the report names it",
                do="pass the whole profile",
            )
        value = value[part]
    return value


def backbone_title(backbone: str) -> str:
    """``resnet18`` as its paper spells it, for LaTeX."""
    return latex.escape(titles.backbone_title(backbone))


def start_phrase(weights: str) -> str:
    """Where a network's weights start, for running text."""
    known = {"none": "random weights", "imagenet": "ImageNet weights in the backbone", "coco": "COCO weights"}
    return known.get(weights) or latex.escape(weights)


def scientific(value: float) -> str:
    """``0.0003`` -> ``$3 \\cdot 10^{-4}$``."""
    mantissa, exponent = f"{value:.6e}".split("e")
    front = f"{float(mantissa):g}"
    power = rf"10^{{{int(exponent)}}}"
    return f"${power}$" if front == "1" else rf"${front} \cdot {power}$"


def _definitions(macros: Macros) -> None:
    for key, estimand in ESTIMANDS.items():
        text = latex.escape(estimand.definition.rstrip("."))
        macros.add(
            macro_name("definition", key), text[0].lower() + text[1:], f"facefair_lib/metrics.py {key} definition"
        )
    macros.add("IntervalLevel", percent(LEVEL, 0), "facefair_lib/uncertainty.py LEVEL value")
    macros.add("Alpha", f"{verdicts.ALPHA:g}", "facefair_lib/verdicts.py ALPHA value")
    macros.add("Power", percent(verdicts.POWER, 0), "facefair_lib/verdicts.py POWER value")
    macros.add("SmallCell", latex.words(SMALL_CELL), "facefair_lib/tables.py SMALL_CELL value")


def _data(macros: Macros, evidence: Evidence) -> None:
    flow = evidence.table(f"{DATA}/flow")
    for tag, pattern in _STEPS.items():
        step = _step(flow, pattern)
        for column in ("images", "people"):
            cell = flow.cell(column, step=step)
            macros.add(macro_name(column, tag), count(cell.number), cell.origin)
    for tag in ("exact", "near"):
        cell = flow.cell("removed", step=_step(flow, _STEPS[tag]))
        macros.add(macro_name("removed", tag), count(cell.number), cell.origin)
    removed = sum(flow.cell("removed", step=_step(flow, _STEPS[tag])).number for tag in ("exact", "near"))
    thinned = flow.cell("removed", step=_step(flow, _STEPS["subsample"]))
    macros.switch("subsampled", thinned.number > 0, thinned.origin)
    macros.switch("duplicates", removed > 0, f"{DATA}/flow.csv exact+near removed")
    colours = evidence.table(f"{DATA}/colours")
    macros.add("Classes", latex.words(len(colours.rows)), colours.whole(None, "rows").origin)
    shares = evidence.table(f"{DATA}/class_shares")
    labelled = shares.rows.loc[shares.rows["images"] > 0, "class"].nunique()
    macros.add("LabelledClasses", latex.words(labelled), shares.whole(None, "images").origin)
    train = shares.rows[(shares.rows["split"] == "train") & (shares.rows["share"] > 0)].sort_values("share")
    for tag, position in (("largest", -1), ("smallest", 0)):
        name = train.iloc[position]["class"]
        cell = shares.cell("share", split="train", class_=name)
        macros.add(macro_name(tag, "class"), latex.escape(in_text(title(name))), cell.origin)
        macros.add(macro_name(tag, "share"), percent(cell.number, 1 if cell.number > 0.001 else 3), cell.origin)


_STEPS = {
    "read": "^read",
    "exact": "exact",
    "near": "near",
    "subsample": "subsampl",
    "train": "^train",
    "validation": "^valid",
    "test": "^test",
}


def _step(flow: Table, pattern: str) -> str:
    """The flow's step that a pattern names, such as ``near-duplicates removed``."""
    steps = [str(step) for step in flow.rows["step"] if re.search(pattern, str(step), re.IGNORECASE)]
    if len(steps) != 1:
        found = ", ".join(str(step) for step in flow.rows["step"])
        raise InputError(f"{flow.name}.csv", found=found, expected=f"one step like {pattern!r}", do=f"rerun {DATA}")
    return steps[0]


def _training(macros: Macros, evidence: Evidence) -> None:
    for model, stage in TRAINING.items():
        run, history = evidence.table(f"{stage}/model"), evidence.table(f"{stage}/history")
        forms: dict[str, Callable[[Cell], str]] = {
            "parameters": lambda cell: fixed(cell.number / 1e6),
            "epochs": lambda cell: latex.counted(int(cell.number), "epoch"),
            "best_epoch": lambda cell: count(cell.number),
            "seconds": lambda cell: latex.duration(cell.number),
            "images_per_second": lambda cell: fixed(cell.number, 0),
            "device": lambda cell: latex.escape(cell.text),
        }
        for column, form in forms.items():
            cell = run.cell(column, model=model)
            macros.add(macro_name(column, model), form(cell), cell.origin)
        best, epochs = (int(run.cell(column, model=model).number) for column in ("best_epoch", "epochs"))
        cells = {split: history.cell("iou", split=split, epoch=best) for split in ("train", "validation")}
        for split, cell in cells.items():
            macros.add(macro_name("best", split, "iou", model), percent(cell.number), cell.origin)
        text = verdicts.learning_verdict(title(model), best, epochs, cells["train"].number, cells["validation"].number)
        macros.add(macro_name("learning_verdict", model), text, *(cell.origin for cell in cells.values()))


def _test(macros: Macros, evidence: Evidence) -> None:
    summary, differences = evidence.table(f"{METRICS}/summary"), evidence.table(f"{METRICS}/differences")
    for model in MODEL_TITLES:
        for metric in ESTIMANDS:
            _estimate(macros, macro_name("test", metric, model), summary, model=model, metric=metric)
    for metric in ("iou", "mean_f1_foreground", "accuracy"):
        difference, origin = _difference(differences, "all", metric)
        names = (title(FIRST), title(SECOND), in_text(title(metric)))
        text = verdicts.difference_verdict(*names, difference, brief=metric != "iou")
        macros.add(macro_name("verdict", metric), text, origin)
    values = {model: summary.cell("value", model=model, metric="iou") for model in MODEL_TITLES}
    ranked = sorted(values, key=lambda model: values[model].number, reverse=True)
    for name, model in zip(("HigherModel", "LowerModel"), ranked, strict=True):
        macros.add(name, title(model), values[model].origin)
    _classes(macros, evidence)


def _classes(macros: Macros, evidence: Evidence) -> None:
    classes, differences = evidence.table(f"{METRICS}/classes"), evidence.table(f"{METRICS}/differences")
    for model in MODEL_TITLES:
        rows = classes.rows[(classes.rows["model"] == model) & (classes.rows["metric"] == "iou")].dropna(subset="value")
        for tag, index in (("best", rows["value"].idxmax()), ("worst", rows["value"].idxmin())):
            name = rows.loc[index, "class"]
            cell = classes.cell("value", model=model, class_=name, metric="iou")
            macros.add(macro_name(tag, "class", model), latex.escape(in_text(title(name))), cell.origin)
            macros.add(macro_name(tag, "class", "iou", model), percent(cell.number), cell.origin)
    names = [name for name in dict.fromkeys(classes.rows["class"]) if name not in ("all", "mean")]
    each = [_difference(differences, name, "iou")[0] for name in names]
    each = [difference for difference in each if not math.isnan(difference.value)]  # classes that nobody shows
    macros.add("ScoredClasses", latex.words(len(each)), differences.whole(None, "difference (metric=iou)").origin)
    origin = differences.whole(None, "difference,low,high (metric=iou)").origin
    macros.add("VerdictClasses", verdicts.classes_verdict(title(FIRST), title(SECOND), each), origin)


def _difference(table: Table, name: str, metric: str) -> tuple[verdicts.Difference, str]:
    cells = [table.cell(column, class_=name, metric=metric) for column in ("difference", "low", "high")]
    return verdicts.Difference(*(cell.number for cell in cells)), f"{cells[0].origin},low,high"


def _estimate(macros: Macros, name: str, table: Table, **keys: object) -> None:
    """A value in per cent, and its interval as ``low to high``."""
    value, low, high = (table.cell(column, **keys) for column in ("value", "low", "high"))
    macros.add(name, percent(value.number), value.origin)
    macros.add(f"{name}Interval", f"{percent(low.number)} to {percent(high.number)}", f"{low.origin},high")


def _experiment(macros: Macros, evidence: Evidence) -> None:
    groups = evidence.table(f"{EXPERIMENT}/groups")
    scored = groups.rows["metric"].eq(EXPERIMENT_METRIC).any()
    macros.switch("experimentscored", bool(scored), f"{groups.name}.csv metric={EXPERIMENT_METRIC} rows")
    macros.add("ExperimentMetric", title(EXPERIMENT_METRIC), "facefair_lib/tables.py EXPERIMENT_METRIC value")
    _experiment_size(macros, evidence, groups)
    for feature in ("group", "emotion"):
        table = evidence.table(f"{EXPERIMENT}/{feature}s")
        # A reader's own groups may have names that are no names of macros, and no section asks for them.
        known = table.rows[feature].isin(GROUP_TITLES if feature == "group" else EMOTION_TITLES)
        for r in table.rows[known & (table.rows["metric"] == EXPERIMENT_METRIC)].to_dict("records"):
            keys = {"model": r["model"], feature: r[feature], "metric": EXPERIMENT_METRIC}
            _estimate(macros, macro_name(feature, str(r[feature]), r["model"]), table, **keys)
    gaps = evidence.table(f"{EXPERIMENT}/gaps")
    for feature in ("group", "emotion"):
        tests = [_gap_test(gaps, feature, model) for model in MODEL_TITLES] if scored else []
        for test in tests:
            origin = gaps.cell("gap", model=test.model, feature=feature, metric=EXPERIMENT_METRIC).origin
            macros.add(macro_name(feature, "gap_verdict", test.model), verdicts.gap_verdict(test), origin)
        origin = gaps.whole(None, f"p_value (feature={feature},metric={EXPERIMENT_METRIC})").origin
        macros.add(macro_name(feature, "gap_summary"), verdicts.gap_summary(feature, tests), origin)


def _experiment_size(macros: Macros, evidence: Evidence, groups: Table) -> None:
    """How many pictures and people were scored, and whether they are rendered or a reader's own photographs."""
    one = groups.rows[(groups.rows["model"] == FIRST) & (groups.rows["metric"] == EXPERIMENT_METRIC)]
    keys = f"model={FIRST},metric={EXPERIMENT_METRIC}"
    macros.add("ExperimentImages", count(one["n_images"].sum()), f"{groups.name}.csv {keys} n_images")
    shown = set(evidence.table(f"{EXPERIMENT}/nine").rows["image_id"].astype(str))
    name = "experiment/people"
    rendered = bool(shown) and evidence.has(name) and shown <= set(evidence.table(name).rows["image_id"].astype(str))
    macros.switch("renderedexperiment", rendered, f"{EXPERIMENT}/nine.csv all image_id")
    # A person belongs to one group, so the groups' people add up.
    macros.add("ExperimentPeople", count(one["n_subjects"].sum()), f"{groups.name}.csv {keys} n_subjects")


def _gap_test(gaps: Table, feature: str, model: str) -> verdicts.GapTest:
    keys = {"model": model, "feature": feature, "metric": EXPERIMENT_METRIC}
    columns = ("gap", "expected_by_chance", "corrected", "low", "high", "p_value")
    numbers = [gaps.cell(column, **keys).number for column in columns]
    best, worst = (gaps.cell(column, **keys).text for column in ("best", "worst"))
    return verdicts.GapTest(model, feature, *numbers, best, worst)


def _nine_pictures(macros: Macros, evidence: Evidence) -> None:
    """What nine pictures, three of each group, could have shown with the spread of this study's test images."""
    nine, images = evidence.table(f"{EXPERIMENT}/nine"), evidence.table(f"{METRICS}/images")
    per_group = len(EMOTION_TITLES) if nine.rows.empty else int(nine.rows["group"].value_counts().min())
    grid, scored = not nine.rows.empty, evidence.has(f"{EXPERIMENT}/cells")
    macros.switch("experimentgrid", grid, f"{nine.name}.csv all rows")
    macros.switch("experimenttables", grid or scored, f"{nine.name}.csv all rows")
    spread = float(images.rows.groupby("model")["image_iou"].std().max())
    origin = images.whole(None, "image_iou (largest standard deviation of a model)").origin
    macros.add("PerGroup", latex.words(per_group), nine.whole(None, "group (smallest count)").origin)
    macros.add("ImageSpread", percent(spread), origin)
    macros.add("DetectableGap", percent(verdicts.smallest_detectable_gap(spread, per_group)), origin)
    macros.add(
        "SmallestP", f"{verdicts.smallest_p_value(per_group):.2f}", nine.whole(None, "group (smallest count)").origin
    )
    scores = nine.rows[[f"{model}_iou" for model in MODEL_TITLES]]
    macros.switch("ninescored", bool(scores.notna().any(axis=None)), f"{nine.name}.csv all deeplabv3_iou,pspnet_iou")


def _published(macros: Macros, evidence: Evidence) -> None:
    published = evidence.paper("published")
    for r in published.rows.to_dict("records"):
        keys = {key: r[key] for key in ("model", "split", "metric", "epoch") if not pd.isna(r[key])}
        origin = f"{published.name}.csv {','.join(f'{key}={value}' for key, value in keys.items())} value"
        if pd.isna(r["epoch"]):
            parts = [str(keys[key]) for key in ("model", "split", "metric") if key in keys and keys[key] != "study"]
            text = latex.duration(r["value"]) if r["metric"] == "seconds" else _quoted(r)
        else:
            when = "first" if r["epoch"] == 1 else "last"
            parts = [str(r["split"]), str(r["metric"]), when, str(r["model"])]
            text = _quoted(r)
        macros.add(macro_name("published", *parts), text, origin)
    literature = evidence.paper("literature")
    for r in literature.rows.to_dict("records"):
        macros.add(macro_name("literature", r["key"]), _quoted(r), f"{literature.name}.csv key={r['key']} value")
    _published_arithmetic(macros, evidence, published)


def _quoted(row: Mapping[str, Any]) -> str:
    """A number of another paper as it was printed there, small counts in words; ``--`` where none was given."""
    if latex.is_missing(row["value"]):
        return latex.MISSING
    return latex.words(int(row["value"])) if "." not in row["printed"] else row["printed"]


def _published_arithmetic(macros: Macros, evidence: Evidence, published: Table) -> None:
    """What follows from the published numbers alone, and how the two studies' orders compare."""
    last = published.rows["epoch"].max()
    for model in MODEL_TITLES:
        f1 = published.cell("value", model=model, split="test", metric="f1", epoch=last)
        share = f1.number / 100
        macros.add(macro_name("implied_iou", model), percent(share / (2 - share)), f1.origin)
    cells = [published.cell("value", model=m, split="test", metric="iou", epoch=last) for m in MODEL_TITLES]
    difference, origin = _difference(evidence.table(f"{METRICS}/differences"), "all", "iou")
    text = verdicts.order_verdict(title(FIRST), title(SECOND), cells[0].number - cells[1].number, difference)
    macros.add("OrderVerdict", text, *(cell.origin for cell in cells), origin)


def _transfer(macros: Macros, evidence: Evidence) -> None:
    name = f"{METRICS}/transfer"
    present = evidence.has(name)
    macros.switch("transfer", present, f"{name}.csv all rows")
    if not present:
        return
    table = evidence.table(name)
    means = table.rows[table.rows["class"] == "mean"]
    sentences, origins = [], []
    for source, rows in means.groupby("trained_on", sort=False):
        scores = {r["model"]: (r["f1"], r["low"], r["high"]) for r in rows.to_dict("records")}
        sentences.append(verdicts.transfer_verdict(str(source), scores, rows["n_images"].max()))
        origins += [table.cell("f1", trained_on=source, model=model, class_="mean").origin for model in scores]
    macros.add("TransferVerdict", "; ".join(sentences), *origins)
