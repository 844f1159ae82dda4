import numpy as np
import pytest

from facefair_lib.errors import InputError
from facefair_lib.figures import style
from facefair_lib.figures.experiment import experiment_grid
from facefair_lib.figures.performance import disagreement, example_rows, model_examples
from facefair_lib.figures.pictures import (
    DISAGREEMENT_NORM,
    DISAGREEMENT_TITLES,
    Picture,
    duplicate_pairs,
    images_and_masks,
    overlay,
    picture_rows,
)
from facefair_lib.settings import labels


def pictures_of(figure):
    """The arrays of a grid, by axes in drawing order."""
    return [axes.get_images()[0] for axes in figure.axes]


def legend_texts(figure):
    return [[text.get_text() for text in legend.get_texts()] for legend in figure.legends]


def test_an_overlay_keeps_background_and_mixes_the_rest():
    image = np.full((1, 2, 3), 100, np.uint8)
    mask = np.array([[labels.INDEX["background"], labels.INDEX["lips"]]], np.uint8)
    np.testing.assert_array_equal(overlay(image, mask, 0.25), [[[100, 100, 100], [139, 75, 75]]])
    np.testing.assert_array_equal(overlay(image, mask, 1.0)[0, 1], labels.CLASSES[1].paper_rgb)
    np.testing.assert_array_equal(overlay(image, mask, 0.0), image)


@pytest.mark.parametrize("opacity", [-0.1, 1.5, 50])
def test_an_overlay_refuses_an_opacity_that_is_no_share(images, masks, opacity):
    with pytest.raises(InputError, match="0 to 1"):
        overlay(images[0], masks[0], opacity)


def test_disagreement_says_which_model_is_right():
    target, first, second = (np.array([row], np.uint8) for row in ([1, 1, 1, 1, 255], [1, 1, 2, 2, 1], [1, 3, 1, 2, 1]))
    np.testing.assert_array_equal(disagreement(target, first, second), [[0, 1, 2, 3, 255]])


def test_disagreement_refuses_masks_of_different_size(masks):
    with pytest.raises(InputError, match="three masks of one shape"):
        disagreement(masks[0], masks[1], masks[2, :5])


def test_every_mask_is_drawn_with_the_one_norm_whatever_it_holds(images):
    masks = np.stack([np.full((24, 24), value, np.uint8) for value in (0, 4, 10)])
    drawn = pictures_of(images_and_masks(images[:3], masks))[3:]
    assert all(image.norm is style.MASK_NORM for image in drawn)
    for image, value in zip(drawn, (0, 4, 10), strict=True):
        colour = image.to_rgba(image.get_array())[0, 0, :3]
        np.testing.assert_allclose(colour * 255, labels.CLASSES[value].paper_rgb, atol=0.5)


def test_figure_3_stands_each_image_above_its_mask_with_a_legend_in_class_order(images, masks, assert_legible):
    figure = images_and_masks(images[:8], masks[:8], [f"person {i}" for i in range(8)])
    drawn = pictures_of(figure)
    np.testing.assert_array_equal([image.get_array() for image in drawn[:8]], images[:8])
    np.testing.assert_array_equal([image.get_array() for image in drawn[8:]], masks[:8])
    assert [axes.get_xlabel() for axes in figure.axes[8:]] == [f"person {i}" for i in range(8)]
    assert sorted(legend_texts(figure)[0]) == sorted(labels.CLASS_TITLES)
    for image, mask in zip(figure.axes[:8], figure.axes[8:], strict=True):
        assert image.get_position().x0 == pytest.approx(mask.get_position().x0)
        assert image.get_position().y0 > mask.get_position().y1
    assert_legible(figure)


def test_figure_3_continues_in_a_second_pair_of_rows(images, masks):
    figure = images_and_masks(images, masks, columns=6)
    assert len(figure.axes) == 18
    assert [text.get_text() for text in figure.texts] == ["Image", "Mask", "Image", "Mask"]


