"""The report's tables: results in, booktabs LaTeX out. Nothing is calculated here beyond sums of the counts shown.

Each function takes data frames in the schema of the results store and gives the text of one ``tabular``; the same
frames give the same bytes. Captions live in the report's sections. Scores are printed in per cent with their 95 %
interval, and the columns that say how many images and people a score rests on stand last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from facefair_lib import comparison_tables, fairness_tables, latex, reproduction_tables
from facefair_lib.errors import InputError
from facefair_lib.evidence import COMPARISON, DATA, EXPERIMENT, FAIRNESS, METRICS, REPRODUCTION, Evidence
from facefair_lib.fairness import MIN_SUBJECTS
from facefair_lib.latex import count, escape, estimate, percent, signed, tabular
from facefair_lib.results import write_text
from facefair_lib.titles import (
    EMOTION_TITLES,
    GROUP_TITLES,
    METRIC_TITLES,
    MODEL_TITLES,
    in_order,
    title,
)

EXPERIMENT_METRIC = "image_iou"
"""The score of the experiment's tables and sentences: the mean over images, so that every picture counts once."""

SMALL_CELL = MIN_SUBJECTS
"""A cell with fewer people than this is printed in grey: its interval is too wide to be compared."""

PUBLISHED_METRICS = ("accuracy", "precision", "recall", "f1", "iou")
_BLANK = ""
_LONG_TEXT = 16  # characters that would make two columns too wide


def find(table: pd.DataFrame, **keys: object) -> pd.Series | None:
    """The one row with these keys, or None."""
    hit = pd.Series(True, index=table.index)
    for column, value in keys.items():
        hit &= table[column] == value
    rows = table[hit]
    if len(rows) > 1:
        raise InputError(
            f"rows with {keys}",
            found=f"{len(rows)} rows",
            expected="one row",
            do="rerun the stage that writes this table",
        )
    return rows.iloc[0] if len(rows) else None


def estimate_of(row: pd.Series | None, column: str = "value", form: Callable[[float], str] = percent) -> str:
    """A row's value with its interval; ``--`` where there is no such row."""
    return latex.MISSING if row is None else estimate(row[column], row["low"], row["high"], form)


def models_of(table: pd.DataFrame) -> list[str]:
    """The models of a table, in the order of every table."""
    return in_order(table["model"], MODEL_TITLES)


def label_colours(colours: pd.DataFrame) -> str:
    """Table I: the classes and their label colours, each with a swatch of that colour."""
    body = [
        [rf"\swatch{{{r.red},{r.green},{r.blue}}}", escape(r.title), str(r.red), str(r.green), str(r.blue)]
        for r in colours.itertuples()
    ]
    return tabular("clrrr", [["Colour", "Class", "R", "G", "B"]], [body])


def data_flow(flow: pd.DataFrame) -> str:
    """How many images and people each step of the preparation left; the split stands in its own block."""
    blocks: list[list[list[str]]] = [[], []]
    for r in flow.itertuples():
        removed = _BLANK if latex.is_missing(r.removed) or r.removed == 0 else count(r.removed)
        cells = [escape(str(r.step)[:1].upper() + str(r.step)[1:]), removed, count(r.images), count(r.people)]
        blocks[str(r.step) in ("train", "validation", "test")].append(cells)
    return tabular("lrrr", [["Step", "Removed", "Images", "People"]], blocks)


def duplicate_folders(folders: pd.DataFrame, rows: int = 8) -> str:
    """The folders that lost most images to duplicates, the sum of the others, and the total."""
    ranked = folders.assign(removed=folders["exact"] + folders["near"])
    ranked = ranked.sort_values(["removed", "folder"], ascending=[False, True], kind="stable")
    shown = min(rows, int((ranked["removed"] > 0).sum()))
    top, others = ranked.head(shown), ranked.iloc[shown:]

    def line(name: str, category: str, part: pd.DataFrame) -> list[str]:
        return [name, category, *(count(part[column].sum()) for column in ("exact", "near", "kept", "images"))]

    body = [
        line(rf"\texttt{{{escape(r['folder'])}}}", escape(r["category"]), ranked.loc[[index]])
        for index, r in top.iterrows()
    ]
    if len(others):
        body.append(line(f"{latex.counted(len(others), 'other folder')}", _BLANK, others))
    heads = [["Folder", "Category", "Exact", "Near", "Kept", "Images"]]
    return tabular("llrrrr", heads, [body, [line("Total", _BLANK, ranked)]])


