"""The reproduction's figures: what is drawn is what the tables hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from facefair_lib import figures
from facefair_lib.errors import InputError

HAIR = {
    "title": "Hair", "red": 255, "green": 255, "blue": 0, "shown_red": 0, "shown_green": 255, "shown_blue": 255,
    "code": "110", "shares_with": "nose", "reads_as_paper": "eyebrows", "reads_as_vendor": "ears",
}  # fmt: skip


def texts(figure) -> set[str]:
    return {text.get_text() for axes in figure.axes for text in axes.texts}


def test_the_colour_story_shows_both_colours_and_whose_they_are():
    figure = figures.colour_story(pd.DataFrame([HAIR]))
    patches = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    assert patches[0].get_facecolor()[:3] == (1, 1, 0)
    assert patches[1].get_facecolor()[:3] == (0, 1, 1)
    assert {"eyebrows (paper), ears (vendor)", "nose"} <= texts(figure)
    assert figure.get_label()


@pytest.mark.parametrize(
    ("paper", "vendor", "words"), [("hair", "hair", "itself"), ("", "", "no class"), ("lips", "lips", "lips / mouth")]
)
def test_a_shown_colour_reads_as_what_has_it(paper, vendor, words):
    figure = figures.colour_story(pd.DataFrame([{**HAIR, "reads_as_paper": paper, "reads_as_vendor": vendor}]))
    assert words in texts(figure)


def test_pairs_of_scores_lie_where_the_table_says():
    rows = pd.DataFrame([{"model": "pspnet", "source": "course paper", "f1": 0.56, "iou": 0.33}])
    lines = figures.iou_against_f1(rows).axes[0].lines
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in lines][-1] == (0.56, 0.33)
    assert lines[0].get_ydata()[50] == pytest.approx(0.5 / 1.5)


def test_the_ladder_has_a_panel_per_network_and_a_line_per_score():
    row = {"step": "published", "title": "as published", "f1": 0.6, "iou": 0.3, "true_iou": 0.1}
    figure = figures.ladder_steps(pd.DataFrame([{"model": model, **row} for model in ("deeplabv3", "pspnet")]))
    assert [axes.get_title() for axes in figure.axes] == ["DeepLabV3", "PSPNet"]
    assert [line.get_xdata()[0] for line in figure.axes[0].lines[1::2]] == [0.6, 0.3, 0.1]


def test_nine_photographs_mark_the_experiment_itself():
    ranking = pd.DataFrame({"gap": [0.0, 0.2], "whole_order": [0.17, 0.9]})
    detectable = pd.DataFrame({"per_group": [3, 30], "gap": [0.246, 0.06]})
    figure = figures.nine_photographs(np.array([0.2, 0.3]), ranking, detectable, per_group=3, chance=1 / 6)
    assert {"mean 25", "by chance", "24.6"} <= texts(figure)


def test_a_table_without_its_columns_is_refused():
    with pytest.raises(InputError, match="ladder"):
        figures.ladder_steps(pd.DataFrame({"model": ["pspnet"]}))
