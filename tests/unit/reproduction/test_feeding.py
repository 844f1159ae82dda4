"""A trained network whose pictures are fed otherwise than it was trained."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from facefair_lib.reproduction import feeding
from facefair_lib.reproduction.feeding import STARTED, WAYS, as_fed, fed_counts, started_counts
from facefair_lib.reproduction.protocol import AS_PUBLISHED
from facefair_lib.reproduction.run import network_inputs
from facefair_lib.tables.reproduction import fed_table
from facefair_lib.training.batches import MEAN, STANDARD_DEVIATION, normalise


def batch(images: np.ndarray) -> torch.Tensor:
    """What ``predict.predict`` gives a network."""
    return normalise(torch.from_numpy(np.array(images)).permute(0, 3, 1, 2))


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (2, 6, 6, 3)).astype(np.uint8)


def test_pictures_are_fed_as_they_are_or_blue_first_or_divided_by_255(images):
    np.testing.assert_array_equal(as_fed(images, *WAYS["as trained"]), images)
    np.testing.assert_array_equal(as_fed(images, *WAYS["blue first"]), images[..., ::-1])
    fed = batch(as_fed(images, *WAYS["both, as published"]))
    expected = torch.from_numpy(images[..., ::-1].copy()).permute(0, 3, 1, 2) / 255
    torch.testing.assert_close(fed, expected, atol=1e-5, rtol=0)


class RedOrGreen(nn.Module):
    """Says class 1 where a normalised red value is above 0, else class 0."""

    def forward(self, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        red = inputs[:, :1]
        return {"out": torch.cat([-red, red, *[torch.full_like(red, -1e3)] * 9], 1)}


def test_a_network_that_looks_at_red_is_right_only_as_it_was_trained():
    images = np.zeros((1, 4, 4, 3), np.uint8)
    images[0, :2] = (255, 0, 0)
    images[0, 2:] = (0, 0, 255)
    labels = np.zeros((1, 4, 4), np.uint8)
    labels[0, :2] = 1
    counts = fed_counts(RedOrGreen(), images, labels)
    right = {way: int(np.trace(part[0])) for way, part in counts.items()}
    # Not normalised, 0 is not below the mean: no value is negative, and the tie of logits goes to class 0.
    assert right == {"as trained": 16, "blue first": 0, "not normalised": 16, "both, as published": 0}
    assert MEAN[0] / STANDARD_DEVIATION[0] > 0


def test_fits_from_pretrained_weights_differ_in_how_pictures_are_fed_and_in_nothing_else():
    in_order, published = STARTED.values()
    assert published == AS_PUBLISHED
    different = {f.name for f in fields(published) if getattr(published, f.name) != getattr(in_order, f.name)}
    assert different == {"channel_order", "imagenet_normalisation"}


def test_pictures_in_order_reach_the_fit_as_a_pretrained_network_expects_them(images):
    in_order, published = STARTED.values()
    torch.testing.assert_close(network_inputs(images, in_order), batch(images))
    torch.testing.assert_close(
        network_inputs(images, published), batch(as_fed(images, "bgr", False)), atol=1e-5, rtol=0
    )


def test_both_start_from_imagenet_weights_with_the_same_seeds(pool, settings, tmp_path, monkeypatch):
    asked = []
    real = feeding.fit_all

    def fit_all(wanted, networks, *rest):
        asked.append((wanted, networks))
        return real(wanted, networks, *rest)

    monkeypatch.setattr(feeding, "fit_all", fit_all)
    pretrained = settings.reproduction.pretrained.model_copy(update={"seeds": 2})
    shaped = settings.reproduction.model_copy(update={"pretrained": pretrained})
    counts = started_counts(settings.model_copy(update={"reproduction": shaped}), pool, pool, tmp_path)
    ((wanted, networks),) = asked
    assert [network.weights for network in networks.values()] == ["imagenet"]
    assert list(wanted.values()) == [[settings.seed, settings.seed + 1]] * 2
    assert list(counts) == list(STARTED)
    first, second = counts.values()
    assert first.shape == second.shape == (2, 20, 11, 11)
    assert first[0].sum() == pool.labels.size
    assert (first != second).any() and (first[0] != first[1]).any()


def test_the_table_compares_every_way_with_the_first():
    right = np.zeros((6, 11, 11), np.int64)
    right[:, [0, 4], [0, 4]] = 50
    wrong = right.copy()
    wrong[:, 4, 4], wrong[:, 4, 0] = 25, 25
    images = pd.DataFrame({"image_id": list("abcdef"), "subject_id": list("abcdef")})
    table = fed_table({"as trained": right, "blue first": wrong}, images, replicates=50)
    assert table["change"].tolist() == pytest.approx([0, (50 / 75 + 0.5) / 2 - 1])
    assert table["value"].tolist() == pytest.approx([1, (50 / 75 + 0.5) / 2])
    assert (table["low"] <= table["value"]).all()
