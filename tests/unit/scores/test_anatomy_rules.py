import numpy as np
import pandas as pd
import pytest

from facefair_lib.errors import InputError
from facefair_lib.scores import anatomy_rules
from facefair_lib.settings.labels import INDEX


def face():
    """Draw a face of rectangles, 40 x 32."""
    mask = np.zeros((40, 32), np.uint8)
    parts = [
        ("hair", 2, 12, 5, 27), ("face", 6, 36, 7, 25), ("ears", 17, 22, 5, 7), ("ears", 17, 22, 25, 27),
        ("eyebrows", 12, 13, 9, 14), ("eyebrows", 12, 13, 18, 23), ("eyes", 15, 17, 10, 14), ("eyes", 15, 17, 18, 22),
        ("nose", 18, 24, 14, 18), ("lips", 27, 31, 12, 20), ("teeth", 28, 30, 13, 19),
    ]  # fmt: skip
    for name, top, bottom, left, right in parts:
        mask[top:bottom, left:right] = INDEX[name]
    return mask


def broken_rules(mask):
    row = anatomy_rules.plausibility_rules(mask[None]).iloc[0]
    return set(row.index[row == 0])


def paint(name, *box, mask=None):
    mask = face() if mask is None else mask
    mask[box[0] : box[1], box[2] : box[3]] = INDEX[name]
    return mask


def without(name):
    mask = face()
    mask[mask == INDEX[name]] = INDEX["face"]
    return mask


def test_a_face_keeps_every_rule_and_an_empty_picture_none():
    pictures = np.stack([face(), np.zeros_like(face())])
    rules = anatomy_rules.plausibility_rules(pictures)
    assert rules.columns.tolist() == list(anatomy_rules.RULES)
    assert (rules.iloc[0] == 1).all()
    assert rules["parts_present"][1] == 0 and rules.drop(columns="parts_present").iloc[1].isna().all()
    assert anatomy_rules.plausibility(pictures).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("mask", "broken"),
    [
        (without("nose"), {"parts_present"}),
        (paint("face", 30, 39, 28, 32, mask=paint("background", 0, 40, 27, 28)), {"one_head"}),
        (paint("eyes", 33, 35, 10, 22, mask=without("eyes")), {"eyes_above_nose"}),
        (paint("lips", 7, 10, 12, 20, mask=paint("face", 27, 31, 12, 20)), {"nose_above_mouth"}),
        (paint("eyebrows", 33, 34, 9, 23, mask=without("eyebrows")), {"brows_above_eyes"}),
        (paint("eyes", 37, 40, 0, 4), {"eyes_above_nose", "parts_inside_head", "two_eyes"}),
        (paint("nose", 18, 24, 7, 10, mask=without("nose")), {"mouth_below_nose"}),
        (paint("eyes", 25, 27, 8, 10), {"two_eyes"}),
        (paint("nose", 32, 35, 14, 18), {"one_nose"}),
        (paint("lips", 33, 35, 9, 23), {"one_mouth"}),
        (paint("eyes", 14, 18, 8, 14, mask=paint("face", 15, 16, 18, 22)), {"eyes_alike"}),
        (paint("teeth", 33, 35, 9, 11, mask=without("teeth")), {"one_mouth", "teeth_in_mouth"}),
        (
            paint("eyes", 15, 17, 17, 22, mask=paint("eyes", 15, 17, 13, 14, mask=paint("face", 15, 17, 10, 14))),
            {"eyes_alike"},
        ),
        (without("lips"), {"parts_present", "teeth_in_mouth"}),
    ],
)
def test_each_rule_finds_the_mistake_it_is_about(mask, broken):
    assert broken_rules(mask) == broken


def test_specks_are_no_second_nose():
    assert "one_nose" not in broken_rules(paint("nose", 33, 34, 14, 15))


def test_a_face_upside_down_breaks_the_order_of_its_parts():
    assert {"eyes_above_nose", "nose_above_mouth", "brows_above_eyes"} <= broken_rules(face()[::-1])
    assert anatomy_rules.plausibility(face()[None, ::-1])[0] < 0.8


def test_mirroring_changes_nothing_and_mixing_pixels_breaks_much():
    assert broken_rules(face()[:, ::-1]) == set()
    mixed = np.random.default_rng(0).permutation(face().ravel()).reshape(40, 32)
    assert {"one_head", "two_eyes", "one_nose", "one_mouth", "parts_inside_head"} - broken_rules(mixed) <= {
        "parts_inside_head"
    }


def test_glasses_may_hide_the_eyes():
    mask = paint("specs", 14, 18, 9, 23, mask=without("eyes"))
    rules = anatomy_rules.plausibility_rules(mask[None]).iloc[0]
    assert rules["parts_present"] == 1
    assert pd.isna(rules["two_eyes"])


def test_eyes_without_a_head_are_neither_inside_nor_outside_of_it():
    eyes = np.zeros((40, 32), np.uint8)
    eyes[15:17, 10:14] = INDEX["eyes"]
    assert pd.isna(anatomy_rules.plausibility_rules(eyes[None]).iloc[0]["parts_inside_head"])


def test_pictures_instead_of_label_maps_are_refused():
    with pytest.raises(InputError, match="the most likely class"):
        anatomy_rules.plausibility(np.zeros((2, 4, 4)))
    with pytest.raises(InputError, match=r"shape \(4, 4\)"):
        anatomy_rules.plausibility(np.zeros((4, 4), int))