def training_summary(models: pd.DataFrame, histories: pd.DataFrame) -> str:
    """How each network was built and fitted, one column per model.

    Parameters
    ----------
    models : the rows of every ``model.csv``
    histories : the rows of every ``history.csv`` with a column ``model``
    """
    keys = models_of(models)
    runs = {key: find(models, model=key) for key in keys}

    def at_best(metric: str, form: Callable[[float], str]) -> Callable[[str, pd.Series], str]:
        def cell(key: str, run: pd.Series) -> str:
            epoch = find(histories, model=key, split="validation", epoch=run["best_epoch"])
            return latex.MISSING if epoch is None else form(epoch[metric])

        return cell

    lines: list[tuple[str, Callable[[str, pd.Series], str]]] = [
        ("Backbone", lambda _, run: escape(run["backbone"])),
        ("Initial weights", lambda _, run: "random" if run["weights"] == "none" else escape(run["weights"])),
        ("Parameters (millions)", lambda _, run: latex.fixed(run["parameters"] / 1e6)),
        ("Epochs", lambda _, run: count(run["epochs"])),
        ("Best epoch", lambda _, run: count(run["best_epoch"])),
        ("Validation loss, best epoch", at_best("loss", lambda value: latex.fixed(value, 3))),
        (r"Validation IoU, best epoch (\%)", at_best("iou", percent)),
        ("Training time", lambda _, run: latex.duration(run["seconds"])),
        ("Images per second", lambda _, run: latex.fixed(run["images_per_second"])),
        ("Device", lambda _, run: escape(run["device"])),
        ("Arithmetic", lambda _, run: escape(run["precision"])),
    ]
    body = [_spanned(name, [cell(key, runs[key]) for key in keys]) for name, cell in lines]
    return tabular("l" + "r" * len(keys), [[_BLANK, *(title(key) for key in keys)]], [body])


def _spanned(name: str, cells: list[str]) -> list[str]:
    """A row whose cells share one long text, such as the device, shows it once."""
    if len(cells) > 1 and len(set(cells)) == 1 and len(cells[0]) > _LONG_TEXT:
        return [name, rf"\multicolumn{{{len(cells)}}}{{r@{{}}}}{{{cells[0]}}}"]
    return [name, *cells]


def model_summary(summary: pd.DataFrame, differences: pd.DataFrame) -> str:
    """Both models' test scores side by side, with the paired difference."""
    keys = models_of(summary)
    body = []
    for metric in in_order(summary["metric"], METRIC_TITLES):
        rows = [find(summary, model=key, metric=metric) for key in keys]
        cells = [title(metric), *(estimate_of(row) for row in rows)]
        cells.append(estimate_of(find(differences, **{"class": "all"}, metric=metric), "difference", signed))
        counts = next(row for row in rows if row is not None)
        body.append([*cells, count(counts["n_images"]), count(counts["n_subjects"])])
    heads = [["Metric", *(title(key) for key in keys), "Difference", "Images", "People"]]
    return tabular("l" + "c" * (len(keys) + 1) + "rr", heads, [body])


