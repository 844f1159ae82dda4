"""The table and its figure: planted costs, scores and gaps come out as they were planted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facefair_lib.errors import InputError
from facefair_lib.experiments.architectures.cost import COST_COLUMNS
from facefair_lib.experiments.architectures.run import NETWORK_COLUMNS
from facefair_lib.figures.architectures import NETWORK_COLOURS, NETWORK_MARKERS, model_comparison
from facefair_lib.models.build import MODEL_NAMES
from facefair_lib.scores.metrics import COMPARED_BY
from facefair_lib.tables.architectures import COMPARISON_COLUMNS, comparison_table, pareto_front
from facefair_lib.tables.experiment import gap_table

RIGHT = {"pspnet": 0.8, "unet": 0.6, "fcn": 0.6}  # share of each class's pixels that are right
FLOPS = {"pspnet": 4e9, "unet": 2e9, "fcn": 3e9}
PEOPLE = 36
BY_GROUP = {"features": ("group",), "estimands": (COMPARED_BY,)}


def counts(right: np.ndarray) -> np.ndarray:
    """Two classes of 100 pixels each, of which a share (N,) is right and the rest taken for the other class."""
    matrices = np.zeros((len(right), 11, 11), np.int64)
    hits = np.round(100 * right).astype(int)
    for own, other in ((4, 5), (5, 4)):
        matrices[:, own, own], matrices[:, own, other] = hits, 100 - hits
    return matrices


def planted(gap: float = 0.2) -> tuple[pd.DataFrame, pd.DataFrame, dict, pd.DataFrame, dict, pd.DataFrame]:
    """Three networks: PSPNet is best and dear, U-Net as good as FCN and cheaper; only PSPNet serves a group worse."""
    spread = np.tile([-0.02, 0.0, 0.02], PEOPLE // 3)
    names = [f"p{number}" for number in range(PEOPLE)]
    images = pd.DataFrame({"image_id": names, "subject_id": names})
    people = images.assign(group=np.repeat(["asian", "black", "caucasian"], PEOPLE // 3))
    networks = pd.DataFrame([(n, n, "resnet18", False, "none", 0.001, 8, 7) for n in RIGHT], columns=NETWORK_COLUMNS)
    costs = pd.DataFrame([(n, 1e6, FLOPS[n], 5e6, 128, 1, "CPU, 1 thread") for n in RIGHT], columns=COST_COLUMNS)
    on_test = {name: counts(share + spread) for name, share in RIGHT.items()}
    lower = np.where(people["group"] == "black", gap, 0.0)
    on_people = {name: counts(share + spread - (lower if name == "pspnet" else 0)) for name, share in RIGHT.items()}
    return networks, costs, on_test, images, on_people, people


@pytest.fixture
def table() -> pd.DataFrame:
    networks, costs, on_test, images, on_people, people = planted()
    gaps = gap_table(on_people, people, replicates=200, permutations=200, **BY_GROUP)
    return comparison_table(networks, costs, on_test, images, gaps, replicates=200)


def iou(right: float) -> float:
    """Of two classes of equal size: right / (right + wrong + taken for it)."""
    return right / (2 - right)


def test_planted_scores_and_gaps_come_out(table: pd.DataFrame) -> None:
    assert list(table.columns) == COMPARISON_COLUMNS
    rows = table.set_index("network")
    assert rows["iou"].to_dict() == pytest.approx({name: iou(share) for name, share in RIGHT.items()}, abs=1e-3)
    assert rows["f1"].to_dict() == pytest.approx(RIGHT)
    assert (rows["iou_low"] < rows["iou"]).all() and (rows["iou"] < rows["iou_high"]).all()
    assert rows["behind"].to_dict() == pytest.approx(
        {"pspnet": 0, "unet": iou(0.8) - 0.6 / 1.4, "fcn": iou(0.8) - iou(0.6)}
    )
    assert (rows.loc[["unet", "fcn"], "behind_low"] > 0).all()
    assert rows["front"].to_dict() == {"pspnet": True, "unet": True, "fcn": False}
    lower, upper = (np.mean([iou(0.8 - gap + part) for part in (-0.02, 0.0, 0.02)]) for gap in (0.2, 0.0))
    assert rows.loc["pspnet", "gap"] == pytest.approx(upper - lower, abs=1e-6)
    assert rows.loc["pspnet", "worst"] == "black"
    assert (rows["gap_metric"] == COMPARED_BY).all()
    assert rows.loc["unet", "gap"] == pytest.approx(0, abs=1e-9)
    assert rows.loc["pspnet", "p_value"] == pytest.approx(1 / 201)
    assert rows.loc["pspnet", "p_adjusted"] == pytest.approx(3 / 201)  # Holm: three networks
    assert (rows["n_images"] == PEOPLE).all()


def test_the_table_does_not_depend_on_the_order_of_the_networks(table: pd.DataFrame) -> None:
    networks, costs, on_test, images, on_people, people = planted()
    gaps = gap_table(dict(reversed(on_people.items())), people, replicates=200, permutations=200, **BY_GROUP)
    turned = comparison_table(
        networks[::-1],
        costs.sample(frac=1, random_state=1),
        dict(reversed(on_test.items())),
        images,
        gaps,
        replicates=200,
    )
    pd.testing.assert_frame_equal(turned[::-1].reset_index(drop=True), table)


def test_the_gap_is_the_one_of_notebook_05() -> None:
    *_, on_people, people = planted(0.05)
    people = people.assign(emotion=np.tile(["sad", "happy", "angry"], PEOPLE // 3))
    own = gap_table(on_people, people, replicates=100, permutations=100, seed=3, **BY_GROUP)
    theirs = gap_table(on_people, people, replicates=100, permutations=100, seed=3)
    theirs = theirs[(theirs["feature"] == "group") & (theirs["metric"] == COMPARED_BY)].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, theirs)


def test_without_people_there_is_no_gap_and_the_rest_stands() -> None:
    networks, costs, on_test, images, on_people, people = planted()
    nobody = gap_table({name: part[:0] for name, part in on_people.items()}, people[:0], **BY_GROUP)
    rows = comparison_table(networks, costs, on_test, images, nobody, replicates=100)
    assert rows[["gap", "p_value", "p_adjusted"]].isna().all(axis=None)
    assert rows["iou"].notna().all()
    assert len(model_comparison(rows).axes) == 1


def test_the_front_by_hand() -> None:
    #              best,  dear and worse, cheapest, as dear as the cheapest and worse, no score, equal to the best
    cost = np.array([5.0, 6.0, 1.0, 1.0, 0.5, 5.0])
    score = np.array([0.9, 0.8, 0.5, 0.4, np.nan, 0.9])
    assert pareto_front(cost, score).tolist() == [True, False, True, False, False, True]


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 6)), min_size=1, max_size=8))
def test_every_network_off_the_front_is_beaten_by_one_on_it(pairs: list[tuple[int, int]]) -> None:
    cost, score = np.array(pairs, float).T
    front = pareto_front(cost, score)
    for place in np.flatnonzero(~front):
        better = (cost <= cost[place]) & (score >= score[place]) & ((cost < cost[place]) | (score > score[place]))
        assert (better & front).any()
    for one in np.flatnonzero(front):
        assert not ((cost < cost[one]) & (score >= score[one])).any()


def test_the_figure_holds_the_tables_values(table: pd.DataFrame) -> None:
    figure = model_comparison(table)
    left, right = figure.axes
    marks = {tuple(np.round(part.get_offsets()[0], 6)) for part in left.collections if len(part.get_offsets()) == 1}
    expected = {(FLOPS[name] / 1e9, round(100 * iou(RIGHT[name]), 6)) for name in RIGHT}
    assert expected <= marks
    (front,) = (line for line in left.lines if line.get_linestyle() == "--")
    assert list(front.get_xdata()) == [2.0, 4.0, 4.0]  # and on to the dearest network
    assert right.get_ylim()[0] == 0
    filled = [bars.lines[0].get_markerfacecolor() != "white" for bars in right.containers]
    assert sum(filled) == 1  # PSPNet's gap alone is distinguishable from chance
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert {"PSPNet", "FCN", "U-Net", "1 million parameters"} <= set(legend)
    assert "3 networks" in figure.get_label()


def test_variants_of_a_network_have_marks_and_words_of_their_own(table: pd.DataFrame) -> None:
    pspnet = table[table["model"] == "pspnet"]
    lite = {"backbone": "efficientnet_lite0", "weights": "imagenet"}
    variants = [pspnet.assign(**lite, network="lite"), pspnet.assign(**lite, fine_maps=True, network="fine")]
    figure = model_comparison(pd.concat([table, *variants], ignore_index=True))
    handles = figure.legends[0].legend_handles
    words = {text.get_text(): handle for text, handle in zip(figure.legends[0].get_texts(), handles, strict=True)}
    named = [
        *("PSPNet, ResNet-18", "PSPNet, EfficientNet-Lite0, ImageNet"),
        "PSPNet with fine maps, EfficientNet-Lite0, ImageNet",
    ]
    assert {*named, "FCN", "U-Net"} <= set(words)
    assert len({words[name].get_marker() for name in named}) == 3
    assert len({words[name].get_color() for name in named}) == 1


def test_every_network_has_a_colour_and_a_shape_of_its_own() -> None:
    for known in (NETWORK_COLOURS, NETWORK_MARKERS):
        assert set(known) == set(MODEL_NAMES)
        assert len(set(known.values())) == len(MODEL_NAMES)


def test_a_table_without_a_column_is_named() -> None:
    with pytest.raises(InputError, match="comparison of the networks"):
        model_comparison(pd.DataFrame({"network": ["unet"]}))
