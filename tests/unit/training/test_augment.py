"""Augmentation: image and label move together, and nothing else changes than what should."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from facefair_lib.settings.labels import IGNORE_INDEX
from facefair_lib.settings.profiles import AugmentationSettings, TrainingSettings
from facefair_lib.training.augment import augment, augmented_examples, recolour, shrink, warp
from facefair_lib.training.cameras import coarsen_some, jpeg


def strengths(geometric: float = 0.0, colour: float = 0.0, zoom: float = 0.0, camera: float = 0.0):
    return AugmentationSettings(geometric=geometric, colour=colour, zoom=zoom, camera=camera)


def generator(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def blocks() -> tuple[torch.Tensor, torch.Tensor]:
    """(6, 3, 64, 64) and (6, 64, 64) uint8: labels in blocks of 16 pixels, grey of 20 x the label."""
    coarse = torch.randint(0, 11, (6, 1, 4, 4), generator=generator(1))
    labels = torch.nn.functional.interpolate(coarse.float(), scale_factor=16, mode="nearest").squeeze(1).to(torch.uint8)
    return (labels * 20).unsqueeze(1).repeat(1, 3, 1, 1), labels


def test_image_and_label_move_together(blocks: tuple[torch.Tensor, torch.Tensor]) -> None:
    images, labels = warp(blocks[0].float(), blocks[1], 1.0, generator())
    inside = labels != IGNORE_INDEX
    seen = images[:, 0] / 20  # the label that the picture shows
    # Bilinear sampling blends at the edges of blocks only; everywhere else the picture shows exactly its label.
    agreeing = ((seen - labels.float()).abs() < 0.01)[inside].float().mean()
    assert agreeing > 0.85
    shifted = torch.roll(labels, 4, 2)
    both = inside & (shifted != IGNORE_INDEX)
    assert ((seen - shifted.float()).abs() < 0.01)[both].float().mean() < agreeing - 0.1


def test_labels_hold_their_own_values_or_ignore_and_nothing_between(blocks: tuple[torch.Tensor, torch.Tensor]) -> None:
    labels = blocks[1] // 10 * 10  # 0 and 10 only: a blend would be something between
    moved = warp(blocks[0].float(), labels, 1.0, generator())[1]
    assert set(moved.unique().tolist()) == {0, 10, IGNORE_INDEX}


def test_pixels_from_outside_the_picture_are_ignored_in_the_label_and_mirrored_in_the_image() -> None:
    images = torch.full((32, 3, 32, 32), 200.0)
    labels = torch.zeros((32, 32, 32), dtype=torch.uint8)
    changed, moved = warp(images, labels, 1.0, generator())
    assert (moved == IGNORE_INDEX).any((1, 2)).float().mean() > 0.5  # most are turned, shifted or shrunk
    assert (moved[:, 16, 16] == 0).all()  # the middle never leaves
    assert changed.min() > 199  # no black corners


def test_pixels_that_were_ignored_stay_ignored() -> None:
    labels = torch.full((4, 32, 32), IGNORE_INDEX, dtype=torch.uint8)
    moved = warp(torch.zeros(4, 3, 32, 32), labels, 1.0, generator())[1]
    assert (moved == IGNORE_INDEX).all()


def test_about_half_of_the_images_are_mirrored() -> None:
    ramp = torch.arange(32.0).expand(400, 3, 32, 32)  # brighter to the right
    changed, _ = warp(ramp, torch.zeros((400, 32, 32), dtype=torch.uint8), 0.01, generator())
    falling = changed[:, 0, 16, 24] < changed[:, 0, 16, 8]
    assert 0.4 < falling.float().mean() < 0.6


def test_the_same_seed_gives_the_same_batch_and_another_seed_another(
    blocks: tuple[torch.Tensor, torch.Tensor],
) -> None:
    first, second, third = (augment(*blocks, strengths(1, 1, 1, 1), generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
    assert not torch.equal(first[1], third[1])


def test_strength_zero_changes_nothing(blocks: tuple[torch.Tensor, torch.Tensor]) -> None:
    images, labels = augment(*blocks, strengths(), generator())
    assert torch.equal(images, blocks[0].float())
    assert torch.equal(labels, blocks[1])


def test_colour_leaves_labels_alone_and_stays_in_range(blocks: tuple[torch.Tensor, torch.Tensor]) -> None:
    images, labels = augment(*blocks, strengths(colour=1, camera=1), generator())
    assert torch.equal(labels, blocks[1])
    assert not torch.equal(images, blocks[0].float())
    assert images.dtype == torch.float32
    assert images.min() >= 0
    assert images.max() <= 255


def test_colour_changes_each_image_in_its_own_way() -> None:
    changed = recolour(torch.full((8, 3, 16, 16), 120.0), 1.0, generator())
    assert len(changed.mean((1, 2, 3)).round().unique()) > 4


def test_colour_turns_some_images_grey() -> None:
    red = torch.zeros(300, 3, 8, 8)
    red[:, 0] = 200
    changed = recolour(red, 1.0, generator()).mean((2, 3))  # (300, 3): noise averages out
    grey = (changed.max(1).values - changed.min(1).values) < 12
    assert 0.08 < grey.float().mean() < 0.25


def test_colour_blurs_some_images_as_a_binomial_kernel_does_and_leaves_the_others_sharp() -> None:
    lines = (torch.arange(16) % 2 * 200.0).expand(300, 3, 16, 16).clone()
    contrast = recolour(lines, 1.0, generator())[..., 1:-1, 1:-1].mean((1, 2)).diff().abs().mean(1)  # (300,) of lines
    blurred = contrast < 3  # a quarter, a half and a quarter of lines one pixel wide are flat; noise averages out
    assert 0.22 < blurred.float().mean() < 0.38
    assert contrast[~blurred].min() > 20


def test_the_callers_batch_is_left_as_it_was(blocks: tuple[torch.Tensor, torch.Tensor]) -> None:
    before = blocks[0].clone(), blocks[1].clone()
    augment(*blocks, strengths(1, 1, 1, 1), generator())
    assert torch.equal(blocks[0], before[0])
    assert torch.equal(blocks[1], before[1])


def test_examples_show_the_pictures_as_they_are_and_then_augmented(
    discs: tuple[np.ndarray, np.ndarray], training: TrainingSettings
) -> None:
    images, labels = discs[0][:3], discs[1][:3]
    shown, masks = augmented_examples(images, labels, training, seed=1)
    assert shown.shape == (6, 32, 32, 3)
    assert masks.shape == (6, 32, 32)
    np.testing.assert_array_equal(shown[:3], images)
    np.testing.assert_array_equal(masks[:3], labels)
    assert (shown[3:] != images).any()
    assert shown.dtype == masks.dtype == np.uint8


def test_a_smaller_batch_shows_the_same_blocks(blocks):
    images, labels = shrink(*blocks, 0.75)
    assert images.shape == (6, 3, 48, 48)
    assert labels.shape == (6, 48, 48)
    assert images.dtype == labels.dtype == torch.uint8
    inner = torch.arange(48) % 12  # blocks of 12 pixels now; their inner pixels are untouched by blending
    inside = (inner > 1) & (inner < 10)
    np.testing.assert_array_equal(images[:, 0][:, inside][..., inside], 20 * labels[:, inside][..., inside])
    assert set(labels.unique().tolist()) == set(blocks[1].unique().tolist())


def test_ignored_pixels_stay_ignored_in_a_smaller_batch(blocks):
    images, labels = blocks
    labels[:, :32] = IGNORE_INDEX
    assert (shrink(images, labels, 0.5)[1][:, :16] == IGNORE_INDEX).all()


def test_wide_zoom_shows_heads_far_away_and_cut_by_the_frame():
    labels = torch.zeros(200, 64, 64, dtype=torch.uint8)
    labels[:, 24:40, 24:40] = 1  # a square of 16 x 16
    narrow, wide = (warp(torch.zeros(200, 3, 64, 64), labels, 0.5, generator(), octaves)[1] for octaves in (0.0, 1.0))
    areas = [(moved == 1).sum((1, 2)).float().sqrt() for moved in (narrow, wide)]
    assert areas[0].min() > 12
    assert areas[0].max() < 20
    assert areas[1].min() < 10
    assert areas[1].max() > 26


def test_a_wide_camera_gets_exposure_and_white_balance_wrong():
    grey = torch.full((100, 3, 16, 16), 120.0)
    usual, wrong = (recolour(grey, 0.5, generator(), camera).mean((2, 3)) for camera in (0.0, 1.0))
    assert wrong.mean(1).std() > 1.5 * usual.mean(1).std()  # brightness of the pictures
    assert (wrong[:, 0] - wrong[:, 2]).std() > 1.5 * (usual[:, 0] - usual[:, 2]).std()  # red against blue


def test_jpeg_comes_near_to_what_libjpeg_writes():
    ramp = torch.arange(48.0)
    picture = torch.stack([128 + 100 * torch.sin(ramp / 5 + k) * torch.cos(ramp / 7)[:, None] for k in range(3)])
    pixels = picture.round().clamp(0, 255)
    for quality in (20, 70):
        file = io.BytesIO()
        Image.fromarray(pixels.permute(1, 2, 0).byte().numpy()).save(file, "JPEG", quality=quality, subsampling=0)
        written = torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1).float()
        own = jpeg(pixels[None], torch.tensor([float(quality)]))[0]
        assert (own - written).abs().mean() < 1.5  # they differ by the decoder's rounding
        assert (own - written).abs().mean() < 0.5 * (pixels - written).abs().mean()


def test_jpeg_takes_sides_that_are_no_multiple_of_its_blocks_and_leaves_flat_pictures_alone():
    flat = torch.full((2, 3, 21, 30), 77.0)
    assert torch.allclose(jpeg(flat, torch.tensor([30.0, 90.0])), flat, atol=2.0)


def test_fewer_pixels_take_fine_detail_and_leave_what_is_coarse():
    lines = (torch.arange(64) % 2 * 200.0).expand(40, 3, 64, 64)
    changed = coarsen_some(lines, 1.0, generator(2))
    contrast = changed.std((1, 2, 3))
    assert 0.1 < (contrast < 80).float().mean() < 0.7  # a share of the pictures
    flat = torch.full((40, 3, 64, 64), 50.0)
    assert torch.allclose(coarsen_some(flat, 1.0, generator(2)), flat)


def test_pictures_stay_fp32_in_a_fit_that_computes_in_another_format(blocks):
    usual = augment(*blocks, strengths(1, 1, 1, 1), generator())[0]
    with torch.autocast("cpu", torch.bfloat16):
        within = augment(*blocks, strengths(1, 1, 1, 1), generator())[0]
    assert within.dtype == torch.float32
    assert torch.equal(within, usual)
