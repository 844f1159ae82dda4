"""Fixtures: data sets of a few tiny pictures in the published layouts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tiny_datasets import CORE, photograph, save, stripes

from facefair_lib.settings.labels import encode


@pytest.fixture
def add_pair() -> Callable[..., tuple[Path, Path]]:
    """Write one sample and its label into a Mut1ny tree."""

    def add(
        root: Path,
        sample: str,
        label: str,
        seed: int = 0,
        palette: str = "paper",
        classes: Sequence[str] = (*CORE, "teeth"),
    ) -> tuple[Path, Path]:
        return (
            save(root / "samples" / sample, photograph(seed)),
            save(root / "labels" / label, encode(stripes(classes), palette)),
        )

    return add


@pytest.fixture
def mut1ny(tmp_path: Path, add_pair: Callable[..., tuple[Path, Path]]) -> Path:
    """Every folder rule of the release: named people with variants, numbers, male06's halves, real, multiperson."""
    root = tmp_path / "headsegmentation_dataset_ccncsa"
    pairs = [
        ("femalealison1_sun/a1.png", "femalealison1/a1.png"),
        ("femalealison1_room/a2.png", "femalealison1/a2.png"),
        ("femalealison2_sun/b1.png", "femalealison2/b1.png"),
        ("male06_nolight_x/n1.png", "male06_2/n1.png"),
        ("male06_bright/m1.png", "male06_1/m1.png"),
        ("male23_x/d1.png", "male23/d1.png"),
        ("real_photos/r1.png", "real/r1.png"),
        ("real2/r2.png", "real/r2.png"),
        ("multiperson_a/c1.png", "multiperson/c1.png"),
    ]
    for seed, (sample, label) in enumerate(pairs):
        add_pair(root, sample, label, seed)
    return root
