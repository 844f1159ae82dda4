"""The score checker: type one row of a published table and see at once whether it is possible."""

from __future__ import annotations

import html

import ipywidgets as widgets
import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.explore import charts, controls
from facefair_lib.reproduction import table_checks, table_sentences
from facefair_lib.reproduction.table_reader import Number, ScoreTable, read_number
from facefair_lib.scores import titles
from facefair_lib.settings import paths

OWN = "My own"
FIRST_ROW = "DeepLabV3, test, epoch 25"
_FIELDS = {score: f"{name[0].upper()}{name[1:]}, %" for score, name in table_sentences.SCORE_TITLES.items()}
_PAPER_DECIMALS = 2
_LEGEND = "Shaded: F1 and IoU of one table of counts (the curve) or of means over several (between curve and line)."
_HEADINGS = {
    table_checks.POSSIBLE: "Possible: nothing in this row contradicts the rest of it.",
    table_checks.IMPOSSIBLE: "Impossible, whatever the data:",
    table_checks.BEATEN: "Possible, but worse than looking away:",
    table_sentences.UNCHECKED: "Not checked:",
}


def check_published() -> ScoreChecker:
    """Check a published row; see ``explore.scores``."""
    return ScoreChecker(paper_rows(pd.read_csv(paths.REPORT / "published.csv")))


def paper_rows(published: pd.DataFrame) -> dict[str, dict[str, str]]:
    """The course paper's rows as a user would type them.

    Parameters
    ----------
    published : the long table of the course paper's numbers (``report/published.csv``)

    Returns
    -------
    name of the row -> score -> per cent, "" where the paper gives none
    """
    rows = {}
    for row in table_checks.final_scores(published).to_dict("records"):
        name = f"{titles.title(row['model'])}, {row['split']}, epoch {row['epoch']}"
        printed = {score: 100 * row[score] for score in table_checks.SCORES}
        rows[name] = {s: "" if pd.isna(value) else f"{value:.{_PAPER_DECIMALS}f}" for s, value in printed.items()}
    return rows


class ScoreChecker(widgets.VBox):
    """Fields for one row of scores, a verdict in words, and the row's position in the plane of F1 and IoU.

    Parameters
    ----------
    rows : name -> score -> per cent as printed, "" if not given; the rows to choose from, ``FIRST_ROW`` among them
    """

    def __init__(self, rows: dict[str, dict[str, str]]) -> None:
        super().__init__()
        self._rows, self._filling = rows, False
        self.row = controls.dropdown("Row", [*rows, OWN], FIRST_ROW)
        self.fields = {score: controls.number_field(label) for score, label in _FIELDS.items()}
        self.decimals = controls.dropdown("Printed decimals", {"as typed": -1, "0": 0, "1": 1, "2": 2, "3": 3}, -1)
        self.averaged = controls.checkbox("Means over classes, or over very unlike images", value=False)
        self.verdict, self.chart = controls.text(), controls.text()
        choices = controls.column(self.row, *self.fields.values(), self.decimals)
        seen = widgets.VBox([self.verdict, self.chart], layout=widgets.Layout(flex="1 1 24rem"))
        for part in choices.children:
            part.layout.width = "26rem"  # the rows' names are long
        beside = controls.row(widgets.VBox([choices, self.averaged]), seen)
        beside.layout.align_items = "flex-start"  # fields stay where they are while the verdict grows
        self.children = [controls.panel([beside])]
        self.row.observe(self._fill, "value")
        for control in (*self.fields.values(), self.decimals, self.averaged):
            control.observe(self._changed, "value")
        self._fill()

    def _fill(self, *_: object) -> None:
        """Set the fields to a row of the paper; for the user's own row they stay as they are."""
        self._filling = True
        for score, text in self._rows.get(self.row.value, {}).items():
            self.fields[score].value = text
        self._filling = False
        self._look()

    def _changed(self, change: dict[str, object]) -> None:
        if self._filling:
            return
        if change["owner"] in self.fields.values() and self.row.value != OWN:
            self.row.value = OWN  # which calls _look
        else:
            self._look()

    def _look(self) -> None:
        """Check what is typed, and draw it."""
        numbers: dict[str, Number | None] = {}
        problems = []
        for score, field in self.fields.items():
            try:
                numbers[score] = read_number(field.value, _FIELDS[score], percent=True)
            except InputError as error:
                problems.append(f"{error.subject.partition(',')[0]}: found {error.found}; expected {error.expected}.")
        if problems:
            said = " ".join(map(html.escape, problems))
            self.verdict.value = f'<p class="facefair-error" role="alert">{said}</p>'
            self.chart.value = _drawn({}, possible=True)
            return
        decimals = None if self.decimals.value < 0 else self.decimals.value
        table = ScoreTable.of(["this row"], [numbers], percent=True, decimals=decimals)
        checks = table_sentences.check_scores(table, averaged=self.averaged.value)
        (report,) = table_sentences.row_reports(table, checks, averaged=self.averaged.value)
        broken = set(checks.loc[checks["verdict"] == table_checks.IMPOSSIBLE, "check"])
        self.verdict.value = f'<div role="status">{describe(report)}</div>'
        self.chart.value = _drawn(numbers, possible=not broken & {"iou_floor", "iou_ceiling"})


def describe(report: table_sentences.RowReport) -> str:
    """Write one row's verdict as HTML."""
    sentences = [_item(sentence, kind, report.verdict) for kind, sentence in report.sentences]
    items = "".join(sentences) or (_item(report.note, report.verdict, report.verdict) if report.note else "")
    share = f"<p>Share of positives that the row implies: {report.positives}</p>" if report.positives else ""
    return f"<b>{_HEADINGS[report.verdict]}</b>{f'<ul>{items}</ul>' if items else ''}{share}"


def _item(sentence: str, kind: str, verdict: str) -> str:
    """Write a sentence of the list; one that is not of the heading's kind says so."""
    aside = "" if kind == verdict else f" ({kind}, which is possible)"
    return f"<li>{html.escape(sentence[0].upper() + sentence[1:] + aside)}.</li>"


def _drawn(numbers: dict[str, Number | None], *, possible: bool) -> str:
    f1, iou = (100 * numbers[score].share if numbers.get(score) else float("nan") for score in ("f1", "iou"))
    return f'{charts.score_plane(f1, iou, possible=possible)}<p class="facefair-note">{_LEGEND}</p>'
