"""The reproduction's figures: what is drawn is what the tables hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from facefair_lib.errors import InputError
from facefair_lib.figures.reproduction import (
    budget,
    colour_story,
    iou_against_f1,
    knife_edge,
    known_people,
    ladder_steps,
    limits_of_nine_photographs,
    repeated_grids,
    wrongly_fed,
)


@pytest.fixture
def table(reference_table):
    """A table of notebook 06, by its name."""
    return lambda name: reference_table(f"06_reproduction_audit/{name}")


@pytest.fixture
def hair(table):
    """The row of the hair, as it is before it is written: codes are texts, and nothing is an empty one."""
    codes = table("codes").fillna("")
    return codes[codes["class"] == "hair"].assign(code="110", shares_with="nose")


def texts(figure) -> set[str]:
    return {text.get_text() for axes in figure.axes for text in axes.texts}


def test_the_colour_story_shows_both_colours_and_whose_they_are(hair):
    figure = colour_story(hair)
    patches = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    assert patches[0].get_facecolor()[:3] == (1, 1, 0)
    assert patches[1].get_facecolor()[:3] == (0, 1, 1)
    assert {"eyebrows (paper), ears (vendor)", "nose"} <= texts(figure)
    assert figure.get_label()


@pytest.mark.parametrize(
    ("paper", "vendor", "words"), [("hair", "hair", "itself"), ("", "", "no class"), ("lips", "lips", "lips / mouth")]
)
def test_a_shown_colour_reads_as_what_has_it(hair, paper, vendor, words):
    assert words in texts(colour_story(hair.assign(reads_as_paper=paper, reads_as_vendor=vendor)))


@pytest.fixture
def scores(table):
    """F1 and IoU of both networks from two sources."""
    return table("headline").rename(columns={"protocol": "source"}).query("source != 'corrected'")


def test_pairs_of_scores_lie_where_the_table_says(scores):
    bound, *pairs = iou_against_f1(scores).axes[0].lines
    order = scores.sort_values(["source", "model"])
    assert [(*line.get_xdata(), *line.get_ydata()) for line in pairs] == [*zip(order["f1"], order["iou"], strict=True)]
    assert bound.get_ydata()[50] == pytest.approx(0.5 / 1.5)


def test_a_network_without_a_pair_of_a_source_has_no_entry_in_the_legend(scores):
    known = scores[(scores["source"] == "paper") | (scores["model"] == "pspnet")]
    legend = iou_against_f1(known).axes[0].get_legend()
    named = [text.get_text() for text in legend.get_texts()][2:]
    assert named == ["DeepLabV3, paper", "PSPNet, paper", "PSPNet, published"]


def test_the_ladder_has_a_panel_per_network_and_a_line_per_score(table):
    ladder = table("ladder")
    figure = ladder_steps(ladder, ladder, 0.05)
    assert [axes.get_title() for axes in figure.axes] == ["DeepLabV3", "PSPNet"]
    rows, lines = ladder[ladder["model"] == "deeplabv3"], figure.axes[0].lines[1:6:2]
    assert [list(line.get_xdata()) for line in lines] == [list(rows[score]) for score in ("f1", "iou", "true_iou")]
    ends = [segment[:, 0].tolist() for segment in figure.axes[0].collections[0].get_segments()]
    assert ends == rows[["low", "high"]].to_numpy().tolist()


def test_several_fits_of_a_step_are_drawn_one_by_one(table):
    fits = table("ladder_fits")
    drawn = [list(line.get_xdata()) for line in ladder_steps(table("ladder"), fits, 0.05).axes[1].lines]
    several = fits[(fits["model"] == "pspnet") & (fits["step"] == "published")]
    assert len(several) > 1 and list(several["true_iou"]) in drawn


def test_the_knife_edge_shows_the_share_on_the_edge_and_both_scores(table):
    values, edge = pd.DataFrame({"value": [0, 128, 255], "share": [0.6, 0.3, 0.1]}), table("knife_edge")
    left, right = knife_edge(values, edge).axes
    assert {"75% at 0.502", "25% at 1.000", "threshold 0.5"} <= {text.get_text() for text in left.texts}
    assert [list(line.get_ydata()) for line in right.lines] == [list(edge["f1"]), list(edge["iou"])]


def test_known_people_lie_where_their_scores_say_and_the_difference_is_written(table):
    people = table("leak_people")
    figure = known_people(people, 0.015, -0.004, 0.03)
    np.testing.assert_allclose(figure.axes[0].lines[1].get_data(), 100 * people[["new", "known"]].T)
    assert "known minus new: +1.5 points\n(−0.4 to +3.0)" in texts(figure)


def test_every_way_to_feed_a_network_has_its_line(table):
    ways = table("fed")
    axes = wrongly_fed(ways).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(ways["way"])
    assert list(axes.lines[0].get_xdata()) == list(100 * ways["value"])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((8, [105, 89], 64, [2, 1]), "8 epochs, 89 to 105 training pictures of 64 x 64 pixels, 1 to 2 seeds."),
        ((1, [16], 32, [1]), "1 epoch, 16 training pictures of 32 x 32 pixels, 1 seed."),
    ],
)
def test_a_caption_says_what_the_fits_were_given(given, words):
    assert budget(*given) == f"On a budget of {words}"


def test_repeated_experiments_ring_their_best_cell_and_name_their_best_group():
    scores = np.array([[[0.5, 0.6], [0.4, 0.3]], [[0.2, 0.3], [0.9, 0.4]]])
    first, second = repeated_grids(scores, ("A", "B"), ("sad", "happy")).axes
    assert [axes.get_title() for axes in (first, second)] == ["best group: A", "best group: B"]
    ring = next(patch for patch in second.patches if isinstance(patch, Rectangle))
    assert ring.get_xy() == pytest.approx((0.04, 1.04))


def test_nine_photographs_mark_the_experiment_itself(reference_table):
    detectable, ranking = (
        reference_table(f"05_ethnicity_emotion_experiment/{name}") for name in ("detectable", "ranking")
    )
    detectable.loc[detectable["per_group"] == 3, "gap"] = 0.246
    figure = limits_of_nine_photographs(np.array([0.2, 0.3]), ranking, detectable, per_group=3, chance=1 / 6)
    assert {"mean 25", "by chance", "24.6"} <= texts(figure)


def test_a_table_without_its_columns_is_refused():
    with pytest.raises(InputError, match="ladder"):
        ladder_steps(pd.DataFrame({"model": ["pspnet"]}), pd.DataFrame(), 0.05)
