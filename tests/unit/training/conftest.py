"""Fixtures: pictures that a small network learns within seconds, and settings for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from facefair_lib.settings.profiles import DeepLabSettings, ModelSettings, TrainingSettings

SIZE = 32


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums in one order, and no cores assigned by whoever runs the tests."""
    monkeypatch.delenv("FACEFAIR_CORES", raising=False)
    torch.set_num_threads(1)


@pytest.fixture
def discs() -> tuple[np.ndarray, np.ndarray]:
    """(20, 32, 32, 3) and (20, 32, 32) uint8: bright discs of class 4 on a dark background."""
    generator = np.random.default_rng(0)
    y, x = np.mgrid[:SIZE, :SIZE]
    centre = generator.integers(10, 22, (20, 2))
    labels = np.stack([((y - cy) ** 2 + (x - cx) ** 2 < 64) * 4 for cy, cx in centre]).astype(np.uint8)
    images = np.where(labels[..., None] == 4, (220, 180, 150), (20, 40, 60))
    return (images + generator.integers(-15, 16, images.shape)).clip(0, 255).astype(np.uint8), labels


@pytest.fixture
def rows() -> dict[str, np.ndarray]:
    return {"train": np.arange(14), "validation": np.arange(14, 20)}


@pytest.fixture
def light_pspnet() -> ModelSettings:
    return ModelSettings(
        backbone="resnet18", weights="none", output_stride=8, channels=16, epochs=2, learning_rate=0.003
    )


@pytest.fixture
def light_deeplabv3() -> DeepLabSettings:
    return DeepLabSettings(
        backbone="resnet18",
        weights="none",
        output_stride=8,
        channels=16,
        epochs=2,
        learning_rate=0.003,
        atrous_rates=(1, 2, 3),
    )


@pytest.fixture
def training() -> TrainingSettings:
    return TrainingSettings(batch_size=4, weight_decay=0.01, dice_weight=1.0, geometric=0.5, colour=0.5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "02_train"