def class_scores(classes: pd.DataFrame, differences: pd.DataFrame) -> str:
    """F1 and IoU of each class for both models, with the paired difference in IoU."""
    keys = models_of(classes)
    names = [name for name in dict.fromkeys(classes["class"]) if name not in ("all", "mean")]
    body = []
    for name in names:
        scores = [
            estimate_of(find(classes, model=key, **{"class": name}, metric=metric))
            for metric in ("f1", "iou")
            for key in keys
        ]
        gap = estimate_of(find(differences, **{"class": name}, metric="iou"), "difference", signed)
        counts = classes[classes["class"] == name].iloc[0]
        if all(cell == latex.MISSING for cell in scores):
            continue  # neither shown nor predicted, as the classes that a data set does not label
        body.append([title(name), *scores, gap, count(counts["n_images"]), count(counts["n_subjects"])])
    width = len(keys)
    spans = rf" & \multicolumn{{{width}}}{{c}}{{F1}} & \multicolumn{{{width + 1}}}{{c}}{{IoU}} & & \\"
    rules = rf"\cmidrule(lr){{2-{width + 1}}}\cmidrule(lr){{{width + 2}-{2 * width + 2}}}"
    heads = [[spans + "\n" + rules], ["Class", *(title(k) for k in keys * 2), "Difference", "Images", "People"]]
    return tabular("l" + "c" * (2 * width + 1) + "rr", heads, [body])


def published_comparison(published: pd.DataFrame, summary: pd.DataFrame, models: pd.DataFrame) -> str:
    """The course paper's final test scores beside ours, with the number of test images and the training time."""
    keys = models_of(summary)
    last = published[published["model"].isin(keys)]["epoch"].max()
    body = []
    for metric in PUBLISHED_METRICS:
        cells = [title(metric)]
        for key in keys:
            theirs = find(published, model=key, split="test", metric=metric, epoch=last)
            ours = find(summary, model=key, metric=metric)
            cells.append(latex.MISSING if theirs is None else latex.fixed(theirs["value"]))
            cells.append(estimate_of(ours))
        body.append(cells)
    times, sizes = ["Training time"], ["Test images"]
    for key in keys:
        theirs, ours = find(published, model=key, metric="seconds"), find(models, model=key)
        times += [
            latex.MISSING if t is None else latex.duration(t[c]) for t, c in ((theirs, "value"), (ours, "seconds"))
        ]
        images = find(published, model="study", split="test", metric="images")
        sizes += [latex.MISSING if images is None else count(images["value"])]
        sizes += [count(summary.loc[summary["model"] == key, "n_images"].max())]
    spans = "".join(rf" & \multicolumn{{2}}{{c}}{{{title(key)}}}" for key in keys) + r" \\"
    rules = "".join(rf"\cmidrule(lr){{{2 + 2 * i}-{3 + 2 * i}}}" for i in range(len(keys)))
    heads = [[spans + "\n" + rules], [_BLANK, *(["Published", "Ours"] * len(keys))]]
    return tabular("l" + "rc" * len(keys), heads, [body, [times, sizes]])


