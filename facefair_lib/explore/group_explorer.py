"""The group explorer: any score by any attribute, also within the levels of another one."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING

import ipywidgets as widgets
import numpy as np
import pandas as pd

from facefair_lib.explore import charts, controls
from facefair_lib.explore.group_comparison import (
    FEATURE_TITLES,
    NO_CONTROL,
    Comparison,
    compare,
    describe_gap,
    features_of,
    with_bands,
)
from facefair_lib.fairness.groups import MIN_SUBJECTS
from facefair_lib.scores import metrics, titles
from facefair_lib.store import stages

if TYPE_CHECKING:
    from facefair_lib.study.open import Study

REPLICATES = 1000
"""Bootstrap samples and permutations: enough for a look, within a second; the study's own tables use more."""
_COLOURS = {"deeplabv3": "#0072b2", "pspnet": "#d55e00"}
_OTHER_COLOURS = ("#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def explore_study(study: Study | str) -> GroupExplorer:
    """Compare groups of a study's test people; see ``explore.groups``."""
    profile = controls.profile_of(study)
    people = controls.stage_of(profile, "01_data_preparation").table("prepared")
    fits = {model: controls.stage_of(profile, stage) for model, stage in stages.TRAINING_STAGES.items()}
    counts = {model: fit.array("test_counts", memory_map=False) for model, fit in fits.items()}
    test = next(iter(fits.values())).table("test_images")[["row"]].merge(people, on="row", validate="1:1")
    return GroupExplorer(counts, test)


class GroupExplorer(widgets.VBox):
    """A chart and a table of scores by group; see ``explore.score_groups``.

    Parameters
    ----------
    counts : model -> (N, 11, 11) integer confusion counts
    table : N rows in the order of the counts, with image_id, subject_id and the attributes to compare
    """

    def __init__(self, counts: Mapping[str, np.ndarray], table: pd.DataFrame) -> None:
        super().__init__()
        self._counts, self._table = dict(counts), with_bands(table)
        known = {FEATURE_TITLES[name]: name for name in features_of(self._table)}
        scores = {entry.title: key for key, entry in metrics.ESTIMANDS.items()}
        self.metric = controls.dropdown("Score", scores, metrics.COMPARED_BY)
        self.chart, self.words, self.numbers = controls.text(), controls.text(), controls.text()
        if not known:
            self.words.value = "No attribute of these people has two or more values: there are no groups to compare."
            self.children = [controls.panel([self.words])]
            return
        self.feature = controls.dropdown("Compare by", known)
        self.control = controls.dropdown("Within levels of", {"(everybody together)": NO_CONTROL} | known, NO_CONTROL)
        choices = controls.row(self.metric, self.feature, self.control)
        self.children = [controls.panel([choices, self.words, self.chart, self.numbers])]
        for choice in (self.metric, self.feature, self.control):
            choice.observe(self._draw, "value")
        self._draw()

    def _draw(self, *_: object) -> None:
        feature, control, metric = self.feature.value, self.control.value, self.metric.value
        control = NO_CONTROL if control == feature else control
        found = compare(self._counts, self._table, metric, feature, control, replicates=REPLICATES)
        title = metrics.ESTIMANDS[metric].title
        definition = html.escape(metrics.ESTIMANDS[metric].definition)
        self.words.value = f'<p class="facefair-note" role="status">{definition}</p>{_gap_list(found, title)}'
        self.chart.value = draw_comparison(found, f"{title}, per cent, with 95 % intervals over people")
        self.numbers.value = table_of(found, title)


def draw_comparison(found: Comparison, title: str) -> str:
    """Draw a comparison as an SVG chart with its legend."""
    lines = found.table[["level", "group"]].drop_duplicates().reset_index(drop=True)
    place = {tuple(pair): number for number, pair in enumerate(lines.to_numpy().tolist())}
    models = list(dict.fromkeys(found.table["model"]))
    marks = []
    for row in found.table.to_dict("records"):
        turn = models.index(row["model"])
        shift = 0.26 * (turn - (len(models) - 1) / 2)
        numbers = [100 * row[name] for name in ("value", "low", "high")]
        colour = _colour(row["model"], turn)
        marks.append(
            charts.Mark(place[row["level"], row["group"]] + shift, *numbers, colour, bool(turn % 2), bool(row["small"]))
        )
    names = [_name(level, group) for level, group in place]
    signs = [
        f'<span style="color: {_colour(m, t)}">{"■" if t % 2 else "●"}</span> {titles.title(m)}'
        for t, m in enumerate(models)
    ]
    legend = f"{' &emsp; '.join(signs)} &emsp; grey: fewer than {MIN_SUBJECTS} people, not ranked"
    told = f"{title}. One row for each of: {'; '.join(names)}. The numbers are in the table below."
    return f"{charts.interval_chart(title, names, marks, told)}<p>{legend}</p>"


def table_of(found: Comparison, title: str) -> str:
    """Write a comparison as an HTML table; rows with too few people are grey and marked as such."""
    heads = ("Group", "Network", f"{title}, %", "95 % interval", "Pictures", "People", "")
    rows = []
    for row in found.table.to_dict("records"):
        small = bool(row["small"])
        bounds = f"{100 * row['low']:.1f} to {100 * row['high']:.1f}" if np.isfinite(row["low"]) else "none"
        value = f"{100 * row['value']:.1f}" if np.isfinite(row["value"]) else "none"
        note = "too few" if small else ""
        cells = [titles.title(row["model"]), value, bounds, row["n_images"], row["n_subjects"], note]
        name = f'<th scope="row">{html.escape(_name(row["level"], row["group"]))}</th>'
        inside = name + "".join(f"<td>{cell}</td>" for cell in cells)
        rows.append(f'<tr class="facefair-small">{inside}</tr>' if small else f"<tr>{inside}</tr>")
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heads)
    caption = f"<caption>{html.escape(title)} by group</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _gap_list(found: Comparison, title: str) -> str:
    items = []
    for (model, level), gap in found.gaps.items():
        where = titles.title(model) + (f", {titles.title(level)}" if level else "")
        items.append(f"<li><b>{html.escape(where)}:</b> {html.escape(describe_gap(gap, titles.in_text(title)))}</li>")
    return f"<ul>{''.join(items)}</ul>"


def _name(level: str, group: str) -> str:
    return f"{titles.title(level)} · {titles.title(group)}" if level else titles.title(group)


def _colour(model: str, turn: int) -> str:
    return _COLOURS.get(model, _OTHER_COLOURS[turn % len(_OTHER_COLOURS)])
