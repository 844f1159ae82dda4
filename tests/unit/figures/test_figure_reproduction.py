"""The reproduction's figures: what is drawn is what the tables hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from facefair_lib.errors import InputError
from facefair_lib.figures.reproduction import (
    colour_story,
    iou_against_f1,
    knife_edge,
    known_people,
    ladder_steps,
    limits_of_nine_photographs,
    repeated_grids,
    wrongly_fed,
)

HAIR = {
    "title": "Hair", "red": 255, "green": 255, "blue": 0, "shown_red": 0, "shown_green": 255, "shown_blue": 255,
    "code": "110", "shares_with": "nose", "reads_as_paper": "eyebrows", "reads_as_vendor": "ears",
}  # fmt: skip


def texts(figure) -> set[str]:
    return {text.get_text() for axes in figure.axes for text in axes.texts}


def test_the_colour_story_shows_both_colours_and_whose_they_are():
    figure = colour_story(pd.DataFrame([HAIR]))
    patches = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    assert patches[0].get_facecolor()[:3] == (1, 1, 0)
    assert patches[1].get_facecolor()[:3] == (0, 1, 1)
    assert {"eyebrows (paper), ears (vendor)", "nose"} <= texts(figure)
    assert figure.get_label()


@pytest.mark.parametrize(
    ("paper", "vendor", "words"), [("hair", "hair", "itself"), ("", "", "no class"), ("lips", "lips", "lips / mouth")]
)
def test_a_shown_colour_reads_as_what_has_it(paper, vendor, words):
    figure = colour_story(pd.DataFrame([{**HAIR, "reads_as_paper": paper, "reads_as_vendor": vendor}]))
    assert words in texts(figure)


def test_pairs_of_scores_lie_where_the_table_says():
    rows = pd.DataFrame([{"model": "pspnet", "source": "course paper", "f1": 0.56, "iou": 0.33}])
    lines = iou_against_f1(rows).axes[0].lines
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in lines][-1] == (0.56, 0.33)
    assert lines[0].get_ydata()[50] == pytest.approx(0.5 / 1.5)


LADDER = {
    "step": "published",
    "title": "as published",
    "f1": 0.6,
    "iou": 0.3,
    "true_iou": 0.1,
    "low": 0.05,
    "high": 0.2,
}


def test_a_network_without_a_pair_of_a_source_has_no_entry_in_the_legend():
    row = {"source": "course paper", "f1": 0.56, "iou": 0.33}
    rows = [{"model": "pspnet", **row}, {"model": "deeplabv3", **row}, {"model": "pspnet", **row, "source": "here"}]
    legend = iou_against_f1(pd.DataFrame(rows)).axes[0].get_legend()
    named = [text.get_text() for text in legend.get_texts()][2:]
    assert named == ["DeepLabV3, course paper", "PSPNet, course paper", "PSPNet, here"]


def test_the_ladder_has_a_panel_per_network_and_a_line_per_score():
    rows = pd.DataFrame([{"model": model, **LADDER} for model in ("deeplabv3", "pspnet")])
    figure = ladder_steps(rows, rows, 0.05)
    assert [axes.get_title() for axes in figure.axes] == ["DeepLabV3", "PSPNet"]
    assert [line.get_xdata()[0] for line in figure.axes[0].lines[1:6:2]] == [0.6, 0.3, 0.1]
    assert figure.axes[0].collections[0].get_segments()[0][:, 0].tolist() == [0.05, 0.2]


def test_several_fits_of_a_step_are_drawn_one_by_one():
    rows = pd.DataFrame([{"model": "pspnet", **LADDER}])
    fits = pd.concat([rows, rows.assign(true_iou=0.16)], ignore_index=True)
    drawn = [list(line.get_xdata()) for line in ladder_steps(rows, fits, 0.05).axes[0].lines]
    assert [0.1, 0.16] in drawn


def test_the_knife_edge_shows_the_share_on_the_edge_and_both_scores():
    values = pd.DataFrame({"value": [0, 128, 255], "share": [0.6, 0.3, 0.1]})
    edge = pd.DataFrame({"shrink": [1.0, 0.99], "f1": [1.0, 1.0], "iou": [1.0, 0.25]})
    left, right = knife_edge(values, edge).axes
    assert {"75% at 0.502", "25% at 1.000", "threshold 0.5"} <= {text.get_text() for text in left.texts}
    assert [list(line.get_ydata()) for line in right.lines] == [[1.0, 1.0], [1.0, 0.25]]


def test_known_people_lie_where_their_scores_say_and_the_difference_is_written():
    people = pd.DataFrame({"subject_id": ["a", "b"], "known": [0.5, 0.4], "new": [0.45, 0.42]})
    figure = known_people(people, 0.015, -0.004, 0.03)
    assert [list(values) for values in figure.axes[0].lines[1].get_data()] == [[45, 42], [50, 40]]
    assert "known minus new: +1.5 points\n(−0.4 to +3.0)" in texts(figure)


def test_every_way_to_feed_a_network_has_its_line():
    ways = pd.DataFrame({"way": ["as trained", "blue first"], "value": [0.4, 0.2], "low": 0.1, "high": 0.5})
    axes = wrongly_fed(ways).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["as trained", "blue first"]
    assert list(axes.lines[0].get_xdata()) == [40, 20]


def test_repeated_experiments_ring_their_best_cell_and_name_their_best_group():
    scores = np.array([[[0.5, 0.6], [0.4, 0.3]], [[0.2, 0.3], [0.9, 0.4]]])
    first, second = repeated_grids(scores, ("A", "B"), ("sad", "happy")).axes
    assert [axes.get_title() for axes in (first, second)] == ["best group: A", "best group: B"]
    ring = next(patch for patch in second.patches if isinstance(patch, Rectangle))
    assert ring.get_xy() == pytest.approx((0.04, 1.04))


def test_nine_photographs_mark_the_experiment_itself():
    ranking = pd.DataFrame({"gap": [0.0, 0.2], "whole_order": [0.17, 0.9]})
    detectable = pd.DataFrame({"per_group": [3, 30], "gap": [0.246, 0.06]})
    figure = limits_of_nine_photographs(np.array([0.2, 0.3]), ranking, detectable, per_group=3, chance=1 / 6)
    assert {"mean 25", "by chance", "24.6"} <= texts(figure)


def test_a_table_without_its_columns_is_refused():
    with pytest.raises(InputError, match="ladder"):
        ladder_steps(pd.DataFrame({"model": ["pspnet"]}), pd.DataFrame(), 0.05)
