"""Figures of training, scores and data: the artists hold the tables' values."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from facefair_lib.errors import InputError
from facefair_lib.figures import style
from facefair_lib.figures.data import class_shares, data_flow
from facefair_lib.figures.experiment import group_scores
from facefair_lib.figures.networks.training import PANELS, training_curves
from facefair_lib.figures.performance import class_scores, confusion_matrix
from facefair_lib.figures.quality import quality_by_group
from facefair_lib.scores import titles
from facefair_lib.scores.metrics import COMPARED_BY
from facefair_lib.settings import labels


def texts_of(axes):
    return [text.get_text() for text in axes.texts]


def whiskers(axes):
    """Label of each model -> (values, segments) of its dots and whiskers."""
    return {
        bars.get_label(): (bars.lines[0].get_xydata(), np.array(bars.lines[2][0].get_segments()))
        for bars in axes.containers
    }


def test_training_curves_have_the_six_panels_of_the_paper(history, assert_legible):
    figure = training_curves(history, "pspnet", 4)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "Pixel accuracy", "F1", "IoU", "Loss", "Precision", "Recall",
    ]  # fmt: skip
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "Training", "Validation", "Best epoch (weights kept)",
    ]  # fmt: skip
    assert "PSPNet" in figure.get_label()
    assert_legible(figure)


def test_training_curves_draw_the_history_and_mark_the_best_epoch(history):
    shuffled = history.sample(frac=1, random_state=0)
    for axes, metric in zip(training_curves(shuffled, "pspnet", 4).axes, PANELS, strict=True):
        best, *lines = axes.lines
        for line, split in zip(lines, ("train", "validation"), strict=True):
            part = history[history["split"] == split]
            np.testing.assert_allclose(line.get_xydata(), part[["epoch", metric]])
        assert best.get_xdata() == [4, 4]


def test_training_curves_share_one_scale_between_the_scores(history):
    panels = training_curves(history, "pspnet", 4).axes
    assert len({axes.get_ylim() for i, axes in enumerate(panels) if i != 3}) == 1
    assert panels[3].get_ylim()[0] == 0


def test_a_single_epoch_is_visible_as_a_point(history, assert_legible):
    figure = training_curves(history[history["epoch"] == 1], "deeplabv3", 1)
    assert figure.axes[0].lines[1].get_marker() == "o"
    assert_legible(figure)


def test_training_curves_refuse_unknown_models_and_epochs(history):
    with pytest.raises(InputError, match="one of deeplabv3, pspnet"):
        training_curves(history, "unet", 4)
    with pytest.raises(InputError, match="best epoch 99"):
        training_curves(history, "pspnet", 99)
    with pytest.raises(InputError, match="'validation'"):
        training_curves(history[history["split"] == "train"], "pspnet", 4)


def test_class_scores_stand_in_class_order_with_n_under_the_names(classes, assert_legible):
    figure = class_scores(classes.sample(frac=1, random_state=1))
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == list(labels.CLASS_TITLES)
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # first class at the top
    images = classes.drop_duplicates("class").set_index("class")["n_images"]
    counts = [f"n = {images[name]:.0f}" for name in labels.CLASS_NAMES]
    counts[labels.INDEX["teeth"]] = "absent"
    assert texts_of(axes) == counts
    assert figure.get_size_inches()[0] == style.COLUMN_WIDTH
    assert_legible(figure)


def test_class_scores_draw_values_and_intervals_of_both_models(classes):
    (axes,) = class_scores(classes).axes
    drawn = whiskers(axes)
    assert list(drawn) == ["DeepLabV3", "PSPNet"]
    for model, title in titles.MODEL_TITLES.items():
        part = classes[(classes["model"] == model) & (classes["metric"] == "iou") & classes["value"].notna()]
        points, segments = drawn[title]
        np.testing.assert_allclose(points[:, 0], part["value"])
        np.testing.assert_allclose(segments[:, :, 0], part[["low", "high"]])


def test_class_differences_add_a_panel_around_zero(classes, differences, assert_legible):
    figure = class_scores(classes, differences)
    panel = figure.axes[1]
    shown = differences[differences["metric"] == "iou"].set_index("class")["difference"][list(labels.CLASS_NAMES)]
    np.testing.assert_allclose(panel.containers[0].lines[0].get_xdata(), shown)
    assert panel.get_xlim()[0] == -panel.get_xlim()[1]
    assert figure.get_size_inches()[0] == style.PAGE_WIDTH
    assert_legible(figure)


def test_values_without_interval_are_drawn_as_points_alone(classes):
    (axes,) = class_scores(classes.assign(low=np.nan, high=np.nan)).axes
    points, segments = whiskers(axes)["PSPNet"]
    assert len(points) == labels.NUM_CLASSES - 1
    assert not np.isfinite(segments).any()


def test_scores_of_a_metric_that_the_table_lacks_are_an_error(classes, cells, groups):
    with pytest.raises(InputError, match="rows of the metric 'f1'"):
        class_scores(classes[classes["metric"] == "iou"], metric="f1")
    with pytest.raises(InputError, match="no such name"):
        class_scores(classes, metric="dice")
    with pytest.raises(InputError, match="rows of the metric 'image_f1'"):
        group_scores(cells, groups[groups["metric"] == "iou"], "image_f1")


def test_a_model_without_colour_is_an_error(classes):
    with pytest.raises(InputError, match="one of deeplabv3, pspnet"):
        class_scores(classes.replace("pspnet", "unet"))


def test_group_cells_hold_values_and_share_one_scale(cells, groups, assert_legible):
    figure = group_scores(cells, groups)
    left, middle = (axes.collections[0] for axes in figure.axes[:2])
    assert left.norm is middle.norm
    shown = cells[cells["metric"] == COMPARED_BY]
    expected = shown["value"].where(shown["n_subjects"] >= 10).to_numpy().reshape(2, 3, 3)
    for image, values in zip((left, middle), expected, strict=True):
        np.testing.assert_allclose(image.get_array().filled(np.nan), values)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["Asian", "Black", "Caucasian"]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["Sad", "Happy", "Angry"]
    assert_legible(figure)


def test_small_cells_are_grey_in_brackets_and_off_the_scale(cells, groups):
    cells.loc[cells["n_subjects"] == 3, "value"] = 0.65
    axes = group_scores(cells, groups).axes[0]
    assert np.argwhere(axes.collections[0].get_array().mask.reshape(3, 3)).tolist() == [[1, 2], [2, 1]]
    assert (to_hex(axes.patch.get_facecolor()), axes.patch.get_hatch()) == (style.SMALL_CELL, "////")
    written = {text.get_position(): text.get_text() for text in axes.texts}
    assert {written[2.5, 1.5], written[1.5, 2.5]} == {"(0.65)\nn = 3", "–\nn = 0"}
    assert sum(text.startswith(("(", "–")) for text in written.values()) == 2


def test_an_outlier_in_a_small_cell_does_not_move_the_scale(cells, groups):
    before = group_scores(cells, groups).axes[0].collections[0].norm
    cells.loc[cells["n_subjects"] == 3, "value"] = 0.01
    after = group_scores(cells, groups).axes[0].collections[0].norm
    assert (before.vmin, before.vmax) == (after.vmin, after.vmax)


def test_small_cells_are_explained_only_where_they_occur(cells, groups):
    def scale(cells):
        return group_scores(cells, groups).axes[-1].get_xlabel()

    assert "fewer than 10 people" in scale(cells)
    assert "fewer than" not in scale(cells.assign(n_subjects=10))


def test_group_means_carry_intervals_and_people(cells, groups, assert_legible):
    figure = group_scores(cells, groups)
    axes = figure.axes[2]
    points, segments = whiskers(axes)["DeepLabV3"]
    shown = groups[(groups["model"] == "deeplabv3") & (groups["metric"] == COMPARED_BY)]
    np.testing.assert_allclose(points[:, 1], shown["value"])
    np.testing.assert_allclose(segments[:, :, 1], shown[["low", "high"]])
    names = [f"{title}\nn = {n}" for title, n in zip(titles.GROUP_TITLES.values(), shown["n_subjects"], strict=True)]
    assert [label.get_text() for label in axes.get_xticklabels()] == names


def test_groups_of_the_users_own_data_follow_the_three(cells, groups, assert_legible):
    own = {"asian": "pacific_islander"}
    figure = group_scores(cells.replace({"group": own}), groups.replace({"group": own}))
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "Black",
        "Caucasian",
        "Pacific islander",
    ]
    assert_legible(figure)


def test_only_small_cells_still_make_a_figure(cells, groups, assert_legible):
    figure = group_scores(cells.assign(n_subjects=1), groups.assign(low=np.nan, high=np.nan))
    assert figure.axes[0].collections[0].get_array().mask.all()
    assert_legible(figure)


def test_a_cell_twice_is_an_error(cells, groups):
    with pytest.raises(InputError, match="one row per cell"):
        group_scores(cells.replace({"emotion": {"happy": "sad"}}), groups)


def test_class_shares_are_bars_in_class_order_on_a_logarithmic_scale(shares, assert_legible):
    figure = class_shares(shares)
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Training", "Validation", "Test"]
    for container, split in zip(axes.containers, titles.SPLIT_TITLES, strict=True):
        widths = [bar.get_width() for bar in container]
        expected = shares[shares["split"] == split].set_index("class")["share"][list(labels.CLASS_NAMES)]
        np.testing.assert_allclose(widths, expected)
    assert [label.get_text() for label in axes.get_yticklabels()] == list(labels.CLASS_TITLES)
    assert_legible(figure)


def test_class_shares_refuse_classes_that_do_not_exist(shares):
    with pytest.raises(InputError, match="the classes chin"):
        class_shares(shares.replace({"class": {"nose": "chin"}}))


def test_the_flow_shows_what_stays_what_goes_and_the_published_numbers(flow, assert_legible):
    flow["images"] += 2000
    published = {"read": 16557, "subsample": 2096, "test": 419}
    figure = data_flow(flow, published)
    texts = texts_of(figure.axes[0])
    assert [text for text in texts if text.startswith("−")] == [f"−{n}" for n in flow["removed"] if n]
    assert [text for text in texts if text.endswith("images")] == [f"{count:,} images" for count in flow["images"]]
    assert [text for text in texts if text.startswith("published")] == [
        "published: 16,557", "published: 2,096", "published: 419",
    ]  # fmt: skip
    assert_legible(figure)


def test_the_flow_without_published_numbers_or_validation_is_drawn(flow, assert_legible):
    figure = data_flow(flow[flow["step"] != "validation"])
    assert not [text for text in texts_of(figure.axes[0]) if text.startswith("published")]
    assert_legible(figure)


def test_the_flow_refuses_published_numbers_of_unknown_steps(flow):
    with pytest.raises(InputError, match="published numbers for hashed"):
        data_flow(flow, {"hashed": 3})
    with pytest.raises(InputError, match="steps before and among"):
        data_flow(flow[:4])


def test_a_confusion_matrix_shows_shares_of_each_true_class_and_leaves_absent_ones_blank():
    counts = np.diag(np.full(labels.NUM_CLASSES, 997))
    counts[labels.INDEX["nose"], labels.INDEX["face"]] = 3
    counts[labels.INDEX["ears"]] = 0
    counts[labels.INDEX["ears"], labels.INDEX["hair"]] = 994
    counts[labels.INDEX["ears"], labels.INDEX["ears"]] = 6
    counts[labels.INDEX["teeth"]] = 0
    figure = confusion_matrix(counts)
    (axes,) = figure.axes
    written = {text.get_position(): text.get_text() for text in axes.texts if text.get_text()}
    assert written.pop((labels.INDEX["hair"] + 0.5, labels.INDEX["ears"] + 0.5)) == "99"
    assert written.pop((labels.INDEX["ears"] + 0.5, labels.INDEX["ears"] + 0.5)) == "<1"
    assert set(written.values()) == {"100"} and len(written) == labels.NUM_CLASSES - 2
    assert axes.collections[0].get_array().mask.reshape(11, 11)[labels.INDEX["teeth"]].all()


def test_where_no_emotion_is_known_only_the_groups_are_drawn(cells, groups, assert_legible):
    unknown = cells[cells["emotion"] == "sad"].assign(emotion="unknown")
    figure = group_scores(unknown, groups, "image_iou")
    assert len(figure.axes) == 1 and "95 % intervals" in figure.axes[0].get_title()
    assert_legible(figure)


def test_measures_by_group_show_what_each_is_worth_and_grey_the_groups_of_too_few(reference_table, assert_legible):
    worth = reference_table("07_counterfactual_fairness/quality").drop(columns=["n_images", "n_subjects"])
    worth = worth.rename(columns={"low": "correlation_low", "high": "correlation_high"})
    words = ("black", "east asian", "indian", "latino hispanic", "middle eastern", "southeast asian", "white")
    shown = pd.DataFrame({"group": words, "value": 0.6, "low": 0.5, "high": 0.7, "small": False, "n_subjects": 60})
    shown.loc[2, ["small", "n_subjects"]] = [True, 4]
    figure = quality_by_group(shown.merge(worth, how="cross"))
    assert len(figure.axes) == 5
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names[1] == "East Asian (n = 60)" and names[2] == "Indian (n = 4, too few: not ranked)"
    first = worth[(worth["measure"] == "model_agreement") & (worth["model"] == "pspnet")].iloc[0]
    assert f"PSPNet +{first['correlation']:.2f}" in figure.axes[0].get_xlabel()
    colours = [to_hex(bar.lines[0].get_color()) for bar in figure.axes[0].containers]
    assert colours.count(style.SMALL_CELL) == 2
    assert_legible(figure)
