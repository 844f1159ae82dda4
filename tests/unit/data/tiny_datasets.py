"""Tiny data sets in the published layouts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from facefair_lib.data.manifest import make_manifest
from facefair_lib.settings.labels import INDEX

CORE = ("background", "lips", "eyes", "nose", "face", "hair", "eyebrows", "ears", "facial_hair", "specs")


def save(path: Path, array: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
    return path


def photograph(seed: int, shape: tuple[int, int] = (24, 20)) -> np.ndarray:
    """Coloured blobs: pictures of different seeds are far apart in both hashes."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize(shape[::-1], Image.Resampling.BICUBIC))


def stripes(classes: Sequence[str], shape: tuple[int, int] = (24, 20)) -> np.ndarray:
    """Index mask of horizontal stripes, one per class."""
    rows = np.arange(shape[0]) * len(classes) // shape[0]
    return np.repeat(np.array([INDEX[name] for name in classes], np.uint8)[rows][:, None], shape[1], 1)


def write_index(root: Path, pairs: Sequence[tuple[str, str]], prefix: str = "", slash: str = "/") -> Path:
    lines = "".join(
        f'<srcimg name="{prefix}samples/{sample}"/><labelimg name="{prefix}labels/{label}"/>' for sample, label in pairs
    )
    path = root / "training.xml"
    text = lines.replace("/", slash).replace(f"{slash}>", "/>")
    path.write_text(f'<?xml version="1.0"?><dataset>{text}</dataset>', encoding="utf-8")
    return path


def rows_of(people: dict[str, int], category: str = "male") -> list[dict[str, str]]:
    """Manifest rows: so many images for each person."""
    return [
        {
            "image_id": f"{person}/{number:03d}",
            "image_path": f"samples/{person}/{number:03d}.png",
            "source": "mut1ny",
            "category": category,
            "folder": person,
            "subject_id": person,
        }
        for person, count in people.items()
        for number in range(count)
    ]


def manifest_of(people: dict[str, int], category: str = "male") -> pd.DataFrame:
    return make_manifest(rows_of(people, category))