def test_ignored_pixels_are_named_in_the_legend_only_where_they_occur(images, masks):
    assert "Ignored" not in legend_texts(images_and_masks(images[:2], masks[:2]))[0]
    masks[0, 0, 0] = labels.IGNORE_INDEX
    assert "Ignored" in legend_texts(images_and_masks(images[:2], masks[:2]))[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda images, masks: (images[:2], masks[:3]), "the same number"),
        (lambda images, masks: (images[..., 0], masks), "RGB images"),
        (lambda images, masks: (images / 255.0, masks), "float64"),
        (lambda images, masks: (images, masks.astype(int)), "class indices"),
        (lambda images, masks: (images, labels.encode(masks)), "not as colours"),
        (lambda images, masks: (images[:0], masks[:0]), r"\(0, 24, 24, 3\)"),
    ],
)
def test_arrays_that_do_not_fit_are_named_with_their_shape(images, masks, change, message):
    with pytest.raises(InputError, match=message):
        images_and_masks(*change(images, masks))


def test_picture_rows_of_uneven_length_are_refused(images):
    picture = Picture(images[0])
    with pytest.raises(InputError, match="None"):
        picture_rows([[picture, picture], [picture]])
    with pytest.raises(InputError, match="2 column titles"):
        picture_rows([[picture, picture]], column_titles=["one"])


def test_a_picture_of_unknown_kind_is_refused(masks):
    with pytest.raises(InputError, match="one of image, mask, disagreement"):
        Picture(masks[0], "labels")


def test_pictures_of_other_proportions_keep_them(random, assert_legible):
    tall = Picture(random.integers(0, 256, (60, 40, 3), np.uint8), caption="tall")
    figure = picture_rows([[tall, tall]], title="Tall pictures", row_titles=["Row"], width=3.5)
    box = figure.axes[0].get_position()
    width, height = figure.get_size_inches()
    assert box.height * height / (box.width * width) == pytest.approx(1.5)
    assert_legible(figure)


def test_duplicate_pairs_show_kept_left_and_removed_right(images, assert_legible):
    pairs = [(images[0], images[1], "exact", 0), (images[2], images[3], "near", 2), (images[4], images[5], "near", 4.0)]
    figure = duplicate_pairs(pairs, pairs_per_row=2)
    np.testing.assert_array_equal([image.get_array() for image in pictures_of(figure)], images[:6])
    assert [axes.get_xlabel() for axes in figure.axes[2:]] == [
        "near duplicate", "hash distance 2", "near duplicate", "hash distance 4",
    ]  # fmt: skip
    assert_legible(figure)


def test_duplicate_pairs_without_a_pair_are_an_error():
    with pytest.raises(InputError, match="at least one"):
        duplicate_pairs([])


@pytest.fixture
def examples(reference_table):
    """The third picture has no score by PSPNet."""
    rows = example_rows(*(reference_table(f"04_metric_analysis/{name}") for name in ("examples", "images")))
    return rows.assign(pspnet_iou=rows["pspnet_iou"].mask(rows.index == 2))


def test_figure_7_shows_five_columns_and_the_scores_below_the_masks(images, masks, examples, assert_legible):
    predictions = {"deeplabv3": masks[:4], "pspnet": masks[4:8]}
    figure = model_examples(examples, images[:4], masks[:4], predictions)
    rows = np.array(figure.axes).reshape(4, 5)
    assert [axes.get_xlabel() for axes in rows[:, 2]] == [f"image IoU {v:.2f}" for v in examples["deeplabv3_iou"]]
    shown = [axes.get_xlabel() for axes in rows[:, 3]]
    assert shown == ["" if np.isnan(v) else f"image IoU {v:.2f}" for v in examples["pspnet_iou"]]
    last = rows[0, 4].get_images()[0]
    assert last.norm is DISAGREEMENT_NORM
    # The first model repeats the truth, so a pixel is right in both or in the first only.
    np.testing.assert_array_equal(last.get_array(), (masks[0] != masks[4]).astype(int))
    assert legend_texts(figure)[0] == list(DISAGREEMENT_TITLES)
    shown = [text.get_text() for text in figure.texts]
    assert shown[:5] == ["Image", "Truth", "DeepLabV3", "PSPNet", "Who is right"]
    assert shown[5:] == ["Best", "Median", "Worst", "Largest difference"]
    assert_legible(figure)


