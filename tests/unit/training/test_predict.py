"""Predicting: masks of the input's size, whatever the batch, and weights that belong to the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix
from torch import nn

from facefair_lib.errors import InputError
from facefair_lib.models.build import model_from_settings
from facefair_lib.models.fitted import load_network
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.settings.labels import INDEX
from facefair_lib.settings.profiles import ONE_VIEW, DeepLabSettings, InferenceSettings, ModelSettings, View
from facefair_lib.training.predict import mean_probability, predict


class Brightest(nn.Module):
    """Says class 1 where red is the brightest channel, 2 for green and 3 for blue."""

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"out": torch.cat([torch.full_like(images[:, :1], -10), images], 1)}


@pytest.fixture
def saved(tmp_path: Path, light_pspnet: ModelSettings) -> Path:
    torch.save(model_from_settings("pspnet", light_pspnet).state_dict(), tmp_path / "best.pt")
    return tmp_path / "best.pt"


def test_every_image_is_predicted_in_order_and_progress_reaches_the_end() -> None:
    images = np.zeros((70, 4, 5, 3), np.uint8)
    channel = np.arange(70) % 3
    images[np.arange(70), :, :, channel] = 255
    steps: list[tuple[int, int]] = []
    masks = predict(Brightest(), images, lambda done, total: steps.append((done, total)))
    assert masks.dtype == np.uint8
    assert (masks == (channel + 1)[:, None, None]).all()
    assert steps == [(32, 70), (64, 70), (70, 70)]


def test_an_image_is_predicted_as_it_would_be_alone(light_pspnet: ModelSettings, saved: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
    network = load_network("pspnet", light_pspnet, saved)
    together = predict(network, images)
    alone = np.concatenate([predict(network, images[i : i + 1]) for i in range(3)])
    assert (together == alone).mean() > 0.999  # ties of nearly equal logits may fall either way


def test_predicting_leaves_memory_mapped_images_alone(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.zeros((2, 4, 4, 3), np.uint8))
    images = np.load(tmp_path / "images.npy", mmap_mode="r")
    assert predict(Brightest(), images).shape == (2, 4, 4)


def test_counts_are_made_image_by_image() -> None:
    generator = np.random.default_rng(1)
    labels, masks = generator.integers(0, 11, (2, 3, 8, 8), np.uint8)
    expected = [confusion_matrix(a.ravel(), b.ravel(), labels=range(11)) for a, b in zip(labels, masks, strict=True)]
    np.testing.assert_array_equal(confusion_counts(labels, masks), expected)


def test_weights_that_are_not_there_are_named(tmp_path: Path, light_pspnet: ModelSettings) -> None:
    with pytest.raises(InputError, match=r"pspnet weights .*best\.pt\n.*no such file\n.*\n.*train this network first"):
        load_network("pspnet", light_pspnet, tmp_path / "best.pt")


def test_weights_of_another_network_are_refused(saved: Path, light_deeplabv3: DeepLabSettings) -> None:
    with pytest.raises(InputError, match="expected: the weights of deeplabv3 with resnet18"):
        load_network("deeplabv3", light_deeplabv3, saved)


def test_a_file_that_would_run_code_is_refused(tmp_path: Path, light_pspnet: ModelSettings) -> None:
    torch.save({"network": Brightest()}, tmp_path / "best.pt")  # a pickled class, not a state dict
    with pytest.raises(InputError, match="expected: the weights of pspnet with resnet18"):
        load_network("pspnet", light_pspnet, tmp_path / "best.pt")


def test_published_weights_are_not_asked_for_when_fitted_ones_are_loaded(
    saved: Path, light_pspnet: ModelSettings
) -> None:
    settings = light_pspnet.model_copy(update={"weights": "imagenet"})
    assert not load_network("pspnet", settings, saved).training


class LeftIsNose(nn.Module):
    """Calls the left half of whatever it sees nose (3) and the right half hair (5), more surely the larger the view."""

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        logits = torch.zeros(len(images), 11, *images.shape[-2:])
        middle = images.shape[-1] // 2
        logits[:, 3, :, :middle] = logits[:, 5, :, middle:] = float(images.shape[-1])
        return {"out": logits}


def test_views_are_averaged_and_mirrored_views_are_mirrored_back() -> None:
    inputs = torch.zeros(1, 3, 8, 8)
    plain = mean_probability(LeftIsNose(), inputs, ONE_VIEW)
    views = InferenceSettings(views=(View(scale=1.0, mirrored=False), View(scale=1.0, mirrored=True)))
    both = mean_probability(LeftIsNose(), inputs, views)
    assert plain[0, 3, 0, 0] > 0.9
    assert both[0, 3, 0, 0] == pytest.approx(float(both[0, 5, 0, 0]))  # one view says nose here, the other hair
    torch.testing.assert_close(both, (plain + plain.flip(-1)) / 2)


def test_every_scale_gives_masks_of_the_pictures_own_size() -> None:
    images = np.zeros((2, 9, 7, 3), np.uint8)
    views = InferenceSettings(views=tuple(View(scale=scale, mirrored=scale > 1) for scale in (0.5, 1.0, 1.5)))
    masks = predict(LeftIsNose(), images, views=views)
    assert masks.shape == (2, 9, 7)
    assert mean_probability(LeftIsNose(), torch.zeros(1, 3, 9, 7), views).sum(1) == pytest.approx(1, abs=1e-5)


class Said(nn.Module):
    """Answers with given probabilities, (B, C, H, W), whatever it sees."""

    def __init__(self, probability: np.ndarray) -> None:
        super().__init__()
        self.logits = torch.from_numpy(np.log(probability).astype(np.float32))

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"out": self.logits}


def answered(probability: np.ndarray, least_share: float) -> np.ndarray:
    views = ONE_VIEW.model_copy(update={"least_share": least_share})
    return mean_probability(Said(probability), torch.zeros(len(probability), 3, *probability.shape[2:]), views).numpy()


FACE, HAIR, BEARD, SPECS = (INDEX[name] for name in ("face", "hair", "facial_hair", "specs"))


def spectacles(size: int, pixels: int) -> np.ndarray:
    """A face with hair above; the first pixels of its last row are spectacles, less likely a beard, then face."""
    likely = np.full((1, 11, size, size), 0.01)
    likely[:, HAIR, : size // 2] = likely[:, FACE, size // 2 :] = 0.9
    likely[:, :, -1, :pixels] = 0.01
    for index, value in ((SPECS, 0.5), (BEARD, 0.3), (FACE, 0.12)):
        likely[:, index, -1, :pixels] = value
    return likely


@pytest.mark.parametrize(("size", "least"), [(128, 8), (64, 2), (256, 33)])
def test_a_class_on_too_few_pixels_gives_way_to_the_likeliest_that_covers_enough(size: int, least: int) -> None:
    few = answered(spectacles(size, least - 1), 0.0005)
    few_mask = few.argmax(1)
    assert set(np.unique(few_mask)) == {FACE, HAIR}, "the beard, though likelier there, would be as small"
    assert (few_mask[0, -1] == FACE).all()
    assert (few[:, SPECS] == 0).all(), "ruled out in the whole picture"
    assert few.sum(1) == pytest.approx(1, abs=1e-5)
    assert few[0, FACE, -1, 0] == pytest.approx(0.12 / 0.14, abs=1e-5)  # of face, hair and background
    assert few[0, BEARD, -1, -1] == pytest.approx(0.01 / 0.99, abs=1e-5)  # a doubt that stays
    enough = spectacles(size, least)
    np.testing.assert_allclose(answered(enough, 0.0005), enough, rtol=1e-5)


def test_without_a_limit_nothing_changes_and_the_background_always_stays() -> None:
    likely = spectacles(64, 1)
    np.testing.assert_array_equal(answered(likely, 0.0), answered(likely, 1e-5))
    assert answered(likely, 0.0).argmax(1)[0, -1, 0] == SPECS
    likely[:, :, 0, 0] = 0.01
    likely[:, INDEX["background"], 0, 0] = 0.9
    assert answered(likely, 0.1).argmax(1)[0, 0, 0] == INDEX["background"]
    everything_small = answered(np.full((1, 11, 8, 8), 1 / 11), 0.9)
    assert (everything_small.argmax(1) == INDEX["background"]).all()


def test_where_nothing_else_is_left_it_is_background() -> None:
    class Certain(nn.Module):
        def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
            logits = torch.zeros(1, 11, 64, 64)
            logits[:, FACE] = 1000.0
            logits[:, FACE, 0, 0], logits[:, SPECS, 0, 0] = 0.0, 1000.0
            return {"out": logits}

    views = ONE_VIEW.model_copy(update={"least_share": 0.0005})
    seen = mean_probability(Certain(), torch.zeros(1, 3, 64, 64), views)
    assert seen[0, :, 0, 0].tolist() == [1.0] + [0.0] * 10
    assert (seen.sum(1) == 1).all()


@given(st.integers(0, 2**32 - 1), st.integers(0, 30))
def test_each_picture_is_cleared_as_by_hand(seed: int, least: int) -> None:
    likely = np.random.default_rng(seed).dirichlet(np.full(11, 0.2), (2, 6, 8)).transpose(0, 3, 1, 2) + 1e-4
    seen = answered(likely, least / 48)
    assert seen.sum(1) == pytest.approx(1, abs=1e-5)
    for picture, mask in zip(likely, seen.argmax(1), strict=True):
        before = picture.argmax(0)
        stays = [c for c in range(11) if c == 0 or (before == c).sum() >= least]
        for row, column in np.ndindex(6, 8):
            assert mask[row, column] == max(stays, key=lambda c: picture[c, row, column])