def _grid(table: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Groups and emotions in print order, with the group's title on its first row only."""
    for group in in_order(table["group"], GROUP_TITLES):
        rows = table[table["group"] == group]
        for position, emotion in enumerate(in_order(rows["emotion"], EMOTION_TITLES)):
            yield group, emotion, escape(title(group)) if position == 0 else _BLANK


def experiment_people(nine: pd.DataFrame) -> str:
    """Who the nine people shown are, and how well each model segments them."""
    keys = [key for key in MODEL_TITLES if f"{key}_iou" in nine.columns]
    body = []
    for group, emotion, name in _grid(nine):
        for r in nine[(nine["group"] == group) & (nine["emotion"] == emotion)].to_dict("records"):
            known = [_attribute(r[column]) for column in ("gender", "age", "skin_tone", "yaw", "light")]
            body.append([name, escape(title(emotion)), *known, *(percent(r[f"{key}_iou"]) for key in keys)])
    heads = [["Group", "Emotion", "Gender", "Age", "Tone", "Yaw", "Light", *(title(key) for key in keys)]]
    return tabular("llllrrl" + "r" * len(keys), heads, [body])


def _attribute(value: object) -> str:
    """An attribute as text: whole numbers without decimals, words as they are."""
    if latex.is_missing(value):
        return latex.MISSING
    if isinstance(value, float):
        return latex.fixed(value, 0 if value == round(value) or abs(value) >= 1 else 2)
    return escape(str(value).replace("_", " "))


def cell_scores(cells: pd.DataFrame, metric: str = EXPERIMENT_METRIC, small_cell: int = SMALL_CELL) -> str:
    """Scores of every group and emotion, both models; cells with fewer than ``small_cell`` people in grey."""
    chosen = with_metric(cells, metric)
    keys = models_of(chosen)
    body = []
    for group, emotion, name in _grid(chosen):
        rows = [find(chosen, model=key, group=group, emotion=emotion) for key in keys]
        counts = next(row for row in rows if row is not None)
        line = [
            escape(title(emotion)),
            *(estimate_of(row) for row in rows),
            count(counts["n_images"]),
            count(counts["n_subjects"]),
        ]
        body.append([name, *(latex.greyed(line) if counts["n_subjects"] < small_cell else line)])
    heads = [["Group", "Emotion", *(title(key) for key in keys), "Images", "People"]]
    return tabular("ll" + "c" * len(keys) + "rr", heads, [body])


def with_metric(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The rows of one metric.

    Raises
    ------
    InputError
        if the table does not hold the metric
    """
    if metric not in set(table["metric"]):
        raise InputError(
            f"metric {metric!r}",
            found=f"scores of {', '.join(sorted(set(table['metric']))) or 'no metric'}",
            expected="scores of this metric",
            do="run notebook 05_ethnicity_emotion_experiment again; it writes this metric",
        )
    return table[table["metric"] == metric]


FEATURE_TITLES: Mapping[str, str] = MappingProxyType({"group": "Ethnic group", "emotion": "Emotion"})


def group_gaps(gaps: pd.DataFrame, metric: str = EXPERIMENT_METRIC) -> str:
    """Best minus worst group and emotion: as seen, as expected by chance, the rest, and the permutation p value."""
    chosen = with_metric(gaps, metric)
    blocks = []
    for feature in in_order(chosen["feature"], FEATURE_TITLES):
        name = FEATURE_TITLES.get(feature, title(feature))
        block = [[rf"\multicolumn{{6}}{{@{{}}l}}{{\emph{{{name}}}}}"]]
        for key in in_order(chosen.loc[chosen["feature"] == feature, "model"], MODEL_TITLES):
            r = find(chosen, feature=feature, model=key)
            ends = " / ".join(escape(title(r[end])) for end in ("best", "worst")) if r["best"] else latex.MISSING
            rest = estimate(r["corrected"], r["low"], r["high"], signed)
            chance = percent(r["expected_by_chance"])
            block.append([title(key), ends, percent(r["gap"]), chance, rest, latex.p_value(r["p_value"])])
        blocks.append(block)
    heads = [["Model", "Best / worst", "Gap", "Chance", "Corrected", "$p$"]]
    return tabular("llrrcr", heads, blocks)


def transfer_scores(transfer: pd.DataFrame) -> str:
    """F1 on photographs, by class and on average: one row for each model and what it was trained on."""
    names = list(dict.fromkeys(transfer["class"]))
    blocks = []
    for source in dict.fromkeys(transfer["trained_on"]):
        block: list[list[str]] = []
        rows = transfer[transfer["trained_on"] == source]
        for key in models_of(rows):
            scores = [estimate_of(find(rows, model=key, **{"class": name}), "f1") for name in names]
            counts = rows[rows["model"] == key].iloc[-1]
            sizes = [count(counts["n_images"]), count(counts["n_subjects"])]
            block.append([_BLANK if block else rf"\emph{{{escape(source)}}}", title(key), *scores, *sizes])
        blocks.append(block)
    heads = [["Trained on", "Model", *(title(name) for name in names), "Images", "People"]]
    return tabular("ll" + "c" * len(names) + "rr", heads, blocks)


@dataclass(frozen=True)
class Recipe:
    """How one table of the report is made from the evidence, and what it needs."""

    make: Callable[[Evidence], str]
    needs: tuple[str, ...] = ()


def _optional(stage: str, name: str, make: Callable[[pd.DataFrame], str]) -> Recipe:
    """A table of a stage that a profile, or results of an older version, may lack."""
    return Recipe(lambda e: make(e.table(f"{stage}/{name}").rows), (f"{stage}/{name}",))


TABLES: Mapping[str, Recipe] = MappingProxyType(
    {
        "table1_label_colours": Recipe(lambda e: label_colours(e.table(f"{DATA}/colours").rows)),
        "data_flow": Recipe(lambda e: data_flow(e.table(f"{DATA}/flow").rows)),
        "duplicate_folders": Recipe(
            lambda e: duplicate_folders(e.table(f"{DATA}/duplicate_folders").rows), (f"{DATA}/duplicates",)
        ),
        "training_summary": Recipe(lambda e: training_summary(e.models(), e.histories())),
        "model_summary": Recipe(
            lambda e: model_summary(e.table(f"{METRICS}/summary").rows, e.table(f"{METRICS}/differences").rows)
        ),
        "class_scores": Recipe(
            lambda e: class_scores(e.table(f"{METRICS}/classes").rows, e.table(f"{METRICS}/differences").rows)
        ),
        "published_comparison": Recipe(
            lambda e: published_comparison(e.paper("published").rows, e.table(f"{METRICS}/summary").rows, e.models())
        ),
        "experiment_people": _optional(EXPERIMENT, "nine", experiment_people),
        "cell_scores": Recipe(lambda e: cell_scores(e.table(f"{EXPERIMENT}/cells").rows), (f"{EXPERIMENT}/cells",)),
        "group_gaps": Recipe(lambda e: group_gaps(e.table(f"{EXPERIMENT}/gaps").rows), (f"{EXPERIMENT}/cells",)),
        "transfer_scores": Recipe(
            lambda e: transfer_scores(e.table(f"{METRICS}/transfer").rows), (f"{METRICS}/transfer",)
        ),
        "reproduction_consistency": _optional(REPRODUCTION, "consistency", reproduction_tables.consistency),
        "reproduction_ladder": _optional(REPRODUCTION, "ladder", reproduction_tables.ladder),
        "reproduction_headline": _optional(REPRODUCTION, "headline", reproduction_tables.headline),
        "counterfactual_effects": _optional(FAIRNESS, "effects", fairness_tables.effects),
        "composition_scores": _optional(FAIRNESS, "composition", fairness_tables.composition),
        "model_comparison": _optional(COMPARISON, "comparison", comparison_tables.comparison),
        "feature_scores": _optional(FAIRNESS, "features", fairness_tables.features),
        "quality_measures": _optional(FAIRNESS, "quality", fairness_tables.quality),
        "equivalence": Recipe(
            lambda e: fairness_tables.equivalence(
                e.table(f"{FAIRNESS}/equivalence").rows, e.table(f"{FAIRNESS}/sources").rows
            ),
            (f"{FAIRNESS}/equivalence", f"{FAIRNESS}/sources"),
        ),
    }
)
"""Stem -> recipe. A recipe's ``needs`` are results that not every profile has; without their rows there is no table."""


def build_table(stem: str, results_dir: Path, report_dir: Path) -> str:
    """LaTeX text of one table of a profile's results.

    Raises
    ------
    InputError
        if there is no such table, or a result that it needs is missing
    """
    if stem not in TABLES:
        raise InputError(
            f"table {stem!r}", found="no such table", expected=f"one of {', '.join(TABLES)}", do="choose one"
        )
    return TABLES[stem].make(Evidence(results_dir, report_dir))


def write_tables(evidence: Evidence, folder: Path) -> list[str]:
    """Write every table that the study has results for to ``<folder>/<stem>.tex``; returns their stems."""
    stems = [stem for stem, recipe in TABLES.items() if all(evidence.has(name) for name in recipe.needs)]
    for stem in stems:
        write_text(folder / f"{stem}.tex", TABLES[stem].make(evidence))
    return stems