def test_figure_7_asks_for_both_models_and_one_row_per_image(images, masks, examples):
    with pytest.raises(InputError, match="add those of pspnet"):
        model_examples(examples, images[:4], masks[:4], {"deeplabv3": masks[:4]})
    both = dict.fromkeys(("deeplabv3", "pspnet"), masks[:3])
    with pytest.raises(InputError, match="4 rows beside 3 images"):
        model_examples(examples, images[:3], masks[:3], both)


def test_example_rows_join_the_scores_of_both_models(reference_table):
    examples, scores = (reference_table(f"04_metric_analysis/{name}") for name in ("examples", "images"))
    known = scores.set_index(["model", "image_id"])["image_iou"]
    unscored = examples["image_id"][1]
    rows = example_rows(examples, scores[(scores["model"] != "pspnet") | (scores["image_id"] != unscored)])
    assert rows["rank"].tolist() == ["best", "median", "worst", "largest_difference"]
    assert rows["row"].tolist() == examples.loc[examples["model"] == "deeplabv3", "row"].tolist()
    assert rows["deeplabv3_iou"].tolist() == known["deeplabv3"][rows["image_id"]].tolist()
    assert rows["pspnet_iou"].isna().tolist() == (rows["image_id"] == unscored).tolist()
    assert rows["pspnet_iou"][2] == known["pspnet", rows["image_id"][2]]


def test_table_2_puts_groups_in_rows_and_emotions_in_columns(images, people, assert_legible):
    figure = experiment_grid(images, people)
    np.testing.assert_array_equal([image.get_array() for image in pictures_of(figure)], images[::-1])
    shown = [text.get_text() for text in figure.texts]
    assert shown == ["Sad", "Happy", "Angry", "Asian", "Black", "Caucasian"]
    first = people.iloc[-1]
    assert figure.axes[0].get_xlabel() == f"{first['gender']}, {first['age']:.0f}"
    assert figure.get_size_inches()[0] == style.COLUMN_WIDTH
    assert not figure.legends
    assert_legible(figure)


def test_tables_3_and_4_show_mask_overlay_and_known_scores(images, masks, people, assert_legible):
    figure = experiment_grid(images, people, masks, scores="deeplabv3_iou")
    drawn = pictures_of(figure)
    np.testing.assert_array_equal(drawn[0].get_array(), masks[8])
    np.testing.assert_array_equal(drawn[1].get_array(), overlay(images[8], masks[8], 0.55))
    shown = [axes.get_xlabel() for axes in figure.axes[::2]]
    assert shown == [f"image IoU {value:.2f}" for value in people["deeplabv3_iou"][::-1]]
    assert_legible(figure)
    unknown = experiment_grid(images, people.assign(pspnet_iou=np.nan), masks, scores="pspnet_iou")
    assert {axes.get_xlabel() for axes in unknown.axes} == {""}


def test_the_experiment_needs_each_group_with_each_emotion_once(images, people):
    with pytest.raises(InputError, match="asian sad"):
        experiment_grid(images[:8], people[people[["group", "emotion"]].ne(["asian", "sad"]).any(axis=1)])
    doubled = people.assign(emotion=["sad", *people["emotion"][1:]])
    with pytest.raises(InputError, match="caucasian angry, caucasian sad"):
        experiment_grid(images, doubled)
    with pytest.raises(InputError, match="8 images for 9 people"):
        experiment_grid(images[:8], people)
