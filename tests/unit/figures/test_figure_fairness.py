"""The fairness figures: the artists hold the tables' values, and nothing leaves its figure."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from facefair_heads.shading.skin import MONK_SCALE
from facefair_lib.errors import InputError
from facefair_lib.figures import style
from facefair_lib.figures.counterfactual import (
    class_gaps,
    counterfactual_examples,
    counterfactual_pairs,
    emotion_cells,
    outline,
    skin_tone_curve,
)
from facefair_lib.figures.counterfactual_checks import (
    adjusted_gaps,
    boundary_traps,
    composition_effect,
    gap_sources,
    quality_measures,
)
from facefair_lib.figures.intervals import contrast_title, signed_points
from facefair_lib.scores import titles
from facefair_lib.settings import labels
from facefair_lib.tables.counterfactual import mean_pairs, relative_pairs


def texts_of(axes):
    return [text.get_text() for text in axes.texts]


def marks(axes, model):
    """(x, y, filled) of every single mark of a model."""
    colour = style.MODEL_COLOURS[model]
    return [
        (line.get_xdata()[0], line.get_ydata()[0], line.get_markerfacecolor() == colour)
        for line in axes.lines
        if line.get_marker() == style.MODEL_MARKERS[model] and len(line.get_xdata()) == 1
    ]


@pytest.mark.parametrize(("share", "text"), [(0.012, "+1.2"), (-0.034, "−3.4"), (0.0004, "0.0"), (-0.0004, "0.0")])
def test_a_difference_that_prints_as_zero_has_no_sign(share, text):
    assert signed_points(share) == text


def test_a_contrast_names_both_groups():
    assert contrast_title("asian-black") == "Asian − Black"


def test_the_outline_colours_only_borders_and_never_the_background():
    mask = np.zeros((7, 7), np.uint8)
    mask[1:6, 1:6] = labels.INDEX["hair"]
    image = np.full((7, 7, 3), 9, np.uint8)
    drawn = outline(image, mask)
    hair = np.array(labels.PALETTES["paper"][labels.INDEX["hair"]])
    changed = (drawn != image).any(-1)
    assert changed.sum() == 16, "the ring of a square of five"
    assert (drawn[changed] == hair).all()
    assert not changed[3, 3]


def test_neighbouring_classes_keep_a_border_each():
    mask = np.full((4, 6), labels.INDEX["face"], np.uint8)
    mask[:, 3:] = labels.INDEX["nose"]
    drawn = outline(np.zeros((4, 6, 3), np.uint8), mask)
    assert [tuple(drawn[1, x]) for x in (1, 2, 3, 4)] == [(0, 0, 0), (128, 128, 128), (0, 0, 255), (0, 0, 0)]


@pytest.fixture
def factorial():
    rows = list(itertools.product(titles.GROUP_TITLES, (8.0, 2.0, 5.0)))
    return pd.DataFrame(rows, columns=["group", "skin_tone"]).assign(deeplabv3_iou=np.linspace(0.5, 0.9, 9))


def test_examples_stand_in_order_of_group_and_tone(images, masks, factorial, assert_legible):
    figure = counterfactual_examples(images, factorial, masks, {"deeplabv3": masks, "pspnet": masks})
    first = figure.axes[0]
    np.testing.assert_array_equal(first.images[0].get_array(), outline(images[1], masks[1]))  # Asian, tone 2
    np.testing.assert_array_equal(figure.axes[1].images[0].get_array(), masks[1])
    assert figure.axes[1].get_xlabel() == "IoU 0.55"
    assert figure.axes[2].get_xlabel() == "", "no score was given for this model"
    assert "Tone 2" in [text.get_text() for text in figure.texts]
    assert_legible(figure)


def test_examples_without_predictions_show_the_outlines_alone(images, masks, factorial, assert_legible):
    figure = counterfactual_examples(images, factorial, masks)
    assert len(figure.axes) == 9
    assert "masks" not in figure.get_label()
    assert_legible(figure)


def test_examples_with_a_missing_or_doubled_picture_are_refused(images, masks, factorial):
    with pytest.raises(InputError, match="each group with each tone once"):
        counterfactual_examples(images[:8], factorial[:8], masks[:8])
    with pytest.raises(InputError, match="each group with each tone once"):
        counterfactual_examples(images, factorial.assign(skin_tone=5.0), masks)


@pytest.fixture
def table(reference_table):
    """A table of notebook 07, by its name."""
    return lambda name: reference_table(f"07_counterfactual_fairness/{name}")


def drawn_pairs(pairs, effects):
    relative = relative_pairs(pairs)
    return counterfactual_pairs(relative, mean_pairs(relative), effects)


def test_pairs_draw_a_line_per_identity_and_the_means_that_the_table_gives(table, assert_legible):
    relative = relative_pairs(table("pairs"))
    means = mean_pairs(relative)
    figure = counterfactual_pairs(relative, means.assign(high=means["high"] + 0.01), table("effects"))
    axes = figure.axes[0]
    own = relative[relative["model"] == "deeplabv3"].pivot(index="subject_id", columns="group", values="relative")
    lines = [line.get_ydata() for line in axes.lines[: len(own)]]  # (identities, groups), points
    np.testing.assert_allclose(lines, 100 * own)
    bold, expected = axes.containers[0], means[means["model"] == "deeplabv3"]
    np.testing.assert_allclose(bold.lines[0].get_ydata(orig=False), 100 * expected["relative"])
    ends = np.array(bold.lines[2][0].get_segments())[..., 1]  # (groups, 2)
    np.testing.assert_allclose(ends, 100 * expected[["low", "high"]].to_numpy() + [0, 1])
    assert axes.get_title() == f"DeepLabV3, n = {len(own)}"
    assert_legible(figure)


def test_effects_are_filled_only_where_the_adjusted_p_value_allows(table):
    effects = table("effects")
    effects["p_adjusted"] = np.where(effects.index % 4, 0.31, 0.002)
    forest = drawn_pairs(table("pairs"), effects).axes[-1]
    for model in titles.MODEL_TITLES:
        rows = effects[effects["model"] == model]
        drawn = sorted((round(x, 6), filled) for x, _, filled in marks(forest, model))
        expected = zip(rows["difference"], rows["p_adjusted"] < 0.05, strict=True)
        assert drawn == sorted((round(100 * value, 6), filled) for value, filled in expected)
    assert [label.get_text() for label in forest.get_yticklabels()][:3] == ["Asian − Black", "morphology", "skin tone"]


def test_a_single_identity_has_no_interval(table):
    pairs = table("pairs")
    figure = drawn_pairs(pairs[pairs["subject_id"] == pairs["subject_id"][0]], table("effects"))
    assert figure.axes[0].get_title() == "DeepLabV3, n = 1"
    assert not any(len(bar) for bar in figure.axes[0].containers[0].lines[2][0].get_segments())


def test_the_tone_curve_carries_the_tones_colours_on_its_axis_and_the_means_of_groups(assert_legible):
    curve = [0.02, 0.02, 0.03, 0.02, 0.02, 0.01, 0.0, -0.01, -0.04, -0.07]
    tones = pd.DataFrame([(m, t + 1, v) for m in titles.MODEL_TITLES for t, v in enumerate(curve)])
    groups = pd.DataFrame([(m, g, v) for m in titles.MODEL_TITLES for g, v in zip(labels.GROUPS, (3e-2, -1e-2, 2e-2))])  # noqa: B905
    tones.columns, groups.columns = ["model", "skin_tone", "relative"], ["model", "group", "relative"]
    tones, groups = (
        table.assign(relative_low=table["relative"] - 0.01, relative_high=table["relative"] + 0.01)
        for table in (tones, groups)
    )
    tones = tones.assign(n_subjects=66, p_adjusted=np.where(tones["skin_tone"] > 7, 0.001, np.nan))
    figure = skin_tone_curve(tones, groups, MONK_SCALE)
    axes, means = figure.axes
    swatches = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [patch.get_facecolor() for patch in swatches] == [to_rgba(f"#{code}") for code in MONK_SCALE]
    line, filled, empty = (line for line in axes.lines if line.get_color() == style.MODEL_COLOURS["deeplabv3"])
    np.testing.assert_allclose(line.get_ydata(), 100 * np.array(curve))
    assert (list(filled.get_xdata()), len(empty.get_xdata())) == ([8, 9, 10], 7)
    assert empty.get_markerfacecolor() == "white"
    np.testing.assert_allclose(means.containers[0].lines[0].get_ydata(orig=False), [3, -1, 2])
    assert means.get_ylim() == axes.get_ylim()
    assert "own mean" in axes.get_ylabel()
    assert_legible(figure)


def test_class_gaps_star_what_survives_adjustment_and_hatch_what_few_people_show(table, assert_legible):
    classes = table("classes").set_index(["class", "model"]).sort_index()  # groups stay in their order
    classes.loc[("nose", "deeplabv3"), "relative"] = [0.03, -0.045, 0.015]
    classes.loc[("nose", "deeplabv3"), "p_adjusted"] = [0.4, 0.004, 0.4]
    classes.loc["teeth", ["relative", "n_subjects"]] = [0.0, 6]
    classes.loc["specs", ["relative", "n_subjects"]] = [np.nan, 0]
    figure = class_gaps(classes.reset_index())
    first = figure.axes[0]
    written = {text.get_position(): text.get_text() for text in first.texts}
    places = np.arange(labels.NUM_CLASSES) + 0.5
    shown = [[written[column, row] for column in (0.5, 1.5, 2.5)] for row in places]
    assert shown[labels.INDEX["nose"]] == ["+3.0", "−4.5*", "+1.5"]
    assert shown[labels.INDEX["teeth"]] == ["(0.0)"] * 3
    assert shown[labels.INDEX["specs"]] == ["–"] * 3
    assert first.patch.get_hatch() == "////"
    shades = first.collections[0]
    assert shades.get_array().mask.sum() == 6
    norm = shades.norm
    assert norm.vmin == -norm.vmax, "the colour of zero is the middle one"
    assert shades.get_array().mask.reshape(-1, 3)[labels.INDEX["teeth"]].all()
    assert_legible(figure)


def test_emotions_are_read_from_the_level_of_the_features(table, assert_legible):
    features = table("features").set_index("level")
    features.loc["asian sad", ["value", "n_subjects"]] = [0.52, 40]
    features.loc["black angry", ["value", "n_subjects"]] = [0.52, 6]
    figure = emotion_cells(features.reset_index())
    shown = texts_of(figure.axes[0])
    assert shown[0] == "0.52\nn = 40" and "(0.52)\nn = 6" in shown
    assert_legible(figure)


def test_a_level_without_group_and_emotion_is_refused(table):
    with pytest.raises(InputError, match="asian sad"):
        emotion_cells(table("features").assign(level="sad"))


def with_people_as_collected(rows: pd.DataFrame) -> pd.DataFrame:
    """The table with people as collected like the balanced ones, whether or not the kept study has its own."""
    wild = rows[rows["cohort"] == "balanced"].assign(cohort="wild")
    return pd.concat([wild, rows[rows["cohort"] != "wild"]], ignore_index=True)


def test_the_sources_of_the_gap_stand_beside_chance_and_what_could_be_seen(table, assert_legible):
    sources = with_people_as_collected(table("sources"))
    sources["p_value"] = np.where(sources["cohort"] == "balanced", 0.3, 0.001)
    figure = gap_sources(sources)
    (axes,) = figure.axes
    order = ["Correlated attributes", "Balanced attributes", "Counterfactual"]
    assert [label.get_text().split("\n")[0] for label in axes.get_yticklabels()] == order
    assert [filled for *_, filled in marks(axes, "deeplabv3")] == [True, False, True]
    chance = next(line for line in axes.lines if line.get_marker() == "|")
    wild = sources[(sources["model"] == "deeplabv3") & (sources["cohort"] == "wild")]
    assert chance.get_xdata()[0] == pytest.approx(100 * wild["expected_by_chance"].item())
    assert axes.get_xlim()[0] == 0
    assert min(line.get_xdata()[0] for line in axes.lines) >= 0
    assert_legible(figure)


def test_adjusted_differences_stand_below_raw_ones_under_their_cohort(table, assert_legible):
    adjusted = with_people_as_collected(table("adjusted"))
    figure = adjusted_gaps(adjusted)
    left = figure.axes[0]
    own = adjusted[adjusted["model"] == "deeplabv3"]
    expected = {(round(100 * row.estimate, 3), row.kind == "adjusted") for row in own.itertuples()}
    assert {(round(x, 3), filled) for x, _, filled in marks(left, "deeplabv3")} == expected
    names = [label.get_text() for label in left.get_yticklabels()]
    assert names[:3] == ["Asian − Black", "Asian − Caucasian", "Black − Caucasian"]
    people = adjusted.drop_duplicates("cohort").set_index("cohort")["n_subjects"]
    heads = [f"Correlated attributes, n = {people['wild']}", f"Balanced attributes, n = {people['balanced']}"]
    assert names[-2:] == heads
    assert_legible(figure)


def test_the_composition_figure_has_a_dot_per_fit_and_the_slope_in_words(table, assert_legible):
    composition = table("composition")
    slope = table("composition_slope").assign(slope=0.0042, low=0.0018, high=0.0066, p_value=0.001)
    figure = composition_effect(composition, slope, composition)
    (axes,) = figure.axes
    assert axes.get_title() == "+0.42 [+0.18, +0.66] per ten points of share, p = 0.001"
    dots = [line for line in axes.lines if line.get_marker() == "o" and line.get_markersize() == 2]
    assert [len(line.get_xdata()) for line in dots] == [len(composition) / 3] * 3
    centre = next(line for line in axes.lines if len(line.get_xdata()) == 50)
    rise = np.diff(centre.get_ydata())[0] / np.diff(centre.get_xdata())[0]
    assert 10 * rise == pytest.approx(0.42)
    assert_legible(figure)


def test_traps_show_area_and_null_once_and_boundary_errors_for_each_model(table, assert_legible):
    traps = table("traps")
    figure = boundary_traps(traps)
    assert [axes.get_xlabel().split("\n")[0] for axes in figure.axes] == [
        "Area (% of the picture)", "F1 of a mask that lost", "DeepLabV3: boundary error", "PSPNet: boundary error",
    ]  # fmt: skip
    asian = figure.axes[1].lines[0]
    rows = traps[traps["model"].isna() & (traps["group"] == "asian")]
    np.testing.assert_allclose(asian.get_xdata(), 100 * rows["one_pixel_f1"])
    assert figure.axes[2].get_xlim() == figure.axes[3].get_xlim()
    assert_legible(figure)


@pytest.fixture
def pictures(reference_table):
    return reference_table("05_ethnicity_emotion_experiment/photos_quality").assign(image_iou=0.4)


def test_correlations_keep_their_size_and_are_filled_beyond_zero(table, pictures, assert_legible):
    quality = table("quality")
    quality.loc[quality["measure"] == "plausibility", ["low", "high"]] = [-0.1, 0.4]
    figure = quality_measures(quality, pictures)
    drawn = marks(figure.axes[0], "deeplabv3")
    expected = quality[quality["model"] == "deeplabv3"].set_index("measure")["correlation"][list(titles.MEASURE_TITLES)]
    np.testing.assert_allclose([x for x, *_ in drawn], expected)
    assert [filled for *_, filled in drawn] == [True, True, True, True, False]
    assert_legible(figure)


def test_single_pictures_have_a_panel_per_measure(table, pictures, assert_legible):
    figure = quality_measures(table("quality"), pictures)
    assert [axes.get_xlabel() for axes in figure.axes[1:]] == list(titles.MEASURE_TITLES.values())
    shown = pictures[pictures["measure"] == "model_agreement"]
    points = figure.axes[1].collections[0].get_offsets()
    np.testing.assert_allclose(points, shown.assign(image_iou=40)[["value", "image_iou"]])
    assert_legible(figure)


@pytest.mark.parametrize(
    ("draw", "name", "column"),
    [
        (gap_sources, "sources", "detectable"),
        (adjusted_gaps, "adjusted", "kind"),
        (boundary_traps, "traps", "one_pixel_f1"),
        (class_gaps, "classes", "p_adjusted"),
        (lambda quality: quality_measures(quality, quality), "quality", "correlation"),
        (emotion_cells, "features", "value"),
    ],
)
def test_a_table_without_its_column_is_refused(table, draw, name, column):
    with pytest.raises(InputError, match=f"add {column}"):
        draw(table(name).drop(columns=column))
