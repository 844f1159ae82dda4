"""The score checker: the paper's rows, one's own, and what is no score."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from facefair_lib import explore
from facefair_lib.explore import charts
from facefair_lib.explore.score_checker import FIRST_ROW, OWN, ScoreChecker
from facefair_lib.store.progress import PROGRESS_FILE


@pytest.fixture
def checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScoreChecker:
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path))  # holds nothing: no study is needed
    return explore.scores()


def typed(checker: ScoreChecker, **scores: str) -> str:
    """What is said of a row of one's own."""
    for score, field in checker.fields.items():
        field.value = scores.get(score, "")
    return checker.verdict.value


def test_it_opens_with_a_row_of_the_course_paper(checker: ScoreChecker) -> None:
    assert checker.row.value == FIRST_ROW
    assert len(checker.row.options) == 8 + 1
    assert [field.value for field in checker.fields.values()] == ["83.69", "66.57", "89.73", "75.55", "48.18"]
    assert "IoU 48.18 is below 60.71, the least that goes with F1 75.55" in checker.verdict.value
    assert "Impossible" in checker.verdict.value
    assert 'role="status"' in checker.verdict.value


def test_typing_makes_the_row_ones_own_and_keeps_the_other_numbers(checker: ScoreChecker) -> None:
    checker.fields["iou"].value = "60.71"
    assert checker.row.value == OWN
    assert checker.fields["f1"].value == "75.55"
    assert "Possible" in checker.verdict.value
    checker.row.value = FIRST_ROW
    assert checker.fields["iou"].value == "48.18"
    assert "Impossible" in checker.verdict.value


def test_an_empty_field_is_a_score_that_is_not_given(checker: ScoreChecker) -> None:
    assert "Too few scores" in typed(checker)
    assert "Too few scores" in typed(checker, f1="80")
    assert "Possible" in typed(checker, f1="80.0", iou="66.7")


@pytest.mark.parametrize(("text", "words"), [("120", "the value 120"), ("-3", "the value -3"), ("a<b", "&#x27;a&lt;b")])
def test_what_is_no_score_is_said_plainly_and_the_next_number_is_judged(
    checker: ScoreChecker, text: str, words: str
) -> None:
    checker.fields["f1"].value = text
    assert "F1: found" in checker.verdict.value and words in checker.verdict.value
    assert 'role="alert"' in checker.verdict.value
    assert "no point" in checker.chart.value
    checker.fields["f1"].value = "60.0"
    assert "alert" not in checker.verdict.value
    assert "<circle" in checker.chart.value


def test_fewer_decimals_accuse_less(checker: ScoreChecker) -> None:
    assert "Impossible" in typed(checker, f1="80.0", iou="66.4")
    checker.decimals.value = 0
    assert "Possible" in checker.verdict.value


def test_means_over_classes_leave_accuracy_out(checker: ScoreChecker) -> None:
    assert "200 % positives" in typed(checker, accuracy="20.0", precision="80.0", recall="80.0", f1="80.0")
    checker.averaged.value = True
    assert "positives" not in checker.verdict.value
    assert "Possible" in checker.verdict.value


def test_an_impossible_row_says_which_of_its_sentences_are_possible(checker: ScoreChecker) -> None:
    checker.row.value = "PSPNet, test, epoch 25"
    assert "(worse than trivial, which is possible)" in checker.verdict.value
    assert typed(checker, accuracy="50", precision="25", recall="90").startswith(
        '<div role="status"><b>Possible, but worse'
    )


def test_the_point_is_a_cross_where_it_is_impossible_and_a_dot_where_it_is_not(checker: ScoreChecker) -> None:
    assert "<circle" not in checker.chart.value and "lies below it" in checker.chart.value
    typed(checker, f1="80.0", iou="66.7")
    assert "<circle" in checker.chart.value and "lies inside" in checker.chart.value
    typed(checker, f1="60.0", iou="66.7")
    assert "<circle" not in checker.chart.value and "lies above it" in checker.chart.value
    typed(checker, iou="66.7")
    assert "no point" in checker.chart.value


def test_the_curve_is_the_floor_and_lies_below_the_line() -> None:
    chart = ElementTree.fromstring(charts.score_plane(50, 40, possible=True))
    curve, line = (
        np.array([point.split(",") for point in drawn.get("points").split()], float)
        for drawn in chart.iter("{http://www.w3.org/2000/svg}polyline")
    )
    f1, iou = (curve[:, 0] - curve[0, 0]) / np.ptp(curve[:, 0]), (curve[0, 1] - curve[:, 1]) / np.ptp(curve[:, 1])
    np.testing.assert_allclose(iou, f1 / (2 - f1), atol=1e-3)
    np.testing.assert_array_equal(line, curve[[0, -1]])


def test_every_control_is_labelled_and_the_chart_described(checker: ScoreChecker) -> None:
    every = [checker.row, *checker.fields.values(), checker.decimals, checker.averaged]
    assert all(control.description for control in every)
    assert re.search(r'<svg role="img" aria-label="Shaded between the curve', checker.chart.value)


def test_without_a_screen_a_line_stands_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROGRESS_FILE, str(tmp_path / "progress"))
    assert "JupyterLab" in explore.scores().data
