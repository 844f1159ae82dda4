"""Label colours: what three channels cannot tell apart, what blending invents, what the wrong order shows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from facefair_lib.reproduction import colours
from facefair_lib.reproduction.protocol import AS_CORRECTED, AS_PUBLISHED
from facefair_lib.settings.labels import INDEX, NUM_CLASSES, PALETTES

CODES = colours.code_table().set_index("class")


def test_three_channels_name_eight_codes_for_eleven_classes():
    expected = {
        "background": "000", "lips": "100", "eyes": "010", "nose": "001", "face": "111", "hair": "110",
        "eyebrows": "011", "ears": "101", "teeth": "011", "facial_hair": "111", "specs": "011",
    }  # fmt: skip
    assert CODES["code"].to_dict() == expected
    assert CODES["code"].nunique() == 8
    assert (CODES.loc["eyebrows", "shares_with"], CODES.loc["hair", "shares_with"]) == ("teeth specs", "")


def test_colours_are_shown_with_red_and_blue_exchanged_and_read_as_other_classes():
    shown = ["shown_red", "shown_green", "shown_blue"]
    assert CODES.loc["hair", shown].tolist() == [0, 255, 255]  # yellow as turquoise
    assert CODES.loc["hair", "reads_as_vendor"] == "ears"
    assert CODES.loc[["lips", "nose", "facial_hair"], "reads_as_paper"].tolist() == ["nose", "lips", ""]
    assert colours.code_table("vendor").set_index("class").loc["ears", shown].tolist() == [255, 255, 0]


def test_bilinear_resizing_blends_the_four_nearest_pixels():
    values = np.array([[0.0, 4.0], [8.0, 12.0]])[..., None]
    np.testing.assert_allclose(colours.resize_bilinear(values, (1, 1))[..., 0], [[6.0]])
    wider = colours.resize_bilinear(values, (2, 4))[..., 0]
    np.testing.assert_allclose(wider[0], [0, 1, 3, 4])  # half-pixel centres, edges repeated


def test_bilinear_resizing_agrees_with_torch():
    torch = pytest.importorskip("torch")
    values = np.random.default_rng(0).random((13, 17, 3))
    batch = torch.from_numpy(values).permute(2, 0, 1)[None]
    expected = torch.nn.functional.interpolate(batch, (8, 21), mode="bilinear", align_corners=False)[0]
    np.testing.assert_allclose(colours.resize_bilinear(values, (8, 21)), expected.permute(1, 2, 0).numpy(), atol=1e-12)


def half_hair() -> np.ndarray:
    mask = np.zeros((12, 12), np.uint8)  # halved, its columns 4 and 5 become one: half background, half hair
    mask[:, 5:] = INDEX["hair"]
    return mask


def test_blending_hair_and_background_invents_a_class():
    pixels, blended, invented = colours.invented_classes(half_hair(), 6)
    assert pixels.sum() == 36
    assert blended.sum() == 6
    assert invented[INDEX["face"]] == 6  # dark yellow is nearest to the face's grey
    assert invented.sum() == 6


def test_a_uniform_label_picture_invents_nothing():
    pixels, blended, invented = colours.invented_classes(np.full((9, 9), INDEX["hair"], np.uint8), 6)
    assert pixels[INDEX["hair"]] == 36
    assert blended.sum() == invented.sum() == 0


def test_blending_is_summed_over_all_pixels_and_names_the_class_that_gains_most():
    table = pd.DataFrame(
        {"class": ["face", "hair", "specs"], "pixels": [80, 20, 0], "blended": [6, 4, 0], "invented": [4, 2, 0]}
    )
    row = colours.blending_table(table).squeeze()
    assert row.to_dict() == {"blended": 0.1, "invented": 0.06, "class": "hair", "invented_of_class": 0.1}


def test_a_label_picture_of_the_wanted_size_is_blended_all_the_same():
    mask = half_hair()
    exact = PALETTES["paper"][mask]
    assert not np.array_equal(colours.blended_labels(mask, 12), exact)


def test_ignored_pixels_become_background_colours():
    assert (colours.colour_labels(np.full((2, 2), 255, np.uint8)) == 0).all()


@pytest.mark.parametrize(("protocol", "order"), [(AS_PUBLISHED, -1), (AS_CORRECTED, 1)])
def test_a_perfect_colour_prediction_decodes_to_its_labels(protocol, order):
    mask = np.arange(NUM_CLASSES, dtype=np.uint8)[None]
    picture = PALETTES["paper"][mask][..., ::order] / 255  # (1, 11, 3)
    prediction = np.moveaxis(picture, -1, 0)[None]  # (1, 3, 1, 11)
    np.testing.assert_array_equal(colours.decode_prediction(prediction, protocol)[0], mask)


def test_as_published_a_perfect_prediction_of_hair_looks_turquoise():
    picture = PALETTES["paper"][[[0, INDEX["hair"]]]][..., ::-1] / 255  # blue first, as the network was asked for it
    shown = colours.shown_prediction(np.moveaxis(picture, -1, 0), AS_PUBLISHED)
    assert shown[0, 1].tolist() == [0, 255, 255]


def test_three_quarters_of_an_ordinary_face_lie_on_the_edge():
    labels = np.full((1, 10, 10), INDEX["face"], np.uint8)
    assert colours.edge_share(colours.channel_values(labels)) == 1.0
    labels[0, :5] = INDEX["hair"]  # two full channels beside three grey ones
    values = colours.channel_values(labels)
    assert colours.edge_share(values) == pytest.approx(3 / 5)
    assert dict(zip(values["value"], values["share"], strict=True)) == pytest.approx({0: 1 / 6, 128: 3 / 6, 255: 2 / 6})


def test_misread_labels_are_exchanged_colours_and_codes():
    mask = np.array([[INDEX["hair"], INDEX["specs"], INDEX["facial_hair"], INDEX["teeth"]]], np.uint8)
    shown, codes = colours.misread(mask)
    assert shown[0].tolist() == [[0, 255, 255], [128, 128, 0], [192, 192, 255], [255, 128, 0]]
    assert codes[0].tolist() == [[255, 255, 0], [0, 255, 255], [255, 255, 255], [0, 255, 255]]
