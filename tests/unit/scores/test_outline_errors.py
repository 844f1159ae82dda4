import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from facefair_lib.errors import InputError
from facefair_lib.scores import outline_errors
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.scores.metrics import f1_per_class
from facefair_lib.settings.labels import CLASS_NAMES, INDEX

FACE, NOSE, EYES = INDEX["face"], INDEX["nose"], INDEX["eyes"]
small_masks = arrays(np.uint8, (6, 7), elements=st.sampled_from([0, 3, 4, 255]))


def square(top, left, size=4, side=12, label=NOSE, around=FACE):
    mask = np.full((side, side), around, np.uint8)
    mask[top : top + size, left : left + size] = label
    return mask


def rim_points(mask, label):
    """Pixels of a class with a neighbour in another counted class, one by one."""
    points = []
    for (row, column), value in np.ndenumerate(mask):
        around = [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
        inside = [mask[r, c] for r, c in around if 0 <= r < mask.shape[0] and 0 <= c < mask.shape[1]]
        if value == label and any(other not in (label, 255) for other in inside):
            points.append((row, column))
    return points


def test_error_of_an_exact_mask_is_zero_and_of_an_absent_class_nan():
    error = outline_errors.boundary_error(square(4, 4), square(4, 4))
    assert error[[NOSE, FACE]].tolist() == [0.0, 0.0]
    assert np.isnan(np.delete(error, [NOSE, FACE])).all()
    only_face = np.full((12, 12), FACE, np.uint8)
    assert np.isnan(outline_errors.boundary_error(square(4, 4), only_face)).all()  # nose missed, face without a rim


def test_hand_worked_shift_of_one_pixel():
    # the 12 rim pixels of a 4 x 4 square: a shift to the right moves its left and right edge by one pixel and leaves
    # the upper and lower one on itself: two corners and two inner rows of either side are off
    error = outline_errors.boundary_error(square(4, 4), square(4, 5))[NOSE]
    assert error == pytest.approx((4 + 2 + 4 + 2) / 24)


@settings(deadline=None, max_examples=40)
@given(small_masks, small_masks)
def test_error_is_the_mean_distance_of_rim_pixels_found_one_by_one(target, prediction):
    error = outline_errors.boundary_error(target, np.where(prediction == 255, 0, prediction))
    prediction = np.where(target == 255, 255, np.where(prediction == 255, 0, prediction))
    for label in (0, NOSE, FACE):
        first, second = rim_points(target, label), rim_points(prediction, label)
        if not first or not second:
            assert np.isnan(error[label])
            continue
        distances = cdist(first, second)
        expected = (distances.min(1).sum() + distances.min(0).sum()) / (len(first) + len(second))
        assert error[label] == pytest.approx(expected)


@settings(deadline=None, max_examples=20)
@given(small_masks.filter(lambda mask: (mask < 255).any()))
def test_one_pixel_f1_is_the_score_of_the_mask_without_its_rim(target):
    found = outline_errors.one_pixel_f1(target)
    for label in (0, NOSE, FACE):
        eroded = target == label
        eroded[tuple(np.array(rim_points(target, label), int).reshape(-1, 2).T)] = False
        counts = confusion_counts((target == label).astype(int), eroded.astype(int), num_classes=2)
        assert found[label] == pytest.approx(f1_per_class(counts)[1], nan_ok=True)


def test_equal_boundary_errors_give_unequal_f1():
    narrow, wide = (square(2, 2, size, side=16) for size in (3, 10))
    moved = (np.roll(mask, 1, axis=1) for mask in (narrow, wide))
    scores, errors = [], []
    for target, prediction in zip((narrow, wide), moved, strict=True):
        scores.append(f1_per_class(confusion_counts(target, prediction))[NOSE])
        errors.append(outline_errors.boundary_error(target, prediction)[NOSE])
    assert abs(errors[0] - errors[1]) < 0.1
    assert scores[1] - scores[0] > 0.2


def test_ignored_pixels_are_no_error_no_rim_and_no_area():
    target, prediction = square(4, 4), square(4, 4)
    target[:, 6:] = 255
    prediction[:, 6:] = NOSE
    assert outline_errors.boundary_error(target, prediction)[NOSE] == 0
    assert outline_errors.area_share(target)[NOSE] == pytest.approx(8 / 72)
    assert np.isnan(outline_errors.area_share(np.full((3, 3), 255))).all()
    # Of 8 pixels 2 are left: the left column and both ends are rim.
    assert outline_errors.one_pixel_f1(target)[NOSE] == pytest.approx(2 * 2 / (8 + 2))


def eyes(*centres, height=3, width=5, shape=(40, 60)):
    mask = np.full(shape, FACE, np.uint8)
    for row, column in centres:
        mask[row - height // 2 : row + height // 2 + 1, column - width // 2 : column + width // 2 + 1] = EYES
    return mask


def test_distance_of_two_eyes_is_that_of_their_centres():
    assert outline_errors.interocular_distance(eyes((10, 15), (10, 35))) == pytest.approx(20)
    assert outline_errors.interocular_distance(eyes((10, 15), (22, 31))) == pytest.approx(20)
    assert outline_errors.interocular_distance(eyes((8, 30), (28, 30), height=5, width=3)) == pytest.approx(20)
    narrow = eyes((10, 15), (10, 35))
    narrow[:, :15] = FACE  # one eye is half in shadow: its centre lies at 16
    assert outline_errors.interocular_distance(narrow) == pytest.approx(19)


@pytest.mark.parametrize(
    "mask",
    [
        eyes(),
        eyes((10, 20)),
        np.where(np.isin(np.arange(60), [20, 21]), FACE, eyes((10, 20), width=12)),
        eyes((10, 20), (10, 25)),
        eyes((10, 20), (13, 20)),
    ],
    ids=["none", "one", "one, cut by a frame", "two that touch", "one above the other"],
)
def test_fewer_than_two_eyes_have_no_distance(mask):
    assert np.isnan(outline_errors.interocular_distance(mask))


def test_a_speck_is_no_second_eye():
    mask = eyes((10, 20), height=5, width=7)
    mask[10, 40] = EYES
    assert np.isnan(outline_errors.interocular_distance(mask))


def test_stacks_are_measured_image_by_image():
    masks = np.stack([square(4, 4), square(3, 5)])
    moved = np.roll(masks, 1, axis=2)
    for measure in (outline_errors.area_share, outline_errors.one_pixel_f1):
        np.testing.assert_array_equal(measure(masks), np.stack([measure(mask) for mask in masks]))
    both = outline_errors.boundary_error(masks, moved)
    np.testing.assert_array_equal(both[1], outline_errors.boundary_error(masks[1], moved[1]))
    assert outline_errors.interocular_distance(masks[None]).shape == (1, 2)
    assert outline_errors.boundary_error(masks[:0], masks[:0]).shape == (0, len(CLASS_NAMES))


def test_outlines_are_off_in_shares_of_the_distance_between_the_eyes_of_the_picture():
    small = np.zeros((40, 40), np.uint8)
    small[5:35, 5:35], small[26:30, 15:25] = FACE, INDEX["lips"]
    small[12:15, 10:14] = small[12:15, 26:30] = EYES  # 16 pixels apart
    blind = small.copy()
    blind[blind == EYES] = FACE  # measured by the others' median distance
    wide = small.copy()
    wide[wide == EYES] = FACE
    wide[12:15, 6:10] = wide[12:15, 30:34] = EYES  # 24 pixels apart
    labels = np.stack([small, wide, small, blind])
    masks = labels.copy()
    masks[:, 27:31, 15:25], masks[:, 26:27, 15:25] = INDEX["lips"], FACE  # lips one pixel too low
    masks[2, 26:31, 15:25] = FACE  # or missed
    shares = outline_errors.outline_shares(labels, masks)
    assert shares.shape == (4, len(outline_errors.OUTLINES))
    lips, hair, eyes = (outline_errors.OUTLINES.index(name) for name in ("lips", "hair", "eyes"))
    distance = outline_errors.boundary_error(labels[:1], masks[:1])[0, INDEX["lips"]]  # pixels
    assert 0 < distance < 1
    np.testing.assert_allclose(shares[:, lips], [distance / 16, distance / 24, outline_errors.MISSED, distance / 16])
    assert np.isnan(shares[:, hair]).all(), "nobody shows hair"
    assert (shares[:3, eyes] == 0).all() and np.isnan(shares[3, eyes])


def test_without_a_picture_of_two_eyes_there_is_no_distance_to_share_and_no_part_is_missed():
    mask = np.zeros((20, 20), np.uint8)
    mask[4:16, 4:16], mask[12:14, 8:12] = FACE, INDEX["lips"]
    shares = outline_errors.outline_shares(np.stack([mask, mask]), np.stack([mask, np.zeros_like(mask)]))
    assert np.isnan(shares).all()


def test_a_part_without_a_rim_is_not_missed_and_one_found_only_where_labels_are_ignored_is():
    seen = eyes((10, 15), (10, 35))
    seen[:, 58:] = 255
    found = np.where(seen == EYES, FACE, seen)
    found[:, 58:] = EYES
    shares = outline_errors.outline_shares(np.stack([seen, seen]), np.stack([seen, found]))
    face, eyes_ = (outline_errors.OUTLINES.index(name) for name in ("face", "eyes"))
    assert shares[0, [face, eyes_]].tolist() == [0, 0]
    assert np.isnan(shares[1, face]), "it fills the prediction"
    assert shares[1, eyes_] == outline_errors.MISSED


def test_table_of_traps_by_group():
    target = np.stack([eyes((10, 15), (10, 35)), eyes((10, 15), (10, 25)), eyes((10, 20))])
    prediction = np.roll(target, 1, axis=1)
    table = outline_errors.traps_table(target, prediction, list("aab")).set_index(["group", "class"])
    row = table.loc[("a", "eyes")]
    assert row["interocular"] == pytest.approx(15)
    assert row["area_share"] == pytest.approx(30 / 2400)
    assert row["one_pixel_f1"] == pytest.approx(2 * 6 / (30 + 6))
    error = outline_errors.boundary_error(target[:2], prediction[:2])[:, EYES]
    assert row["boundary_error"] == pytest.approx(np.median(100 * error / [20, 10]))
    assert row["n_images"] == 2
    assert np.isnan(table.loc[("b", "eyes"), "boundary_error"])  # no distance to measure in
    given_distance = outline_errors.traps_table(target, prediction, list("aab"), [0.0, 30.0, 12.0])
    given_distance = given_distance.set_index(["group", "class"])
    assert given_distance.loc[("a", "eyes"), "interocular"] == pytest.approx(25)  # 0 is no distance: measured, 20
    assert given_distance.loc[("b", "eyes"), "boundary_error"] > 0
    assert outline_errors.traps_table(target, None, list("aab"))["boundary_error"].isna().all()
    assert table.loc[("a", "nose"), "n_images"] == 0


def test_masks_that_hold_no_class_indices_are_refused():
    with pytest.raises(InputError, match=r"the values \[11\]"):
        outline_errors.area_share(np.full((4, 4), 11))
    with pytest.raises(InputError, match="type float64"):
        outline_errors.one_pixel_f1(np.zeros((4, 4)))
    with pytest.raises(InputError, match="two masks of the same shape"):
        outline_errors.boundary_error(np.zeros((4, 4), int), np.zeros((4, 5), int))
    with pytest.raises(InputError, match="one label per mask"):
        outline_errors.traps_table(np.zeros((2, 4, 4), int), None, ["a"])
